"""The frames of a film, one after another, from any place on."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np

from photochrom.color import Array
from photochrom.errors import UnreadableError
from photochrom.film.describe import FilmDescription, opened, reason
from photochrom.film.planes import luma_plane, with_luma_plane

_SEEK_BACK = (0.0, 10.0)  # seconds before the wanted frame; after that, from the beginning


@dataclass(frozen=True, eq=False)
class DecodedFrame:
    """A frame of a film.

    Attributes:
        pts: time stamp, in the film's time base; always above that of the frame before.
        duration: in the film's time base, 0 where nothing is known.
        frame: FFmpeg's frame, its first plane the luma.
    """

    pts: int
    duration: int
    frame: av.VideoFrame

    @property
    def luma(self) -> Array:
        """(H, W) uint8 or uint16."""
        return luma_plane(self.frame)

    def checksum(self) -> int:
        """CRC-32 of the luma."""
        return zlib.crc32(np.ascontiguousarray(self.luma).data)


@dataclass(frozen=True)
class Anchor:
    """A frame after which decoding goes on; the checksum tells whether it is truly that one."""

    pts: int
    checksum: int


def seconds_to_stamp(film: FilmDescription, seconds: float) -> int:
    """The first time stamp that is no earlier than so many seconds after the film's first."""
    return film.start + math.ceil(Fraction(seconds).limit_denominator(10**6) / film.time_base)


def decode(
    film: FilmDescription, *, after: Anchor | None = None, begin: int | None = None,
    damaged: bool = False,
) -> Iterator[DecodedFrame]:  # fmt: skip
    """The frames of a film, in order of display.

    Args:
        film: which.
        after: the frame after which to go on; None begins at the beginning.
        begin: time stamp below which frames are left out.
        damaged: leave out what cannot be decoded, instead of raising.

    Raises:
        UnreadableError: a frame cannot be decoded, or the file has changed.
    """
    wanted = after.pts if after else begin
    if wanted is None:
        yield from _decode_from(film, None, damaged)
        return
    if wanted > film.start:
        for back in _SEEK_BACK:
            seek = wanted - round(back / film.time_base)
            found = _forward(_decode_from(film, seek, damaged), wanted, after)
            if found is not None:
                yield from found
                return
    found = _forward(_decode_from(film, None, damaged), wanted, after, sought=False)
    if found is None and after:
        raise UnreadableError(
            f"{film.path}: has changed since the work on it began; --overwrite begins again"
        )
    yield from found or ()


def _forward(
    frames: Iterator[DecodedFrame], wanted: int, after: Anchor | None, *, sought: bool = True
) -> Iterator[DecodedFrame] | None:
    """The frames from a time stamp on, or behind an anchor; None if they do not lead there."""
    for number, frame in enumerate(frames):
        if frame.pts < wanted:
            continue
        if after is None:
            missed = sought and number == 0 and frame.pts > wanted
            return None if missed else itertools.chain([frame], frames)
        return frames if (frame.pts, frame.checksum()) == (after.pts, after.checksum) else None
    return None


def _decode_from(film: FilmDescription, seek: int | None, damaged: bool) -> Iterator[DecodedFrame]:
    with opened(film.path) as container:
        stream = container.streams[film.stream]
        stream.thread_type = "AUTO"
        if seek is not None:
            try:
                container.seek(max(seek, film.start), stream=stream)
            except av.error.FFmpegError:
                return  # cannot be sought in: the caller begins at the beginning
        step = max(1, round(1 / (film.rate * film.time_base)))
        last: int | None = None
        for frame in _frames(container, stream, film, damaged):
            # what comes without a time, or not after the last, is put one step behind it
            pts = (
                frame.pts if frame.pts is not None else film.start if last is None else last + step
            )
            if last is not None and pts <= last:
                pts = last + 1
            last = pts
            if (frame.width, frame.height) != (film.width, film.height):
                raise UnreadableError(
                    f"{film.path}: the size changes from {film.width}x{film.height} to "
                    f"{frame.width}x{frame.height} within the film; cut it there"
                )
            yield DecodedFrame(pts, frame.duration or 0, with_luma_plane(frame))


def _frames(
    container: Any, stream: Any, film: FilmDescription, damaged: bool
) -> Iterator[av.VideoFrame]:
    last: float | None = None
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            found = packet.decode()
        except av.error.EOFError:
            return
        except av.error.FFmpegError as error:
            if damaged and packet is not None:
                continue
            where = "its beginning" if last is None else f"{last:.2f} s"
            raise UnreadableError(
                f"{film.path}: damaged after {where} ({reason(error)}); --damaged colours what "
                "can be read"
            ) from None
        for frame in found:
            if frame.pts is not None:
                last = float((frame.pts - film.start) * film.time_base)
            yield frame
