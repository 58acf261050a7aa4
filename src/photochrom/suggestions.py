"""Colours for a spot of a picture, out of the model's own distribution there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color import Array, FloatArray, ciede2000, lab_to_rgb
from photochrom.decoding import probabilities
from photochrom.palette import Palette
from photochrom.photo.colours import fit_chroma

MOST = 8
LEAST_SHARE = 0.01
ALIKE = 12.0
"""CIEDE2000 difference within which two colours are one suggestion."""


@dataclass(frozen=True)
class Suggestion:
    """A colour that a spot may have.

    Attributes:
        color: sRGB as "#rrggbb", of the spot's own lightness.
        share: the probability, 0..1, that the model gives to colours like it.
    """

    color: str
    share: float


def suggest_colors(
    logits: Array, palette: Palette, lightness: float, *, most: int = MOST
) -> list[Suggestion]:
    """The colours that a distribution speaks of, the most likely first.

    Args:
        logits: (Q,) at the spot, as they are read: see `decoding.Decoder.rebalanced`.
        palette: the Q classes.
        lightness: of the spot, 0..100.
        most: how many at most.
    """
    shares, lab = probabilities(logits), _shown(palette, lightness)
    found = []
    for _ in range(most):
        best = int(shares.argmax())
        alike = ciede2000(np.broadcast_to(lab[best], lab.shape), lab) < ALIKE
        share = float(shares[alike].sum())
        if share < LEAST_SHARE:
            break
        found.append(Suggestion(_hex(lab[best]), round(share, 4)))
        shares = np.where(alike, 0, shares)
    return sorted(found, key=lambda one: -one.share)


def _shown(palette: Palette, lightness: float) -> FloatArray:
    """(Q, 3) the classes of a palette at a lightness, as far as sRGB can show them."""
    L = np.full((1, len(palette)), lightness, np.float32)
    fitted = fit_chroma(L, palette.centers[None])
    shown: FloatArray = np.concatenate([L[..., None], fitted], -1)[0]
    return shown


def _hex(lab: FloatArray) -> str:
    codes: Array = np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)
    return f"#{codes.tobytes().hex()}"
