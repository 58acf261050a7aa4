"""`photochrom train`: a recipe and pictures in, a run folder with checkpoints and curves out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import say
from photochrom.cli.requests import TrainRequest
from photochrom.cli.training import (
    STOPPED,
    Cache,
    Device,
    DeviceOption,
    Overrides,
    Threads,
    TrainingObserver,
    find_recipe,
    find_start,
    require_training,
    told_figures,
)
from photochrom.errors import OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from photochrom.training.config import Recipe


def train(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH...", help="Folders of colour pictures, or .tar shards."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Start from a shipped model; call the new one so.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="A packaged recipe's name, or a .yaml file; with --name: specialise."),
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(metavar="PATH...", help="The same as PATH.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL|RUN|CHECKPOINT",
            help="Whose weights to begin with; with --name by default the shipped model's.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a model of this name, even by a worse one.")
    ] = False,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; default: runs/NAME or runs/RECIPE.")
    ] = None,
    overrides: Overrides = None,
    cache: Cache = None,
    device: DeviceOption = Device.auto,
    devices: Annotated[int, typer.Option(help="How many GPUs or processes.")] = 1,
    threads: Threads = None,
) -> None:
    """Makes a model of your own pictures, or trains a recipe.

    With --name the shipped model learns from your pictures and is compared with what it was; where
    it got better, `photochrom colorize --model NAME` knows it. The same command goes on where a
    run was stopped.

    [bold]Examples[/bold]

      photochrom train my-photos/ --name trams

      photochrom train --recipe general --data photos/ shards/*.tar --run runs/mine

      photochrom train --recipe my.yaml --data photos/ --set schedule.epochs=5 --device cpu
    """
    request = TrainRequest(
        recipe, (*(data or ()), *(paths or ())), run, tuple(overrides or ()), cache,
        device.value, devices, threads, name, start, force,
    )  # fmt: skip
    if name is None:
        raise typer.Exit(run_training(request))

    from photochrom.cli.specialise import run_specialising

    raise typer.Exit(run_specialising(request))


def run_training(request: TrainRequest) -> int:
    """Trains, and returns the exit code."""
    recipe_file = find_recipe(request.recipe or "")
    require_training()

    import torch

    from photochrom.data.decoded import decode_pictures
    from photochrom.training.config import load_recipe
    from photochrom.training.loop import LAST, RunOptions
    from photochrom.training.loop import train as run_loop
    from photochrom.training.precision import SLOW_BFLOAT16, slower_than_full

    if request.threads is not None:
        torch.set_num_threads(request.threads)
    recipe = load_recipe(recipe_file, request.overrides)
    folder = request.run or Path("runs") / recipe.name
    observer = TrainingObserver(talks=os.environ.get("LOCAL_RANK", "0") == "0")
    weights = _starting_weights(request.start, recipe) if request.start else None
    if (folder / LAST).exists():
        observer.say(f"going on from {folder / LAST}")
    if slower_than_full(recipe.precision, request.device):
        observer.say(f"{SLOW_BFLOAT16} (--set precision=32-true)")
    try:
        observer.say("decoding pictures that are not in the cache yet")
        cache = request.cache or folder / "decoded"
        pictures = decode_pictures(request.data, recipe.data.side, cache, jobs=request.threads)
        observer.say(f"{len(pictures)} pictures; run folder {folder}")
        with observer:
            options = RunOptions(request.device, request.devices, cache=cache)
            best = run_loop(recipe, pictures, folder, observer, options, start=weights)
    except KeyboardInterrupt:
        observer.say("stopped; the same command goes on from here")
        return STOPPED
    if observer.talks:
        _tell_result(recipe, best)
    return 0


def _starting_weights(named: str, recipe: Recipe) -> Mapping[str, Tensor]:
    """The weights of a model, run or checkpoint, for the recipe's network.

    Raises:
        OptionError: a model file's norms are folded, and the recipe would break them.
        RecipeError: they are of another network.
    """
    from photochrom.training.export import network_section
    from photochrom.training.specialise import with_network_of
    from photochrom.training.start import grown

    start, folded = find_start(named)
    start = grown(start, network_section(recipe.model_dump()))
    with_network_of(recipe, start)
    if folded and not recipe.optim.freeze_norms:
        raise OptionError(
            f"--start {named}: a model file has no norms to train any more; "
            "add --set optim.freeze_norms=true, or start from a run"
        )
    return start.weights


def _tell_result(recipe: Recipe, best: Path) -> None:
    from photochrom.training.checkpoint import load_checkpoint

    row = min(load_checkpoint(best).history, key=lambda row: row["ciede2000"])
    say(f"best: {told_figures(row)}")
    if row["ciede2000"] >= row["ciede2000_grey"]:
        say("that is no better than no colour at all: train longer, or on more pictures")
    say(f"checkpoint: {best}")
    say(f"as a model file: photochrom export {best.parent} -o {recipe.name}.onnx")
