"""Whether a scene still shows what it showed a second ago: dissolves change it without a cut.

From frame to frame a dissolve is next to no change. So a frame's evened light is carried along the
motion for a while, and what has become of the picture is compared with it. What comes into sight on
the way is added as it comes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.film.flow import Motion, carry, find_motion, places, single_thread

SPAN = 24
"""Frames after which the frame that is compared with gives way to a later one; it is so many to
twice as many frames old, as long as there are as many."""

CLOSELY_EVERY = 4
"""At every so many-th frame at most, motion is sought anew between the two."""

_BELIEVED = 0.3  # trust of motion below which a place has come into sight
_ALIKE = 0.6  # correlation from which no closer look is needed
_MIDDLE, _NOTHING = 128, 50.0  # the grey of evened light, and the mean square that is no structure


class SlowChange:
    """Compares a scene's frames with earlier ones.

    Args:
        grid: (h, w) at which motion comes.
    """

    def __init__(self, grid: tuple[int, int]) -> None:
        self._grid = grid
        self.forget()

    def forget(self) -> None:
        """Begins with the next frame."""
        self._kept: list[FloatArray] = []  # (H, W) evened light, the earliest frame first
        self._age, self._waited, self._found = 0, CLOSELY_EVERY, 1.0

    def see(self, frame: Array, motion: Motion | None) -> float:
        """How like the next frame is to one of a second before, up to 1.

        Args:
            frame: (H, W) uint8 as `even_light` gives it.
            motion: from the frame before; None at a scene's first.

        Returns:
            A likeness as `Motion` has it; 1 where there is nothing to compare.
        """
        now = frame.astype(np.float32)
        if motion is not None:
            came_from, seen = self._as_large_as(now, motion)
            self._kept = [np.where(seen, carry(one, came_from), now) for one in self._kept]
        alike = self._alike(now, frame) if self._kept else 1.0
        if self._age % SPAN == 0:
            self._kept = [*self._kept, now][-2:]
        self._age += 1
        return alike

    def state(self) -> dict[str, Array]:
        """All that is needed to go on."""
        frames = {f"{number}.frame": one for number, one in enumerate(self._kept)}
        return {"numbers": np.array([self._age, self._waited, self._found])} | frames

    def restore(self, state: Mapping[str, Array]) -> None:
        """Goes back to what `state` gave."""
        age, waited, self._found = map(float, state["numbers"])
        self._age, self._waited = int(age), int(waited)
        self._kept = [state[f"{number}.frame"] for number in range(len(state) - 1)]

    def _alike(self, now: FloatArray, frame: Array) -> float:
        """The correlation as it is where that is enough, or else after what motion was missed."""
        before = self._kept[0]
        self._waited += 1
        one, other = before - np.float32(_MIDDLE), now - np.float32(_MIDDLE)
        powers = float((one * one).mean()), float((other * other).mean())
        if min(powers) < _NOTHING:
            return 1.0
        plain = float((one * other).mean() / np.sqrt(powers[0] * powers[1]))
        if plain >= _ALIKE:
            self._waited, self._found = CLOSELY_EVERY, 1.0
            return plain
        if self._waited >= CLOSELY_EVERY:
            carried = before.clip(0, 255).astype(np.uint8)
            self._found = find_motion(carried, frame, self._grid).likeness
            self._waited = 0
        return max(plain, self._found)

    def _as_large_as(self, frame: FloatArray, motion: Motion) -> tuple[FloatArray, Array]:
        """Where each pixel of a frame was before, and whether it was to be seen, (H, W)."""
        import cv2

        height, width = frame.shape
        steps = np.array([width / self._grid[1], height / self._grid[0]], np.float32)
        shift = (motion.came_from - places(*self._grid)) * steps
        with single_thread():
            large = cv2.resize(shift, (width, height), interpolation=cv2.INTER_LINEAR)
            trust = cv2.resize(motion.trust, (width, height), interpolation=cv2.INTER_LINEAR)
        return places(height, width) + large, trust > _BELIEVED
