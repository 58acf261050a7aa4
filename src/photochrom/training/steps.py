"""One step of training: a batch in, better weights and its losses out.

`PlainStep` minimises the recipe's losses. `AdversarialStep` adds a discriminator that learns
beside the network and judges its colours: with an L1 term that is Pix2Pix (Isola et al. 2017),
without one a conditional or unconditional GAN.
"""

from __future__ import annotations

from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule as FabricModule
from torch import Tensor, nn

from photochrom.data.batches import Batch
from photochrom.losses import (
    WeightedLoss,
    cross_entropy_adversarial,
    least_squares_adversarial,
)
from photochrom.networks.blocks import Prediction, map_prediction, to_channels_last
from photochrom.training.config import AdversarialSection, Recipe
from photochrom.training.optimizer import build_optimizer, freeze_others, learning_rate_factor
from photochrom.training.validation import picture_at

ADVERSARIAL_LOSSES = {
    "least_squares": least_squares_adversarial,
    "cross_entropy": cross_entropy_adversarial,
}


class PlainStep:
    """A step down the gradient of the recipe's losses.

    Args:
        network: a `ColorizingNetwork` that is an nn.Module.
        recipe: what is trained, and how.
        loss: what is minimised.
        total: steps of the whole run, for the learning rate's course.
        fabric: where to compute.
    """

    def __init__(
        self, network: nn.Module, recipe: Recipe, loss: WeightedLoss, total: int, fabric: Fabric
    ) -> None:
        self.recipe, self.loss, self.total, self.fabric = recipe, loss, total, fabric
        freeze_others(network, recipe.optim.only)
        optimizer = build_optimizer(network, recipe)
        self.network, self.optimizer = fabric.setup(to_channels_last(network), optimizer)

    def __call__(self, batch: Batch, step: int) -> Tensor:
        """Takes step number `step`; the loss it minimised, detached."""
        self._prepare(step)
        prediction, truth = self._predict(batch)
        loss, _ = self.loss(prediction, truth)
        self._descend(self.network, self.optimizer, loss)
        return loss.detach()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps beside the network's weights."""
        return {"optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave; learning rates stay the recipe's."""
        _load_optimizer(self.optimizer, state["optimizer"])

    def _prepare(self, step: int) -> None:
        """Modes, frozen parts, learning rate and chance, all of them functions of the step."""
        optim, module = self.recipe.optim, self.network.module
        module.train()
        if optim.freeze_norms:
            for part in module.modules():
                if isinstance(part, nn.BatchNorm2d):
                    part.eval()
        if hasattr(module, "encoder") and hasattr(module.encoder, "train_from"):
            # its ImageNet statistics came from a thousand times more pictures than a batch
            module.encoder.eval()
            frozen = step / self.total < optim.freeze_encoder
            module.encoder.train_from(
                7 if frozen else optim.train_encoder_from, depthwise=optim.train_depthwise
            )
        _set_rates(self.optimizer, learning_rate_factor(step, self.total, optim))
        # dropout and noise of a resumed run are those of an uninterrupted one
        torch.manual_seed(hash((self.recipe.seed, step, self.fabric.global_rank)))

    def _predict(self, batch: Batch) -> tuple[Prediction, Tensor]:
        """What the network makes of a batch, and the true picture (N, 3, h, w) at that size."""
        batch = batch.to(self.fabric.device)
        prediction = map_prediction(Tensor.float, self.network(*batch.inputs))
        return prediction, picture_at(batch.lab, *prediction.ab.shape[-2:])

    def _descend(
        self, network: FabricModule, optimizer: torch.optim.Optimizer, loss: Tensor
    ) -> None:
        optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        limit = self.recipe.optim.clip_norm
        self.fabric.clip_gradients(network, optimizer, max_norm=limit, error_if_nonfinite=False)
        optimizer.step()


class AdversarialStep(PlainStep):
    """A step of the discriminator, then one of the network against it.

    The discriminator sees true and predicted chroma with the true luminance, at the network's
    output size; its loss is halved, as in the published Pix2Pix. The network minimises the
    recipe's losses plus `adversarial.weight` times how far the discriminator is from taking its
    colours for real ones. Until `adversarial.start` of all steps, steps are plain ones.
    """

    def __init__(
        self, network: nn.Module, recipe: Recipe, loss: WeightedLoss, total: int, fabric: Fabric
    ) -> None:
        super().__init__(network, recipe, loss, total, fabric)
        assert recipe.adversarial is not None
        self.section: AdversarialSection = recipe.adversarial
        self.criterion = ADVERSARIAL_LOSSES[self.section.loss]
        judge = to_channels_last(self.section.build())
        optimizer = torch.optim.Adam(
            [{"params": list(judge.parameters()), "base_lr": self.section.lr}],
            lr=self.section.lr,
            betas=recipe.optim.betas,
        )
        self.judge, self.judge_optimizer = fabric.setup(judge, optimizer)

    def __call__(self, batch: Batch, step: int) -> Tensor:
        """Takes step number `step`; the network's whole loss, detached."""
        if step / self.total < self.section.start:
            return super().__call__(batch, step)
        self._prepare(step)
        _set_rates(self.judge_optimizer, learning_rate_factor(step, self.total, self.recipe.optim))
        prediction, truth = self._predict(batch)
        self._teach_judge(prediction.ab.detach(), truth)
        loss, _ = self.loss(prediction, truth)
        self.judge.requires_grad_(False)
        judged = self.judge(truth[:, :1], prediction.ab).float()
        loss = loss + self.section.weight * self.criterion(judged, real=True)
        self._descend(self.network, self.optimizer, loss)
        return loss.detach()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps beside the network's weights."""
        return super().state_dict() | {
            "judge": self.judge.module.state_dict(),
            "judge_optimizer": self.judge_optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave; a plain run's checkpoint brings no discriminator."""
        super().load_state_dict(state)
        if "judge" in state:
            self.judge.module.load_state_dict(state["judge"])
            _load_optimizer(self.judge_optimizer, state["judge_optimizer"])

    def _teach_judge(self, predicted: Tensor, truth: Tensor) -> None:
        self.judge.requires_grad_(True)
        luminance, ab = truth[:, :1], truth[:, 1:]
        real = self.criterion(self.judge(luminance, ab).float(), real=True)
        made = self.criterion(self.judge(luminance, predicted).float(), real=False)
        self._descend(self.judge, self.judge_optimizer, 0.5 * (real + made))


def build_step(
    network: nn.Module, recipe: Recipe, loss: WeightedLoss, total: int, fabric: Fabric
) -> PlainStep:
    """The kind of step that a recipe asks for."""
    kind = PlainStep if recipe.adversarial is None else AdversarialStep
    return kind(network, recipe, loss, total, fabric)


def _set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor


def _load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    base = [group["base_lr"] for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    for group, lr in zip(optimizer.param_groups, base, strict=True):
        group["base_lr"] = lr  # the recipe's, which may have changed since
