"""What a film is: its container, codec, size, rate and the way its brightness is coded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.error
import numpy as np

from photochrom.errors import InputError, UnreadableError
from photochrom.film.coding import Coding
from photochrom.film.fields import BOTTOM_FIRST, TOP_FIRST
from photochrom.film.planes import coding_of, with_luma_plane

LOOKED_AT = 8
"""Frames that are decoded to find out what a film is."""

FIELD_ORDERS = {TOP_FIRST: "top field first", BOTTOM_FIRST: "bottom field first",
                4: "top field first", 5: "bottom field first"}  # fmt: skip
"""FFmpeg's numbers for interlaced films."""


@dataclass(frozen=True)
class FilmDescription:
    """What a film says of itself, and what its first frames show.

    Attributes:
        path: the file.
        container: FFmpeg's name of its format.
        stream: index of its picture track.
        codec: of the picture track.
        width: in samples, as coded.
        height: likewise.
        coding: of its luma.
        pixel_format: FFmpeg's name.
        aspect: width of a sample by its height.
        display_matrix: nine integers that turn or mirror it for display; None leaves it.
        turns: quarter turns counter-clockwise that make it upright.
        rate: frames per second, in the mean.
        time_base: seconds of a time stamp's unit.
        start: time stamp of its first frame.
        frames: how many it should have, or None.
        exact: whether `frames` is from the file's index, not worked out of the duration.
        seconds: its duration, or None.
        fields: order of the fields of an interlaced film, or None.
    """

    path: Path
    container: str
    stream: int
    codec: str
    width: int
    height: int
    coding: Coding
    pixel_format: str
    aspect: Fraction
    display_matrix: tuple[int, ...] | None
    turns: int
    rate: Fraction
    time_base: Fraction
    start: int
    frames: int | None
    exact: bool
    seconds: float | None
    fields: str | None

    @property
    def top_first(self) -> bool | None:
        """Whether the upper field is shown first; None without fields, or of unknown order."""
        return self.fields == "top field first" if self.fields in FIELD_ORDERS.values() else None

    @property
    def display_size(self) -> tuple[int, int]:
        """(height, width) upright and with square samples, pixels."""
        height, width = self.height, self.width
        if self.aspect > 1:
            width = max(1, round(width * self.aspect))
        else:
            height = max(1, round(height / self.aspect))
        return (width, height) if self.turns % 2 else (height, width)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """FFmpeg's container of a film.

    Raises:
        InputError: no such file.
        UnreadableError: FFmpeg cannot read it.
    """
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (av.error.FileNotFoundError, av.error.IsADirectoryError, av.error.PermissionError) as e:
        raise InputError(f"{path}: cannot be opened ({e.strerror})") from None
    except av.error.EOFError:
        raise UnreadableError(
            f"{path}: ends before its first frame; a whole copy of it would work"
        ) from None
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableError(
            f"{path}: is no film that FFmpeg can read, or is cut short ({reason(error)}); "
            "a whole copy of it would work"
        ) from None
    with container:
        yield container


def describe(path: Path) -> FilmDescription:
    """What a film is; its first frames are decoded for it.

    Raises:
        InputError: no such file, or it has no picture track.
        UnreadableError: it is damaged, cut short, or of a codec this FFmpeg does not know.
    """
    with opened(path) as container:
        stream = _picture_track(container, path)
        _check_whole(container, stream, path)
        frames = _first_frames(container, stream, path)
        first = frames[0]
        plain = with_luma_plane(first)
        matrix = _display_matrix(first)
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        seconds = _seconds(container, stream)
        known = stream.frames or None
        estimated = round(seconds * rate) if seconds else None
        context = stream.codec_context
        fields = FIELD_ORDERS.get(context.field_order)
        if fields is None and any(frame.interlaced_frame for frame in frames):
            fields = "field order not stated"
        return FilmDescription(
            path=path, container=container.format.name, stream=stream.index, codec=context.name,
            width=first.width, height=first.height, coding=coding_of(plain),
            pixel_format=first.format.name,
            aspect=Fraction(stream.sample_aspect_ratio or 1) or Fraction(1),
            display_matrix=matrix, turns=round(first.rotation / 90) % 4,
            rate=Fraction(rate), time_base=Fraction(stream.time_base or 1 / Fraction(rate)),
            start=first.pts if first.pts is not None else 0,
            frames=known or estimated, exact=known is not None, seconds=seconds, fields=fields,
        )  # fmt: skip


def _picture_track(container: Any, path: Path) -> Any:
    disposition = av.stream.Disposition
    covers = disposition.attached_pic | disposition.timed_thumbnails
    tracks = [s for s in container.streams.video if not s.disposition & covers]
    if not tracks:
        kinds = sorted({str(s.type) for s in container.streams}) or ["nothing"]
        raise InputError(f"{path}: has no picture track, only {', '.join(kinds)}")
    best = container.streams.best("video")
    stream = best if best in tracks else tracks[0]
    if stream.codec_context is None:
        raise UnreadableError(
            f"{path}: its pictures are in a codec that this FFmpeg cannot decode; "
            "a copy in another codec would work"
        )
    return stream


def _check_whole(container: Any, stream: Any, path: Path) -> None:
    """Raises UnreadableError where the file's index points behind its end."""
    entries = stream.index_entries
    size = container.size
    if len(entries) and size > 0:
        last = entries[len(entries) - 1]
        if last.pos + last.size > size:
            raise UnreadableError(
                f"{path}: is cut short: its index names frames behind the end of the file; "
                "a whole copy of it would work"
            )


def _first_frames(container: Any, stream: Any, path: Path) -> list[av.VideoFrame]:
    frames: list[av.VideoFrame] = []
    why = "no frames in it"
    try:
        for packet in container.demux(stream):
            try:
                frames += packet.decode()
            except av.error.EOFError:
                break
            except av.error.FFmpegError as error:  # a film may begin in the middle of a group
                why = reason(error)
            if len(frames) >= LOOKED_AT:
                break
    except av.error.FFmpegError as error:
        why = reason(error)
    if not frames:
        raise UnreadableError(f"{path}: not one frame can be decoded ({why})")
    return frames


def _display_matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
    for data in cast("list[Any]", frame.side_data):
        if data.type.name == "DISPLAYMATRIX":
            return tuple(int(v) for v in np.frombuffer(data, np.int32)[:9])
    return None


def _seconds(container: Any, stream: Any) -> float | None:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return float(container.duration / av.time_base)
    return None


def reason(error: Exception) -> str:
    """What FFmpeg says of an error, without a capital."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
