"""A grid search as a table and as a picture."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photochrom.atomic import written_whole
from photochrom.training.grid import short_keys, value_text
from photochrom.training.sweep import OBJECTIVE, PointResult

FIGURES = (OBJECTIVE, "chroma_ratio", "loss")
COLUMNS = 4
"""Panels side by side in the picture."""
UPRIGHT = 30
"""So many letters fit below a panel; longer labels are turned."""


def write_csv(results: Sequence[PointResult], path: Path) -> None:
    """Writes a row a point, in the order given; what is not known is empty.

    Raises:
        OutputError: it cannot be written.
    """
    keys = list(results[0].point.values)
    with written_whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*keys, *FIGURES, "best_epoch", "minutes", "folder", "error"])
        for result in results:
            best = result.best or {}
            table.writerow(
                [
                    *(value_text(result.point.values[key]) for key in keys),
                    *(best.get(name, "") for name in FIGURES),
                    best.get("epoch", ""),
                    f"{result.seconds / 60:.2f}",
                    result.point.name,
                    result.error or "",
                ]
            )


def draw_sweep(results: Sequence[PointResult], path: Path) -> None:
    """A PNG with a panel a key: the figure against the key's values, one dot a point.

    A line joins the lowest dots; the best point of all has a ring. Points without a figure are
    left out.

    Raises:
        OutputError: it cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    keys = list(results[0].point.values)
    rows, columns = math.ceil(len(keys) / COLUMNS), min(len(keys), COLUMNS)
    figure = Figure(figsize=(1 + 3.2 * columns, 0.4 + 3.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes in panels.flat[len(keys) :]:
        axes.remove()
    for axes, key, title in zip(panels.flat, keys, short_keys(keys), strict=False):
        _draw_panel(axes, key, results)
        axes.set_title(title)
    for row in panels:
        row[0].set_ylabel("CIEDE2000, share of grey's")
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=110, format="png")


def _draw_panel(axes: Any, key: str, results: Sequence[PointResult]) -> None:
    values = sorted({_place(result.point.values[key]) for result in results})
    labels = [label for *_, label in values]
    dots = [
        (labels.index(value_text(result.point.values[key])), result.best[OBJECTIVE])
        for result in results
        if result.best
    ]
    lowest = {x: min(y for other, y in dots if other == x) for x, _ in sorted(dots)}
    axes.plot(list(lowest), list(lowest.values()), color="0.7", zorder=1)
    axes.scatter([x for x, _ in dots], [y for _, y in dots], s=24, zorder=2)
    if dots:
        best = min(dots, key=lambda dot: dot[1])
        axes.scatter(*best, s=110, facecolors="none", edgecolors="C3", zorder=3)
    axes.set_xticks(range(len(labels)), labels)
    if sum(map(len, labels)) > UPRIGHT:
        axes.tick_params("x", rotation=90)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.grid(alpha=0.3)


def _place(value: Any) -> tuple[bool, float, str]:
    """Sorts numbers by size, and all else behind them by name."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return not number, float(value) if number else 0.0, value_text(value)
