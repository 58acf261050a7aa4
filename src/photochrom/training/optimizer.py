"""What the optimiser is told: which parameters, and how fast at each step."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from photochrom.training.config import Recipe


def parameter_groups(network: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """The encoder at its own learning rate, the rest at the main one."""
    encoder = [p for n, p in network.named_parameters() if n.startswith("encoder.")]
    rest = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    groups: list[dict[str, Any]] = [{"params": rest, "base_lr": recipe.optim.lr}]
    if encoder:
        groups.append({"params": encoder, "base_lr": recipe.optim.encoder_lr})
    return groups


def learning_rate_factor(step: int, total: int, warmup: int) -> float:
    """A straight rise over the warm-up, then half a cosine down to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))
