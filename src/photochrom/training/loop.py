"""The training loop: a recipe and pictures in, a run folder with checkpoints and curves out."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn

from photochrom.atomic import make_folder
from photochrom.data.batches import Batch, BatchOptions, TrainingBatches, validation_batches
from photochrom.data.decoded import DecodedPictures
from photochrom.data.embeddings import KeptEmbeddings, keep_embeddings, pictures_shown
from photochrom.data.split import split
from photochrom.errors import DataError, TrainingError
from photochrom.networks.blocks import Prediction, freeze, map_prediction, to_channels_last
from photochrom.networks.registry import build_network
from photochrom.stopping import ctrl_c_noted
from photochrom.training.checkpoint import (
    Checkpoint,
    check_same_network,
    load_checkpoint,
    save_checkpoint,
)
from photochrom.training.config import Recipe
from photochrom.training.curves import CurveSheet, draw_samples, log_to_tensorboard
from photochrom.training.objective import prior_and_loss
from photochrom.training.overfitting import epochs_since_best
from photochrom.training.steps import build_step
from photochrom.training.validation import validate

LAST, BEST = "last.ckpt", "best.ckpt"

SAMPLE = 512
"""At most so many training pictures are judged like held-out ones, so that both can be compared."""

SAMPLE_PREFIX = "train_sample_"
"""Before the names of the training sample's figures in the history."""


class Observer(Protocol):
    """Who wants to hear how a run goes."""

    def step_done(self, step: int, total: int, loss: float) -> None:
        """Called now and then within an epoch."""

    def epoch_done(self, row: dict[str, float]) -> None:
        """Called after each validation."""


@dataclass(frozen=True)
class RunOptions:
    """What a run uses, none of which changes what it gives.

    Attributes:
        accelerator: "auto", "cpu", "cuda", "mps".
        devices: how many.
        report_every: steps between two calls of `Observer.step_done`.
        cache: folder for what is computed once and can be shared by runs; None for the run's own.
        embedded: hears how many pictures a global branch has seen before the first step, and how
            many there are.
    """

    accelerator: str = "auto"
    devices: int = 1
    report_every: int = 10
    cache: Path | None = None
    embedded: Callable[[int, int], None] = lambda done, total: None


def train(
    recipe: Recipe, pictures: DecodedPictures, folder: Path, observer: Observer,
    options: RunOptions = RunOptions(), *, start: Mapping[str, Tensor] | None = None,
) -> Path:  # fmt: skip
    """Trains a recipe, or goes on where the folder's last checkpoint stopped.

    Args:
        recipe: what to train.
        pictures: decoded pictures; a share of them is held out.
        folder: gets last.ckpt, best.ckpt, history.jsonl, curves.png, samples.png, tensorboard/.
        observer: hears of steps and epochs.
        options: device and reporting.
        start: weights to begin with in place of the network's own; a run that goes on has its own.

    Returns:
        The checkpoint with the lowest validation colour difference.

    Raises:
        KeyboardInterrupt: after Ctrl-C, the step finished and saved.
        TrainingError: the loss is not a number.
        CheckpointError: the folder holds a run of another network.
    """
    # an encoder that is frozen for a while has parameters without gradients
    several = DDPStrategy(find_unused_parameters=True)
    fabric = Fabric(
        accelerator=options.accelerator,
        strategy=several if options.devices > 1 else "auto",
        devices=options.devices,
        precision=recipe.precision,
    )
    fabric.launch()
    make_folder(folder)
    torch.manual_seed(recipe.seed)
    network = build_network(recipe.network.name, recipe.network.options)
    if start is not None:
        network.load_state_dict(start)
    run = _Run(network, recipe, pictures, folder, fabric)
    run.keep_embeddings((options.cache or folder) / "embeddings", options.embedded)
    return run.go(observer, options.report_every)


class _Run:
    """One run's state: the network, its averaged twin, and the step they are at."""

    def __init__(
        self, network: nn.Module, recipe: Recipe, pictures: DecodedPictures, folder: Path,
        fabric: Fabric,
    ) -> None:  # fmt: skip
        self.recipe, self.folder, self.fabric = recipe, folder, fabric
        data = recipe.data
        self.pictures = pictures
        training, self.held_out = split(pictures, data.split, data.validation)
        if not len(training) or not len(self.held_out):
            raise DataError(
                f"{len(pictures)} pictures leave {len(training)} to train on and "
                f"{len(self.held_out)} to validate with; give more, or set data.validation"
            )
        self.training_sample = _sample(training, min(len(self.held_out), SAMPLE))
        augmentation = recipe.augmentation.build()
        self.batches = TrainingBatches(
            pictures, training,
            BatchOptions(
                data.crop, data.batch, data.weights, augmentation, recipe.seed, data.patches,
                data.crops,
            ),
        )  # fmt: skip
        one_pass = len(training) // (data.batch * fabric.world_size)
        self.epoch_steps = recipe.schedule.steps_per_epoch or max(1, one_pass)
        self.total_steps = recipe.schedule.epochs * self.epoch_steps
        self.averaged = to_channels_last(copy.deepcopy(network)).to(fabric.device)
        freeze(self.averaged)
        self.prior, self.loss = prior_and_loss(network, recipe, pictures, training)
        self.train_step = build_step(network, recipe, self.loss, self.total_steps, fabric)
        self.embeddings: KeptEmbeddings | None = None
        self.curves = CurveSheet(folder / "curves.png")
        self.step, self.best = 0, math.inf
        self.history: list[dict[str, float]] = []
        if (folder / LAST).exists():
            self._restore(load_checkpoint(folder / LAST))

    def keep_embeddings(self, folder: Path, progress: Callable[[int, int], None]) -> None:
        """What a frozen global branch says of the pictures, where there is one, computed once."""
        network = self.train_step.network.module
        if not hasattr(network, "embed"):
            return
        validated = np.union1d(self.held_out, self.training_sample)
        shown = pictures_shown(self.batches.options, self.batches.chosen, validated, self._side)
        with self.fabric.rank_zero_first():  # the others find its files
            self.embeddings = keep_embeddings(network, self.pictures, shown, folder, progress)
        self.batches.embeddings = self.embeddings

    @property
    def _side(self) -> int:
        """Pixels at which validation shows whole pictures."""
        data = self.recipe.data
        return data.side if data.patches else data.crop

    def go(self, observer: Observer, report_every: int) -> Path:
        """Trains to the end of the schedule, or of its patience; the best checkpoint's path."""
        total, losses = self.total_steps, []
        world, rank = self.fabric.world_size, self.fabric.global_rank
        # several processes take turns, so that together they see what one would
        stream = self.batches.stream(range(self.step * world + rank, total * world, world))
        with ctrl_c_noted() as stop, self.curves:
            for batch in stream:
                if self._out_of_patience():
                    break
                losses.append(self._take_step(batch))
                if self.step % report_every == 0:
                    observer.step_done(self.step, total, _checked_mean(losses, self.step))
                if self.step % self.epoch_steps == 0:
                    observer.epoch_done(self._end_epoch(_checked_mean(losses, self.step)))
                    losses = []
                if stop.is_set():
                    if self.fabric.is_global_zero:
                        self._save(LAST)
                    raise KeyboardInterrupt
        return self.folder / BEST

    def _take_step(self, batch: Batch) -> Tensor:
        loss = self.train_step(batch, self.step)
        self.step += 1
        self._average()
        return loss

    def _out_of_patience(self) -> bool:
        patience = self.recipe.schedule.patience
        return patience is not None and epochs_since_best(self.history) >= patience

    @torch.no_grad()
    def _average(self) -> None:
        # young averages forget faster, so that they are not held back by the random start
        decay = min(self.recipe.optim.ema, (1 + self.step) / (10 + self.step))
        own, new = self.averaged.state_dict(), self.train_step.network.module.state_dict()
        for name, value in own.items():
            if value.is_floating_point():
                value.lerp_(new[name], 1 - decay)
            else:
                value.copy_(new[name])

    def _end_epoch(self, train_loss: float) -> dict[str, float]:
        predict = _inference(self.averaged, self.fabric)
        figures = validate(predict, self._whole(self.held_out), self.loss)
        seen = validate(predict, self._whole(self.training_sample), self.loss)
        row = {
            "epoch": self.step // self.epoch_steps, "step": self.step, "train_loss": train_loss,
            **figures, **{f"{SAMPLE_PREFIX}{name}": value for name, value in seen.items()},
        }  # fmt: skip
        self.history.append(row)
        if self.fabric.is_global_zero:
            improved = figures["ciede2000"] < self.best
            self.best = min(self.best, figures["ciede2000"])
            self._save(LAST)
            if improved:
                self._save(BEST)
            self._draw(predict)
            log_to_tensorboard(row, self.folder / "tensorboard")
        self.fabric.barrier()
        return row

    def _whole(self, chosen: np.ndarray, size: int | None = None) -> Iterator[Batch]:
        """Whole pictures, as validation sees them, in batches on the device."""
        size = size or self.recipe.data.batch
        for batch in validation_batches(self.pictures, chosen, self._side, size, self.embeddings):
            yield batch.to(self.fabric.device)

    def _draw(self, predict: Callable[..., Prediction]) -> None:
        rows = "".join(json.dumps(row) + "\n" for row in self.history)
        (self.folder / "history.jsonl").write_text(rows)
        self.curves.show(self.history)
        sample = next(self._whole(self.held_out[:8], 8))
        ab = predict(*sample.inputs).ab
        draw_samples(sample.luminance, ab, sample.lab, self.folder / "samples.png")

    def _save(self, name: str) -> None:
        checkpoint = Checkpoint(
            recipe=self.recipe.model_dump(mode="json"),
            step=self.step,
            network=self.train_step.network.module.state_dict(),
            averaged=self.averaged.state_dict(),
            training=self.train_step.state_dict(),
            best=self.best,
            history=self.history,
            prior=self.prior,
        )
        save_checkpoint(checkpoint, self.folder / name)

    def _restore(self, checkpoint: Checkpoint) -> None:
        check_same_network(
            checkpoint, self.recipe.network.model_dump(mode="json"), self.folder / LAST
        )
        self.train_step.network.module.load_state_dict(checkpoint.network)
        self.averaged.load_state_dict(checkpoint.averaged)
        self.train_step.load_state_dict(checkpoint.training)
        self.step, self.best, self.history = checkpoint.step, checkpoint.best, checkpoint.history


def _sample(indices: np.ndarray, count: int) -> np.ndarray:
    """So many of the indices, always the same ones."""
    return np.sort(np.random.default_rng(0).permutation(indices)[:count])


def _inference(network: nn.Module, fabric: Fabric) -> Callable[..., Prediction]:
    @torch.no_grad()
    def predict(*inputs: Tensor) -> Prediction:
        with fabric.autocast():
            prediction: Prediction = network(*inputs)
        return map_prediction(Tensor.float, prediction)

    return predict


def _checked_mean(losses: list[Tensor], step: int) -> float:
    mean = float(torch.stack(losses).mean())
    if not math.isfinite(mean):
        raise TrainingError(
            f"the loss is not a number at step {step}; lower optim.lr or use precision 32-true"
        )
    return mean
