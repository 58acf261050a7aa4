"""Many pictures through one colorizer: several at once, never more, and a clean end at Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from photochrom.atomic import make_folder
from photochrom.cli.console import say
from photochrom.cli.plan import KEEP, STDIO, Job, format_of
from photochrom.cli.report import DONE, Outcome, Reporter, failed
from photochrom.cli.requests import Request
from photochrom.errors import OptionError, OutputError, PhotochromError
from photochrom.stopping import ctrl_c_noted

if TYPE_CHECKING:
    from photochrom.colorizer import Colorizer, ColorizeResult
    from photochrom.options import ColorizeOptions
    from photochrom.photo import Photo, WriteOptions
    from photochrom.photo.write import Format


LEFTOVERS = ".photochrom-*.part"
"""What `photo.write` calls a file before it is whole."""

MOMENT = 0.2
"""Seconds until a Ctrl-C is answered."""

SECONDS_TO_LEFTOVER = 3600
"""A younger one may belong to another run that is still writing."""


@dataclass(frozen=True)
class Work:
    """What is done to every picture of a batch.

    Attributes:
        colorizer: an opened model; its threads are shared by the pictures in hand.
        options: how to colour.
        writing: how to write; "keep" leaves the format to the name of the result.
        overwrite: whether results that are there already are made again.
        max_pixels: larger pictures are refused; None takes the default.
    """

    colorizer: Colorizer
    options: ColorizeOptions
    writing: WriteOptions
    overwrite: bool = False
    max_pixels: int | None = None

    def __call__(self, job: Job) -> Outcome:
        """Colours one picture; what goes wrong with it becomes its outcome."""
        try:
            return self._colorize(job)
        except PhotochromError as error:
            return failed(job.source.path, _naming(job, str(error)))
        except Exception as error:  # one odd picture must not stop the thousands after it
            if os.environ.get("PHOTOCHROM_DEBUG") == "1":
                raise
            reason = f"unexpected {type(error).__name__}: {error}"
            return failed(job.source.path, _naming(job, reason))

    def _colorize(self, job: Job) -> Outcome:
        begin = time.monotonic()
        photo = self._open(job.source.path)
        results = self.colorizer.variants(photo, len(job.results), self.options)
        for result, target in zip(results, job.results, strict=True):
            options = self._writing_to(target)
            if target == STDIO:
                _write_to_stdout(result.to_bytes(options))
            elif self._wanted(target):
                _prepare(target, job.source.path)
                result.save(target, options)
        unsure = self._draw(job, results)
        return Outcome(
            job.source.path, job.results, DONE, width=photo.width, height=photo.height,
            model=results[0].model, mean_chroma=round(results[0].mean_chroma, 3),
            unsure=unsure, seconds=round(time.monotonic() - begin, 4),
            sheet=job.sheet, confidence=job.confidence,
        )  # fmt: skip

    def _wanted(self, target: Path) -> bool:
        return self.overwrite or not target.exists()

    def _draw(self, job: Job, results: Sequence[ColorizeResult]) -> str | None:
        """Makes the sheet of all variants and the confidence map; how unsure the model is."""
        if not (job.sheet or job.confidence):
            return None

        from photochrom.confidence import unsure_in_words
        from photochrom.drawing import confidence_picture, contact_sheet, write_picture

        if job.sheet and self._wanted(job.sheet):
            _prepare(job.sheet, job.source.path)
            write_picture(contact_sheet(results), job.sheet, quality=92)
        if not job.confidence:
            return None
        if self._wanted(job.confidence):
            _prepare(job.confidence, job.source.path)
            write_picture(confidence_picture(results[0]), job.confidence, quality=92)
        return unsure_in_words(results[0].confidence)

    def _open(self, path: Path) -> Photo:
        from photochrom.photo import open_photo

        source = sys.stdin.buffer.read() if path == STDIO else path
        name = "stdin" if path == STDIO else None
        return open_photo(source, name=name, max_pixels=self.max_pixels)

    def _writing_to(self, target: Path) -> WriteOptions:
        if self.writing.format != KEEP:
            return self.writing
        return replace(self.writing, format=cast("Format", format_of(target) or KEEP))


def prepare_work(request: Request, threads: int) -> Work:
    """What the command line asks to be done to every picture; opens the model.

    Raises:
        PhotochromError: it cannot be done, by this model or at all.
    """
    import pyvips

    from photochrom.catalog import DEFAULT_MODEL
    from photochrom.colorizer import NOT_CALIBRATED, Colorizer, knows_its_confidence
    from photochrom.hints import read_hints
    from photochrom.hue_guard import HueGuard
    from photochrom.options import ColorizeOptions
    from photochrom.photo import WriteOptions, open_photo

    pyvips.concurrency_set(threads)
    options = ColorizeOptions(
        request.size, request.vividness, request.saturation, request.looks,
        tuple(HueGuard.parse(text) for text in request.hue_guards), request.seed,
        () if request.hints is None else read_hints(request.hints),
        None if request.reference is None else open_photo(request.reference),
    )  # fmt: skip
    writing = WriteOptions(
        cast("Format", request.format), request.quality, request.strip, request.mark
    )
    colorizer = Colorizer(request.model or DEFAULT_MODEL, threads=threads)
    described = colorizer.model.description
    if request.variants > 1 and described.palette is None:
        raise OptionError(f"model {described.name!r} knows one answer only; variants must be 1")
    if request.confidence is not None and not knows_its_confidence(described):
        raise OptionError(f"--confidence: {NOT_CALIBRATED.format(described.name)}")
    if options.reference is not None:
        colorizer.known(options.reference)  # what is wrong with it is wrong for every picture
    return Work(colorizer, options, writing, request.overwrite, request.max_pixels)


def remove_leftovers(jobs: Iterable[Job]) -> None:
    """Removes the hidden half-written files that a killed run left where results go."""
    for folder in {output.parent for job in jobs for output in job.outputs if output != STDIO}:
        for leftover in folder.glob(LEFTOVERS):
            with suppress(OSError):  # another run tidies up too, or may not
                if time.time() - leftover.stat().st_mtime > SECONDS_TO_LEFTOVER:
                    leftover.unlink()


def work_through(
    jobs: Iterable[Job], work: Callable[[Job], Outcome], at_once: int, reporter: Reporter
) -> None:
    """Does the jobs, `at_once` of them at a time, and tells each outcome as it comes.

    Raises:
        KeyboardInterrupt: after the pictures in hand are finished and told.
    """
    waiting = iter(jobs)
    in_hand: set[Future[Outcome]] = set()
    with ThreadPoolExecutor(at_once) as pool, ctrl_c_noted() as stop:
        try:
            while not stop.is_set():
                in_hand |= {pool.submit(work, j) for j in islice(waiting, at_once - len(in_hand))}
                if not in_hand:
                    return
                _tell_finished(in_hand, reporter)
            if in_hand:
                say(f"stopping; {len(in_hand)} in hand will be finished (Ctrl-C again: at once)")
            while in_hand:
                _tell_finished(in_hand, reporter)
        except KeyboardInterrupt:
            os._exit(130)  # threads cannot be stopped, only left behind
    raise KeyboardInterrupt


def _tell_finished(in_hand: set[Future[Outcome]], reporter: Reporter) -> None:
    """Waits a moment for pictures in hand, and tells and removes those that are finished."""
    for future in wait(in_hand, MOMENT, FIRST_COMPLETED).done:
        in_hand.discard(future)
        reporter.tell(future.result())


def _write_to_stdout(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        why = error.strerror or error
        raise OutputError(f"standard output cannot be written to ({why})") from error


def _prepare(target: Path, source: Path) -> None:
    if target.exists() and source != STDIO and target.samefile(source):
        raise OutputError(f"{source}: {target} is the same file; use another -o")
    make_folder(target.parent)


def _naming(job: Job, reason: str) -> str:
    """The reason on one line that begins with the picture's name."""
    line = " ".join(reason.split())
    name = "stdin" if job.source.path == STDIO else str(job.source.path)
    return line if line.startswith(f"{name}: ") else f"{name}: {line}"
