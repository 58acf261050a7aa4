"""What the optimiser is told: which parameters, and how fast at each step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from photochrom.errors import RecipeError
from photochrom.training.config import OptimSection, Recipe


def freeze_others(network: nn.Module, only: Sequence[str]) -> None:
    """Takes the gradients from all parts of a network but some; all learn where none is named.

    Raises:
        RecipeError: a name that is no part of the network.
    """
    if not only:
        return
    parts = {name for name, _ in network.named_modules()}
    for name in only:
        if name not in parts:
            known = ", ".join(part for part in parts if part.count(".") <= 1 and part)
            raise RecipeError(f"optim.only: the network has no part {name!r}; there are {known}")
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(any(name.startswith(f"{part}.") for part in only))


def parameter_groups(network: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """The encoder at its own learning rate, the rest at the main one."""
    encoder = [p for n, p in network.named_parameters() if n.startswith("encoder.")]
    rest = [
        p for n, p in network.named_parameters() if not n.startswith("encoder.") and p.requires_grad
    ]
    groups: list[dict[str, Any]] = [{"params": rest, "base_lr": recipe.optim.lr}]
    if encoder:
        groups.append({"params": encoder, "base_lr": recipe.optim.encoder_lr})
    return groups


def build_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser over the network's parameters."""
    kind = torch.optim.AdamW if recipe.optim.name == "adamw" else torch.optim.Adam
    return kind(
        parameter_groups(network, recipe),
        betas=recipe.optim.betas,
        weight_decay=recipe.optim.weight_decay,
    )


def learning_rate_factor(step: int, total: int, optim: OptimSection) -> float:
    """A straight rise over the warm-up, then half a cosine down to zero, or no change."""
    warmup = optim.warmup_steps
    if step < warmup:
        return (step + 1) / warmup
    if optim.decay == "none":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))
