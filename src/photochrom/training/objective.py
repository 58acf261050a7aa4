"""What a run minimises: the recipe's losses, with what they need to know of the data."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from photochrom.data.decoded import DecodedPictures
from photochrom.data.prior import colour_prior
from photochrom.losses import WeightedLoss
from photochrom.palette import palette_by_name, rebalancing_weights
from photochrom.training.config import Recipe


def prior_and_loss(
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
