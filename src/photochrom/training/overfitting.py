"""Over-fitting, read from a run's history: when validation parts from training."""

from __future__ import annotations

from collections.abc import Sequence

History = Sequence[dict[str, float]]

CONFIRMING_EPOCHS = 3
"""Validation may wobble; so many epochs on the wrong side are no accident."""


def epochs_since_best(history: History) -> int:
    """Epochs that have gone by since the lowest validation colour difference, 0 at the best."""
    if not history:
        return 0
    figures = [row["ciede2000"] for row in history]
    return len(figures) - 1 - figures.index(min(figures))


def parted_at(history: History) -> int | None:
    """The epoch at which validation parted from training, None while both go the same way.

    That is the epoch of the lowest validation loss, once every one of at least
    `CONFIRMING_EPOCHS` epochs after it was worse while the loss on training pictures fell on.
    Both losses are of the same weights on whole, unchanged pictures. Where nothing but a
    discriminator is minimised, and the loss is always 0, colour differences stand in.
    """
    name = "loss" if any(row.get("loss") for row in history) else "ciede2000"
    if not history or not all({name, f"train_sample_{name}"} <= row.keys() for row in history):
        return None
    validation = [row[name] for row in history]
    training = [row[f"train_sample_{name}"] for row in history]
    best = validation.index(min(validation))
    if len(history) - 1 - best < CONFIRMING_EPOCHS or training[-1] >= training[best]:
        return None
    return int(history[best]["epoch"])
