"""Grids of recipes: "optim.lr=1e-3,3e-4" and others, multiplied out into named points."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from photochrom.errors import OptionError
from photochrom.training.config import Recipe, load_recipe

LONGEST_NAME = 80
"""Longer names of points are cut: a folder's path must fit every system's limit."""


@dataclass(frozen=True)
class Point:
    """One recipe of a grid.

    Attributes:
        name: short, readable, unique within the grid, a file name on every system.
        values: what this point has for each key of the grid.
        recipe: the whole recipe.
    """

    name: str
    values: dict[str, Any]
    recipe: Recipe


def grid_points(
    recipe_file: Path, grids: Iterable[str], overrides: Sequence[str] = ()
) -> tuple[Point, ...]:
    """All points of a grid, every one of them a recipe that is known to be right.

    Args:
        recipe_file: the recipe to vary.
        grids: texts like "optim.lr=1e-3,3e-4". The values are YAML; a comma within brackets
            or quotes does not part them.
        overrides: what all points have in common, as for `load_recipe`.

    Returns:
        The points; those of the last key's values follow one another.

    Raises:
        OptionError: a grid that cannot be read, or with a key or a value given twice.
        RecipeError: a key or a value that the recipe cannot have.
    """
    axes = [_read_axis(grid) for grid in grids]
    _check_keys([key for key, _ in axes], overrides)
    recipes = [
        load_recipe(recipe_file, [*overrides, *changes])
        for changes in itertools.product(*(_changes(key, values) for key, values in axes))
    ]
    values = [{key: _value_at(recipe, key) for key, _ in axes} for recipe in recipes]
    for key, given in axes:
        _check_different(key, len(given), [point[key] for point in values])
    return tuple(
        Point(name, value, recipe)
        for name, value, recipe in zip(_names(values), values, recipes, strict=True)
    )


def value_text(value: Any) -> str:
    """A recipe's value as people write it: 0.001, [32, 16], none."""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, dict):
        return ", ".join(f"{key} {value_text(inner)}" for key, inner in value.items())
    return str(value)


def as_json(value: Any) -> str:
    """The value as text that is the same for equal values."""
    return json.dumps(value, sort_keys=True)


def short_keys(keys: Sequence[str]) -> list[str]:
    """The last parts of keys, "lr" for "optim.lr"; the whole key where others end like it."""
    ends = [key.rpartition(".")[2] for key in keys]
    return [end if ends.count(end) == 1 else key for key, end in zip(keys, ends, strict=True)]


def _read_axis(grid: str) -> tuple[str, list[Any]]:
    key, _, text = grid.partition("=")
    try:
        values = yaml.safe_load(f"[{text}]")
    except yaml.YAMLError:
        values = None
    if not key.strip() or not values or not isinstance(values, list):
        raise OptionError(
            f"--grid {grid!r} is not KEY=VALUE,VALUE, e.g. optim.lr=1e-3,3e-4 "
            "or network.options.widths=[32,16],[64,32]"
        )
    return key.strip(), values


def _check_keys(keys: list[str], overrides: Sequence[str]) -> None:
    if not keys:
        raise OptionError("no grid; give one or more, e.g. --grid optim.lr=1e-3,3e-4")
    fixed = [override.partition("=")[0] for override in overrides]
    for one, other in itertools.combinations([*keys, *fixed], 2):
        if one in keys and (one == other or _within(one, other) or _within(other, one)):
            told = repr(one) if one == other else f"{one!r} and {other!r}"
            raise OptionError(f"{told}: given twice; each key stands in one --grid or --set")


def _within(key: str, section: str) -> bool:
    return key.startswith(f"{section}.")


def _changes(key: str, values: list[Any]) -> list[str]:
    return [f"{key}={json.dumps(value, default=str)}" for value in values]  # JSON is YAML, too


def _value_at(recipe: Recipe, key: str) -> Any:
    value: Any = recipe.model_dump(mode="json")
    for part in key.split("."):
        value = value[part]
    return value


def _check_different(key: str, number: int, values: list[Any]) -> None:
    counted = Counter(map(as_json, values))
    if len(counted) < number:
        twice, _ = counted.most_common(1)[0]
        raise OptionError(f"--grid {key}: {value_text(json.loads(twice))} is given twice")


def _names(points: list[dict[str, Any]]) -> list[str]:
    keys = sorted(points[0])
    titles = dict(zip(keys, short_keys(keys), strict=True))
    names = [
        "_".join(_file_name(titles[key], value) for key, value in sorted(point.items()))
        for point in points
    ]
    # some systems see no difference between A and a
    alike = Counter(name.lower() for name in names)
    return [
        name
        if alike[name.lower()] == 1 and len(name) <= LONGEST_NAME
        else f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(as_json(point).encode()).hexdigest()[:8]}"
        for name, point in zip(names, points, strict=True)
    ]


def _file_name(title: str, value: Any) -> str:
    text = f"{title}-{value_text(value).strip('[]')}"
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", text).rstrip(".-")
