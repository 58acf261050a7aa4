"""The ab plane as classes: grids, labels, prior, rebalancing and decoding.

A `Palette` is a list of Q colours (bin centres) on a square grid of the ab plane. Two are known:

- `uniform_palette`: S1's 20 x 20 grid over a, b = -128..127, 400 bins, a = b = -128 first;
- `gamut_palette`: bins centred on multiples of a step, only those that hold an sRGB colour
  (261 for step 10; Zhang et al. count 313 by another rule, so ours carries its own number).

Soft labels, prior smoothing, rebalancing and the annealed mean follow Zhang, Isola and Efros 2016.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from photochrom.color import Array, FloatArray, rgb_to_lab
from photochrom.errors import OptionError
from photochrom.sums import weighted_sums

IntArray = npt.NDArray[np.int64]

AB_MIN, AB_MAX = -128, 127
"""The range of a and b that 8-bit encodings of CIELAB use."""


@dataclass(frozen=True, eq=False)
class Palette:
    """Colour classes on a square grid of the ab plane.

    Attributes:
        name: what a model file calls it, e.g. "gamut-10".
        centers: (Q, 2) float32, the ab colour each class stands for.
        cells: (Q, 2) integer grid coordinates (a first) of each class.
        origin: ab coordinate at which cell 0 of both axes begins.
        step: width of a cell in ab units.
    """

    name: str
    centers: FloatArray
    cells: IntArray
    origin: float
    step: float

    def __len__(self) -> int:
        return len(self.centers)

    @functools.cached_property
    def _class_of_cell(self) -> IntArray:
        """(n, n) class of each grid cell; a cell without a class gets the nearest one's."""
        classes = np.full(self.cells.max(0) + 1, -1, np.int64)
        classes[self.cells[:, 0], self.cells[:, 1]] = np.arange(len(self))
        for row, column in np.argwhere(classes < 0):
            classes[row, column] = ((self.cells - (row, column)) ** 2).sum(-1).argmin()
        return classes

    def encode(self, ab: Array) -> IntArray:
        """The class of each colour: (..., 2) ab in CIELAB units -> (...) integers 0..Q-1."""
        last = self.cells.max(0)
        cell = np.floor((ab - self.origin) / self.step).astype(np.int64).clip(0, last)
        classes: IntArray = self._class_of_cell[cell[..., 0], cell[..., 1]]
        return classes

    def decode(self, classes: Array) -> FloatArray:
        """The centre colour of each class: (...) integers -> (..., 2) ab."""
        colours: FloatArray = self.centers[classes]
        return colours

    def soft_labels(
        self, ab: Array, *, neighbours: int = 5, sigma: float = 5.0
    ) -> tuple[IntArray, FloatArray]:
        """The nearest classes of each colour, weighted by a Gaussian of their distance.

        Args:
            ab: (..., 2) in CIELAB units.
            neighbours: how many classes share a pixel's mass.
            sigma: width of the Gaussian in CIELAB units (5 in Zhang et al.).

        Returns:
            (..., k) classes, nearest first, and (..., k) weights that sum to 1.
        """
        distance = ((ab[..., None, :] - self.centers) ** 2).sum(-1)
        nearest = np.argsort(distance, axis=-1, kind="stable")[..., :neighbours]
        squared = np.take_along_axis(distance, nearest, -1)
        # relative to the nearest: far outside the gamut every plain exponential would vanish
        weights = np.exp((squared[..., :1] - squared) / (2 * sigma**2))
        return nearest, (weights / weights.sum(-1, keepdims=True)).astype(np.float32)

    def smoothed_labels(self, *, peak: float = 1 / 9 + 0.01) -> FloatArray:
        """S1's label smoothing: each class's 3 x 3 neighbourhood, its own cell the largest.

        Args:
            peak: the kernel's centre; the eight others share the rest equally.

        Returns:
            (Q, Q), row q the smoothed label of class q; mass outside the grid is renormalised.
        """
        apart = np.abs(self.cells[:, None] - self.cells).max(-1)
        kernel = np.where(apart == 0, peak, np.where(apart == 1, (1 - peak) / 8, 0.0))
        labels: FloatArray = (kernel / kernel.sum(1, keepdims=True)).astype(np.float32)
        return labels

    def prior(self, ab: Array) -> FloatArray:
        """(Q,) share of the colours (..., 2) that falls in each class; sums to 1."""
        counts = np.bincount(self.encode(ab).ravel(), minlength=len(self))
        shares: FloatArray = (counts / counts.sum()).astype(np.float32)
        return shares

    def smooth_prior(self, prior: Array, *, sigma: float = 5.0) -> FloatArray:
        """(Q,) the prior blurred by a Gaussian of `sigma` CIELAB units over the ab plane."""
        squared = ((self.centers[:, None] - self.centers) ** 2).sum(-1)
        kernel = np.exp(-squared / (2 * sigma**2))
        smoothed = weighted_sums(np.asarray(prior), kernel / kernel.sum(1, keepdims=True))
        blurred: FloatArray = (smoothed / smoothed.sum()).astype(np.float32)
        return blurred

    def mean_colours(self, ab: Array) -> FloatArray:
        """(Q, 2) the mean colour met in each class; the centre where none was met."""
        classes = self.encode(ab).ravel()
        flat = ab.reshape(-1, 2)
        counts = np.bincount(classes, minlength=len(self))
        sums = np.stack(
            [np.bincount(classes, flat[:, i], minlength=len(self)) for i in range(2)], -1
        )
        means = np.where(counts[:, None] > 0, sums / counts.clip(1)[:, None], self.centers)
        return means.astype(np.float32)


@functools.cache
def uniform_palette(cells: int = 20) -> Palette:
    """S1's grid: `cells` x `cells` equal bins of (v + 128) / 255, class = row of a x cells + b."""
    step = (AB_MAX - AB_MIN) / cells
    grid = np.stack(np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij"), -1)
    grid = grid.reshape(-1, 2)
    centers = (AB_MIN + (grid + 0.5) * step).astype(np.float32)
    return Palette(f"uniform-{cells}", centers, grid, float(AB_MIN), step)


@functools.cache
def gamut_palette(step: int = 10) -> Palette:
    """Bins centred on multiples of `step` that hold at least one 8-bit sRGB colour."""
    low = -(130 // step) - 1  # multiples of the step from below -128
    origin = (low - 0.5) * step
    cells = np.floor((_srgb_sample()[:, 1:] - origin) / step).astype(np.int64)
    held = np.zeros(cells.max(0) + 1, bool)
    held[cells[:, 0], cells[:, 1]] = True
    reached = np.argwhere(held)
    centers = ((reached + low) * step).astype(np.float32)
    return Palette(f"gamut-{step}", centers, reached, origin, float(step))


def _srgb_sample() -> FloatArray:
    """CIELAB (n, 3) of the sRGB cube: its whole surface, every third level within."""
    levels = np.arange(256, dtype=np.uint8)
    surface = np.stack(np.meshgrid(levels, levels, indexing="ij"), -1).reshape(-1, 2)
    sides = [np.insert(surface, axis, end, axis=1) for axis in range(3) for end in (0, 255)]
    within = np.stack(np.meshgrid(*[levels[::3]] * 3, indexing="ij"), -1).reshape(-1, 3)
    return rgb_to_lab(np.concatenate([*sides, within]))


def palette_by_name(name: str) -> Palette:
    """The palette a model file names: "uniform-N" or "gamut-STEP"."""
    kind, _, number = name.partition("-")
    # the name may come from a file nobody has vouched for: a huge grid must not be built
    within = number.isdecimal() and len(number) <= 3 and 0 < int(number) <= AB_MAX - AB_MIN
    if kind in ("uniform", "gamut") and within:
        return uniform_palette(int(number)) if kind == "uniform" else gamut_palette(int(number))
    raise OptionError(
        f"no palette {name!r}; known are uniform-N and gamut-STEP of 1 to 255, e.g. gamut-10"
    )


def rebalancing_weights(prior: Array, *, mix: float = 0.5) -> FloatArray:
    """Class weights w ~ 1 / ((1 - mix) p + mix / Q), scaled so that sum_q p_q w_q = 1.

    Args:
        prior: (Q,) share of each class in the training data, sums to 1.
        mix: lambda of Zhang et al. 2016 (their and S1's choice is 0.5); 1 gives equal weights.

    Returns:
        (Q,) weights.
    """
    if not 0 < mix <= 1:
        raise OptionError(f"mix is {mix}; it must lie in 0 (left out) to 1")
    weights = 1 / ((1 - mix) * prior + mix / len(prior))
    scaled: FloatArray = (weights / (prior * weights).sum()).astype(np.float32)
    return scaled


def annealed_probabilities(probabilities: Array, temperature: float, axis: int = -1) -> Array:
    """f_T(z) = exp(log(z) / T) / sum: T -> 0 leaves only the mode, T = 1 changes nothing."""
    if not temperature > 0:
        raise OptionError(f"temperature is {temperature}; it must be above 0 (to 1)")
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities) / temperature
    sharpened = np.exp(logits - logits.max(axis=axis, keepdims=True))
    normalised: Array = sharpened / sharpened.sum(axis=axis, keepdims=True)
    return normalised


def annealed_mean(probabilities: Array, centers: Array, temperature: float = 0.38) -> Array:
    """The expectation of the bin centres under the annealed distribution (Zhang et al. 2016).

    Args:
        probabilities: (..., Q), sums to 1 along the last axis.
        centers: (Q, 2) ab colours.
        temperature: 1 gives the mean, towards 0 the mode; 0.38 is the published compromise.

    Returns:
        (..., 2) ab.
    """
    mean: Array = annealed_probabilities(probabilities, temperature) @ centers
    return mean
