"""From what a network says to a picture's chroma: vividness, and other plausible colourings.

A model with a distribution over ab classes knows more than one answer. Its most likely colours
alone are dull: grey is a little plausible everywhere. **Vividness** decides how boldly it is read:
the logits are rebalanced by the classes' rarity (Zhang et al. 2016, but at use instead of in
training) with an exponent that grows with vividness, and the annealed mean at their temperature
gives one colour. Measured, this keeps more accuracy at any colourfulness than scaling chroma or
than moving the temperature (docs/decisions/0001-vividness.md). A model without a distribution has
only its regression, whose chroma is scaled.
"""

from __future__ import annotations

import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.palette import Palette, rebalancing_weights

TEMPERATURE = 0.38
"""Annealing temperature, the published compromise between the mean (1) and the mode (0)."""

FULL_REBALANCING = 0.8
"""Exponent of the rebalancing weights at vividness 1."""

TILT = 2.2
"""How strongly a variant prefers its hues: logits that the most colourful class of them gains."""

TILT_CHROMA = 20.0
"""CIELAB chroma at which half of that is gained: beyond it, more colour is no more preferred."""


def decode(
    ab: FloatArray,
    logits: FloatArray | None,
    palette: Palette | None,
    vividness: float,
    prior: FloatArray | None = None,
) -> FloatArray:
    """The chroma that a prediction stands for.

    Args:
        ab: (h, w, 2) the regression, CIELAB units.
        logits: (h, w, Q) of the distribution, or None.
        palette: the classes of the distribution, or None.
        vividness: 0 (safe, muted) to 1 (bold).
        prior: (Q,) share of each class in the training data; None takes all for equally rare.

    Returns:
        (h, w, 2) float32, CIELAB units.
    """
    if logits is None or palette is None:
        # 0.5 leaves the regression as it is; an octave of chroma to either side
        return (ab * np.float32(2.0 ** (2 * vividness - 1))).astype(np.float32)
    return _annealed_mean(logits + rarity_bonus(palette, prior, vividness), palette)


def tilted_variants(
    logits: FloatArray,
    palette: Palette,
    vividness: float,
    count: int,
    prior: FloatArray | None = None,
) -> list[FloatArray]:
    """Other plausible colourings, each leaning towards another hue all over the picture.

    The distribution of every pixel is tilted, p(q) ~ exp(z_q + t . c_q / (|c_q| + const)), by one
    direction t of the ab plane for the whole picture: where the model is sure nothing moves, where
    several colours are plausible each variant takes another of them, and neighbours agree. The
    directions are evenly spread, beginning with warm ones.

    Args:
        logits: (h, w, Q).
        palette: the Q classes.
        vividness: 0..1, see `decode`.
        count: how many.
        prior: (Q,), see `decode`.

    Returns:
        `count` arrays (h, w, 2) float32.
    """
    bonus = rarity_bonus(palette, prior, vividness)
    chroma = np.hypot(palette.centers[:, 0], palette.centers[:, 1])
    bounded = palette.centers / (chroma + TILT_CHROMA)[:, None]
    found = []
    for index in range(count):
        angle = np.pi / 4 + 2 * np.pi * index / count
        direction = np.array([np.cos(angle), np.sin(angle)], np.float32)
        tilt = np.float32(TILT) * (bounded @ direction)
        found.append(_annealed_mean(logits + (bonus + tilt), palette))
    return found


def rarity_bonus(palette: Palette, prior: FloatArray | None, vividness: float) -> FloatArray:
    """(Q,) what is added to the logits: the log of the rebalancing weights, by vividness."""
    if prior is None:
        return np.zeros(len(palette), np.float32)
    weights = rebalancing_weights(palette.smooth_prior(prior))
    return (FULL_REBALANCING * vividness * np.log(weights)).astype(np.float32)


def _annealed_mean(logits: Array, palette: Palette) -> FloatArray:
    """The annealed mean of (h, w, Q) logits, (h, w, 2): `palette.annealed_mean` without the log."""
    scaled = logits / np.float32(TEMPERATURE)
    scaled -= scaled.max(-1, keepdims=True)
    np.exp(scaled, out=scaled)
    mean: FloatArray = (scaled @ palette.centers) / scaled.sum(-1, keepdims=True)
    return mean
