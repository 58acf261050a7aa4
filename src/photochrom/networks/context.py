"""A block in which every place of a feature map hears of all others, at a cost linear in places."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HEAD_WIDTH = 64
"""Channels of one attention head."""

FIRST_STEP = 0.01
"""What is added begins this small beside its usual start, so that a block changes next to nothing
in a network that is already trained."""


class ContextBlock(nn.Module):
    """Attention over all places, then a mix of channels, each added to what came in.

    (N, C, H, W) -> the same; C a multiple of 64. The attention is the linear one of Shen et al.
    2021, "Efficient attention: attention with linear complexities": keys, softmax over places,
    gather the picture into 64 descriptions of 64 numbers a head; queries, softmax over channels,
    read them. Time and memory grow with the places, not with their square, and the gathered
    descriptions are means, so that they do not depend on how large the picture is.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = channels // HEAD_WIDTH
        self.norm = nn.BatchNorm2d(channels)
        self.queries, self.keys, self.values = (
            nn.Conv2d(channels, channels, 1, bias=False) for _ in range(3)
        )
        self.gathered = _quiet(nn.Conv2d(channels, channels, 1))
        self.mix = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.ReLU(inplace=True),
            _quiet(nn.Conv2d(2 * channels, channels, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The same features, each place with what the others told it."""
        x = x + self.gathered(self._attend(self.norm(x)))
        mixed: Tensor = x + self.mix(x)
        return mixed

    def _attend(self, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        queries, keys, values = (
            part(x).reshape(n, self.heads, HEAD_WIDTH, height * width)
            for part in (self.queries, self.keys, self.values)
        )
        descriptions = torch.matmul(keys.softmax(-1), values.transpose(-1, -2))
        read = torch.matmul(descriptions.transpose(-1, -2), queries.softmax(-2))
        return read.reshape(n, channels, height, width)


@torch.no_grad()
def _quiet(convolution: nn.Conv2d) -> nn.Conv2d:
    convolution.weight.mul_(FIRST_STEP)
    assert convolution.bias is not None
    convolution.bias.zero_()
    return convolution
