"""Likeness of structure, from the statistics of windows: SSIM and its form over several scales."""

from __future__ import annotations

import numpy as np

from photochrom.color import Array
from photochrom.errors import OptionError
from photochrom.metrics.pixels import difference

SSIM_SIGMA = 1.5
SSIM_RADIUS = 5
"""Wang et al. 2004: a Gaussian of sigma 1.5 over 11 x 11 pixels."""

SSIM_K1, SSIM_K2 = 0.01, 0.03

MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, full size first: Wang, Simoncelli and Bovik 2003."""

SSIM_SMALLEST = 2 * SSIM_RADIUS + 1
MS_SSIM_SMALLEST = SSIM_SMALLEST * 2 ** (len(MS_SSIM_WEIGHTS) - 1)
"""The shortest side, in pixels, of which the coarsest scale still holds a window."""


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
    whole, _ = _similarities(*_planes(result, truth, SSIM_SMALLEST, "SSIM"), data_range)
    return whole


def ms_ssim(result: Array, truth: Array, *, data_range: float = 1.0) -> float:
    """SSIM over five scales, 0..1, 1 for equal pictures.

    Args:
        result: (H, W) or (H, W, C), at least 176 x 176, by custom sRGB in 0..1.
        truth: the same shape and unit.
        data_range: largest possible value: 1 for 0..1, 255 for 8-bit values.

    Wang, Simoncelli and Bovik 2003: the product of contrast and structure at four scales and of
    whole SSIM at the coarsest, each to its weight's power; a scale is the mean of 2 x 2 pixels of
    the finer one. As in torchmetrics, a scale's figure is the mean over its channels and never
    below 0. Inadequate: as SSIM, and more so: colour hardly counts at any scale.
    """
    x, y = _planes(result, truth, MS_SSIM_SMALLEST, "MS-SSIM")
    factors = []
    for _ in MS_SSIM_WEIGHTS[:-1]:
        _, structure = _similarities(x, y, data_range)
        factors.append(structure)
        x, y = _halved(x), _halved(y)
    factors.append(_similarities(x, y, data_range)[0])
    return float(np.prod(np.maximum(factors, 0) ** np.array(MS_SSIM_WEIGHTS)))


def _planes(result: Array, truth: Array, smallest: int, name: str) -> tuple[Array, Array]:
    """Both as contiguous (C, H, W) floats: the filter runs twice as fast on those."""
    difference(result, truth)
    if min(result.shape[:2]) < smallest:
        height, width = result.shape[:2]
        raise OptionError(
            f"a picture of {height} x {width} pixels; {name} needs {smallest} x {smallest} or more"
        )
    floating = np.result_type(result.dtype, truth.dtype, np.float32)
    x, y = (
        np.ascontiguousarray(np.moveaxis(picture.reshape(*picture.shape[:2], -1), -1, 0), floating)
        for picture in (result, truth)
    )
    return x, y


def _halved(planes: Array) -> Array:
    """(C, H, W) -> (C, H // 2, W // 2), means of 2 x 2."""
    _, height, width = planes.shape
    even = planes[:, : height // 2 * 2, : width // 2 * 2]
    halved: Array = (
        even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]
    ) / 4
    return halved


def _similarities(x: Array, y: Array, data_range: float) -> tuple[float, float]:
    """SSIM, and its factor of contrast and structure alone, of planes (C, H, W)."""
    found = [_similarities_of_plane(a, b, data_range) for a, b in zip(x, y, strict=True)]
    whole, structure = np.mean(found, 0)
    return float(whole), float(structure)


def _similarities_of_plane(x: Array, y: Array, data_range: float) -> tuple[float, float]:
    # shifting both by the same constant changes no variance and keeps small numbers' digits
    middle = x.dtype.type(data_range / 2)
    x, y = x - middle, y - middle
    mean_x, mean_y = _gaussian(x), _gaussian(y)
    covariance = _gaussian(x * y) - mean_x * mean_y
    variances = _gaussian(x * x + y * y) - mean_x * mean_x - mean_y * mean_y
    c1, c2 = (SSIM_K1 * data_range) ** 2, (SSIM_K2 * data_range) ** 2
    mean_x, mean_y = mean_x + middle, mean_y + middle
    luminance = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    whole = (luminance * structure).mean(dtype=np.float64)
    return float(whole), float(structure.mean(dtype=np.float64))


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
