"""A film's way through the line, segment by segment, from where an earlier run was stopped."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from photochrom.atomic import written_whole
from photochrom.color import Array, FloatArray
from photochrom.errors import InputError, UnreadableError
from photochrom.film.ahead import ahead
from photochrom.film.colours import FrameColours
from photochrom.film.encode import SegmentEncoder
from photochrom.film.join import Span
from photochrom.film.line import FrameInHand, Line, coloured
from photochrom.film.options import FilmOptions
from photochrom.film.read import Anchor, DecodedFrame, decode, seconds_to_stamp
from photochrom.film.segments import Job, Segment, write_packet

AHEAD = 4
"""Frames that may wait between two stages."""

SHORT_BY = 0.02
"""A film that ends this share, and half a second, before its stated duration is cut short."""


@dataclass(frozen=True)
class Progress:
    """How far the work is.

    Attributes:
        done: frames coloured, those of an earlier run included.
        total: frames there are, as far as is known.
        rate: frames per second of this run, 0 before the first.
    """

    done: int
    total: int | None
    rate: float

    @property
    def seconds_left(self) -> float | None:
        """Until the last frame is coloured, or None."""
        if not self.total or not self.rate:
            return None
        return max(0, self.total - self.done) / self.rate


Listener = Callable[[Progress], None]


class Work:
    """Colours what is not coloured yet.

    Args:
        line: what is done to each frame.
        colours: who gives the colours.
        job: where finished segments are kept.
        options: which part of the film, and how long a segment is.
        listener: hears of each frame.
    """

    def __init__(
        self, line: Line, colours: FrameColours, job: Job, options: FilmOptions, listener: Listener
    ) -> None:
        self._line, self._colours, self._job = line, colours, job
        self._film, self._options, self._listener = line.film, options, listener
        self.before = self.done = 0
        self._last: DecodedFrame | None = None
        self._begin = time.monotonic()

    def run(self) -> None:
        """Colours all frames that no finished segment has.

        Raises:
            UnreadableError: the film is damaged or cut short.
            InputError: there is no frame in the part that was asked for.
        """
        number, anchor, ended = self._job.segments(), None, self._job.finished
        if number:
            last = self._job.load(number - 1)
            self.before = self.done = last.first + len(last.pts)
            ended = ended or len(last.pts) < self._options.segment
        if number and not ended:
            self._colours.restore(last.state)
            anchor = Anchor(int(last.pts[-1]), last.checksum)
        elif not ended:
            self._prepare()
        if not ended:
            number = self._colour(number, anchor)
        if not number:
            raise InputError(f"{self._film.path}: no frame in the part that was asked for")
        self._check_whole(int(self._job.load(number - 1).pts[-1]))
        self._job.finish()

    def _colour(self, number: int, anchor: Anchor | None) -> int:
        """Makes the segments from a number on, behind the anchor; returns how many there are."""
        looked_at = ahead(self._looked_at(anchor), AHEAD)
        items = coloured(looked_at, self._colours, self._options.segment, self._options.jobs)
        with closing(ahead(items, AHEAD)) as stream:
            while self._segment(number, itertools.islice(stream, self._options.segment)):
                number += 1
        return number

    def span(self) -> Span:
        """The part of the film that was coloured."""
        if not self._options.start and self._options.end is None:
            return Span()
        begin = int(self._job.load(0).pts[0]) - self._film.start
        end = self._options.end
        return Span(begin * self._film.time_base, None if end is None else Fraction(end))

    def _prepare(self) -> None:
        """The first pass of colours that want to see the whole film before they give any."""
        prepare = getattr(self._colours, "prepare", None)
        if prepare is None:
            return
        state = self._job.prepared()
        if state is not None:
            self._colours.restore(state)
            return
        with closing(ahead(self._looked_at(None), AHEAD)) as frames:
            prepare(frame.seen for frame in frames)
        self._job.save_prepared(self._colours.state())

    def _looked_at(self, anchor: Anchor | None) -> Iterator[FrameInHand]:
        """The frames that are wanted, behind the anchor."""
        options, film = self._options, self._film
        begin = seconds_to_stamp(film, options.start) if options.start else None
        end = None if options.end is None else seconds_to_stamp(film, options.end)
        frames = decode(film, after=anchor, begin=begin, damaged=options.damaged)
        if end is not None:
            frames = itertools.takewhile(lambda frame: frame.pts < end, frames)
        yield from self._line.looked_at(frames, self.before)

    def _segment(
        self, number: int, items: Iterator[tuple[FrameInHand, FloatArray, dict[str, Array]]]
    ) -> bool:
        """Codes one segment; False where there is no frame left for it."""
        begun = next(items, None)
        if begun is None:
            return False
        encoder, first = SegmentEncoder(self._line.settings), begun[0].index
        pts: list[int] = []
        durations: list[int] = []
        coded = reorder = 0
        state: dict[str, Array] = {}
        with written_whole(self._job.packets_path(number)) as partial, partial.open("wb") as file:

            def write(packets: Iterator[tuple[int, bool, bytes]]) -> None:
                nonlocal coded, reorder
                for place, key, content in packets:
                    write_packet(file, first + place, key, content)
                    reorder = max(reorder, coded - place)
                    coded += 1

            for frame, ab, after in itertools.chain([begun], items):
                state = after
                write(encoder.encode(self._line.painted(frame, ab)))
                pts.append(frame.decoded.pts)
                durations.append(frame.decoded.duration)
                self._tell(frame.decoded)
            write(encoder.finish())
            assert self._last is not None
            self._job.save(
                number,
                Segment(first, np.array(pts), np.array(durations), reorder,
                        self._last.checksum(), state),
            )  # fmt: skip
        return True

    def _tell(self, frame: DecodedFrame) -> None:
        self.done += 1
        self._last = frame
        rate = (self.done - self.before) / max(time.monotonic() - self._begin, 1e-6)
        self._listener(Progress(self.done, self._total(), rate))

    def _total(self) -> int | None:
        film, options = self._film, self._options
        if film.frames is None:
            return None
        seconds = film.frames / film.rate
        end = seconds if options.end is None else min(seconds, Fraction(options.end))
        return max(self.done, round((end - Fraction(options.start)) * film.rate))

    def _check_whole(self, last: int) -> None:
        """Raises UnreadableError where the film ended well before it should."""
        film, options = self._film, self._options
        if options.damaged or options.end is not None:
            return
        if film.container.startswith("mov") or film.seconds is None:
            return  # its index was looked at, and may name frames that are not shown
        seconds = float((last - film.start) * film.time_base + 1 / film.rate)
        if seconds < film.seconds * (1 - SHORT_BY) - 0.5:
            raise UnreadableError(
                f"{film.path}: is cut short: ends at {seconds:.1f} of {film.seconds:.1f} s; "
                "--damaged colours what there is"
            )
