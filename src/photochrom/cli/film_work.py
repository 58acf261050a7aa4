"""Films named on a command line, one after another."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photochrom.cli.console import complain, say
from photochrom.cli.film_progress import FilmProgress
from photochrom.cli.film_times import parse_time
from photochrom.errors import OptionError, PhotochromError

if TYPE_CHECKING:
    from photochrom.cli.colorize import Request
    from photochrom.colorizer import Colorizer
    from photochrom.film.colorize import ColorizedFilm
    from photochrom.film.colours import ColoursMaker
    from photochrom.film.keys import Known
    from photochrom.film.options import FilmOptions
    from photochrom.options import ColorizeOptions

FILM_SUFFIXES = frozenset("""
    .mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .vob .ts .m2ts .mts .wmv .asf .flv .f4v .ogv .3gp .3g2
    .mxf .dv .rm .rmvb .nut .y4m .mjpeg .h264 .264 .h265 .265 .ivf .divx .qt
    """.split())  # fmt: skip  # noqa: SIM905
"""What is taken for a film by its name."""

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
    every: int = 1
    key_frames: tuple[str, ...] = ()
    caption_colours: bool = False
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
        for name in ("jobs", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name} is {value}; it must be at least 1")
        if self.frame_by_frame and (self.two_passes or self.every > 1 or self.key_frames):
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
        settings = SteadySettings(key_every=self.every, burnt_in=not self.caption_colours)
        kind = TwoPassColours if self.two_passes else SteadyColours
        known = [] if source is None else _key_frames(self.key_frames, source)
        return lambda colorizer, options: kind(colorizer, options, settings, KnownColours(known))


def run_films_among(request: Request, films: Sequence[str]) -> int:
    """Colours the films that were named among photographs; returns the exit code.

    Raises:
        OptionError: an option that films do not have.
    """
    if request.variants > 1 or request.confidence is not None:
        raise OptionError("--variants and --confidence are for photographs, not for films")
    if request.hints is not None or request.reference is not None:
        raise OptionError("--hints and --reference are for photographs, not for films")
    if request.format != "keep" or request.quality is not None:
        raise OptionError(
            "--format and --quality are for photographs; films have -o FILE.mkv and "
            "`photochrom film colorize --codec --crf`"
        )
    return run_films(
        FilmRequest(
            tuple(map(Path, films)), request.output, request.model, request.size,
            request.vividness, request.saturation, request.looks, request.hue_guards,
            suffix=request.suffix, overwrite=request.overwrite, jobs=request.jobs or 1,
            threads=request.threads, as_json=request.as_json, mark=request.mark,
        )
    )  # fmt: skip


def is_film(path: Path) -> bool:
    """Whether a file is a film, by its content or, where that says nothing, by its name."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except (OSError, ValueError):
        return path.suffix.lower() in FILM_SUFFIXES and not path.is_dir()
    if head[4:8] == b"ftyp":
        return head[8:12] not in (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
    if head.startswith((b"\x1aE\xdf\xa3", b"\x00\x00\x01\xba", b"FLV\x01")):
        return True
    if head.startswith(b"RIFF"):
        return head[8:12] == b"AVI "
    picture = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")
    return path.suffix.lower() in FILM_SUFFIXES and not head.startswith(picture)


def model_and_options(request: FilmRequest) -> tuple[Colorizer, ColorizeOptions]:
    """The opened model, and how it is to colour."""
    from photochrom.film import require_film_extra

    require_film_extra()
    from photochrom.catalog import DEFAULT_MODEL
    from photochrom.colorizer import Colorizer
    from photochrom.hue_guard import HueGuard
    from photochrom.options import ColorizeOptions

    options = ColorizeOptions(
        size=request.size, vividness=request.vividness, saturation=request.saturation,
        looks=request.looks,
        hue_guards=tuple(HueGuard.parse(text) for text in request.hue_guards),
    )  # fmt: skip
    return Colorizer(request.model or DEFAULT_MODEL, threads=request.threads), options


def run_films(request: FilmRequest) -> int:
    """Colours the films and returns the exit code."""
    colorizer, options = model_and_options(request)
    targets = _targets(request)
    failures = 0
    for source, target in zip(request.inputs, targets, strict=True):
        if target.exists() and not request.overwrite and not _is_same(source, target):
            from photochrom.film.segments import job_folder, remove

            remove(job_folder(target))  # killed after the result was there
            _tell(request, source, target, {"status": "skipped", "reason": "there already"})
            continue
        from photochrom.film.colorize import colorize_film

        try:
            with FilmProgress(source) as progress:
                done = colorize_film(
                    source, target, colorizer, options, request.film_options(source),
                    listener=progress.tell,
                )  # fmt: skip
        except KeyboardInterrupt:
            say(f"stopped: {source}; the same command goes on from here")
            return STOPPED
        except OptionError:
            raise
        except PhotochromError as error:
            if os.environ.get("PHOTOCHROM_DEBUG") == "1":
                raise
            failures += 1
            complain(str(error))
            _tell(request, source, target, {"status": "failed", "reason": str(error)})
        else:
            _report(request, done)
    return 1 if failures else 0


def _targets(request: FilmRequest) -> list[Path]:
    """Where each result goes.

    Raises:
        OptionError: several films for one file, or two for the same.
    """
    from photochrom.film.containers import MUXERS, suffix_for

    mark = ".preview" if request.preview is not None else request.suffix
    out = None if request.output is None else Path(request.output)
    if request.output == "-":
        raise OptionError("-o -: a film is written to a file; `film pipe` writes raw frames")
    one = out is not None and not out.is_dir() and out.suffix.lower() in MUXERS
    if out is not None and one and len(request.inputs) > 1:
        raise OptionError(f"-o {out} is one file, but several films are named; use a folder")
    if out is not None and not one and (out.is_file() or (out.suffix and not out.is_dir())):
        raise OptionError(
            f"-o {out}: no container is known by that suffix; known are {', '.join(MUXERS)}"
        )
    targets = []
    for source in request.inputs:
        name = source.stem + ("" if out else mark) + suffix_for(source)
        targets.append(out if out and one else (out or source.parent) / name)
    doubles = {target for target in targets if targets.count(target) > 1}
    if doubles:
        raise OptionError(f"{doubles.pop()}: two films would become this file; name them apart")
    return targets


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


def _tell(request: FilmRequest, source: Path, target: Path, row: dict[str, Any]) -> None:
    if request.as_json:
        print(json.dumps({"input": str(source), "output": str(target), **row}), flush=True)
    elif row["status"] == "skipped":
        say(f"{source}: {target} is there already; --overwrite makes it again")


def _is_same(source: Path, target: Path) -> bool:
    return source.exists() and target.samefile(source)
