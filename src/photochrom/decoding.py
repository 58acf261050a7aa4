"""From what a network says to a picture's chroma: vividness, and other plausible colourings.

A model with a distribution over ab classes knows more than one answer. **Vividness** decides how
boldly it is read: the annealed mean of Zhang et al. 2016, at temperature 1 (the mean of all that
is plausible: safe and muted) for vividness 0, falling geometrically to `BOLDEST` (nearly the single
most plausible colour) for vividness 1. A model without a distribution has only its regression,
whose chroma is scaled.
"""

from __future__ import annotations

import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.palette import Palette

BOLDEST = 0.1
"""Annealing temperature at vividness 1."""

TILT = 1.5
"""How strongly a variant prefers its hues, in logits at a chroma of `TILT_CHROMA`."""

TILT_CHROMA = 20.0


def temperature_of(vividness: float) -> float:
    """The annealing temperature of a vividness 0..1: 1 down to `BOLDEST`, geometrically."""
    return float(BOLDEST**vividness)


def decode(
    ab: FloatArray, logits: FloatArray | None, palette: Palette | None, vividness: float
) -> FloatArray:
    """The chroma that a prediction stands for.

    Args:
        ab: (h, w, 2) the regression, CIELAB units.
        logits: (h, w, Q) of the distribution, or None.
        palette: the classes of the distribution, or None.
        vividness: 0 (safe, muted) to 1 (bold).

    Returns:
        (h, w, 2) float32, CIELAB units.
    """
    if logits is None or palette is None:
        # 0.5 leaves the regression as it is; an octave of chroma to either side
        return (ab * np.float32(2.0 ** (2 * vividness - 1))).astype(np.float32)
    return _expectation(logits, palette, temperature_of(vividness))


def tilted_variants(
    logits: FloatArray, palette: Palette, vividness: float, count: int
) -> list[FloatArray]:
    """Other plausible colourings, each leaning towards another hue all over the picture.

    The distribution of every pixel is tilted, p(q) ~ exp(z_q + t . c_q), by one direction t of the
    ab plane for the whole picture: where the model is sure nothing moves, where several colours
    are plausible each variant takes another of them, and neighbours agree. The directions are
    evenly spread, beginning with warm ones.

    Args:
        logits: (h, w, Q).
        palette: the Q classes.
        vividness: 0..1, see `decode`.
        count: how many.

    Returns:
        `count` arrays (h, w, 2) float32.
    """
    found = []
    for index in range(count):
        angle = np.pi / 4 + 2 * np.pi * index / count
        direction = np.array([np.cos(angle), np.sin(angle)], np.float32)
        tilt = palette.centers @ direction * np.float32(TILT / TILT_CHROMA)
        found.append(_expectation(logits + tilt, palette, temperature_of(vividness)))
    return found


def _expectation(logits: Array, palette: Palette, temperature: float) -> FloatArray:
    """The mean colour of softmax(logits / temperature), (h, w, Q) -> (h, w, 2)."""
    scaled = logits / np.float32(temperature)
    scaled -= scaled.max(-1, keepdims=True)
    np.exp(scaled, out=scaled)
    mean: FloatArray = (scaled @ palette.centers) / scaled.sum(-1, keepdims=True)
    return mean
