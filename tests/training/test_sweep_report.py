"""What a grid search is told by: a table and a plot."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from photochrom.training.grid import grid_points
from photochrom.training.sweep import OBJECTIVE, PointResult
from photochrom.training.sweep_report import draw_sweep, write_csv

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


def made(values, ratio=None, error=None):
    [point] = grid_points(TINY, [f"{k}={v}" for k, v in values.items()])
    best = ratio and {"epoch": 2, OBJECTIVE: ratio, "chroma_ratio": 0.5, "loss": 3.25}
    return PointResult(point, best, error, 90)


def test_the_table_has_a_row_a_point(tmp_path):
    write_csv(
        [
            made({"optim.lr": 1e-3, "network.options.widths": "[16,16,8,8]"}, 0.75),
            made({"optim.lr": 1, "network.options.widths": "[16,16,8,8]"}, error="no, not\na 2"),
        ],
        tmp_path / "sweep.csv",
    )
    with (tmp_path / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "optim.lr": "0.001",
        "network.options.widths": "[16, 16, 8, 8]",
        "ciede2000_ratio": "0.75",
        "chroma_ratio": "0.5",
        "loss": "3.25",
        "best_epoch": "2",
        "minutes": "1.50",
        "folder": "widths-16-16-8-8_lr-0.001",
        "error": "",
    }
    assert (rows[1]["ciede2000_ratio"], rows[1]["error"]) == ("", "no, not\na 2")


@pytest.mark.parametrize("keys", [1, 5])
def test_the_plot_has_a_panel_a_key(tmp_path, keys):
    chosen = ["optim.lr", "data.batch", "schedule.epochs", "optim.ema", "loss.smooth_l1"][:keys]
    points = [{key: 1 + n * (key != "optim.ema") for key in chosen} for n in range(3)]
    points = [{k: 0.5 if k == "optim.ema" else v for k, v in p.items()} for p in points]
    results = [made(point, 0.9 - n / 10) for n, point in enumerate(points)]
    draw_sweep(results, tmp_path / "sweep.png")
    with Image.open(tmp_path / "sweep.png") as picture:
        width, height = picture.size
    assert (width > 1000) == (keys == 5)
    assert (height > 700) == (keys == 5)


def test_a_sweep_of_which_nothing_came_out_is_drawn_too(tmp_path):
    draw_sweep([made({"optim.lr": 1}, error="no")], tmp_path / "sweep.png")
    assert (tmp_path / "sweep.png").stat().st_size > 1000
