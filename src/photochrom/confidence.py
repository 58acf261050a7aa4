"""How sure a model is of its colours, place by place.

A distribution over colours says how far the shown one is expected to be from the truth: the mean
CIEDE2000 difference between it and every class, each by its probability. That ranks places by
their error better than the distribution's entropy does (measured: docs/benchmarks/steering.md).
What a difference of so much means, as a probability to be right, was measured on pictures that the
model has not seen; see `photochrom.calibration`. What people said by hints is certain; see
`photochrom.steering.sure_by_hints`.
"""

from __future__ import annotations

import numpy as np

from photochrom.calibration import Calibration
from photochrom.color import FloatArray, ciede2000
from photochrom.decoding import probabilities
from photochrom.palette import Palette
from photochrom.photo import area_resize, enlarge

UNSURE_BELOW = 0.5
"""Where a colour is less likely right than wrong, it is called unsure."""

PLACES = 4096
"""About so many places of a picture are judged; what lies between them is interpolated."""


def confidence_map(
    logits: FloatArray, ab: FloatArray, luminance: FloatArray, palette: Palette,
    calibration: Calibration,
) -> FloatArray:  # fmt: skip
    """The probability that shown colours are right.

    Args:
        logits: (h, w, Q) of the distribution.
        ab: (h, w, 2) the shown colours, CIELAB units.
        luminance: (h, w) 0..100.
        palette: the Q classes.
        calibration: of the model.

    Returns:
        (h, w) float32, 0..1.
    """
    height, width = luminance.shape
    zoom = min(1.0, (PLACES / luminance.size) ** 0.5)
    size = max(1, round(height * zoom)), max(1, round(width * zoom))
    expected = expected_error(
        area_resize(logits, *size), area_resize(ab, *size), area_resize(luminance, *size), palette
    )
    return enlarge(calibration.probability(expected), height, width, cubic=False)


def expected_error(
    logits: FloatArray, ab: FloatArray, luminance: FloatArray, palette: Palette
) -> FloatArray:
    """The CIEDE2000 difference from the truth that the model itself expects.

    Args:
        logits: (h, w, Q) of the distribution.
        ab: (h, w, 2) the shown colours, CIELAB units.
        luminance: (h, w) 0..100.
        palette: the Q classes.

    Returns:
        (h, w) float32, 0 where the model is certain of the shown colour.
    """
    shares = probabilities(logits)
    rows = [
        (_differences(L, shown, palette) * share).sum(-1)
        for L, shown, share in zip(luminance, ab, shares, strict=True)
    ]
    return np.asarray(rows, np.float32)


def unsure_in_words(confidence: FloatArray) -> str:
    """What share of a picture is unsure, as a sentence; confidence of any shape, 0..1."""
    share = float((confidence < UNSURE_BELOW).mean())
    rounded = round(100 * share)
    part = f"{rounded} %" if rounded or share == 0 else "less than 1 %"
    return (
        f"unsure of the colours in {part} of the picture "
        f"(mean confidence {100 * float(confidence.mean()):.0f} %)"
    )


def _differences(luminance: FloatArray, shown: FloatArray, palette: Palette) -> FloatArray:
    """(w, Q) of one row: between the shown colours and each class, at the row's own lightness."""
    size = (len(luminance), len(palette))
    L = np.broadcast_to(luminance[:, None, None], (*size, 1))
    mine = np.concatenate([L, np.broadcast_to(shown[:, None], (*size, 2))], -1)
    theirs = np.concatenate([L, np.broadcast_to(palette.centers, (*size, 2))], -1)
    found: FloatArray = ciede2000(mine, theirs)
    return found
