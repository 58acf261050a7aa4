"""`photochrom sweep`: a recipe trained at every point of a grid, and a table of what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import complain, printable, results, say
from photochrom.cli.requests import check_counts
from photochrom.cli.training import (
    STOPPED,
    Cache,
    Device,
    DeviceOption,
    Overrides,
    Threads,
    TrainingObserver,
    find_recipe,
    require_training,
)
from photochrom.errors import OptionError

if TYPE_CHECKING:
    from photochrom.training.grid import Point
    from photochrom.training.sweep import PointResult, Sweep

FAILED = 1
CSV, PLOT = "sweep.csv", "sweep.png"


@dataclass(frozen=True)
class SweepRequest:
    """The command line of `sweep`; each field is the argument or option of its name."""

    recipe: str
    data: tuple[Path, ...]
    grid: tuple[str, ...]
    run: Path | None = None
    overrides: tuple[str, ...] = ()
    cache: Path | None = None
    device: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        if not self.data:
            raise OptionError("no training pictures; name folders or .tar shards with --data")
        check_counts(threads=self.threads)


def sweep(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A packaged recipe's name, or a .yaml file.")
    ],
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH...", help="Folders of pictures, or .tar shards of them."),
    ] = None,
    more_data: Annotated[list[Path] | None, typer.Argument(hidden=True)] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE,VALUE", help="Values to try; again for each key."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the sweep; default: runs/sweep-RECIPE.")
    ] = None,
    overrides: Overrides = None,
    cache: Cache = None,
    device: DeviceOption = Device.auto,
    threads: Threads = None,
) -> None:
    r"""Trains a recipe with every combination of the values, and compares what comes out.

    The same command goes on where a sweep was stopped; started several times at once, it shares
    the work. The table is also in sweep.csv and sweep.png.

    [bold]Examples[/bold]

      photochrom sweep tiny --data photos/ --grid optim.lr=1e-3,3e-4 --grid data.batch=8,16

      photochrom sweep general --data photos/ --grid "network.options.widths=\[64,32],\[32,16]"
    """
    request = SweepRequest(
        recipe, (*(data or ()), *(more_data or ())), tuple(grid or ()), run,
        tuple(overrides or ()), cache, device.value, threads,
    )  # fmt: skip
    raise typer.Exit(run_sweep(request))


def run_sweep(request: SweepRequest) -> int:
    """Trains what is left of the grid, tells what came out, and returns the exit code."""
    recipe_file = find_recipe(request.recipe)
    require_training("optuna", "filelock")

    import torch

    from photochrom.training.grid import grid_points
    from photochrom.training.precision import SLOW_BFLOAT16, slower_than_full
    from photochrom.training.sweep import Sweep, decode_for

    if request.threads is not None:
        torch.set_num_threads(request.threads)
    points = grid_points(recipe_file, request.grid, request.overrides)
    folder = request.run or Path("runs") / f"sweep-{points[0].recipe.name}"
    if slower_than_full(points[0].recipe.precision, request.device):
        say(f"{SLOW_BFLOAT16} (--set precision=32-true)")
    try:
        say("decoding pictures that are not in the cache yet")
        cache = request.cache or folder / "decoded"
        pictures = decode_for(points, request.data, cache, request.threads)
        number = len(next(iter(pictures.values())))
        say(f"{number} pictures, {len(points)} points; sweep folder {folder}")
        with Sweep(folder, points, pictures) as study:
            _train_all(study, request.device)
            return _tell_results(study)
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here")
        return STOPPED


def _train_all(study: Sweep, device: str) -> None:
    from photochrom.training.loop import LAST, RunOptions

    def start(point: Point) -> TrainingObserver:
        done = sum(result.best is not None for result in study.results())
        goes_on = (study.folder / point.name / LAST).exists()
        said = "going on from its checkpoint" if goes_on else "training"
        say(f"{point.name}: {said}; {done} of {len(study.points)} points are done")
        return TrainingObserver()

    while (result := study.train_next(start, RunOptions(device))) is not None:
        say(f"{result.point.name}: {_outcome(result)}")


def _outcome(result: PointResult) -> str:
    if result.best is None:
        return f"failed: {result.error}; the sweep goes on"
    best = result.best
    return f"{best['ciede2000_ratio']:.3f} of grey's colour difference at epoch {best['epoch']:.0f}"


def _tell_results(study: Sweep) -> int:
    """Shows and writes what is known; the exit code is that of the whole sweep."""
    from photochrom.training.sweep_report import draw_sweep, write_csv

    with study.reporting() as found:
        write_csv(found, study.folder / CSV)
        draw_sweep(found, study.folder / PLOT)
    _print_table(found)
    say(f"table and plot: {study.folder / CSV}, {study.folder / PLOT}")
    unfinished = sum(result.best is None and result.error is None for result in found)
    if unfinished:
        say(f"{unfinished} points are still with other processes, whose tables will have them")
    failed = [result for result in found if result.error is not None]
    for result in failed:
        complain(f"{result.point.name}: failed: {result.error}")
    if failed:
        say("a failed point is tried again once its folder is deleted")
    return FAILED if failed else 0


def _print_table(found: Sequence[PointResult]) -> None:
    from rich.table import Table

    from photochrom.training.grid import short_keys, value_text
    from photochrom.training.sweep_report import FIGURES

    keys = list(found[0].point.values)
    table = Table(box=None, pad_edge=False)
    for title in short_keys(keys):
        table.add_column(title, overflow="fold")
    for title in (*FIGURES, "epoch", "minutes"):
        table.add_column(title, no_wrap=True, justify="right")
    for result in found:
        cells = [value_text(result.point.values[key]) for key in keys]
        if result.best is not None:
            cells += [f"{result.best[name]:.4f}" for name in FIGURES]
            cells += [f"{result.best['epoch']:.0f}", f"{result.seconds / 60:.1f}"]
        else:
            cells.append("failed" if result.error is not None else "unfinished")
        table.add_row(*(printable(cell, results) for cell in cells))
    results.print(table, markup=False, highlight=False)
