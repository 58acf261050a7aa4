"""Checkpoints: everything a run needs to go on as if it had never stopped, written atomically."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from photochrom.atomic import written_whole
from photochrom.errors import CheckpointError

FORMAT = 2


@dataclass
class Checkpoint:
    """The state of a run after `step` optimiser steps.

    Attributes:
        recipe: the recipe as plain values.
        step: optimiser steps done.
        network: state dict of the trained weights.
        averaged: state dict of the averaged (EMA) weights: the ones to use.
        training: what the step keeps beside the network: optimisers, perhaps a discriminator.
        best: the lowest validation figure so far.
        history: one row of figures an epoch.
        prior: (Q,) share of each colour class in the training data, None without a palette.
        format: version of this layout.
    """

    recipe: dict[str, Any]
    step: int
    network: dict[str, Any]
    averaged: dict[str, Any]
    training: dict[str, Any]
    best: float
    history: list[dict[str, float]]
    prior: list[float] | None = None
    format: int = FORMAT


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Writes a checkpoint beside its final name and moves it there, so that none is ever half.

    Raises:
        OutputError: it could not be written; the file that was there is untouched.
    """
    fields = {name: getattr(checkpoint, name) for name in checkpoint.__dataclass_fields__}
    with written_whole(path) as partial:
        try:
            with partial.open("wb") as file:
                torch.save(fields, file)
        except RuntimeError as error:  # torch hides what the file said, a full disk for one
            reason = error.__context__
            raise reason if isinstance(reason, OSError) else error from None


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file.

    Raises:
        CheckpointError: missing, damaged, or not one of ours.
    """
    try:
        fields = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: no such checkpoint") from error
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise CheckpointError(f"{path}: not a readable checkpoint") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a checkpoint of this version (format {FORMAT})")
    return Checkpoint(**fields)


def check_same_network(checkpoint: Checkpoint, network: dict[str, Any], path: Path) -> None:
    """Raises CheckpointError where a checkpoint was made with another network."""
    if checkpoint.recipe["network"] != network:
        raise CheckpointError(
            f"{path}: made with network {checkpoint.recipe['network']}, this recipe has {network}; "
            "use another run folder"
        )
