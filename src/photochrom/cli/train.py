"""`photochrom train`: a recipe and pictures in, a run folder with checkpoints and curves out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import messages, say
from photochrom.errors import OptionError

if TYPE_CHECKING:
    from rich.progress import Progress

    from photochrom.training.config import Recipe

STOPPED = 130


class Device(StrEnum):
    """Where to compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


@dataclass(frozen=True)
class TrainRequest:
    """The command line of `train`; each field is the option of its name."""

    recipe: str
    data: tuple[Path, ...]
    run: Path | None = None
    overrides: tuple[str, ...] = ()
    cache: Path | None = None
    device: str = "auto"
    devices: int = 1
    threads: int | None = None

    def __post_init__(self) -> None:
        if not self.data:
            raise OptionError("no training pictures; name folders or .tar shards with --data")
        for name in ("devices", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name} is {value}; it must be at least 1")


def train(
    recipe: Annotated[str, typer.Option(help="A packaged recipe's name, or a .yaml file.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH...", help="Folders of pictures, or .tar shards of them."),
    ] = None,
    more_data: Annotated[list[Path] | None, typer.Argument(hidden=True)] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; default: runs/RECIPE.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Changes the recipe.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for decoded pictures; default: RUN/decoded.")
    ] = None,
    device: Annotated[Device, typer.Option(help="Where to compute.")] = Device.auto,
    devices: Annotated[int, typer.Option(help="How many GPUs or processes.")] = 1,
    threads: Annotated[int | None, typer.Option(help="CPU threads; default: PyTorch's.")] = None,
) -> None:
    """Trains a recipe; the same command goes on where a run was stopped.

    [bold]Examples[/bold]

      photochrom train --recipe general --data photos/ shards/*.tar --run runs/mine

      photochrom train --recipe my.yaml --data photos/ --set schedule.epochs=5 --device cpu
    """
    request = TrainRequest(
        recipe, (*(data or ()), *(more_data or ())), run, tuple(overrides or ()), cache,
        device.value, devices, threads,
    )  # fmt: skip
    raise typer.Exit(run_training(request))


def run_training(request: TrainRequest) -> int:
    """Trains, and returns the exit code."""
    from photochrom.cli.training import find_recipe, require_training

    recipe_file = find_recipe(request.recipe)
    require_training()

    import torch

    from photochrom.data.decoded import decode_pictures
    from photochrom.training.config import load_recipe
    from photochrom.training.loop import LAST, RunOptions
    from photochrom.training.loop import train as run_loop

    if request.threads is not None:
        torch.set_num_threads(request.threads)
    recipe = load_recipe(recipe_file, request.overrides)
    folder = request.run or Path("runs") / recipe.name
    observer = _Observer(talks=os.environ.get("LOCAL_RANK", "0") == "0")
    if (folder / LAST).exists():
        observer.say(f"going on from {folder / LAST}")
    try:
        observer.say("decoding pictures that are not in the cache yet")
        cache = request.cache or folder / "decoded"
        pictures = decode_pictures(request.data, recipe.data.side, cache, jobs=request.threads)
        observer.say(f"{len(pictures)} pictures; run folder {folder}")
        with observer:
            options = RunOptions(request.device, request.devices)
            best = run_loop(recipe, pictures, folder, observer, options)
    except KeyboardInterrupt:
        observer.say("stopped; the same command goes on from here")
        return STOPPED
    if observer.talks:
        _tell_result(recipe, best)
    return 0


def _tell_result(recipe: Recipe, best: Path) -> None:
    from photochrom.training.checkpoint import load_checkpoint

    row = min(load_checkpoint(best).history, key=lambda row: row["ciede2000"])
    say(f"best: {_figures(row)}")
    say(f"checkpoint: {best}")
    say(f"as a model file: photochrom export {best.parent} -o {recipe.name}.onnx")


def _figures(row: dict[str, float]) -> str:
    return (
        f"epoch {row['epoch']:.0f}, colour difference {row['ciede2000']:.2f} "
        f"(grey has {row['ciede2000_grey']:.2f}), chroma {row['chroma_ratio']:.0%} of the truth, "
        f"loss {row['loss']:.4f}"
    )


class _Observer:
    """Shows a run on standard error: a bar on a terminal, a line an epoch everywhere.

    Args:
        talks: False for all processes but the first.
    """

    def __init__(self, *, talks: bool) -> None:
        self.talks = talks
        self._progress = self._make_bar() if talks and messages.is_terminal else None

    def __enter__(self) -> _Observer:
        if self._progress:
            self._task = self._progress.add_task("", total=None)
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    def say(self, message: str) -> None:
        """One line, from the first process only."""
        if self.talks:
            say(message)

    def step_done(self, step: int, total: int, loss: float) -> None:
        """Moves the bar."""
        if self._progress:
            text = f"loss {loss:.4f}"
            self._progress.update(self._task, completed=step, total=total, description=text)

    def epoch_done(self, row: dict[str, float]) -> None:
        """One line of figures."""
        self.say(_figures(row))

    @staticmethod
    def _make_bar() -> Progress:
        from rich import progress

        return progress.Progress(
            progress.BarColumn(), progress.MofNCompleteColumn(),
            progress.TextColumn("{task.description}"), progress.TimeRemainingColumn(),
            console=messages, transient=True,
        )  # fmt: skip
