"""A general model made a specialist: what a recipe becomes for the pictures there are.

The shipped model already knows most of what a few pictures could teach, and tens of pictures are
soon known by heart. So the rates are small, no picture is seen often, and the result goes only as
far from the model it began with as helps: somewhere on the straight line between the two sets of
weights (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). Two small groups of
pictures are held out: one to choose the best epoch and that place by, one that decides nothing and
is there to compare with.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from photochrom.data.batches import validation_batches
from photochrom.data.coloured import only
from photochrom.data.decoded import DecodedPictures
from photochrom.data.split import in_validation, split
from photochrom.errors import DataError, RecipeError
from photochrom.losses import WeightedLoss
from photochrom.networks.registry import build_network, network_config
from photochrom.training.checkpoint import Checkpoint
from photochrom.training.config import NetworkSection, Recipe, ScheduleSection
from photochrom.training.export import network_section
from photochrom.training.start import Start
from photochrom.training.validation import validate

LEAST_PICTURES = 10
"""Fewer leave too little to train on once some are held out."""

HELD_OUT, MOST_HELD_OUT = 0.12, 200
"""Share of the pictures in each of the two groups, and the most there are in one."""

VIEWS = 12
"""How often each picture is shown ..."""

STEPS = (60, 2000)
"""... in so many steps at least and at most."""

EPOCHS = 12
"""Validations on the way; each costs a second or two and writes a checkpoint."""

WAYS = (0.25, 0.5, 0.75, 1.0)
"""How far to go from the start, 0, to the trained weights, 1: what is tried."""

_SHARES = range(1, 500)  # thousandths of the pictures


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be trained, and on what.

    Attributes:
        recipe: with a schedule and a held-out share that suit the number of pictures.
        pictures: those that the training gets, the ones it validates with among them.
        comparison: those that it never sees.
        validation: how many of `pictures` choose the best epoch.
    """

    recipe: Recipe
    pictures: DecodedPictures
    comparison: DecodedPictures
    validation: int

    @property
    def training(self) -> int:
        """How many pictures teach."""
        return len(self.pictures) - self.validation


def with_network_of(recipe: Recipe, start: Start) -> Recipe:
    """The recipe with the network that the weights are made for.

    Raises:
        RecipeError: the recipe asks for another one.
    """
    if "network" in recipe.model_fields_set:
        asked = network_section(recipe.model_dump())
        if network_config(**asked) != network_config(**start.network):
            raise RecipeError(
                f"recipe {recipe.name} has network {_told(asked)}, but the weights to start from "
                f"are of {_told(start.network)}; leave the network out of the recipe"
            )
    return recipe.model_copy(update={"network": NetworkSection(**start.network)})


def plan(recipe: Recipe, pictures: DecodedPictures) -> Plan:
    """Divides the pictures and sets what the recipe leaves open.

    By the pictures' hashes, `HELD_OUT` of them choose the best epoch and as many compare; each of
    the others is shown about `VIEWS` times, within the limits of `STEPS`. Where a recipe sets
    `data.validation`, `schedule.epochs` or `schedule.steps_per_epoch`, that holds.

    Args:
        recipe: perhaps with values of its own.
        pictures: coloured ones.

    Raises:
        DataError: too few pictures, or a group is left without any.
    """
    if len(pictures) < LEAST_PICTURES:
        raise DataError(f"{len(pictures)} coloured pictures; at least {LEAST_PICTURES} are needed")
    choosing, judging = _shares(recipe, pictures.keys)
    chooses = np.array([in_validation(key, choosing) for key in pictures.keys])
    judges = np.array([in_validation(key, judging) for key in pictures.keys]) & ~chooses
    counts = len(pictures) - chooses.sum() - judges.sum(), chooses.sum(), judges.sum()
    if not all(counts):
        raise DataError(
            f"{len(pictures)} pictures leave {counts[0]} to train on, {counts[1]} to choose the "
            f"best epoch by and {counts[2]} to compare with; give more, or set data.validation"
        )
    data = recipe.data.model_copy(update={"split": "hash", "validation": choosing})
    schedule = _schedule(recipe, int(counts[0]))
    return Plan(
        recipe.model_copy(update={"data": data, "schedule": schedule}),
        only(pictures, ~judges), only(pictures, judges), int(counts[1]),
    )  # fmt: skip


def _told(network: Mapping[str, Any]) -> str:
    options = ", ".join(f"{name} {value}" for name, value in network["options"].items())
    return f"{network['name']} ({options or 'its defaults'})"


def _shares(recipe: Recipe, keys: Sequence[str]) -> tuple[float, float]:
    """Hashes below the first share choose the epoch, those from there to the second compare."""
    if "validation" in recipe.data.model_fields_set:
        return recipe.data.validation, min(1.0, 2 * recipe.data.validation)
    wanted = min(MOST_HELD_OUT, max(2, round(HELD_OUT * len(keys))))
    first, second = (
        bisect.bisect_left(
            _SHARES, count, key=lambda share: sum(in_validation(k, share / 1000) for k in keys)
        )
        for count in (wanted, 2 * wanted)
    )
    return (_SHARES[0] + first) / 1000, (_SHARES[0] + second) / 1000


def _schedule(recipe: Recipe, training: int) -> ScheduleSection:
    least, most = STEPS
    steps = min(most, max(least, math.ceil(VIEWS * training / recipe.data.batch)))
    given = {name: getattr(recipe.schedule, name) for name in recipe.schedule.model_fields_set}
    suiting = {"epochs": EPOCHS, "steps_per_epoch": math.ceil(steps / EPOCHS)}
    return recipe.schedule.model_copy(update=suiting | given)


@torch.no_grad()
def blend(start: Start, checkpoint: Checkpoint, planned: Plan) -> tuple[float, Start]:
    """How far to go from the start to a checkpoint's weights, and what is there.

    Of `WAYS`, the one with the lowest colour difference on the pictures that choose.

    Args:
        start: what the training began with.
        checkpoint: of that training.
        planned: what was trained on.
    """
    network = build_network(**start.network).eval()
    data = planned.recipe.data
    _, chosen = split(planned.pictures, data.split, data.validation)
    loss = WeightedLoss({"smooth_l1": 1.0})  # any: the colour difference decides
    figures = {}
    for way in WAYS:
        network.load_state_dict(_between(start.weights, checkpoint.averaged, way))
        whole = validation_batches(planned.pictures, chosen, data.crop, data.batch)
        figures[way] = validate(network, whole, loss)["ciede2000"]
    way = min(figures, key=lambda way: figures[way])
    prior = checkpoint.prior
    if prior is not None and start.prior is not None:
        prior = [(1 - way) * old + way * new for old, new in zip(start.prior, prior, strict=True)]
    weights = _between(start.weights, checkpoint.averaged, way)
    return way, replace(start, weights=weights, prior=prior)


def _between(
    start: Mapping[str, Tensor], end: Mapping[str, Tensor], way: float
) -> dict[str, Tensor]:
    return {
        name: torch.lerp(value, end[name], way) if value.is_floating_point() else value
        for name, value in start.items()
    }
