"""`photochrom models`: which models there are, what they are made of, whether they are whole."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.console import complain, printable, results
from photochrom.errors import ModelError

if TYPE_CHECKING:
    from photochrom.catalog import CatalogEntry

models = typer.Typer(help="List the models, show one, check their files.", no_args_is_help=True)

CARD = {
    "licence": "licence",
    "trained_on": "trained on",
    "recipe": "recipe",
    "figures": "measured",
    "known_failures": "known failures",
}
"""What a model's card may say, and what it is called here."""


@models.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a model.")] = False,
) -> None:
    """All models that can be named, bundled ones first."""
    from photochrom import catalog

    entries = catalog.list_models()
    if not entries:
        raise ModelError(f"no models; put .onnx files into {catalog.user_models_folder()}")
    rows = [_row(entry) for entry in entries]
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    from rich.table import Table

    table = Table("name", "", "size", "licence", "figures", "trained on", box=None, pad_edge=False)
    for row in rows:
        default = "default" if row["name"] == catalog.DEFAULT_MODEL else ""
        if "damaged" in row:
            told = ["", "DAMAGED", "", row["damaged"]]
        else:
            size = _size(row["megabytes"])
            trained_on = row.get("trained_on")
            # the first line of a list sums it up; `models show` has them all
            first = trained_on[0] if isinstance(trained_on, list) and trained_on else trained_on
            told = [size, _text(row.get("licence")), _first_figures(row), _text(first)]
        table.add_row(*(printable(cell, results) for cell in (row["name"], default, *told)))
    results.print(table, markup=False, highlight=False)


@models.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A name from `models list`, or an .onnx file.")],
) -> None:
    """Everything a model says of itself: size, licence, training pictures, measured figures."""
    from photochrom.catalog import find_model

    row = _row(find_model(name))
    if "damaged" in row:
        raise ModelError(row["damaged"])
    titles = {"megabytes": "size", "size": "short side", **CARD}
    for key, value in row.items():
        if key == "megabytes":
            value = _size(value)
        _print_line(titles.get(key, key), value, " px" if key == "size" else "")


@models.command("verify")
def verify(
    name: Annotated[str | None, typer.Argument(help="One model; default: all.")] = None,
) -> None:
    """Checks that model files are there, whole, and can be opened."""
    from photochrom import catalog
    from photochrom.runtime import Model

    entries = catalog.list_models() if name is None else [catalog.find_model(name)]
    failures = 0
    for entry in entries:
        try:
            entry.verify()
            Model(entry.path)
        except ModelError as error:
            failures += 1
            complain(str(error))
        else:
            checked = "checksum and contents" if entry.sha256 else "contents"
            print(printable(f"{entry.name}: good ({checked})", results))
    raise typer.Exit(1 if failures else 0)


def _row(entry: CatalogEntry) -> dict[str, Any]:
    """What the catalogue and the file say of a model, as plain values."""
    from photochrom.runtime import Model, file_sha256

    row: dict[str, Any] = {"name": entry.name, "bundled": entry.bundled, "path": str(entry.path)}
    try:
        described = Model(entry.path).description
    except ModelError as error:
        return row | {"damaged": str(error)}  # told, so that the others can be listed
    row["megabytes"] = round(entry.megabytes, 3)
    row["sha256"] = entry.sha256 or file_sha256(entry.path)
    row |= {"size": described.size, "vividness": described.vividness, "looks": described.looks}
    row["palette"] = described.palette.name if described.palette else None
    return row | {key: described.card[key] for key in CARD if key in described.card}


def _size(megabytes: float) -> str:
    return f"{megabytes:.1f} MB" if megabytes >= 0.1 else f"{1000 * megabytes:.0f} kB"


def _first_figures(row: Mapping[str, Any]) -> str:
    """The first two figures of a card; `models show` has them all, with the protocol."""
    figures = row.get("figures")
    if not isinstance(figures, Mapping):
        return _text(figures)
    told = {key: value for key, value in figures.items() if key != "protocol"}
    return _text(dict(itertools.islice(told.items(), 2)))


def _text(value: Any) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _print_line(title: str, value: Any, unit: str) -> None:
    many = isinstance(value, list | tuple | Mapping)
    if not many or not value:
        print(printable(f"{title + ':':16}{_text(value)}{unit}", results))
        return
    print(f"{title}:")
    lines = value.items() if isinstance(value, Mapping) else (("-", item) for item in value)
    for key, inner in lines:
        print(printable(f"  {key} {_text(inner)}", results))
