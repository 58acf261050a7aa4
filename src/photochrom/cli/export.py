"""`photochrom export`: a trained checkpoint becomes the model file that `colorize` opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.console import say
from photochrom.cli.training import Cache
from photochrom.errors import OptionError

if TYPE_CHECKING:
    import numpy as np

    from photochrom.data.decoded import DecodedPictures
    from photochrom.training.config import Recipe


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN|CHECKPOINT", help="A run folder, or a file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .onnx file to write.")],
    name: Annotated[
        str | None, typer.Option(help="What the model is called; default: the file's name.")
    ] = None,
    size: Annotated[
        int, typer.Option(help="Short side, in pixels, at which it is used, 32 to 2048.")
    ] = 256,
    vividness: Annotated[float, typer.Option(help="Its default vividness, 0 to 1.")] = 0.5,
    looks: Annotated[
        int, typer.Option(help="Looks at a picture that are averaged by default, 1 to 3.")
    ] = 1,
    card: Annotated[
        Path | None,
        typer.Option(help="A YAML file: licence, trained_on, figures, known_failures."),
    ] = None,
    calibration: Annotated[
        list[Path] | None,
        typer.Option(
            "--calibrate",
            metavar="PATH",
            help="The run's pictures again: those it held out tell what the controls mean.",
        ),
    ] = None,
    cache: Cache = None,
) -> None:
    """Writes the best checkpoint of a run as a model file.

    [bold]Examples[/bold]

      photochrom export runs/mine -o mine.onnx

      photochrom export runs/mine -o mine.onnx --calibrate photos/ --cache runs/mine/decoded

      photochrom colorize photo.jpg --model mine.onnx
    """
    if output.suffix != ".onnx":
        raise OptionError(f"-o {output}: a model file ends in .onnx")

    from photochrom.cli.training import find_checkpoint, require_training
    from photochrom.options import ColorizeOptions

    ColorizeOptions(size, vividness, looks=looks)  # what cannot be asked for is no default either
    require_training()

    told = _read_card(card) if card else {}

    from photochrom.training.checkpoint import load_checkpoint
    from photochrom.training.config import Recipe
    from photochrom.training.export import ExportOptions, export_onnx, network_of, network_section

    checkpoint = load_checkpoint(find_checkpoint(run))
    told = _card(checkpoint.recipe, checkpoint.history) | told
    recipe = Recipe.model_validate(checkpoint.recipe)
    held_out = _held_out(recipe, calibration, cache or run / "decoded") if calibration else None
    section = network_section(checkpoint.recipe)
    options = ExportOptions(
        name or output.stem, size, vividness, checkpoint.prior, told, section, looks
    )
    export_onnx(network_of(checkpoint), output, options)
    say(f"{output}: {output.stat().st_size / 1e6:.1f} MB, checked against the checkpoint")
    if held_out is not None:
        from photochrom.training.calibrate import calibrate

        found = calibrate(output, *held_out)
        say(f"{output}: calibrated with {found.pictures} held-out pictures")


def _held_out(
    recipe: Recipe, data: Sequence[Path], cache: Path
) -> tuple[DecodedPictures, np.ndarray]:
    """The pictures, and the numbers of those that the recipe holds out.

    Raises:
        DataError: too few to calibrate with; told before a model is written.
    """
    from photochrom.data.decoded import decode_pictures
    from photochrom.data.split import split
    from photochrom.training.calibrate import check_enough

    pictures = decode_pictures(data, recipe.data.side, cache)
    _, held_out = split(pictures, recipe.data.split, recipe.data.validation)
    check_enough(held_out)
    return pictures, held_out


def _card(recipe: dict[str, Any], history: list[dict[str, float]]) -> dict[str, Any]:
    """What the checkpoint alone can tell; figures are those of the run's own held-out pictures."""
    card: dict[str, Any] = {"recipe": recipe["name"]}
    if history:
        best = min(history, key=lambda row: row["ciede2000"])
        card["figures"] = {"validation": best}
    return card


def _read_card(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise OptionError(f"--card {path}: not a readable YAML file") from error
    if not isinstance(content, dict):
        raise OptionError(f"--card {path}: a card is a mapping, e.g. licence: Apache-2.0")
    return content
