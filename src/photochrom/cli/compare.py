"""`photochrom compare`: pictures as several models colour them, on one sheet."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import complain, messages, say
from photochrom.cli.inputs import PICTURE_SUFFIXES, Found, find_pictures
from photochrom.errors import InputError, OptionError, OutputError, PhotochromError

if TYPE_CHECKING:
    from rich.progress import Progress

    from photochrom.evaluation.pictures import ListedPicture
    from photochrom.evaluation.sheets import Compared
    from photochrom.photo import Photo

HEIGHTS = (32, 2048)

AT_ONCE = 4
"""Pictures coloured side by side, one thread each; no more than there are cores."""

EARLIER_RESULT = ".color"
"""Marks what `photochrom colorize` wrote into a folder, which is not compared again."""


class Show(StrEnum):
    """What more each picture gets."""

    channels = "channels"
    random_l = "random-l"
    swap = "swap"


@dataclass(frozen=True)
class CompareRequest:
    """The command line of `compare`; each field is the argument or option of its name."""

    inputs: tuple[str, ...]
    models: tuple[str, ...]
    output: Path
    shows: tuple[str, ...] = ()
    height: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.models:
            raise OptionError("no models; name some with --models, separated by commas")
        if not HEIGHTS[0] <= self.height <= HEIGHTS[1]:
            raise OptionError(
                f"height is {self.height}; it must lie in {HEIGHTS[0]} to {HEIGHTS[1]}"
            )
        if self.seed < 0:
            raise OptionError(f"seed is {self.seed}; it must be at least 0")
        if "-" in self.inputs:
            raise OptionError("'-' (standard input) cannot be compared; name files or folders")


def compare(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Photographs, or folders of them.")
    ],
    models: Annotated[
        str,
        typer.Option(
            metavar="A,B,...",
            help="Names from `models list`, .onnx files, run folders, dir:FOLDER of results.",
        ),
    ] = "auto",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The sheet, a .png, .jpg or .webp file.")
    ] = Path("photochrom-compare.png"),
    show: Annotated[
        list[Show] | None, typer.Option(help="More rows for each picture; again for several.")
    ] = None,
    height: Annotated[int, typer.Option(help="Of each picture on the sheet, 32 to 2048.")] = 256,
    seed: Annotated[int, typer.Option(help="Of the random lightness.")] = 0,
) -> None:
    """Draws pictures side by side: grey, as each model colours them, and the truth.

    The truth is shown where a picture came in colour, with each column's CIEDE2000 from it.
    --show channels adds a and b alone and together at one lightness; random-l puts the chroma on
    a lightness that is noise; swap puts the next picture's chroma on each one's lightness.

    [bold]Examples[/bold]

      photochrom compare album/ --models general,runs/mine -o sheet.png

      photochrom compare a.jpg b.jpg --show channels --show swap
    """
    request = CompareRequest(
        tuple(inputs), tuple(filter(None, (name.strip() for name in models.split(",")))), output,
        tuple(dict.fromkeys(chosen.value for chosen in show or ())), height, seed,
    )  # fmt: skip
    raise typer.Exit(run_compare(request))


def run_compare(request: CompareRequest) -> int:
    """Draws the sheet and returns the exit code."""
    from photochrom.evaluation.sheet_layout import check_sheet, draw_sheet, write_sheet
    from photochrom.evaluation.sheets import (
        NOTE,
        check_shows,
        column_titles,
        make_rows,
        rows_a_picture,
    )

    photos, problems = _open(_find(request))
    if not photos:
        return 1
    rows = len(photos) * rows_a_picture(request.shows)
    check_sheet(rows, 2 + len(request.models), request.height, request.output.suffix)
    check_shows(request.shows, len(photos))
    compared, failures = _compare_all(photos, request)
    if compared:
        titles, groups = column_titles(compared), make_rows(compared, request.shows, request.seed)
        note = NOTE if any(picture.truth is not None for picture in compared) else ""
        write_sheet(draw_sheet(titles, groups, request.height, note), request.output)
        say(f"{request.output}: {len(compared)} pictures; {', '.join(titles)}")
    return 1 if problems or failures else 0


def _find(request: CompareRequest) -> Found:
    """The pictures that are named, none of which is the sheet itself."""
    found = find_pictures(request.inputs, None, EARLIER_RESULT)
    if not found.sources and not found.problems:
        raise InputError(
            f"{', '.join(request.inputs)}: no pictures in there "
            f"(looked for {', '.join(sorted(PICTURE_SUFFIXES))})"
        )
    output = request.output
    if output.exists() and any(
        source.path.exists() and output.samefile(source.path) for source in found.sources
    ):
        raise OutputError(f"{output}: one of the pictures; use another -o")
    return found


def _open(found: Found) -> tuple[list[tuple[ListedPicture, Photo]], int]:
    """The pictures that can be opened, by names that differ, and how many cannot."""
    from photochrom.evaluation.pictures import ListedPicture
    from photochrom.photo import open_photo

    places = Counter(source.place for source in found.sources)
    photos, problems = [], [reason for _, reason in found.problems]
    for source in found.sources:
        name = (source.place if places[source.place] == 1 else source.path).as_posix()
        try:
            photo = open_photo(source.path)
        except PhotochromError as error:
            problems.append(str(error))
        else:
            # the checksum is for results that are kept
            photos.append((ListedPicture(name, "", (photo.width, photo.height)), photo))
    for problem in problems:
        complain(problem)
    return photos, len(problems)


def _compare_all(
    photos: Sequence[tuple[ListedPicture, Photo]], request: CompareRequest
) -> tuple[list[Compared], int]:
    """The pictures that could be compared, and how many could not."""
    from photochrom.evaluation.colorizers import GREY, TRUTH, find_entrants
    from photochrom.evaluation.pictures import PictureSet
    from photochrom.evaluation.sheets import compare_photo

    listed = tuple(picture for picture, _ in photos)
    entrants = find_entrants(request.models, PictureSet("", (), listed, len(listed)))
    # both have columns of their own
    painters = {one.label: one.open() for one in entrants if one.label not in (GREY, TRUTH)}

    def attempt(pair: tuple[ListedPicture, Photo]) -> Compared | str:
        try:
            # a copy, so that what it keeps of the decoded picture goes with it
            return compare_photo(replace(pair[1]), pair[0], painters, request.height)
        except PhotochromError as error:
            return str(error)

    compared, failures = [], 0
    with _bar() as bar, ThreadPoolExecutor(min(AT_ONCE, os.cpu_count() or 1)) as pool:
        for found in bar.track(pool.map(attempt, photos), total=len(photos)):
            if isinstance(found, str):
                failures += 1
                complain(found)
            else:
                compared.append(found)
    return compared, failures


def _bar() -> Progress:
    from rich import progress

    return progress.Progress(
        progress.BarColumn(), progress.MofNCompleteColumn(), progress.TimeRemainingColumn(),
        console=messages, transient=True, disable=not messages.is_terminal,
    )  # fmt: skip
