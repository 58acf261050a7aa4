"""Who gives a film's frames their colours: the contract, and the simplest one who does.

Frames come one after another at the size at which a network looks at them; colours of any smaller
size go back. Everything else (files, full size, sound) is the rest of this folder's work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from photochrom.color import Array, FloatArray
from photochrom.colorizer import Colorizer
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo, as_photo


@dataclass(frozen=True, eq=False)
class FilmFrame:
    """A frame as a network looks at it.

    Attributes:
        index: its place among the frames that are coloured, from 0.
        time: seconds from the film's first frame.
        luminance: (h, w) float32 L, 0..100, upright and with square pixels; h and w are the same
            all through a film (see `small_size`).
    """

    index: int
    time: float
    luminance: FloatArray


class FrameColours(Protocol):
    """Gives frames their colours, in order; may remember what it has seen."""

    def colour(self, frame: FilmFrame) -> FloatArray:
        """The chroma (h', w', 2) of the next frame, CIELAB units, no larger than its luminance."""

    def state(self) -> dict[str, Array]:
        """All that is needed to go on after the last frame: plain arrays, no objects."""

    def restore(self, state: Mapping[str, Array]) -> None:
        """Goes back to a state, of this process or of an earlier one."""


ColoursMaker = Callable[[Colorizer, ColorizeOptions], FrameColours]
"""Makes what gives a film's frames their colours."""


class FrameByFrame:
    """Colours each frame as if it stood alone: the baseline, which flickers.

    Args:
        colorizer: an opened model.
        options: how; where they leave it open a frame is looked at once.
    """

    independent = True
    """Frames may be coloured in any order, and several at once."""

    def __init__(self, colorizer: Colorizer, options: ColorizeOptions = ColorizeOptions()) -> None:
        self._colorizer, self._options = colorizer, with_film_defaults(options)

    def colour(self, frame: FilmFrame) -> FloatArray:
        """The most likely colouring, (h', w', 2)."""
        seen = self._colorizer.see(frame.luminance, self._options)
        return self._colorizer.read(seen, 1, self._options)[0]

    def state(self) -> dict[str, Array]:
        """Nothing: no frame depends on another."""
        return {}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Nothing to go back to."""


def with_film_defaults(options: ColorizeOptions) -> ColorizeOptions:
    """The options, with one look at each frame where they name no number; a reference is opened."""
    return with_reference_opened(options if options.looks else replace(options, looks=1))


def with_reference_opened(options: ColorizeOptions) -> ColorizeOptions:
    """The options with their reference picture opened, so that it is matched once for all frames.

    Raises:
        InputError: the reference cannot be read.
    """
    if options.reference is None or isinstance(options.reference, Photo):
        return options
    return replace(options, reference=as_photo(options.reference))


def small_size(
    height: int, width: int, colorizer: Colorizer, options: ColorizeOptions
) -> tuple[int, int]:
    """The (height, width) at which frames are handed to `FrameColours.colour`.

    It is that of the largest look, so that nothing the network could see is lost.

    Args:
        height: of the upright frame with square pixels.
        width: likewise.
        colorizer: an opened model.
        options: how it is used.
    """
    return colorizer.looks_at((height, width), with_film_defaults(options))[1]
