"""How much a film's colours flicker: what changes between frames that motion does not explain.

The chroma of a frame is carried along the motion into the next one, and the mean distance, in
CIELAB units, to what the next one shows is taken where the motion is believed. A film in its true
colours has some of it, too: changing light, shine, and what the motion misses. Print it beside.
"""

from __future__ import annotations

import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.film.flow import ALIKE, carry, even_light, find_motion


class Flicker:
    """Adds up the flicker of a film, frame by frame; cuts are left out."""

    def __init__(self) -> None:
        self._before: tuple[Array, FloatArray] | None = None
        self._total, self._frames = 0.0, 0

    def add(self, luminance: FloatArray, ab: FloatArray) -> None:
        """Adds the next frame.

        Args:
            luminance: (H, W) 0..100.
            ab: (h, w, 2) its chroma, CIELAB units, the same size all through a film.
        """
        evened = even_light(luminance)
        if self._before is not None:
            motion = find_motion(self._before[0], evened, (ab.shape[0], ab.shape[1]))
            if motion.likeness >= ALIKE:
                known = motion.trust > 0.5
                self._total += unexplained(self._before[1], ab, motion.came_from, known)
                self._frames += 1
        self._before = evened, ab

    @property
    def mean(self) -> float:
        """Of all pairs of frames so far; not a number before there is one."""
        return self._total / self._frames if self._frames else float("nan")


def unexplained(before: FloatArray, now: FloatArray, came_from: FloatArray, known: Array) -> float:
    """The mean difference between a frame's chroma and the carried chroma of the frame before.

    Args:
        before: (h, w, 2) chroma of the earlier frame, CIELAB units.
        now: (h, w, 2) of the later one.
        came_from: (h, w, 2) column and row of each place in the earlier frame.
        known: (h, w) bool: where that holds.
    """
    change = now - carry(np.ascontiguousarray(before), came_from)
    apart = np.hypot(change[..., 0], change[..., 1])
    return float(apart[known].mean(dtype=np.float64)) if known.any() else 0.0
