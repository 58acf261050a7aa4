"""Down by halvings and up again by doublings: what S5's encoder-decoder and DCGAN's have in common.

Every layer is 4 x 4 with stride 2, so that each output pixel sees whole pairs of input pixels.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn


class Ladder(nn.Module):
    """n halvings and as many doublings back: (N, C, H, W) -> (N, outputs, H, W).

    Args:
        downs: the halvings, see `halvings`.
        widths: their channels, at strides 2, 4, 8 and so on; the way up has them in reverse.
        outputs: channels of what comes out, at the input's size.
        skips: give each doubling but the first the output of the halving at its own size as well.

    The last doubling is bare: neither norm nor activation.
    """

    def __init__(
        self, downs: nn.ModuleList, widths: tuple[int, ...], outputs: int, *, skips: bool = True
    ) -> None:
        super().__init__()
        self.skips = skips
        self.downs = downs
        self.ups = nn.ModuleList()
        back = (*reversed(widths), outputs)
        for index, (below, width) in enumerate(itertools.pairwise(back)):
            taken = below * 2 if skips and index else below
            last = index == len(widths) - 1
            # a bias would mean nothing in front of a norm
            layers: list[nn.Module] = [nn.ConvTranspose2d(taken, width, 4, 2, 1, bias=last)]
            if not last:
                layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            self.ups.append(nn.Sequential(*layers))

    def forward(self, x: Tensor) -> Tensor:
        """What the way down and up makes of (N, C, H, W), H and W multiples of 2^n."""
        features = []
        for down in self.downs:
            x = down(x)
            features.append(x)
        features.pop()  # the lowest is where the way up begins
        for index, up in enumerate(self.ups):
            x = up(torch.cat([x, features.pop()], 1) if self.skips and index else x)
        return x


def halvings(
    inputs: int, widths: tuple[int, ...], *, slope: float = 0.0, norm_first: bool = True
) -> nn.ModuleList:
    """Layers of convolution, batch norm and ReLU, each halving both sides.

    Args:
        inputs: channels of what comes in.
        widths: channels of each layer.
        slope: of the activation below zero.
        norm_first: batch norm after the first layer too.
    """
    layers = nn.ModuleList()
    for index, width in enumerate(widths):
        normed = norm_first or index > 0
        convolution = nn.Conv2d(inputs, width, 4, 2, 1, bias=not normed)
        norm = [nn.BatchNorm2d(width)] if normed else []
        active = nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)
        layers.append(nn.Sequential(convolution, *norm, active))
        inputs = width
    return layers
