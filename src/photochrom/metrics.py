"""Every figure by which a result is judged: pure functions of arrays.

Each of them is blind to something, said in its last sentence, and a grey picture scores well on
most. Read them together, beside the grey picture's own figures, and let people judge as well.

`PICTURE_METRICS` names those that take a result and its truth as sRGB pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from photochrom.color import Array, ciede2000, rgb_to_lab
from photochrom.errors import OptionError
from photochrom.palette import Palette

SSIM_SIGMA = 1.5
SSIM_RADIUS = 5
"""Wang et al. 2004: a Gaussian of sigma 1.5 over 11 x 11 pixels."""

SSIM_K1, SSIM_K2 = 0.01, 0.03

CHANCE_EXACT = 1 / 65536
"""`exact_accuracy` of colours drawn evenly from the 256 x 256 values of a and b."""


def mean_absolute_error(result: Array, truth: Array) -> float:
    """The mean of |result - truth| over pixels and channels; 0 is best, any shape and unit.

    Inadequate: it assumes one right answer for each pixel and is least for the median of all
    plausible colours, which is brownish grey.
    """
    return float(np.abs(_difference(result, truth)).mean())


def mean_squared_error(result: Array, truth: Array) -> float:
    """The mean of (result - truth)^2 over pixels and channels; 0 is best, any shape, unit squared.

    Inadequate: it assumes one right answer for each pixel and is least for the mean of all
    plausible colours, which is muted.
    """
    return float(np.square(_difference(result, truth)).mean())


def huber_error(result: Array, truth: Array, *, delta: float = 1.0) -> float:
    """The mean Huber loss: d^2 / 2 up to `delta`, then delta (|d| - delta / 2); 0 is best.

    Huber 1964. Inadequate: as the mean absolute error, and the figure depends on `delta`.
    """
    if not delta > 0:
        raise OptionError(f"delta is {delta}; it must be above 0")
    apart = np.abs(_difference(result, truth))
    inner = np.minimum(apart, delta)
    return float((inner * (apart - inner / 2)).mean())


def binary_cross_entropy(result: Array, truth: Array) -> float:
    """The mean of -t log r - (1 - t) log(1 - r), both 0..1, any shape, in nats.

    Its least value is the truth's own entropy, not 0; r is kept 1e-7 away from 0 and 1.
    Inadequate: it reads a channel's value as a probability, which it is not.
    """
    _difference(result, truth)
    r = np.clip(result, 1e-7, 1 - 1e-7)
    return float(-(truth * np.log(r) + (1 - truth) * np.log1p(-r)).mean())


def psnr(result: Array, truth: Array, *, data_range: float = 1.0) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(range^2 / mean squared error); equal gives inf.

    Args:
        result: any shape, by custom sRGB (H, W, 3) in 0..1.
        truth: the same shape and unit.
        data_range: largest possible value: 1 for 0..1, 255 for 8-bit values.

    Inadequate: inherits the one right answer of the squared error, and a colorizer that keeps
    the luminance scores above 20 dB without any colour at all.
    """
    error = mean_squared_error(result, truth)
    return float(10 * np.log10(data_range**2 / error)) if error > 0 else float("inf")


def ssim(result: Array, truth: Array, *, data_range: float = 1.0) -> float:
    """Structural similarity, -1..1, 1 for equal pictures; the mean over windows and channels.

    Args:
        result: (H, W) or (H, W, C), at least 11 x 11, by custom sRGB in 0..1.
        truth: the same shape and unit.
        data_range: largest possible value: 1 for 0..1, 255 for 8-bit values.

    Wang et al. 2004: Gaussian windows of 11 x 11, sigma 1.5, population covariance, whole windows
    only, each channel on its own. Inadequate: it sees window statistics only, and those of
    structure above colour; grey pictures pass for nearly right.
    """
    _difference(result, truth)
    if min(result.shape[:2]) < 2 * SSIM_RADIUS + 1:
        raise OptionError(f"a picture of {result.shape[:2]} pixels; SSIM needs 11 x 11 or more")
    channels = [(result, truth)] if result.ndim == 2 else zip(*_planes(result, truth), strict=True)
    return float(np.mean([_ssim_of_plane(x, y, data_range) for x, y in channels]))


def mean_ciede2000(result_lab: Array, truth_lab: Array) -> float:
    """The mean CIEDE2000 difference of two CIELAB pictures (..., 3); 0 is best, 1 barely visible.

    Sharma, Wu and Dalal 2005. Inadequate: one right answer for each pixel again, and made for
    small differences of large patches: 20 is not twice as wrong as 10.
    """
    _difference(result_lab, truth_lab)
    return float(ciede2000(result_lab, truth_lab).mean())


def colourfulness(rgb: Array) -> float:
    """Colourfulness of an sRGB picture (..., 3) in 0..1; 0 for grey, 59 "quite colourful".

    Hasler and Suesstrunk 2003, M-hat(3), signed opponents rg = R - G and yb = (R + G) / 2 - B in
    8-bit units: sqrt(var rg + var yb) + 0.3 sqrt(mean rg^2 + mean yb^2). Inadequate: wrong colours
    count as much as right ones; compare the mean over a set with the originals' mean.
    """
    r, g, b = np.moveaxis(rgb.reshape(-1, 3), -1, 0) * np.float32(255)
    rg, yb = r - g, (r + g) / 2 - b
    spread = np.hypot(rg.std(dtype=np.float64), yb.std(dtype=np.float64))
    shift = np.hypot(rg.mean(dtype=np.float64), yb.mean(dtype=np.float64))
    return float(spread + 0.3 * shift)


def mean_chroma(ab: Array) -> float:
    """The mean of sqrt(a^2 + b^2) over (..., 2) in CIELAB units; 0 for grey, below 2 looks grey.

    Inadequate: one tint over all scores as well as many colours in their places.
    """
    return float(np.hypot(ab[..., 0], ab[..., 1]).mean(dtype=np.float64))


def bin_accuracy(ab: Array, truth: Array, palette: Palette) -> float:
    """The share, 0..1, of colours (..., 2) that fall in the truth's class (S1: chance 1/400).

    Inadequate: a hair across a cell's border is as wrong as the opposite colour.
    """
    _difference(ab, truth)
    return float((palette.encode(ab) == palette.encode(truth)).mean())


def exact_accuracy(ab: Array, truth: Array) -> float:
    """The share, 0..1, of colours (..., 2) whose rounded a and b both equal the truth's.

    S1's accuracy of a regression; chance is `CHANCE_EXACT`. Inadequate: nobody sees one unit, so
    a fine colorizer scores below 1 % and the differences are mostly noise.
    """
    _difference(ab, truth)
    return float((np.rint(ab) == np.rint(truth)).all(-1).mean())


def frechet_distance(features: Array, other: Array) -> float:
    """The Frechet distance of two sets of features seen as Gaussians; 0 for equal mean and spread.

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)), Dowson and Landau 1982, used for pictures by
    Heusel et al. 2017; population of rows, covariances with n - 1.

    Args:
        features: (n, d), n pictures of one set, at least 2.
        other: (m, d), the other set, in the same feature space.

    Inadequate: it compares crowds, not pictures; the value belongs to its feature space and its
    number of pictures (biased upwards, the more so the fewer), and no other may be set beside it.
    """
    one, two = np.asarray(features, np.float64), np.asarray(other, np.float64)
    if (
        one.ndim != 2
        or two.ndim != 2
        or one.shape[1] != two.shape[1]
        or min(len(one), len(two)) < 2
    ):
        raise OptionError(f"shapes {one.shape} and {two.shape}; two of (2 or more, d) are needed")
    apart = one.mean(0) - two.mean(0)
    first, second = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (one, two))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    # root C2 root is symmetric and has the eigenvalues of C1 C2
    shared = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return float(max(0.0, apart @ apart + np.trace(first) + np.trace(second) - 2 * shared))


@dataclass(frozen=True)
class PictureMetric:
    """A figure of one result (H, W, 3) and its truth, both sRGB in 0..1.

    Attributes:
        function: from result and truth to a number.
        unit: what the number counts.
        better: "lower", "higher", or "truth" where the truth's own figure is the goal.
    """

    function: Callable[[Array, Array], float]
    unit: str
    better: str


PICTURE_METRICS: dict[str, PictureMetric] = {
    "mae": PictureMetric(mean_absolute_error, "sRGB 0..1", "lower"),
    "mse": PictureMetric(mean_squared_error, "sRGB 0..1, squared", "lower"),
    "huber": PictureMetric(lambda r, t: huber_error(r, t, delta=0.1), "delta 0.1", "lower"),
    "bce": PictureMetric(binary_cross_entropy, "nats", "lower"),
    "psnr": PictureMetric(psnr, "dB", "higher"),
    "ssim": PictureMetric(ssim, "-1..1", "higher"),
    "ciede2000": PictureMetric(
        lambda r, t: mean_ciede2000(rgb_to_lab(r), rgb_to_lab(t)), "CIEDE2000", "lower"
    ),
    "colourfulness": PictureMetric(lambda r, t: colourfulness(r), "8-bit units", "truth"),
    "chroma": PictureMetric(lambda r, t: mean_chroma(rgb_to_lab(r)[..., 1:]), "CIELAB", "truth"),
}
"""What `photochrom` reports about a picture whose truth is known."""


def _difference(result: Array, truth: Array) -> Array:
    if result.shape != truth.shape or result.size == 0:
        raise OptionError(f"shapes {result.shape} and {truth.shape}; both must be the same")
    if np.issubdtype(result.dtype, np.floating) and np.issubdtype(truth.dtype, np.floating):
        difference: Array = result - truth
        return difference
    # unsigned integers would wrap around
    return result.astype(np.float64) - truth.astype(np.float64)


def _planes(*pictures: Array) -> list[Array]:
    """Each (H, W, C) picture as contiguous (C, H, W): the filter runs twice as fast on those."""
    return [np.ascontiguousarray(np.moveaxis(picture, -1, 0)) for picture in pictures]


def _ssim_of_plane(x: Array, y: Array, data_range: float) -> float:
    floating = np.result_type(x.dtype, y.dtype, np.float32)
    # shifting both by the same constant changes no variance and keeps small numbers' digits
    middle = data_range / 2
    x, y = x.astype(floating) - floating.type(middle), y.astype(floating) - floating.type(middle)
    mean_x, mean_y = _gaussian(x), _gaussian(y)
    covariance = _gaussian(x * y) - mean_x * mean_y
    variances = _gaussian(x * x + y * y) - mean_x * mean_x - mean_y * mean_y
    c1, c2 = (SSIM_K1 * data_range) ** 2, (SSIM_K2 * data_range) ** 2
    mean_x, mean_y = mean_x + floating.type(middle), mean_y + floating.type(middle)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return float((luminance * structure).mean(dtype=np.float64))


def _gaussian(plane: Array) -> Array:
    """The plane (H, W) under SSIM's window: (H - 10, W - 10), whole windows only."""
    offsets = np.arange(-SSIM_RADIUS, SSIM_RADIUS + 1)
    window = np.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    weights = (window / window.sum()).tolist()
    for _ in range(2):
        length = len(plane) - 2 * SSIM_RADIUS
        filtered = plane[SSIM_RADIUS : SSIM_RADIUS + length] * weights[SSIM_RADIUS]
        for start, weight in enumerate(weights[:SSIM_RADIUS]):  # mirror pairs share a weight
            end = 2 * SSIM_RADIUS - start
            filtered += (plane[start : start + length] + plane[end : end + length]) * weight
        plane = np.ascontiguousarray(filtered.T)
    return plane
