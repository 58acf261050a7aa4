"""Films named on a command line, one after another."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photochrom.cli.console import complain, say
from photochrom.cli.film_inputs import FILM_SUFFIXES, PREVIEW, films_in, is_film, plan_films
from photochrom.cli.film_progress import FilmProgress
from photochrom.cli.film_times import parse_time
from photochrom.cli.inputs import holds_pictures, is_folder
from photochrom.cli.requests import Request, check_counts
from photochrom.errors import InputError, OptionError, PhotochromError
from photochrom.film import require_film_extra

if TYPE_CHECKING:
    from photochrom.cli.plan import Source
    from photochrom.colorizer import Colorizer
    from photochrom.film.colorize import ColorizedFilm
    from photochrom.film.colours import ColoursMaker
    from photochrom.film.keys import Known
    from photochrom.film.options import FilmOptions
    from photochrom.options import ColorizeOptions

STOPPED = 130


@dataclass(frozen=True)
class FilmRequest:
    """The command line of `film colorize`; each field is the option of its name."""

    inputs: tuple[Path, ...]
    output: str | None = None
    model: str | None = None
    size: int | None = None
    vividness: float | None = None
    saturation: float = 1.0
    looks: int | None = None
    hue_guards: tuple[str, ...] = ()
    frame_by_frame: bool = False
    two_passes: bool = False
    every: int | None = None
    key_frames: tuple[str, ...] = ()
    caption_colours: bool = False
    reference: Path | None = None
    codec: str | None = None
    crf: int | None = None
    preset: str | None = None
    begin: float | None = None
    end: float | None = None
    preview: float | None = None
    damaged: bool = False
    suffix: str = ".color"
    overwrite: bool = False
    jobs: int = 1
    threads: int | None = None
    as_json: bool = False
    mark: bool = True

    def __post_init__(self) -> None:
        check_counts(jobs=self.jobs, threads=self.threads)
        if self.frame_by_frame and (self.two_passes or (self.every or 1) > 1 or self.key_frames):
            raise OptionError(
                "--frame-by-frame colours each frame alone: --two-passes, --every and --key-frame "
                "do not go with it"
            )
        if self.key_frames and len(self.inputs) > 1:
            raise OptionError("--key-frame belongs to one film; name one")
        if self.preview is not None and self.end is not None:
            raise OptionError("--preview and --to both say where to end; give one of them")

    def film_options(self, source: Path) -> FilmOptions:
        """How a film is read and written."""
        from photochrom.film.options import FilmOptions

        begin = self.begin or 0.0
        end = self.end if self.preview is None else begin + self.preview
        return FilmOptions(
            self.codec, self.crf, self.preset, begin, end, self.damaged, self.mark,
            colours=self.colours(source), jobs=self.jobs,
        )  # fmt: skip

    def colours(self, source: Path | None = None) -> ColoursMaker:
        """Makes what gives the frames of a film their colours."""
        from photochrom.film import FrameByFrame, KnownColours, SteadyColours, SteadySettings
        from photochrom.film.two_passes import TwoPassColours

        if self.frame_by_frame:
            return FrameByFrame
        settings = SteadySettings(burnt_in=not self.caption_colours)
        if self.every is not None:
            settings = replace(settings, key_every=self.every)
        kind = TwoPassColours if self.two_passes else SteadyColours
        known = [] if source is None else _key_frames(self.key_frames, source)
        return lambda colorizer, options: kind(colorizer, options, settings, KnownColours(known))


def films_asked_among(request: Request) -> tuple[FilmRequest | None, tuple[str, ...]]:
    """What is asked of the films that are named among photographs or lie in folders.

    Films in folders are left out, with a word, where they cannot be coloured as is asked.

    Returns:
        That, None where there are no films, and the names of what photographs may be in.

    Raises:
        OptionError: an option that films do not have, and a film is named.
        MissingDependencyError: a film is named, but what films need is not installed.
    """
    films, others = [], []
    for name in request.inputs:
        path = Path(name)
        holds = name != "-" and (is_film(path) or bool(_films_below(path, request)))
        films += [name] if holds else []
        if not holds or (is_folder(path) and holds_pictures(path)):
            others.append(name)
    if not films:
        return None, request.inputs
    try:
        _check_options_of_films(request)
        require_film_extra()
    except PhotochromError as error:
        if not all(is_folder(Path(name)) for name in films):
            raise
        complain(f"{', '.join(films)}: films in there are left out: {error}")
        return None, tuple(others)
    asked = FilmRequest(
        tuple(map(Path, films)), request.output, request.model, request.size,
        request.vividness, request.saturation, request.looks, request.hue_guards,
        reference=request.reference, suffix=request.suffix, overwrite=request.overwrite,
        jobs=request.jobs or 1, threads=request.threads, as_json=request.as_json,
        mark=request.mark,
    )  # fmt: skip
    return asked, tuple(others)


def _films_below(path: Path, request: Request) -> list[Source]:
    out = None if request.output is None else Path(request.output)
    return films_in([path], out, request.suffix).sources if is_folder(path) else []


def _check_options_of_films(request: Request) -> None:
    """Raises OptionError for an option that films do not have."""
    if request.variants > 1 or request.confidence is not None:
        raise OptionError("--variants and --confidence are for photographs, not for films")
    if request.hints is not None:
        raise OptionError(
            "--hints are for photographs, not for films; `photochrom film colorize --key-frame` "
            "takes a frame in colour"
        )
    if request.format != "keep" or request.quality is not None:
        raise OptionError(
            "--format and --quality are for photographs; films have -o FILE.mkv and "
            "`photochrom film colorize --codec --crf`"
        )


def model_and_options(request: FilmRequest) -> tuple[Colorizer, ColorizeOptions]:
    """The opened model, and how it is to colour."""
    require_film_extra()
    from photochrom.catalog import DEFAULT_MODEL
    from photochrom.colorizer import Colorizer
    from photochrom.hue_guard import HueGuard
    from photochrom.options import ColorizeOptions
    from photochrom.photo import open_photo

    options = ColorizeOptions(
        size=request.size, vividness=request.vividness, saturation=request.saturation,
        looks=request.looks,
        hue_guards=tuple(HueGuard.parse(text) for text in request.hue_guards),
        reference=None if request.reference is None else open_photo(request.reference),
    )  # fmt: skip
    colorizer = Colorizer(request.model or DEFAULT_MODEL, threads=request.threads)
    if options.reference is not None:
        colorizer.known(options.reference)  # what is wrong with it is wrong for every film
    return colorizer, options


def run_films(request: FilmRequest) -> int:
    """Colours the films and returns the exit code."""
    colorizer, options = model_and_options(request)
    out = None if request.output is None else Path(request.output)
    mark = PREVIEW if request.preview is not None else request.suffix
    found = films_in(request.inputs, out, mark)
    if not found.sources and not found.problems:
        named = ", ".join(map(str, request.inputs))
        raise InputError(
            f"{named}: no films in there (looked for {', '.join(sorted(FILM_SUFFIXES))})"
        )
    if request.key_frames and len(found.sources) > 1:
        raise OptionError("--key-frame belongs to one film; name one")
    several = len(request.inputs) > 1 or any(map(is_folder, request.inputs))
    planned = plan_films(found.sources, request.output, mark, several=several)
    for path, reason in found.problems:
        _fail(request, path, None, reason)
    failures = len(found.problems)
    for source, target in planned:
        try:
            failures += not _run_film(request, source, target, colorizer, options)
        except KeyboardInterrupt:
            say(f"stopped: {source}; the same command goes on from here")
            return STOPPED
    return 1 if failures else 0


def _run_film(
    request: FilmRequest, source: Path, target: Path, colorizer: Colorizer,
    options: ColorizeOptions,
) -> bool:  # fmt: skip
    """Colours a film and tells of it; False where that failed."""
    from photochrom.film.colorize import colorize_film
    from photochrom.film.segments import job_folder, remove

    if target.exists() and not request.overwrite and not _is_same(source, target):
        remove(job_folder(target))  # killed after the result was there
        _tell(request, source, target, {"status": "skipped", "reason": "there already"})
        return True
    try:
        with FilmProgress(source) as progress:
            done = colorize_film(
                source, target, colorizer, options, request.film_options(source),
                listener=progress.tell,
            )  # fmt: skip
    except OptionError:
        raise
    except PhotochromError as error:
        if os.environ.get("PHOTOCHROM_DEBUG") == "1":
            raise
        _fail(request, source, target, str(error))
        return False
    _report(request, done)
    return True


def _fail(request: FilmRequest, source: Path, target: Path | None, reason: str) -> None:
    complain(reason)
    _tell(request, source, target, {"status": "failed", "reason": reason})


def _key_frames(named: Sequence[str], source: Path) -> list[Known]:
    from photochrom.film.describe import describe
    from photochrom.film.keys import key_frame

    if not named:
        return []
    shape = describe(source).display_size
    found = []
    for text in named:
        moment, equals, picture = text.partition("=")
        if not equals or not picture:
            raise OptionError(f"--key-frame {text!r}: write TIME=PICTURE, e.g. 1:30=street.png")
        seconds = parse_time("key-frame", moment)
        assert seconds is not None
        found.append(key_frame(picture, seconds, shape))
    return found


def _report(request: FilmRequest, done: ColorizedFilm) -> None:
    for note in done.notes:
        complain(f"warning: {done.film.path}: {note}")
    for track in done.left_out:
        complain(
            f"warning: {done.film.path}: {done.path.suffix} cannot hold {track}; it is left out, "
            "-o FILE.mkv may hold it"
        )
    rate = (done.frames - done.gone_on_from) / max(done.seconds, 1e-6)
    row = {
        "status": "done", "frames": done.frames, "gone_on_from": done.gone_on_from,
        "width": done.film.width, "height": done.film.height, "left_out": list(done.left_out),
        "notes": list(done.notes), "seconds": round(done.seconds, 3), "rate": round(rate, 2),
    }  # fmt: skip
    _tell(request, done.film.path, done.path, row)
    if not request.as_json:
        say(f"{done.film.path} -> {done.path} ({done.frames} frames, {rate:.1f} a second)")


def _tell(request: FilmRequest, source: Path, target: Path | None, row: dict[str, Any]) -> None:
    if request.as_json:
        output = None if target is None else str(target)
        print(json.dumps({"input": str(source), "output": output, **row}), flush=True)
    elif row["status"] == "skipped":
        say(f"{source}: {target} is there already; --overwrite makes it again")


def _is_same(source: Path, target: Path) -> bool:
    return source.exists() and target.samefile(source)
