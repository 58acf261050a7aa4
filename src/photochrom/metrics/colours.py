"""Figures of colour: how far from the truth, how strong, and whether the luminance was kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from photochrom.color import Array, FloatArray, ciede2000
from photochrom.errors import OptionError
from photochrom.metrics.pixels import difference
from photochrom.palette import Palette

CHANCE_EXACT = 1 / 65536
"""`exact_accuracy` of colours drawn evenly from the 256 x 256 values of a and b."""

SLIGHTLY_COLOURFUL = 15.0
"""Hasler and Suesstrunk's word for a colourfulness of 15."""

ERROR_THRESHOLDS = np.arange(151.0)
"""Distances in the ab plane, CIELAB units, at which errors are counted: Zhang et al. 2016."""


class LuminanceChange(NamedTuple):
    """How far a result's L lies from its source's, CIELAB units; 0 where it was kept.

    Attributes:
        mean: of |dL| over pixels.
        largest: of any pixel.
    """

    mean: float
    largest: float


def mean_ciede2000(result_lab: Array, truth_lab: Array) -> float:
    """The mean CIEDE2000 difference of two CIELAB pictures (..., 3); 0 is best, 1 barely visible.

    Sharma, Wu and Dalal 2005. Inadequate: one right answer for each pixel again, and made for
    small differences of large patches: 20 is not twice as wrong as 10.
    """
    difference(result_lab, truth_lab)
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
    difference(ab, truth)
    return float((palette.encode(ab) == palette.encode(truth)).mean())


def exact_accuracy(ab: Array, truth: Array) -> float:
    """The share, 0..1, of colours (..., 2) whose rounded a and b both equal the truth's.

    S1's accuracy of a regression; chance is `CHANCE_EXACT`. Inadequate: nobody sees one unit: a
    fine colorizer scores a few per cent, no more than grey, and differences are mostly noise.
    """
    difference(ab, truth)
    return float((np.rint(ab) == np.rint(truth)).all(-1).mean())


def colourfulness_ratio(result: Array, truth: Array) -> float:
    """The result's colourfulness over the truth's, sRGB (..., 3) in 0..1; 1 is as colourful.

    NaN where the truth's is below `SLIGHTLY_COLOURFUL`: next to nothing divides everything.
    Inadequate: as colourfulness, and the mean of ratios is not the ratio of means: say which.
    """
    difference(result, truth)
    goal = colourfulness(truth)
    return colourfulness(result) / goal if goal >= SLIGHTLY_COLOURFUL else float("nan")


def cumulative_errors(ab: Array, truth: Array, weights: Array | None = None) -> FloatArray:
    """The share of pixels whose ab distance is at most 0, 1 .. 150: (151,), rising, up to 1.

    Args:
        ab: (..., 2) in CIELAB units.
        truth: the same shape and unit.
        weights: (...) how much each pixel counts; None counts them alike. Zhang et al. rebalance
            by 1 / p of the class of the truth's colour.

    Raises:
        OptionError: shapes that do not fit, or weights without a positive sum.
    """
    apart = np.hypot(*np.moveaxis(difference(ab, truth), -1, 0)).ravel()
    if weights is not None and (weights.shape != ab.shape[:-1] or not weights.sum() > 0):
        raise OptionError(
            f"weights of shape {weights.shape} and sum {weights.sum():g}; "
            f"{ab.shape[:-1]} and above 0 are needed"
        )
    edges = np.append(ERROR_THRESHOLDS, ERROR_THRESHOLDS[-1] + 1) - 0.5
    counted = None if weights is None else weights.ravel().astype(np.float64)
    counts, _ = np.histogram(np.ceil(apart), edges, weights=counted)
    total = apart.size if counted is None else counted.sum()
    shares: FloatArray = (counts.cumsum() / total).astype(np.float32)
    return shares


def cumulative_error_area(ab: Array, truth: Array, weights: Array | None = None) -> float:
    """The area under `cumulative_errors` over 0..150 by trapezoids, as a share: 0..1, 1 is best.

    Zhang, Isola and Efros 2016 ("AuC"). Inadequate: one right answer for each pixel again, and
    most pixels of photographs are nearly grey, so that grey scores high unless rebalanced.
    """
    area = np.trapezoid(cumulative_errors(ab, truth, weights), ERROR_THRESHOLDS)
    return float(area / ERROR_THRESHOLDS[-1])


def luminance_change(lightness: Array, source: Array) -> LuminanceChange:
    """How well a result keeps the luminance of its grey source.

    Args:
        lightness: the result's L, any shape, 0..100.
        source: its source's, the same shape.

    Inadequate: it says nothing of colour; the grey picture is perfect. What is not 0 comes from
    networks that predict RGB, from colours cut to what sRGB can show, and from 8-bit rounding.
    """
    apart = np.abs(difference(lightness, source))
    return LuminanceChange(float(apart.mean(dtype=np.float64)), float(apart.max()))
