"""Colours known at moments of a film: coloured key frames, and what a first pass found.

A key frame is a frame that somebody coloured. Its colours hold at its moment and are carried on
from there; with two passes (`photochrom.film.two_passes`) back to its scene's beginning as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from photochrom.color import Array, rgb_to_lab
from photochrom.errors import InputError, OptionError, UnreadableError
from photochrom.photo import area_resize

KEY_WEIGHT = 200.0
"""Sure looks that a colour of a key frame counts for: after some seconds it still prevails."""

_LARGEST = (512, 512)
_SHAPE_TOLERANCE = 0.05
_MOMENT = 1e-4  # seconds by which a frame's time may be rounded


@dataclass(frozen=True, eq=False)
class Known:
    """Colours of one moment.

    Attributes:
        time: seconds from the film's first frame; the first frame that is no earlier has them.
        ab: (h, w, 2) CIELAB units, of any size and precision.
        weight: (h, w) sure looks that they count for, 0 where nothing is known.
    """

    time: float
    ab: Array
    weight: Array


class KnownColours:
    """What is known of moments that are still to come; each is given once.

    Args:
        known: in any order.
    """

    def __init__(self, known: Sequence[Known] = ()) -> None:
        self._waiting = sorted(known, key=lambda one: one.time)

    def at(self, time: float) -> Known | None:
        """What is known of a frame at so many seconds, the latest where there are several."""
        found = None
        while self._waiting and self._waiting[0].time <= time + _MOMENT:
            found = self._waiting.pop(0)
        return found

    def add(self, known: Sequence[Known]) -> None:
        """Adds what was found out; a key frame that somebody gave for the same moment prevails."""
        self._waiting = sorted([*known, *self._waiting], key=lambda one: one.time)

    def waiting(self) -> tuple[Known, ...]:
        """What is still to come."""
        return tuple(self._waiting)

    def state(self) -> dict[str, Array]:
        """All that is needed to go on."""
        found: dict[str, Array] = {"times": np.array([one.time for one in self._waiting])}
        for number, one in enumerate(self._waiting):
            found |= {f"{number}.ab": one.ab, f"{number}.weight": one.weight}
        return found

    def restore(self, state: Mapping[str, Array]) -> None:
        """Goes back to what `state` gave."""
        self._waiting = [
            Known(float(time), state[f"{number}.ab"], state[f"{number}.weight"])
            for number, time in enumerate(state["times"])
        ]


def key_frame(picture: str | Path | Array, time: float, shape: tuple[int, int]) -> Known:
    """A coloured picture of one frame.

    Args:
        picture: a file, or an array (H, W, 3) uint8 sRGB; the whole frame, at any size.
        time: seconds from the film's first frame.
        shape: (height, width) of the film's frames, to see that it is one of them.

    Raises:
        UnreadableError: the file is no picture.
        InputError: it is not in the shape of the film, or has no colour.
        OptionError: the time is negative.
    """
    if not 0 <= time < float("inf"):
        raise OptionError(f"a key frame's time is {time}; it must be 0 seconds or more")
    name = "array" if isinstance(picture, np.ndarray) else str(picture)
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else _open(Path(picture))
    ratio = (image.width / image.height) / (shape[1] / shape[0])
    if abs(np.log(ratio)) > _SHAPE_TOLERANCE:
        raise InputError(
            f"{name}: {image.width} x {image.height} pixels, not in the shape of the film's "
            f"{shape[1]} x {shape[0]}; a key frame shows the whole frame"
        )
    image.thumbnail(_LARGEST, Image.Resampling.BOX, reducing_gap=None)
    ab = np.ascontiguousarray(rgb_to_lab(np.asarray(image.convert("RGB")))[..., 1:], np.float32)
    if float(np.abs(ab).mean()) < 1:
        raise InputError(f"{name}: has no colour; a key frame is a frame that was coloured")
    return Known(time, ab, np.full(ab.shape[:2], KEY_WEIGHT, np.float32))


def fitted(known: Known, grid: tuple[int, int]) -> Known:
    """The same no finer than a grid."""
    height, width = (min(a, b) for a, b in zip(known.weight.shape, grid, strict=True))
    ab, weight = (area_resize(plane, height, width) for plane in (known.ab, known.weight))
    return Known(known.time, ab, weight)


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableError(f"{path}: not a readable picture") from error
