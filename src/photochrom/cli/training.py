"""What `train` and `export` share: the extra they need, recipes by name, runs by folder."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path

from photochrom.cli.packaged import RECIPES, packaged_files
from photochrom.errors import CheckpointError, MissingDependencyError, RecipeError

NEEDED = ("torch", "lightning_fabric", "pydantic", "yaml", "onnx", "matplotlib")


def require_training() -> None:
    """Raises MissingDependencyError, with the install line, unless the extra is installed."""
    for name in NEEDED:
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
