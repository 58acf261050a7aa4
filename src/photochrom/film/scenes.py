"""Scene cuts by content, without looking ahead: flashes, fades and fast pans are none.

A frame that is unlike the one before, after their motion, begins another scene. Whether that was a
cut or a flash only the next frames tell, and no colour waits for them: the scene before is kept
for a while, and if a frame takes up where it stopped, it goes on. What comes up out of black or
white is compared with what went down into it. A dissolve into other pictures ends a scene, too,
once little is left of what it showed (`slow_change`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from photochrom.color import Array
from photochrom.film.flow import ALIKE, Motion, find_motion, is_flat
from photochrom.film.slow_change import SlowChange

REPLACED = 0.3
"""Likeness to a second before below which a dissolve has replaced a scene by another. Measured:
dissolves go down to 0.2 to 0.3; pans and zooms of two seconds keep 0.55, with a thing a tenth of
the picture large that moves through them 0.36 and more."""

INTERRUPTION = 12
"""Frames after which a scene that was interrupted is over."""


class Turn(Enum):
    """What a frame does."""

    GOES_ON = "goes on"
    BEGINS = "begins another scene"
    TAKES_UP = "takes up the scene that was interrupted"


@dataclass(frozen=True, eq=False)
class Step:
    """What was found at a frame.

    Attributes:
        turn: whether its scene is new.
        motion: from the last frame of its scene; None where the scene is new, unless a dissolve
            led into it.
        scene: number of its scene from 0; a flash has one of its own.
        out_of: number of the scene that a dissolve has replaced by this one at this frame.
    """

    turn: Turn
    motion: Motion | None
    scene: int
    out_of: int | None = None


class SceneWatch:
    """Tells of each frame which scene it belongs to.

    Args:
        grid: (h, w) at which motion is wanted.
    """

    def __init__(self, grid: tuple[int, int]) -> None:
        self._grid = grid
        self._last: Array | None = None
        self._kept: Array | None = None
        self._shown: Array | None = None  # the scene's last frame that was not flat
        # scenes so far, the shown and the kept one's numbers, frames since the interruption
        self._scenes, self._scene, self._kept_scene, self._age = 0, -1, -1, 0
        self._slow = SlowChange(grid)

    @property
    def scene(self) -> int:
        """Number of the last frame's scene."""
        return self._scene

    @property
    def alive(self) -> set[int]:
        """The scenes that may go on: the last frame's, and one that was interrupted."""
        return {self._scene} | (set() if self._kept is None else {self._kept_scene})

    def see(self, frame: Array) -> Step:
        """What the next frame, (H, W) uint8 as `even_light` gives it, does."""
        self._age += 1
        if self._age > INTERRUPTION:
            self._kept = None
        flat = is_flat(frame)
        out_of_nothing = self._shown is not None and self._shown is not self._last and not flat
        before = self._shown if out_of_nothing else self._last
        motion = None if before is None else find_motion(before, frame, self._grid)
        if motion is not None and motion.likeness >= ALIKE:
            if flat or self._slow.see(frame, motion) >= REPLACED:
                return self._step(Turn.GOES_ON, frame, flat, motion)
            before_it = self._scene
            return replace(self._begin(frame, flat), motion=motion, out_of=before_it)
        if self._kept is not None:
            back = find_motion(self._kept, frame, self._grid)
            if back.likeness >= ALIKE:
                self._kept, self._scene = None, self._kept_scene
                self._slow.forget()
                return self._step(Turn.TAKES_UP, frame, flat, back)
        elif before is not None:
            self._kept, self._kept_scene, self._age = before, self._scene, 0
        return self._begin(frame, flat)

    def _begin(self, frame: Array, flat: bool) -> Step:
        self._scene, self._shown = self._scenes, None
        self._scenes += 1
        self._slow.forget()
        if not flat:
            self._slow.see(frame, None)
        return self._step(Turn.BEGINS, frame, flat, None)

    def _step(self, turn: Turn, frame: Array, flat: bool, motion: Motion | None) -> Step:
        self._last = frame
        if not flat:
            self._shown = frame
        return Step(turn, motion, self._scene)

    def state(self) -> dict[str, Array]:
        """All that is needed to go on."""
        numbers = [self._scenes, self._scene, self._kept_scene, self._age]
        found = {"numbers": np.array(numbers, np.int64)}
        frames = {"last": self._last, "kept": self._kept, "shown": self._shown}
        found |= {name: frame for name, frame in frames.items() if frame is not None}
        return found | {f"slow.{name}": value for name, value in self._slow.state().items()}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Goes back to what `state` gave."""
        self._last, self._kept = state.get("last"), state.get("kept")
        same = "shown" in state and np.array_equal(state["shown"], state["last"])
        self._shown = self._last if same else state.get("shown")
        self._scenes, self._scene, self._kept_scene, self._age = map(int, state["numbers"])
        slow = {name[5:]: value for name, value in state.items() if name.startswith("slow.")}
        self._slow.restore(slow)
