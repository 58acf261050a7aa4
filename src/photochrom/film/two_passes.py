"""Two passes: a scene's colours are found over its frames first, and hold from its beginning.

The first pass colours the film as usual, but looks at fewer frames and forgets nothing: what a
scene has come to is the mean of all looks, the surest counting most. Carried back along the motion
to the scene's first frame, it is what the second pass begins with. Key frames go the same way back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from photochrom.color import Array
from photochrom.film.carried import Carried
from photochrom.film.colours import FilmFrame
from photochrom.film.flow import even_light, find_motion
from photochrom.film.keys import Known, KnownColours
from photochrom.film.steadiness import SteadyColours
from photochrom.photo import area_resize

REACH = 240
"""Frames of a scene from its first that the first pass takes into account."""

LOOK_EVERY = 4
"""The first pass looks at every so many-th frame at most."""

FORGETS_NOTHING = 100.0
SHORTEST = 8
"""A scene of fewer frames is left to the second pass alone."""

_FINDINGS = 12
"""Rows of what is kept of a scene: a film of two hours has a thousand scenes and more."""


class TwoPassColours(SteadyColours):
    """Steady colours that are found in a first pass over the film: see `SteadyColours`."""

    def prepare(self, frames: Iterable[FilmFrame]) -> None:
        """The first pass, over all frames in order."""
        settings = replace(
            self.settings,
            memory=FORGETS_NOTHING,
            key_every=max(self.settings.key_every, LOOK_EVERY),
        )
        first = SteadyColours(
            self.colorizer, self.careful, settings, KnownColours(self.known.waiting())
        )
        moments = [one.time for one in self.known.waiting()]
        running: dict[int, _Scene] = {}
        found: list[Known] = []
        for frame in frames:
            first.colour(frame)
            scene = running.setdefault(first.scene, _Scene(frame.time))
            scene.add(frame, first.carried())
            for number in set(running) - first.alive:
                found += running.pop(number).carried_back(moments)
        for scene in running.values():
            found += scene.carried_back(moments)
        self.known.add(found)


class _Scene:
    """The beginning of one scene as the first pass saw it."""

    def __init__(self, time: float) -> None:
        self._begin, self._end = time, time
        self._frames: list[Array] = []
        self._colours: Carried | None = None

    def add(self, frame: FilmFrame, colours: Carried) -> None:
        if len(self._frames) < REACH:
            self._frames.append(even_light(frame.luminance))
            self._colours, self._end = colours, frame.time

    def carried_back(self, moments: list[float]) -> list[Known]:
        """What holds at the scene's first frame, coarse unless a key frame lies in the scene."""
        if self._colours is None or len(self._frames) < SHORTEST:
            return []
        now = self._colours
        height, width = now.weight.shape
        for later, earlier in zip(self._frames[::-1], self._frames[-2::-1], strict=False):
            now = now.moved(find_motion(later, earlier, (height, width)), now.light)
        if not any(self._begin <= moment <= self._end for moment in moments):
            rows = min(height, _FINDINGS)
            columns = min(width, round(rows * width / height))
            now = Carried(*(area_resize(p, rows, columns) for p in (now.ab, now.weight, now.light)))
        return [Known(self._begin, now.ab.astype(np.float16), now.weight.astype(np.float16))]
