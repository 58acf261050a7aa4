"""`photochrom palette`: the colours of a data set over the ab plane."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.console import messages, say
from photochrom.cli.requests import check_counts
from photochrom.errors import MissingDependencyError, OptionError

if TYPE_CHECKING:
    from photochrom.evaluation.ab_plane import ColourCounts

NAMED = 3
"""So many unreadable pictures are named."""


def palette(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="Folders of pictures, or .tar shards of them."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The figure, a .png file.")] = Path(
        "prior.png"
    ),
    palette: Annotated[str, typer.Option(help="Classes: gamut-STEP or uniform-N.")] = "gamut-10",
    as_json: Annotated[
        bool, typer.Option("--json", help="The classes' shares as JSON on standard output.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(help="Threads; default: one a core.")] = None,
) -> None:
    """Draws how often each colour is met in a data set, in log scale.

    Left on the figure, every colour of the ab plane; right, the shares of the classes that a
    network may be trained to tell apart.

    [bold]Examples[/bold]

      photochrom palette photos/ -o prior.png

      photochrom palette shard-0.tar shard-1.tar --palette uniform-20 --json > prior.json
    """
    if output.suffix.lower() != ".png":
        raise OptionError(f"-o {output}: the figure is a .png file")
    check_counts(jobs=jobs)
    _require_matplotlib()

    from photochrom.atomic import make_folder
    from photochrom.evaluation.ab_figure import draw_prior

    counts = _count(data, palette, jobs or os.cpu_count() or 1)
    make_folder(output.parent)
    draw_prior(counts, ", ".join(path.resolve().name for path in data), output)
    if unreadable := counts.unreadable:
        more = ", ..." if len(unreadable) > NAMED else ""
        say(f"{len(unreadable)} left out: unreadable ({', '.join(unreadable[:NAMED])}{more})")
    say(
        f"{output}: {counts.pixels} pixels of {counts.pictures} pictures; "
        f"{counts.classes_met} of the {len(counts.by_class)} classes of {palette} were met"
    )
    if as_json:
        print(json.dumps(as_row(counts)))


def as_row(counts: ColourCounts) -> dict[str, Any]:
    """What was met, as plain values: shares sum to 1, classes are in the palette's order."""
    classes = zip(counts.palette.centers.tolist(), counts.by_class, counts.shares, strict=True)
    return {
        "palette": counts.palette.name,
        "pictures": counts.pictures,
        "unreadable": len(counts.unreadable),
        "pixels": counts.pixels,
        "classes": [
            {"class": number, "a": a, "b": b, "pixels": int(pixels), "share": float(share)}
            for number, ((a, b), pixels, share) in enumerate(classes)
        ],
    }


def _count(data: list[Path], palette: str, jobs: int) -> ColourCounts:
    from rich import progress

    from photochrom.evaluation.ab_plane import count_colours
    from photochrom.palette import palette_by_name

    bar = progress.Progress(
        progress.TextColumn("{task.completed} pictures"), progress.TimeElapsedColumn(),
        console=messages, transient=True, disable=not messages.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=None)
        return count_colours(
            data, palette_by_name(palette), jobs=jobs,
            progress=lambda done: bar.update(task, completed=done),
        )  # fmt: skip


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            'the figure needs matplotlib, which is not installed: pip install "photochrom[train]"'
        ) from error
