"""What the commands that train share: the extra they need, recipes by name, what is told."""

from __future__ import annotations

import difflib
import importlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import messages, say
from photochrom.cli.packaged import RECIPES, packaged_files
from photochrom.errors import CheckpointError, MissingDependencyError, RecipeError

if TYPE_CHECKING:
    from rich.progress import Progress

    from photochrom.training.start import Start

NEEDED = ("torch", "lightning_fabric", "pydantic", "yaml", "onnx", "matplotlib")


STOPPED = 130
"""Exit code after Ctrl-C."""


class Device(StrEnum):
    """Where to compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Changes the recipe.")
]
Cache = Annotated[
    Path | None, typer.Option(help="Folder for decoded pictures; default: RUN/decoded.")
]
DeviceOption = Annotated[Device, typer.Option(help="Where to compute.")]
Threads = Annotated[int | None, typer.Option(help="CPU threads; default: PyTorch's.")]


def require_training(*more: str) -> None:
    """Raises MissingDependencyError, with the install line, unless the extra is installed.

    Args:
        more: modules that only the one command needs.
    """
    for name in (*NEEDED, *more):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingDependencyError(
                f'training needs {name}, which is not installed: pip install "photochrom[train]"'
            ) from error


def find_recipe(name: str) -> Path:
    """The file of a recipe, by the name of a packaged one or by its path.

    Raises:
        RecipeError: neither; the message names what there is.
    """
    path = Path(name)
    known = {file.stem: file for file in packaged_files(RECIPES, ".yaml")}
    if name in known:
        return known[name]
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        raise RecipeError(f"{path}: no such recipe file")
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}"
    raise RecipeError(f"no recipe {name!r}; {hint} (or give the path of a .yaml file)")


def find_checkpoint(run: Path) -> Path:
    """The best checkpoint of a run folder, or the checkpoint itself.

    Raises:
        CheckpointError: neither.
    """
    from photochrom.training.loop import BEST

    if not run.is_dir():
        return run
    if not (run / BEST).is_file():
        raise CheckpointError(f"{run}: no {BEST} in this folder; a run writes it after an epoch")
    return run / BEST


def find_start(named: str) -> tuple[Start, bool]:
    """Weights to begin with, by the name or file of a model, or by a run or checkpoint.

    Returns:
        The weights, and whether they come from a model file, in which norms are folded.

    Raises:
        ModelError, CheckpointError: there is no such thing, or it cannot be used.
    """
    from photochrom.catalog import find_model, list_models
    from photochrom.training.start import start_from_checkpoint, start_from_model

    path = Path(named)
    known = {entry.name for entry in list_models()}
    if named in known or not (path.is_dir() or path.suffix == ".ckpt"):
        return start_from_model(find_model(named).path), True
    return start_from_checkpoint(find_checkpoint(path)), False


def told_figures(row: dict[str, float]) -> str:
    """An epoch's figures as one line."""
    return (
        f"epoch {row['epoch']:.0f}, colour difference {row['ciede2000']:.2f} "
        f"(grey has {row['ciede2000_grey']:.2f}), chroma {row['chroma_ratio']:.0%} of the truth, "
        f"loss {row['loss']:.4f}"
    )


class TrainingObserver:
    """Shows a run on standard error: a bar on a terminal, a line an epoch everywhere.

    Args:
        talks: False for all processes but the first.
    """

    def __init__(self, *, talks: bool = True) -> None:
        self.talks = talks
        self._history: list[dict[str, float]] = []
        self._told_parted: int | None = None
        self._progress = self._make_bar() if talks and messages.is_terminal else None

    def __enter__(self) -> TrainingObserver:
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
        """One line of figures, and one more where over-fitting shows for the first time."""
        from photochrom.training.overfitting import parted_at

        self.say(told_figures(row))
        self._history.append(row)
        parted = parted_at(self._history)
        if parted is not None and parted != self._told_parted:
            self._told_parted = parted
            self.say(
                f"validation parted from training after epoch {parted}: the network is learning "
                "its pictures by heart; more pictures or --set schedule.patience=3 would help"
            )

    @staticmethod
    def _make_bar() -> Progress:
        from rich import progress

        return progress.Progress(
            progress.BarColumn(), progress.MofNCompleteColumn(),
            progress.TextColumn("{task.description}"), progress.TimeRemainingColumn(),
            console=messages, transient=True,
        )  # fmt: skip
