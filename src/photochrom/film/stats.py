"""What a film is made of, and about how long colouring it will take."""

from __future__ import annotations

import itertools
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom.colorizer import Colorizer
from photochrom.film.colours import ColoursMaker
from photochrom.film.containers import default_codec, suffix_for
from photochrom.film.describe import FilmDescription, describe, opened
from photochrom.film.encode import SegmentEncoder, settings_for
from photochrom.film.line import line_for
from photochrom.film.read import decode
from photochrom.film.steadiness import SteadyColours
from photochrom.options import ColorizeOptions

TRIED = 24
"""Frames that are coloured to find out how long all of them take."""


@dataclass(frozen=True)
class FilmStats:
    """What a film is made of.

    Attributes:
        film: its pictures.
        tracks: every track in words.
        frames: how many pictures there are, counted.
        seconds: from the first picture to the end of the last.
        shortest: seconds for which the shortest picture is shown.
        longest: seconds for which the longest picture is shown.
        chapters: how many.
    """

    film: FilmDescription
    tracks: tuple[str, ...]
    frames: int
    seconds: float
    shortest: float
    longest: float
    chapters: int

    @property
    def variable(self) -> bool:
        """Whether the frame rate varies by more than the rounding of time stamps."""
        unit = float(self.film.time_base)
        return self.longest - self.shortest > max(2.5 * unit, 0.01 * self.shortest)


def film_stats(path: str | Path) -> FilmStats:
    """What a film is made of; it is read through once, but not decoded.

    Raises:
        InputError, UnreadableError: see `describe`.
    """
    film = describe(Path(path))
    with opened(film.path) as container:
        tracks = tuple(_in_words(stream) for stream in container.streams)
        chapters = len(container.chapters())
        stamps, length = [], 0
        for packet in container.demux(container.streams[film.stream]):
            if packet.size:
                stamp = packet.pts if packet.pts is not None else packet.dts
                stamps.append(stamp)
                length = packet.duration or length
    known = sorted(stamp for stamp in stamps if stamp is not None)
    unit = float(film.time_base)
    gaps = [unit * (b - a) for a, b in itertools.pairwise(known)] or [1 / float(film.rate)]
    seconds = unit * (known[-1] - known[0] + length) if known else len(stamps) / float(film.rate)
    return FilmStats(film, tracks, len(stamps), seconds, min(gaps), max(gaps), chapters)


def measured_rate(
    film: FilmDescription, colorizer: Colorizer, options: ColorizeOptions,
    colours: ColoursMaker = SteadyColours,
) -> float:  # fmt: skip
    """Frames per second with which a film is coloured on this machine, from its first frames.

    Args:
        film: which.
        colorizer: an opened model.
        options: how to colour.
        colours: makes what gives the frames their colours.
    """
    giver = colours(colorizer, options)
    settings = settings_for(film, default_codec(suffix_for(film.path)), None, None)
    line, encoder = line_for(film, settings, colorizer, options), SegmentEncoder(settings)
    decoded = itertools.islice(decode(film, damaged=True), TRIED + 1)
    begin, done = 0.0, 0
    with closing(line.looked_at(decoded, 0)) as frames:
        for number, frame in enumerate(frames):
            if number == 1:  # the first one warms everything up
                begin = time.monotonic()
            list(encoder.encode(line.painted(frame, giver.colour(frame.seen))))
            done = number
    return done / max(time.monotonic() - begin, 1e-6) if done else 0.0


def _in_words(stream: Any) -> str:
    context = stream.codec_context
    name = context.name if context is not None else getattr(stream, "name", None) or "unknown"
    words = [stream.type, name]
    if stream.type == "video" and context is not None:
        words.append(f"{context.width}x{context.height} {context.pix_fmt}")
    if stream.type == "audio" and context is not None:
        words.append(f"{context.sample_rate} Hz, {context.layout.name}")
    if language := stream.metadata.get("language"):
        words.append(language)
    return ", ".join(map(str, words))
