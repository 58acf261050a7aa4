"""The colours of a reference picture, taken over where the two pictures look alike.

Places are compared by the features of the network that colours them. Each place of the picture
asks what colour the places most like it have in the reference, and follows as far as it is like
them, and as far as the network's own distribution takes that colour for possible: a face does not
turn green because a lawn was as smooth.

After Welsh, Ashikhmin and Mueller, "Transferring color to greyscale images", 2002; by features of a
network as in He et al., "Deep exemplar-based colorization", 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color import FloatArray
from photochrom.decoding import probabilities
from photochrom.palette import Palette
from photochrom.sums import weighted_sums

TEMPERATURE = 0.03
"""Likeness by which the reference's places count e times less than the most alike one."""

ALIKE, SHARPNESS = 0.66, 0.04
"""Likeness at which a place follows half the way, and over which that changes."""

NEAR = 20.0
"""CIELAB units within which colours support each other's probability."""

LEAST = 0.4
"""How far a place follows, by its likeness, to a colour that the model thinks impossible."""

MOST_COMPARED = 8_000_000
"""Pairs of places that are compared at once: memory is bounded, however long the pictures."""

_STEPS = 256  # a CIELAB unit: the order in which threads add up must not show in a result


@dataclass(frozen=True, eq=False)
class ReferenceColours:
    """What is known of the reference's places.

    Attributes:
        features: (n, C) float32, of length 1.
        ab: (n, 2) their colours, CIELAB units.
    """

    features: FloatArray
    ab: FloatArray


def reference_change(
    features: FloatArray, ab: FloatArray, known: ReferenceColours,
    shares: FloatArray | None, palette: Palette | None,
) -> FloatArray:  # fmt: skip
    """What a reference changes in a picture's chroma.

    Args:
        features: (h, w, C) of the picture, of length 1.
        ab: (h, w, 2) its chroma without the reference, CIELAB units.
        known: the reference.
        shares: (h, w, Q) the model's probabilities of colours, or None where it knows none.
        palette: the Q classes, or None.

    Returns:
        (h, w, 2) float32, to be added to `ab`.
    """
    height, width, channels = features.shape
    places, own = features.reshape(-1, channels), ab.reshape(-1, 2)
    wanted, trust = np.empty(own.shape, np.float32), np.empty(len(own), np.float64)
    at_once = max(1, MOST_COMPARED // len(known.ab))
    for first in range(0, len(own), at_once):
        some = slice(first, first + at_once)
        likeness = places[some].astype(np.float64) @ known.features.T
        wanted[some] = weighted_sums(probabilities(likeness / TEMPERATURE), known.ab)
        trust[some] = 1 / (1 + np.exp((ALIKE - likeness.max(1)) / SHARPNESS))
    if shares is not None and palette is not None:
        trust *= LEAST + (1 - LEAST) * _possible(wanted, own, shares.reshape(len(own), -1), palette)
    change: FloatArray = np.rint(trust[:, None] * (wanted - own) * _STEPS) / np.float32(_STEPS)
    return change.astype(np.float32).reshape(height, width, 2)


def _possible(
    wanted: FloatArray, own: FloatArray, shares: FloatArray, palette: Palette
) -> FloatArray:
    """(n,) 0..1: how probable colours near the wanted one are, by those near the shown one."""

    def mass(colours: FloatArray) -> FloatArray:
        squared = ((palette.centers - colours[:, None]) ** 2).sum(-1)
        near: FloatArray = (shares * np.exp(-squared / (2 * NEAR**2))).sum(-1)
        return near

    return np.minimum(mass(wanted) / np.maximum(mass(own), 1e-6), 1)
