"""Layers with several sets of weights, mixed for each picture by what it shows.

A flower, a street and a face want other colours from the same textures. So a layer may have a set
of weights for each kind of picture, an expert, and convolve with their mean, weighted by a gate
that has seen the whole picture (Yang et al. 2019, "CondConv: Conditionally Parameterized
Convolutions"). One picture costs what it costs with one set of weights.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ExpertConv(nn.Module):
    """A convolution (N, C, H, W) -> (N, D, H, W) with weights mixed for each picture.

    The sets of weights are kept flat, (experts, D * C * k * k), so that a model file holds them as
    they are here.

    Args:
        inputs: channels C.
        outputs: channels D.
        kernel: k, height and width of the window, odd; the picture keeps its size.
        experts: sets of weights.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, experts: int) -> None:
        super().__init__()
        self.shape = (outputs, inputs, kernel, kernel)
        first = nn.Conv2d(inputs, outputs, kernel)
        self.weight = nn.Parameter(first.weight.detach().flatten().repeat(experts, 1))
        self.bias = nn.Parameter(first.bias.detach().repeat(experts, 1))  # type: ignore[union-attr]

    def forward(self, x: Tensor, shares: Tensor) -> Tensor:
        """The convolution of each picture with the mean of the weights by its shares (N, K)."""
        weights, biases = shares @ self.weight, shares @ self.bias
        padding = self.shape[-1] // 2
        if len(x) == 1:
            return F.conv2d(x, weights.view(self.shape), biases[0], padding=padding)
        pictures = [
            F.conv2d(one[None], weight.view(self.shape), bias, padding=padding)
            for one, weight, bias in zip(x, weights, biases, strict=True)
        ]
        return torch.cat(pictures)


class Gate(nn.Linear):
    """How much each expert counts for a picture: features (N, C) -> shares (N, K), of sum 1."""

    def forward(self, features: Tensor) -> Tensor:
        """The shares of the experts."""
        return super().forward(features).softmax(1)
