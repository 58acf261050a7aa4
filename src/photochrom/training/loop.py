"""The training loop: a recipe and pictures in, a run folder with checkpoints and curves out."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn

from photochrom.atomic import make_folder
from photochrom.data.batches import Batch, BatchOptions, TrainingBatches, split, validation_batches
from photochrom.data.decoded import DecodedPictures
from photochrom.data.prior import colour_prior
from photochrom.errors import DataError, TrainingError
from photochrom.losses import WeightedLoss
from photochrom.networks.blocks import (
    Prediction,
    freeze,
    map_prediction,
    to_channels_last,
)
from photochrom.networks.registry import build_network
from photochrom.palette import palette_by_name, rebalancing_weights
from photochrom.training.checkpoint import (
    Checkpoint,
    check_same_network,
    load_checkpoint,
    save_checkpoint,
)
from photochrom.training.config import Recipe
from photochrom.training.curves import draw_curves, draw_samples, log_to_tensorboard
from photochrom.training.optimizer import build_optimizer, learning_rate_factor
from photochrom.training.stopping import ctrl_c_noted
from photochrom.training.validation import picture_at, validate

LAST, BEST = "last.ckpt", "best.ckpt"


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
    """

    accelerator: str = "auto"
    devices: int = 1
    report_every: int = 10


def train(
    recipe: Recipe, pictures: DecodedPictures, folder: Path, observer: Observer,
    options: RunOptions = RunOptions(),
) -> Path:  # fmt: skip
    """Trains a recipe, or goes on where the folder's last checkpoint stopped.

    Args:
        recipe: what to train.
        pictures: decoded pictures; a share of them is held out.
        folder: gets last.ckpt, best.ckpt, history.jsonl, curves.png, samples.png, tensorboard/.
        observer: hears of steps and epochs.
        options: device and reporting.

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
    return _Run(recipe, pictures, folder, fabric).go(observer, options.report_every)


class _Run:
    """One run's state: the network, its averaged twin, the optimiser and the step they are at."""

    def __init__(
        self, recipe: Recipe, pictures: DecodedPictures, folder: Path, fabric: Fabric
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.folder, self.fabric = recipe, folder, fabric
        network = build_network(recipe.network.name, recipe.network.options)
        self.averaged = to_channels_last(copy.deepcopy(network)).to(fabric.device)
        freeze(self.averaged)
        optimizer = build_optimizer(network, recipe)
        self.network, self.optimizer = fabric.setup(to_channels_last(network), optimizer)
        training, self.held_out = split(pictures, recipe.data.validation)
        if not len(training) or not len(self.held_out):
            raise DataError(
                f"{len(pictures)} pictures leave {len(training)} to train on and "
                f"{len(self.held_out)} to validate with; give more, or set data.validation"
            )
        self.pictures = pictures
        self.batches = TrainingBatches(
            pictures,
            training,
            BatchOptions(
                recipe.data.crop,
                recipe.data.batch,
                recipe.data.weights,
                recipe.augmentation.build(),
                recipe.seed,
            ),
        )
        self.prior, self.loss = _prior_and_loss(network, recipe, pictures, training)
        one_pass = len(training) // (recipe.data.batch * fabric.world_size)
        self.epoch_steps = recipe.schedule.steps_per_epoch or max(1, one_pass)
        self.total_steps = recipe.schedule.epochs * self.epoch_steps
        self.step, self.best = 0, math.inf
        self.history: list[dict[str, float]] = []
        if (folder / LAST).exists():
            self._restore(load_checkpoint(folder / LAST))

    def go(self, observer: Observer, report_every: int) -> Path:
        """Trains to the end of the schedule; the best checkpoint's path."""
        total, losses = self.total_steps, []
        world, rank = self.fabric.world_size, self.fabric.global_rank
        # several processes take turns, so that together they see what one would
        stream = self.batches.stream(range(self.step * world + rank, total * world, world))
        with ctrl_c_noted() as stop:
            for batch in stream:
                losses.append(self._train_step(batch))
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

    def _train_step(self, batch: Batch) -> Tensor:
        recipe, module = self.recipe, self.network.module
        share = self.step / self.total_steps
        module.train()
        if hasattr(module, "encoder"):
            # its ImageNet statistics came from a thousand times more pictures than a batch
            module.encoder.eval()
            frozen = share < recipe.optim.freeze_encoder
            module.encoder.train_from(7 if frozen else recipe.optim.train_encoder_from)
        factor = learning_rate_factor(self.step, self.total_steps, recipe.optim)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        batch = batch.to(self.fabric.device)
        prediction = self.network(batch.luminance.contiguous(memory_format=torch.channels_last))
        truth = picture_at(batch.lab, *prediction.ab.shape[-2:])
        loss, _ = self.loss(map_prediction(Tensor.float, prediction), truth)
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.fabric.clip_gradients(
            self.network, self.optimizer, max_norm=recipe.optim.clip_norm, error_if_nonfinite=False
        )
        self.optimizer.step()
        self.step += 1
        self._average()
        return loss.detach()

    @torch.no_grad()
    def _average(self) -> None:
        # young averages forget faster, so that they are not held back by the random start
        decay = min(self.recipe.optim.ema, (1 + self.step) / (10 + self.step))
        own, new = self.averaged.state_dict(), self.network.module.state_dict()
        for name, value in own.items():
            if value.is_floating_point():
                value.lerp_(new[name], 1 - decay)
            else:
                value.copy_(new[name])

    def _end_epoch(self, train_loss: float) -> dict[str, float]:
        data = self.recipe.data
        predict = _inference(self.averaged, self.fabric)
        batches = validation_batches(self.pictures, self.held_out, data.crop, data.batch)
        figures = validate(predict, (b.to(self.fabric.device) for b in batches), self.loss)
        epoch = self.step // self.epoch_steps
        row = {"epoch": epoch, "step": self.step, "train_loss": train_loss, **figures}
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

    def _draw(self, predict: Callable[[Tensor], Prediction]) -> None:
        rows = "".join(json.dumps(row) + "\n" for row in self.history)
        (self.folder / "history.jsonl").write_text(rows)
        draw_curves(self.history, self.folder / "curves.png")
        sample = next(
            validation_batches(self.pictures, self.held_out[:8], self.recipe.data.crop, 8)
        ).to(self.fabric.device)
        ab = predict(sample.luminance).ab
        draw_samples(sample.luminance, ab, sample.lab, self.folder / "samples.png")

    def _save(self, name: str) -> None:
        checkpoint = Checkpoint(
            recipe=self.recipe.model_dump(mode="json"),
            step=self.step,
            network=self.network.module.state_dict(),
            averaged=self.averaged.state_dict(),
            optimizer=self.optimizer.state_dict(),
            best=self.best,
            history=self.history,
            prior=self.prior,
        )
        save_checkpoint(checkpoint, self.folder / name)

    def _restore(self, checkpoint: Checkpoint) -> None:
        check_same_network(
            checkpoint, self.recipe.network.model_dump(mode="json"), self.folder / LAST
        )
        self.network.module.load_state_dict(checkpoint.network)
        self.averaged.load_state_dict(checkpoint.averaged)
        base = [group["base_lr"] for group in self.optimizer.param_groups]
        self.optimizer.load_state_dict(checkpoint.optimizer)
        for group, lr in zip(self.optimizer.param_groups, base, strict=True):
            group["base_lr"] = lr  # the recipe's, which may have changed since
        self.step, self.best, self.history = checkpoint.step, checkpoint.best, checkpoint.history


def _prior_and_loss(
    network: nn.Module, recipe: Recipe, pictures: DecodedPictures, training: np.ndarray
) -> tuple[list[float] | None, WeightedLoss]:
    """The data's colour prior, where the network has a palette, and what is minimised."""
    palette: str | None = getattr(network, "palette", None)
    prior, class_weights = None, None
    if palette is not None:
        prior = colour_prior(pictures, training, palette_by_name(palette))
        if recipe.rebalancing is not None:
            weights = rebalancing_weights(prior, mix=recipe.rebalancing)
            class_weights = torch.from_numpy(weights)
    loss = WeightedLoss(
        recipe.loss, options=recipe.loss_options, palette=palette, class_weights=class_weights
    )
    return None if prior is None else prior.tolist(), loss


def _inference(network: nn.Module, fabric: Fabric) -> Callable[[Tensor], Prediction]:
    @torch.no_grad()
    def predict(luminance: Tensor) -> Prediction:
        with fabric.autocast():
            prediction: Prediction = network(luminance)
        return map_prediction(Tensor.float, prediction)

    return predict


def _checked_mean(losses: list[Tensor], step: int) -> float:
    mean = float(torch.stack(losses).mean())
    if not math.isfinite(mean):
        raise TrainingError(
            f"the loss is not a number at step {step}; lower optim.lr or use precision 32-true"
        )
    return mean
