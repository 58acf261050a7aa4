"""How much a pixel counts where rare colours are to count as much as common ones."""

from __future__ import annotations

import functools

from photochrom.catalog import DEFAULT_MODEL, find_model
from photochrom.color import Array, FloatArray
from photochrom.errors import ModelError
from photochrom.palette import Palette, rebalancing_weights
from photochrom.runtime import Model

PRIOR_MIX = 0.01
"""Lambda of the weights. Zhang et al. 2016 take 0 here, but a colour class that no training
picture shows would then count without limit."""


def rarity_weights(true_ab: Array) -> FloatArray:
    """How much each pixel counts where rare colours are weighted up.

    How rare is told by the colour prior that travels in the default model's file, smoothed as in
    Zhang et al. 2016.

    Args:
        true_ab: (..., 2) the truth, CIELAB units.

    Returns:
        (...), 1 in the mean over the pictures that the default model was trained on.

    Raises:
        ModelError: the default model is missing or damaged.
    """
    palette, weights = _class_weights()
    found: FloatArray = weights[palette.encode(true_ab)]
    return found


@functools.cache
def _class_weights() -> tuple[Palette, FloatArray]:
    """The colour classes of the default model, and how much a pixel of each counts."""
    described = Model(find_model(DEFAULT_MODEL).path, threads=1).description
    if described.palette is None or described.prior is None:
        raise ModelError(f"{DEFAULT_MODEL}: carries no colour prior; reinstall photochrom")
    smoothed = described.palette.smooth_prior(described.prior)
    return described.palette, rebalancing_weights(smoothed, mix=PRIOR_MIX)
