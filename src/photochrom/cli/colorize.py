"""`photochrom colorize`: photographs, folders of them, or a stream."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.console import complain, say
from photochrom.cli.film_work import films_asked_among, run_films
from photochrom.cli.inputs import PICTURE_SUFFIXES, Found, find_pictures, place_output
from photochrom.cli.plan import STDIO, Job, Naming, make_plan
from photochrom.cli.report import FAILED, Reporter, failed, skipped
from photochrom.cli.requests import Request
from photochrom.errors import InputError, OptionError

JOBS_AT_MOST = 4
"""More pictures at once gain little and cost memory; --jobs asks for them."""

STOPPED = 130


class FormatName(StrEnum):
    """What results are written as."""

    keep = "keep"
    png = "png"
    jpeg = "jpeg"
    tiff = "tiff"
    webp = "webp"


def colorize(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Photographs, folders, films, or - for a stream."),
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="OUT", help="A file, a folder, or - for a stream."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A name from `models list`, or an .onnx file.")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Short side, in pixels, that the network sees, 32 to 2048."),
    ] = None,
    vividness: Annotated[
        float | None, typer.Option(help="0 (safe, muted) to 1 (bold); default: the model's.")
    ] = None,
    saturation: Annotated[float, typer.Option(help="Multiplies all colour, 0 to 3.")] = 1.0,
    looks: Annotated[
        int | None,
        typer.Option(help="Looks at each picture, averaged; 1 is fastest, 3 most accurate."),
    ] = None,
    variants: Annotated[
        int, typer.Option(help="Colourings of each picture, 1 to 16, most likely first.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Of the variants: another number, other ones.")] = 0,
    hue_guards: Annotated[
        list[str] | None,
        typer.Option(
            "--hue-guard",
            metavar="HUES[:KEEP]",
            help="Damps hues, e.g. violet, green:0.5 or 280-320:0.2 (degrees, share kept).",
        ),
    ] = None,
    confidence: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG|FOLDER", help="Draws where the colours are sure, and says how much."
        ),
    ] = None,
    hints: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="Colours for spots of one photo, spread over regions."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(metavar="PHOTO", help="Regions that look alike take over its colours."),
    ] = None,
    suffix: Annotated[
        str, typer.Option(help="Marks the name of a result that lies beside its picture.")
    ] = ".color",
    format: Annotated[FormatName, typer.Option(help="keep: as the picture, or as -o FILE.")] = (
        FormatName.keep
    ),
    quality: Annotated[
        int | None, typer.Option(help="For JPEG and WebP, 1 to 100; default: as the picture.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Make results again.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(help=f"Pictures at once; default: one a core, {JOBS_AT_MOST} at most."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="CPU threads of the network; default: the cores, shared.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line a picture on standard output.")
    ] = False,
    strip: Annotated[bool, typer.Option("--strip", help="Leave out the metadata.")] = False,
    no_mark: Annotated[
        bool,
        typer.Option("--no-mark", help="Do not note in the metadata that colours are guessed."),
    ] = False,
    max_pixels: Annotated[
        int | None, typer.Option(help="Refuse larger pictures, unopened.")
    ] = None,
) -> None:
    """Colours photographs at their full size; the originals stay as they are.

    Without -o a result lies beside its picture: photo.jpg becomes photo.color.jpg. In a folder
    given with -o it keeps its name and place. Results that exist already are skipped, so that the
    same command goes on where it was stopped.

    [bold]Examples[/bold]

      photochrom colorize photo.jpg

      photochrom colorize album/ -o coloured/ --jobs 2

      photochrom colorize photo.tif -o bold.png --vividness 0.9

      photochrom colorize photo.jpg --variants 5

      photochrom colorize photo.jpg --hue-guard violet --confidence sure.png

      photochrom colorize photo.jpg --reference old-postcard.jpg

      photochrom colorize - -o - < grey.jpg > colour.jpg

      photochrom colorize film.mp4    (`photochrom film colorize` has more options for films)
    """
    request = Request(
        tuple(inputs), output, model, size, vividness, saturation, looks, variants, seed,
        tuple(hue_guards or ()), confidence, hints, reference, suffix, format.value, quality,
        overwrite, jobs, threads, as_json, strip, not no_mark, max_pixels,
    )  # fmt: skip
    raise typer.Exit(run(request))


def run(request: Request) -> int:
    """Does what was asked and returns the exit code."""
    films, photographs = films_asked_among(request)
    code = run_photographs(replace(request, inputs=photographs)) if photographs else 0
    return code if films is None or code == STOPPED else run_films(films) or code


def run_photographs(request: Request) -> int:
    """Colours the photographs and returns the exit code."""
    found, planned = _plan(request)
    todo, there = _what_is_left(planned, request.overwrite)
    at_once, threads = _share_cores(request, len(todo))

    from photochrom.cli.batch import prepare_work, remove_leftovers, work_through

    work = prepare_work(request, threads)

    reporter = Reporter(len(todo), as_json=request.as_json)
    try:
        with reporter:
            for path, reason in found.problems:
                reporter.tell(failed(path, reason))
            for job in there:
                reporter.tell(skipped(job.source.path, job.results, "there already"))
            remove_leftovers(todo)
            work_through(todo, work, at_once, reporter)
    except KeyboardInterrupt:
        say(f"stopped: {reporter.summary()}; the same command goes on from here")
        return STOPPED
    say(reporter.summary())
    return 1 if reporter.counts[FAILED] else 0


def _plan(request: Request) -> tuple[Found, list[Job]]:
    folder, file = place_output(request.output, request.inputs)
    naming = Naming(
        folder, file, request.suffix, request.format, request.variants, request.overwrite,
        request.confidence,
    )  # fmt: skip
    found = find_pictures(request.inputs, folder, request.suffix)
    if not found.sources and not found.problems:
        raise InputError(
            f"{', '.join(request.inputs)}: no pictures in there "
            f"(looked for {', '.join(sorted(PICTURE_SUFFIXES))})"
        )
    if request.hints is not None and len(found.sources) > 1:
        raise OptionError(
            f"--hints: {len(found.sources)} photographs are named, but hints belong to one; "
            "colour that one alone"
        )
    plan = make_plan(found.sources, naming, lambda path: Path(os.path.realpath(path)))
    for source in plan.earlier_results:
        complain(f"{source.path}: left out, it is named as a result of another picture")
    if any(STDIO in job.outputs for job in plan.jobs):
        _check_streams(request)
    if "-" in request.inputs and sys.stdin.isatty():
        raise OptionError("'-' reads a picture from standard input; pipe one in")
    return found, list(plan.jobs)


def _check_streams(request: Request) -> None:
    if request.as_json:
        raise OptionError("--json and the picture both want standard output; use -o FILE")
    if sys.stdout.isatty():
        raise OptionError("a picture is nothing for a terminal; use -o FILE, or a pipe behind it")


def _what_is_left(planned: list[Job], overwrite: bool) -> tuple[list[Job], list[Job]]:
    """The jobs that are to be done, and those whose results are there already."""
    there = [
        job
        for job in planned
        if not overwrite and all(out != STDIO and out.exists() for out in job.outputs)
    ]
    left_out = set(there)
    return [job for job in planned if job not in left_out], there


def _share_cores(request: Request, pictures: int) -> tuple[int, int]:
    """Pictures at once, and threads of the network."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    at_once = request.jobs or min(cores, JOBS_AT_MOST)
    at_once = max(1, min(at_once, pictures))
    return at_once, request.threads or max(1, cores // at_once)
