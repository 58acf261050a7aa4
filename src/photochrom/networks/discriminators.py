"""Judges of colour for adversarial training: no colorizers, so not in the table of networks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photochrom.color import CHROMA_SCALE
from photochrom.errors import OptionError
from photochrom.networks.pix2pix import LEAK, WIDEST, start_weights
from photochrom.networks.planes import centred


@dataclass(frozen=True)
class PatchGANConfig:
    """The numbers of a `PatchGAN`.

    Attributes:
        width: channels of the first layer; each further one has twice as many, up to eight times.
        halvings: layers of stride 2: 3 judges patches of 70 x 70 pixels, 2 of 34, 1 of 16.
        conditional: see L beside the colour (cGAN), not colour alone (GAN).
    """

    width: int = 64
    halvings: int = 3
    conditional: bool = True


class PatchGAN(nn.Module):
    """How real each patch looks: L (N, 1, H, W), ab (N, 2, H, W) -> logits (N, 1, h, w).

    4x4 convolutions, stride 2 and then twice stride 1, batch norm in all but the first and last
    (which alone have biases), LeakyReLU. Fully convolutional: any size of at least 3 x 2^halvings
    (24 for the published 70 x 70), where it gives a single logit. The sigmoid is the loss's, if
    it wants one; the least-squares loss takes the values as they are. Isola et al. 2017.
    """

    def __init__(self, config: PatchGANConfig = PatchGANConfig()) -> None:
        super().__init__()
        if config.halvings < 1:
            raise OptionError(f"halvings is {config.halvings}; it must be at least 1")
        self.conditional = config.conditional
        widths = [config.width * min(2**i, WIDEST) for i in range(config.halvings + 1)]
        layers: list[nn.Module] = [
            nn.Conv2d(3 if config.conditional else 2, widths[0], 4, 2, 1),
            nn.LeakyReLU(LEAK, inplace=True),
        ]
        for index in range(1, len(widths)):
            stride = 2 if index < config.halvings else 1
            layers += [
                nn.Conv2d(widths[index - 1], widths[index], 4, stride, 1, bias=False),
                nn.BatchNorm2d(widths[index]),
                nn.LeakyReLU(LEAK, inplace=True),
            ]
        layers.append(nn.Conv2d(widths[-1], 1, 4, 1, 1))
        self.body = nn.Sequential(*layers)
        self.apply(start_weights)

    def forward(self, luminance: Tensor, ab: Tensor) -> Tensor:
        """One logit per patch, positive for real.

        Args:
            luminance: (N, 1, H, W), 0..100; not looked at without `conditional`.
            ab: (N, 2, H, W), CIELAB units, real or a generator's.
        """
        colour = ab / CHROMA_SCALE
        seen = torch.cat([centred(luminance), colour], 1) if self.conditional else colour
        logits: Tensor = self.body(seen)
        return logits


def receptive_field(discriminator: PatchGAN) -> int:
    """The side, in pixels, of the patch that one logit judges."""
    side = 1
    for layer in reversed(list(discriminator.body)):
        if isinstance(layer, nn.Conv2d):
            side = (side - 1) * layer.stride[0] + layer.kernel_size[0]
    return side
