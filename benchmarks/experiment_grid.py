"""A grid search among the experiments: a row's recipe at every point of a grid.

Points are compared by held-out pictures alone, at each one's best epoch, so that none is chosen
by the test pictures that rows are judged on.
"""

from __future__ import annotations

import datetime
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from experiment_data import choose, digest
from experiment_run import (
    HISTORY,
    Places,
    clock_in,
    machine_class,
    read_results,
    write_result,
)
from experiment_table import BudgetName, Grid, Resolved, Table, recipe_file, resolve

from photochrom.data.split import split
from photochrom.errors import TrainingError
from photochrom.evaluation.machine import versions
from photochrom.training.grid import Point, grid_points
from photochrom.training.loop import RunOptions
from photochrom.training.sweep import PointResult, Sweep

FOLDER = "grids"
"""Of the results."""


def points_of(
    table: Table, grid: Grid, budget: BudgetName, precision: str | None = None
) -> tuple[Resolved, tuple[Point, ...]]:
    """The row that a grid is laid over, and the grid's points at a budget.

    Raises:
        OptionError: a grid that cannot be read.
        RecipeError: a key or a value that the recipe cannot have.
    """
    row = resolve(table, grid.experiment, budget, precision)
    varied = {text.partition("=")[0].strip() for text in grid.grid}
    changes = [*row.overrides, *(grid.cpu.set if budget == "cpu" else ())]
    common = [change for change in changes if change.partition("=")[0].strip() not in varied]
    return row, grid_points(recipe_file(table, grid.experiment), grid.grid, common)


def run_grid(
    table: Table, name: str, budget: BudgetName, places: Places, *,
    precision: str | None = None, accelerator: str = "auto",
) -> Path:  # fmt: skip
    """Trains what is left of a grid, and writes its result.

    Args:
        table: where it stands.
        name: of the grid.
        budget: one of `BUDGETS`.
        places: where to.
        precision: in place of the budget's.
        accelerator: as the training loop calls it.

    Raises:
        TrainingError: other processes are still training points of this grid.
        PhotochromError: no data, or the folder holds a sweep over something else.
    """
    grid = table.grids[name]
    row, points = points_of(table, grid, budget, precision)
    side = points[0].recipe.data.side
    pictures = choose(row.data, side, places.runs / "decoded").pictures
    folder = places.runs / f"{name}-{budget}"
    with Sweep(folder, points, {side: pictures}) as study:
        while study.train_next(
            lambda point: nullcontext(clock_in(folder / point.name, accelerator)),
            RunOptions(accelerator),
        ):
            pass
        found = study.results()
    if elsewhere := sum(point.best is None and point.error is None for point in found):
        raise TrainingError(
            f"{elsewhere} points are still with other processes; the last of them writes the result"
        )
    recipe = points[0].recipe
    training, held_out = split(pictures, recipe.data.split, recipe.data.validation)
    result = {
        "name": name,
        "experiment": grid.experiment,
        "budget": budget,
        "about": grid.about,
        "date": datetime.date.today().isoformat(),
        "grid": grid.grid,
        "recipe": recipe.model_dump(mode="json"),
        "seed": recipe.seed,
        "data": {
            **row.data.model_dump(), "training": len(training), "held_out": len(held_out),
            "side": side, "sha256": digest(pictures.keys),
        },
        "versions": {**versions(), "torch": torch.__version__},
        "machine": machine_class(),
        "points": [_told(point) for point in found],
    }  # fmt: skip
    target = places.results / FOLDER / f"{name}.json"
    write_result(result, target)
    return target


def read_grids(results: Path) -> dict[str, dict[str, Any]]:
    """All results of grids by name.

    Raises:
        OutputError: a file that is not one.
    """
    return read_results(results / FOLDER)


def _told(found: PointResult) -> dict[str, Any]:
    best = found.best and {key: found.best[key] for key in HISTORY}
    return {
        "values": found.point.values, "best": best, "error": found.error,
        "seconds": round(found.seconds),
    }  # fmt: skip
