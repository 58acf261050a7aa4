"""Where each place of a frame was in the frame before, and how far that can be believed.

Dense optical flow by inverse search (Kroeger, Timofte, Dai and Van Gool, "Fast optical flow using
dense inverse search", 2016, in OpenCV) on small pictures whose light has been evened out, both
ways: where the way back does not lead home, or what is found there looks different, something was
covered or uncovered. Carried colours count as much as that is believed.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from photochrom.color import Array, FloatArray

_ZOOM = 0.5
"""Flow is found at this share of the working size: 0.2 pixels of it are missed in the mean."""

_GRAIN, _NEIGHBOURHOOD, _FLAT, _GAIN = 0.7, 15, 4.0, 40.0
"""Blur against grain (pixels), the width of what light is evened over (pixels), the deviation of L
at which a place is called half flat, and 8-bit steps per local deviation."""

_ASTRAY, _DIFFERENT = 0.75, 0.7
"""Pixels that the way back may miss home by, and local deviations that a place may look different
by, each where trust has fallen to exp(-1/2)."""

ALIKE = 0.5
"""Likeness from which two frames show the same scene. Measured on 60 photographs with grain: cuts
reach 0.30 (95th percentile); flashes, fades, zooms and pans of up to 60 of 256 pixels a frame have
at least 0.67 (5th percentile)."""

_MIDDLE, _NOTHING = 128, 50.0
"""The grey of evened light, and the mean square around it that is grain alone."""

_one_thread = threading.Lock()


@dataclass(frozen=True, eq=False)
class Motion:
    """Where a frame's places were in the frame before.

    Attributes:
        came_from: (h, w, 2) float32, column and row in the frame before, in grid steps.
        trust: (h, w) float32, 0 (not there before) to 1.
        likeness: correlation, up to 1, of the frame with the one before after the motion, over what
            both show; without structure in either it is 1, without it in one of them about 0.
    """

    came_from: FloatArray
    trust: FloatArray
    likeness: float


def find_motion(before: Array, now: Array, grid: tuple[int, int]) -> Motion:
    """The motion between two frames.

    Where nothing fits, it is looked for once more from the one shift that fits best: a fast pan.

    Args:
        before: (H, W) uint8, the earlier frame as `even_light` gives it.
        now: (H, W) uint8, the later one.
        grid: (h, w) at which it is wanted.
    """
    with single_thread():
        plain = _search(before, now, grid, None)
        if plain.likeness >= ALIKE:
            return plain
        shifted = _search(before, now, grid, _common_shift(before, now))
    return max(plain, shifted, key=lambda motion: motion.likeness)


def _search(before: Array, now: Array, grid: tuple[int, int], start: FloatArray | None) -> Motion:
    import cv2

    optical: Any = cv2  # its type stubs know no optical flow
    (height, width), size = now.shape, (grid[1], grid[0])
    search = optical.DISOpticalFlow_create(optical.DISOPTICAL_FLOW_PRESET_MEDIUM)
    back = search.calc(now, before, None if start is None else start.copy())
    forth = search.calc(before, now, None if start is None else -start)
    there = places(height, width) + back
    astray = back + _sample(forth, there)
    shown, expected = now.astype(np.float32), _sample(before.astype(np.float32), there)
    apart = cv2.blur(shown - expected, (5, 5)) / (_GAIN * _DIFFERENT)
    inside = _inside(there, height, width)
    missed = astray[..., 0] ** 2 + astray[..., 1] ** 2
    trust = np.exp(-(missed / _ASTRAY**2 + apart**2) / 2) * inside
    steps = np.array([grid[1] / width, grid[0] / height], np.float32)
    moved = cv2.resize(back, size, interpolation=cv2.INTER_AREA) * steps
    return Motion(
        places(*grid) + moved,
        cv2.resize(trust, size, interpolation=cv2.INTER_AREA),
        _likeness(shown, expected, inside > 0),
    )


def _common_shift(before: Array, now: Array) -> FloatArray:
    """(H, W, 2) the one shift that leads from a frame back to the one before: phase correlation."""
    import cv2

    height, width = now.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    one, other = (plane.astype(np.float32) - _MIDDLE for plane in (now, before))
    shift, _ = cv2.phaseCorrelate(one, other, window)
    return np.tile(np.array(shift, np.float32), (height, width, 1))


def _likeness(one: FloatArray, other: FloatArray, where: Array) -> float:
    if not where.any():
        return 0.0
    one, other = (plane[where].astype(np.float64) - plane[where].mean() for plane in (one, other))
    powers = float((one * one).mean()), float((other * other).mean())
    if max(powers) < _NOTHING:
        return 1.0
    return float((one * other).mean()) / float((powers[0] * powers[1]) ** 0.5 + _NOTHING / 4)


def even_light(luminance: FloatArray) -> Array:
    """A luminance (H, W) 0..100 at half its size, its local mean and contrast evened, uint8.

    What fades, flashes and flickering light change is gone, and so is most of the grain.
    """
    import cv2

    height, width = (max(16, round(side * _ZOOM)) for side in luminance.shape)
    with single_thread():
        small = cv2.resize(luminance, (width, height), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), _GRAIN)
        window = (_NEIGHBOURHOOD, _NEIGHBOURHOOD)
        mean = cv2.blur(small, window)
        deviation = np.sqrt((cv2.blur(small * small, window) - mean * mean).clip(0))
    evened: Array = _MIDDLE + _GAIN * (small - mean) / (deviation + _FLAT)
    return evened.clip(0, 255).astype(np.uint8)


def is_flat(frame: Array) -> bool:
    """Whether a frame, as `even_light` gives it, shows nothing: black, white or fog."""
    return float(frame.var(dtype=np.float64)) < _NOTHING


def carry(planes: FloatArray, came_from: FloatArray) -> FloatArray:
    """Planes (h, w) or (h, w, up to 4) of the frame before, moved to where they are now.

    By cubic interpolation, which blurs little however often it is repeated.
    """
    import cv2

    with single_thread():
        return _sample(planes, came_from, cv2.INTER_CUBIC)


@functools.lru_cache(maxsize=8)
def places(height: int, width: int) -> FloatArray:
    """(height, width, 2) float32: the column and row of each place."""
    row, column = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([column, row], -1)


@contextmanager
def single_thread() -> Iterator[None]:
    """OpenCV on one thread: its flow depends on how many there are, and theirs is a global number.

    What was set before is set again afterwards.
    """
    import cv2

    with _one_thread:
        before = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield
        finally:
            cv2.setNumThreads(before)


def _sample(planes: FloatArray, at: FloatArray, interpolation: int = 1) -> FloatArray:
    """Planes at fractional places; the nearest edge beyond them."""
    import cv2

    remap: Any = cv2.remap  # its type stubs do not know that the second map may be None
    found = remap(planes, at, None, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _inside(at: FloatArray, height: int, width: int) -> FloatArray:
    """(H, W) 1 where a place lies in the picture, falling to 0 one pixel outside."""
    x, y = at[..., 0], at[..., 1]
    beyond = np.maximum(np.maximum(-x, x - np.float32(width - 1)),
                        np.maximum(-y, y - np.float32(height - 1)))  # fmt: skip
    share: FloatArray = (1 - beyond).clip(0, 1)
    return share
