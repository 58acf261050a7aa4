"""Steady colours for a film's frames.

Within a scene colours are carried along the motion and joined with what the network says of each
frame, by how far the motion is believed and how sure the network is; a cut begins anew. Measured in
docs/benchmarks/film-steadiness.md; how it was chosen: docs/decisions/0008-steady-film.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.colorizer import Colorizer, Seen
from photochrom.decoding import probabilities
from photochrom.film.burnt_in import BurntIn
from photochrom.film.carried import Carried
from photochrom.film.colours import FilmFrame, with_film_defaults, with_reference_opened
from photochrom.film.flow import even_light, single_thread
from photochrom.film.keys import KnownColours
from photochrom.film.scenes import SceneWatch, Step
from photochrom.options import ColorizeOptions, check_range
from photochrom.photo import area_resize
from photochrom.sums import weighted_sums

FIRST_LOOK = 3.0
"""Looks that a scene's first frame counts for: it is looked at as carefully as a photograph."""

UNSURE_SPREAD = 100.0
"""Variance of the network's distribution, squared CIELAB units, at which a look counts half."""

DIM = 8.0
"""Deviation of L over a frame below which, in proportion, its look counts less: darkness, fog."""

NEW_SHARE = 0.08
"""Share of a frame that was not there before at which the network looks out of turn."""


@dataclass(frozen=True)
class SteadySettings:
    """How steady colours are.

    Attributes:
        memory: sure looks that a colour is the mean of, 1..100; a look counts about half on
            average, so that 8 are some 16 frames.
        drift: share of a picture-wide change of colour that a look brings in, 0..1.
        key_every: the network looks at every so many-th frame, 1..240, and sooner where much is
            new; colours are carried between.
        burnt_in: whether time stamps and captions are left without colour.
    """

    memory: float = 8.0
    drift: float = 0.1
    key_every: int = 2
    burnt_in: bool = True

    def __post_init__(self) -> None:
        check_range("memory", self.memory, 1, 100)
        check_range("drift", self.drift, 0, 1)
        check_range("key_every", self.key_every, 1, 240)


class SteadyColours:
    """Gives frames colours that do not flicker; sees no frame before its turn.

    Args:
        colorizer: an opened model.
        options: how a frame is looked at; where they leave it open, once, and a scene's first
            frame as often as a photograph.
        settings: how steady.
        known: colours that are given for some frames.
    """

    def __init__(
        self, colorizer: Colorizer, options: ColorizeOptions = ColorizeOptions(),
        settings: SteadySettings = SteadySettings(), known: KnownColours | None = None,
    ) -> None:  # fmt: skip
        self.colorizer, self.settings = colorizer, settings
        self.careful = with_reference_opened(options)
        self._options = with_film_defaults(self.careful)
        self.known = known or KnownColours()
        self._watch: SceneWatch | None = None
        self._scenes: dict[int, Carried] = {}
        self._unseen = 0  # frames since the network looked
        self._overlays = BurntIn()

    def colour(self, frame: FilmFrame) -> FloatArray:
        """The chroma (h', w', 2) of the next frame."""
        grid = self.grid(frame.luminance)
        if self._watch is None:
            self._watch = SceneWatch(grid)
        step = self._watch.see(even_light(frame.luminance))
        overlay = None
        if self.settings.burnt_in:
            overlay = self._overlays.see(frame.luminance, step.motion, grid)
        now = self._coloured(frame, step, overlay)
        given = self.known.at(frame.time)
        if given is not None:
            now = now.pinned(given)
        self._scenes = {
            number: now if number == step.scene else self._scenes[number]
            for number in self._watch.alive
        }
        return now.shown if overlay is None else now.shown * (1 - overlay)[..., None]

    @property
    def scene(self) -> int:
        """Number of the last frame's scene."""
        assert self._watch is not None
        return self._watch.scene

    @property
    def alive(self) -> set[int]:
        """The scenes that may go on: see `SceneWatch`."""
        return set(self._scenes)

    def carried(self) -> Carried:
        """The colours and weights of the last frame."""
        return self._scenes[self.scene]

    def state(self) -> dict[str, Array]:
        """All that is needed to go on after the last frame."""
        found = {"unseen": np.array(self._unseen)} | _named("known.", self.known.state())
        found |= _named("overlay.", self._overlays.state())
        if self._watch is not None:
            found |= _named("watch.", self._watch.state())
            for number, scene in self._scenes.items():
                found |= scene.as_arrays(f"scene.{number}.")
        return found

    def restore(self, state: Mapping[str, Array]) -> None:
        """Goes back to what `state` gave, in this process or an earlier one."""
        self._unseen = int(state["unseen"])
        self.known.restore(_of("known.", state))
        self._overlays.restore(_of("overlay.", state))
        self._watch, self._scenes = None, {}
        watched = _of("watch.", state)
        if watched:
            numbers = {int(name.split(".")[1]) for name in state if name.startswith("scene.")}
            self._scenes = {n: Carried.from_arrays(state, f"scene.{n}.") for n in numbers}
            height, width = next(iter(self._scenes.values())).weight.shape
            self._watch = SceneWatch((height, width))
            self._watch.restore(watched)

    def grid(self, luminance: FloatArray) -> tuple[int, int]:
        """The (h', w') of colours for frames of a luminance's shape."""
        _, (height, width) = self.colorizer.looks_at(luminance.shape, self._options)
        stride = self.colorizer.model.description.stride
        return -(-height // stride), -(-width // stride)

    def _coloured(self, frame: FilmFrame, step: Step, overlay: FloatArray | None) -> Carried:
        grid = self.grid(frame.luminance)
        light = _surroundings(frame.luminance, grid)
        before = self._scenes.get(step.scene)
        if before is None or step.motion is None:
            self._unseen = 0
            ab, sure = self._look(frame.luminance, self.careful, grid)
            begun = Carried(ab, FIRST_LOOK * sure, light)
            if step.out_of is None or step.motion is None:
                return begun
            over = self._scenes[step.out_of].moved(step.motion, light)
            return replace(begun, left=over.shown - ab)
        moved = before.moved(step.motion, light)
        self._unseen += 1
        new = float((step.motion.trust < 0.5).mean())
        if self._unseen < self.settings.key_every and new < NEW_SHARE:
            return moved
        self._unseen = 0
        ab, sure = self._look(frame.luminance, self._options, grid)
        if overlay is not None:  # what is under a caption keeps the scene's colours
            sure = sure * (1 - overlay).clip(0.02)
        return moved.joined(ab, sure, self.settings.drift, self.settings.memory)

    def _look(
        self, luminance: FloatArray, options: ColorizeOptions, grid: tuple[int, int]
    ) -> tuple[FloatArray, FloatArray]:
        """What the network says, (h, w, 2), and how sure it is, (h, w) above 0 and up to 1."""
        seen = self.colorizer.see(luminance, options)
        ab = _fitted(self.colorizer.read(seen, 1, options)[0], grid)
        visible = min(1.0, float(luminance.std(dtype=np.float64)) / DIM)
        sure = _fitted(self._sureness(seen), grid) * np.float32(max(visible, 0.02))
        return ab, sure

    def _sureness(self, seen: Seen) -> FloatArray:
        """(h, w) 0..1: the narrower the distribution, the surer; 1/2 where there is none."""
        palette, logits = self.colorizer.model.description.palette, seen.prediction.logits
        if palette is None or logits is None:
            return np.full(seen.prediction.ab.shape[:2], 0.5, np.float32)
        thin = probabilities(np.ascontiguousarray(logits[::2, ::2]))
        squares = (palette.centers**2).sum(1, keepdims=True)
        moments = weighted_sums(thin, np.concatenate([palette.centers, squares], 1))
        spread = moments[..., 2] - (moments[..., :2] ** 2).sum(-1)
        sure: FloatArray = (1 / (1 + spread.clip(0) / UNSURE_SPREAD)).astype(np.float32)
        height, width = logits.shape[:2]
        return sure.repeat(2, 0).repeat(2, 1)[:height, :width]


def _fitted(plane: FloatArray, grid: tuple[int, int]) -> FloatArray:
    return plane if plane.shape[:2] == grid else area_resize(plane, *grid)


def _surroundings(luminance: FloatArray, grid: tuple[int, int]) -> FloatArray:
    """(h, w) the mean L around each place: grain, texture and small moving things are gone."""
    import cv2

    with single_thread():
        small = cv2.resize(luminance, (grid[1], grid[0]), interpolation=cv2.INTER_AREA)
        blurred: FloatArray = np.asarray(cv2.blur(small, (5, 5)), np.float32)
    return blurred


def _named(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {prefix + name: array for name, array in arrays.items()}


def _of(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}
