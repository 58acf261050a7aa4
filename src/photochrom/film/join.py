"""Finished segments, and everything of the film but its pictures, become one file."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error

from photochrom.errors import OutputError
from photochrom.film.containers import can_hold, copy_track, kept_tags, open_result
from photochrom.film.describe import FilmDescription, opened, reason
from photochrom.film.encode import EncoderSettings
from photochrom.film.segments import Job, Segment, read_packets

MARK = "Colours added by a machine (photochrom); they are guesses."


@dataclass(frozen=True)
class Span:
    """The part of a film that a result shows, in seconds from the film's first frame.

    Attributes:
        begin: of its first frame.
        end: where its last frame ends; None for the film's end.
    """

    begin: Fraction = Fraction(0)
    end: Fraction | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self.begin == 0 and self.end is None


@dataclass(frozen=True)
class Kept:
    """What of a film is kept beside its pictures, and in what.

    Attributes:
        span: the part of the film.
        suffix: names the container.
        mark: note in the metadata that the colours are guessed.
    """

    span: Span
    suffix: str
    mark: bool = True


def join(
    film: FilmDescription, kept: Kept, job: Job, settings: EncoderSettings, target: Path
) -> tuple[str, ...]:
    """Writes the result; no picture is coded again, and packets of sound are not touched.

    Args:
        film: where the other tracks come from.
        kept: what of them.
        job: whose segments are joined.
        settings: that they were coded with.
        target: the file to write.

    Returns:
        Tracks that the container cannot hold, in words.

    Raises:
        OutputError: FFmpeg cannot write it.
    """
    with opened(film.path) as source:
        metadata = kept_tags(source.metadata)
        if kept.mark:
            key = next((key for key in metadata if key.lower() == "comment"), "comment")
            metadata[key] = "\n".join(filter(None, [metadata.get(key), MARK]))
        result = open_result(target, kept.suffix, metadata)
        try:
            pictures = _picture_track(result, source.streams[film.stream], film, settings)
            copies, left_out = _copies(result, source, film, kept.suffix)
            result.set_chapters(_chapters(source, kept.span))
            shown = _pictures(film, kept.span, job, pictures)
            for packet in _in_order(shown, _others(source, film, kept.span, copies)):
                result.mux_one(packet)
            result.start_encoding()
        except av.error.FFmpegError as error:
            _give_up(result)
            raise OutputError(f"{target}: cannot be written ({reason(error)})") from None
        try:
            result.close()
        except av.error.FFmpegError as error:
            raise OutputError(f"{target}: cannot be written ({reason(error)})") from None
    return left_out


def _give_up(result: Any) -> None:
    with contextlib.suppress(av.error.FFmpegError):
        result.close()


def _picture_track(
    result: Any, original: Any, film: FilmDescription, settings: EncoderSettings
) -> Any:
    stream = result.add_stream(settings.encoder, rate=settings.rate)
    settings.apply(stream.codec_context)
    stream.time_base = film.time_base
    stream.metadata.update(kept_tags(original.metadata))
    stream.disposition = original.disposition
    if film.display_matrix:
        stream.set_display_matrix(film.display_matrix)
    return stream


def _copies(
    result: Any, source: Any, film: FilmDescription, suffix: str
) -> tuple[dict[int, Any], tuple[str, ...]]:
    """The result's copies of the film's other tracks by index, and what cannot be copied."""
    copies, left_out = {}, []
    for stream in source.streams:
        if stream.index == film.stream:
            continue
        if stream.type == "unknown":
            left_out.append(f"track {stream.index} of an unknown kind")
        elif (why := can_hold(suffix, stream)) is None:
            copies[stream.index] = copy_track(result, stream)
        else:
            name = getattr(stream, "name", None) or "unknown"
            left_out.append(f"track {stream.index} ({stream.type}, {name}): {why}")
    return copies, tuple(left_out)


def _pictures(film: FilmDescription, span: Span, job: Job, stream: Any) -> Iterator[Any]:
    """The packets of all segments, with the time stamps of the film."""
    count = job.segments()
    reorder = max(job.load(number).reorder for number in range(count))
    shift = round(span.begin / film.time_base)
    shown = _with_neighbours(job.load(number) for number in range(count))
    stamps = _decoding_stamps((job.load(number) for number in range(count)), reorder)
    for number, (segment, after) in enumerate(shown):
        ends = [*map(int, segment.pts[1:]), after]
        for place, key, content in read_packets(job.packets_path(number)):
            inside = place - segment.first
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, film.time_base
            packet.pts, packet.dts = int(segment.pts[inside]) - shift, next(stamps) - shift
            packet.duration = ends[inside] - int(segment.pts[inside])
            packet.is_keyframe = key
            yield packet


def _with_neighbours(segments: Iterator[Segment]) -> Iterator[tuple[Segment, int]]:
    """Each segment with the time stamp at which it ends."""
    for segment, following in itertools.pairwise(itertools.chain(segments, [None])):
        assert segment is not None
        if following is not None:
            yield segment, int(following.pts[0])
            continue
        last = int(segment.durations[-1])
        if last <= 0:  # as long as the one before it, where nothing is said
            last = int(segment.pts[-1] - segment.pts[-2]) if len(segment.pts) > 1 else 1
        yield segment, int(segment.pts[-1]) + last


def _decoding_stamps(segments: Iterator[Segment], reorder: int) -> Iterator[int]:
    """When each packet is decoded: the stamps of display in order, `reorder` frames early."""
    stamps = (int(pts) for segment in segments for pts in segment.pts)
    first = list(itertools.islice(stamps, 2))
    step = first[1] - first[0] if len(first) > 1 else 1
    yield from (first[0] - step * early for early in range(reorder, 0, -1))
    yield from itertools.chain(first, stamps)


def _others(
    source: Any, film: FilmDescription, span: Span, copies: dict[int, Any]
) -> Iterator[Any]:
    """The packets of the other tracks, as they are."""
    if not copies:
        return
    start = film.start * film.time_base
    for packet in source.demux([source.streams[index] for index in copies]):
        if packet.size == 0 or (packet.dts is None and packet.pts is None):
            continue
        if not span.whole:
            stamp = packet.pts if packet.pts is not None else packet.dts
            time = stamp * packet.time_base - start
            if time < span.begin or (span.end is not None and time >= span.end):
                continue
            shift = round(span.begin / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = copies[packet.stream.index]
        yield packet


def _in_order(pictures: Iterator[Any], others: Iterator[Any]) -> Iterator[Any]:
    """Both kinds of packets, whichever is to be decoded first."""
    picture, other = next(pictures, None), next(others, None)
    while picture is not None and other is not None:
        if _when(picture) <= _when(other):
            yield picture
            picture = next(pictures, None)
        else:
            yield other
            other = next(others, None)
    for rest, more in ((picture, pictures), (other, others)):
        if rest is not None:
            yield rest
        yield from more


def _when(packet: Any) -> Fraction:
    stamp = packet.dts if packet.dts is not None else packet.pts
    return Fraction(stamp * packet.time_base)


def _chapters(source: Any, span: Span) -> list[Any]:
    """The film's chapters, those outside the span left out."""
    if span.whole:
        return list(source.chapters())
    kept = []
    for chapter in source.chapters():
        unit = chapter["time_base"]
        begin = max(chapter["start"] * unit - span.begin, Fraction(0))
        end = chapter["end"] * unit - span.begin
        if span.end is not None:
            end = min(end, span.end - span.begin)
        if end > begin:
            stamps = {"start": round(begin / unit), "end": round(end / unit)}
            kept.append({**chapter, **stamps})
    return kept
