"""The scenes of a film, one after another, as its colouring finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from photochrom.colorizer import Colorizer
from photochrom.film.ahead import ahead
from photochrom.film.chroma import ChromaPlanes
from photochrom.film.colours import FilmFrame, small_size
from photochrom.film.containers import default_codec, suffix_for
from photochrom.film.describe import describe
from photochrom.film.encode import settings_for
from photochrom.film.flow import even_light
from photochrom.film.line import Line
from photochrom.film.read import decode
from photochrom.film.scenes import SceneWatch
from photochrom.options import ColorizeOptions

GRID = (48, 64)
"""Rows and columns at which motion is found: scenes need no finer ones."""

_AHEAD = 4  # frames that may wait for their turn


@dataclass(frozen=True)
class Scene:
    """A scene of a film.

    Attributes:
        start: seconds from the film's first frame.
        end: where its last frame ends.
        frames: how many; those of a flash in its middle count.
    """

    start: float
    end: float
    frames: int


def film_scenes(
    path: str | Path, colorizer: Colorizer, options: ColorizeOptions = ColorizeOptions(), *,
    listener: Callable[[int], None] = lambda _: None,
) -> list[Scene]:  # fmt: skip
    """The scenes of a film, in order; it is decoded for it, but not coloured.

    Args:
        path: any film that FFmpeg can read; what is damaged is left out.
        colorizer: an opened model, whose working size is the one at which cuts are looked for.
        options: how it is used.
        listener: hears how many frames were looked at.

    Raises:
        InputError, UnreadableError: see `describe`.
    """
    film = describe(Path(path))
    settings = settings_for(film, default_codec(suffix_for(film.path)), None, None)
    chroma = ChromaPlanes(film.height, film.width, settings.coding, halved=settings.halved)
    line = Line(film, chroma, small_size(*film.display_size, colorizer, options), settings)
    last = 1 / float(film.rate)

    def seen() -> Iterator[FilmFrame]:
        nonlocal last
        with closing(ahead(line.looked_at(decode(film, damaged=True), 0), _AHEAD)) as frames:
            for number, frame in enumerate(frames, 1):
                last = float(frame.decoded.duration * film.time_base) or last
                yield frame.seen
                listener(number)

    found = scenes_of(seen())
    return [*found[:-1], replace(found[-1], end=found[-1].end + last)] if found else []


def scenes_of(frames: Iterable[FilmFrame]) -> list[Scene]:
    """The scenes of frames in order; the last one ends with its last frame's beginning."""
    watch = SceneWatch(GRID)
    found: list[tuple[int, float, int]] = []  # number, start and frames of each
    time = 0.0
    for frame in frames:
        time, number = frame.time, watch.see(even_light(frame.luminance)).scene
        since = 0
        while found and found[-1][0] > number:  # a flash: the scene before it goes on
            since += found.pop()[2]
        if found and found[-1][0] == number:
            _, start, count = found.pop()
            found.append((number, start, count + since + 1))
        else:
            found.append((number, time, 1))
    ends = [*(start for _, start, _ in found[1:]), time]
    return [Scene(start, end, count) for (_, start, count), end in zip(found, ends, strict=True)]
