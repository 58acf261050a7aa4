"""Grids: texts in, named points with recipes out, or one line that says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from photochrom.errors import OptionError, RecipeError
from photochrom.training.config import load_recipe
from photochrom.training.grid import LONGEST_NAME, grid_points, short_keys, value_text

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


def names(*grids):
    return [point.name for point in grid_points(TINY, grids)]


def test_points_are_the_product_of_the_values_in_order():
    points = grid_points(TINY, ["optim.lr=1e-3,3e-4", "data.batch=8,16"], ["schedule.epochs=7"])
    assert [point.values for point in points] == [
        {"optim.lr": 0.001, "data.batch": 8},
        {"optim.lr": 0.001, "data.batch": 16},
        {"optim.lr": 0.0003, "data.batch": 8},
        {"optim.lr": 0.0003, "data.batch": 16},
    ]
    alone = load_recipe(TINY, ["schedule.epochs=7", "optim.lr=3e-4", "data.batch=16"])
    assert points[3].recipe == alone


def test_commas_in_brackets_braces_and_quotes_do_not_part_values():
    grids = [
        "network.options.widths=[64,32,16,16], [32,16,8,8]",
        "loss={smooth_l1: 1, soft_cross_entropy: 0.5},{smooth_l1: 2}",
        "about='a, b',c",
    ]
    points = grid_points(TINY, grids)
    assert len(points) == 8
    assert points[0].values == {
        "network.options.widths": [64, 32, 16, 16],
        "loss": {"smooth_l1": 1.0, "soft_cross_entropy": 0.5},
        "about": "a, b",
    }


def test_null_is_a_value():
    points = grid_points(TINY, ["schedule.steps_per_epoch=null,4"])
    assert [point.recipe.schedule.steps_per_epoch for point in points] == [None, 4]
    assert points[0].name == "steps_per_epoch-none"


def test_names_are_short_and_readable():
    assert names("optim.lr=1e-3,1e-5", "network.options.widths=[64,32,16,16]") == [
        "widths-64-32-16-16_lr-0.001",
        "widths-64-32-16-16_lr-1e-05",
    ]


def test_names_do_not_depend_on_how_the_grid_is_written():
    one = names("optim.lr=1e-3,3e-4", "data.batch=8,16")
    other = names("data.batch=16,8", "optim.lr=0.0003,0.001")
    assert set(one) == set(other)


@pytest.mark.parametrize(
    "values",
    [
        "a b,a-b,a/b",  # the same once they are made safe
        "A,a",  # the same file on some systems
        "é,ü",
        "CON,nul,..",
        f"{'long' * 30},{'long' * 31}",
    ],
)
def test_names_are_unique_and_file_names_on_every_system(values):
    found = names(f"about={values}")
    assert len({name.lower() for name in found}) == len(values.split(","))
    assert all(re.fullmatch(r"about([A-Za-z0-9_.+-]*[A-Za-z0-9])?", name) for name in found), found
    assert all(len(name) <= LONGEST_NAME for name in found)


def test_keys_that_end_alike_are_told_apart():
    assert short_keys(["optim.lr", "adversarial.lr", "data.batch"]) == [
        "optim.lr",
        "adversarial.lr",
        "batch",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.001, "0.001"),
        (1.0, "1"),
        (0.1234567890123, "0.1234567890123"),
        (None, "none"),
        (True, "true"),
        ([32, 0.5], "[32, 0.5]"),
        ({"mse": 1.0}, "mse 1"),
        ("adam", "adam"),
    ],
)
def test_values_are_written_as_people_write_them(value, text):
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("grids", "told"),
    [
        ([], "no grid; give one or more"),
        (["optim.lr"], "'optim.lr' is not KEY=VALUE,VALUE"),
        (["optim.lr="], "is not KEY=VALUE,VALUE"),
        (["=1,2"], "is not KEY=VALUE,VALUE"),
        (["optim.lr=1,,2"], "is not KEY=VALUE,VALUE"),
        (["network.options.widths=[1,2"], "is not KEY=VALUE,VALUE"),
        (["optim.lr=1e-3,0.001"], "optim.lr: 0.001 is given twice"),
        (["optim.lr=1e-3", "optim.lr=1e-4"], "'optim.lr': given twice"),
        (["loss={mse: 1}", "loss.mse=1,2"], "'loss' and 'loss.mse': given twice"),
        (["seed=1,2"], "'seed': given twice"),
    ],
)
def test_a_grid_that_cannot_be_meant_is_an_error_that_says_why(grids, told):
    with pytest.raises(OptionError, match=re.escape(told)):
        grid_points(TINY, grids, ["seed=3"])


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        ("optim.lrr=1e-3,1e-4", "did you mean 'optim.lr'?"),
        ("optim.lr=1e-3,-1", "optim.lr: Input should be greater than 0 (got -1"),
        ("optim.lr=1e-3,fast", "optim.lr: Input should be a valid number"),
        ("network.options.width=8,16", "did you mean 'widths'?"),
        ("model.width=32,64", "unknown key 'model'"),
        ("loss.smoth_l1=1,2", "smooth_l1"),
    ],
)
def test_every_point_is_checked_as_a_recipe(grid, told):
    with pytest.raises(RecipeError, match=re.escape(told)) as caught:
        grid_points(TINY, ["data.batch=4,8", grid])
    assert "\n" not in str(caught.value)
