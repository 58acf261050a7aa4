"""The commands in one table, and the short form `photochrom photo.jpg`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

import photochrom
from photochrom.cli.colorize import colorize
from photochrom.cli.compare import compare
from photochrom.cli.demo import demo
from photochrom.cli.density import density
from photochrom.cli.evaluate import evaluate
from photochrom.cli.export import export
from photochrom.cli.film import film
from photochrom.cli.inputs import PICTURE_SUFFIXES
from photochrom.cli.mix import mix
from photochrom.cli.models import models
from photochrom.cli.palette import palette
from photochrom.cli.prepare import prepare
from photochrom.cli.serve import serve
from photochrom.cli.survey import survey
from photochrom.cli.sweep import sweep
from photochrom.cli.train import train

EXAMPLES = """
[bold]Examples[/bold]

  photochrom photo.jpg                     writes photo.color.jpg beside it

  photochrom colorize album/ -o coloured/  a whole folder; run it again to go on

  photochrom demo                          a before/after sheet of example pictures

  photochrom models list                   the models there are, and their licences
"""

app = typer.Typer(
    name="photochrom",
    no_args_is_help=False,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(colorize)
app.add_typer(models, name="models")
app.command()(demo)
app.command()(serve)
app.command()(prepare)
app.command()(train)
app.command()(sweep)
app.add_typer(survey, name="survey")
app.command()(export)
app.command()(mix)
app.command()(evaluate)
app.command()(compare)
app.add_typer(film, name="film")
app.command()(palette)
app.command()(density)

COMMANDS = (
    "colorize", "models", "demo", "serve", "prepare", "train", "sweep", "survey", "export",
    "mix", "evaluate", "compare", "palette", "density", "film",
)  # fmt: skip
ROOT_OPTIONS = ("-h", "--help", "--version", "--install-completion", "--show-completion")


def _show_version(asked: bool) -> None:
    if asked:
        print(f"photochrom {photochrom.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=EXAMPLES)
def root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Tell the version."),
    ] = False,
) -> None:
    """Colour for black-and-white photographs: full size, offline, on an ordinary CPU."""
    if context.invoked_subcommand is None:
        print(context.get_help())


def expand_short_form(arguments: list[str]) -> list[str]:
    """The arguments, with `colorize` before them where they name a picture and no command."""
    if not arguments or arguments[0] in (*COMMANDS, *ROOT_OPTIONS):
        return arguments
    if arguments[0] != "-" and arguments[0].startswith("-"):
        means_picture = any(_names_picture(argument) for argument in arguments)
    else:
        means_picture = _names_picture(arguments[0])
    return ["colorize", *arguments] if means_picture else arguments


def _names_picture(argument: str) -> bool:
    if argument == "-" or Path(argument).suffix.lower() in PICTURE_SUFFIXES:
        return True
    return os.path.exists(argument)  # noqa: PTH110 - Path.exists raises for names too long
