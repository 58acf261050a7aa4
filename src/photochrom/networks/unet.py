"""S3's U-Net: its best regression network, and the generator of its GAN and cGAN."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photochrom.networks.blocks import ConvNormReLU, Prediction, SizeRule
from photochrom.networks.planes import OutputHead, centred, with_noise


@dataclass(frozen=True)
class UNetConfig:
    """The numbers of a `UNet`.

    Attributes:
        widths: channels from full size down, one per level that has a skip.
        bottom: channels below the last of them.
        blocks: 3x3 blocks per level.
        output: "rgb" (published) or "lab".
        global_context: add the whole picture's mean feature at the bottom (S3's variation).
        noise: a plane of noise beside L, for S3's pure GAN; zeros outside training.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)
    bottom: int = 512
    blocks: int = 2
    output: str = "rgb"
    global_context: bool = False
    noise: bool = False


class UNet(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> `Prediction` at the same size.

    Ronneberger, Fischer and Brox 2015 with batch norm and same-size convolutions. Max-pool down;
    up by a 2x2 transposed convolution to the upper level's width (with a bias, as no norm follows
    it); the skip is concatenated before that level's blocks.
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: UNetConfig = UNetConfig()) -> None:
        super().__init__()
        widths, scale = config.widths, 2 ** len(config.widths)
        self.size_rule = SizeRule(minimum=scale, multiple=scale)
        self.noise = config.noise
        above = (1 + config.noise, *widths)
        below = (*widths[1:], config.bottom)
        self.downs = nn.ModuleList(
            _level(inputs, width, config.blocks)
            for inputs, width in zip(above, widths, strict=False)
        )
        self.bottom = _level(widths[-1], config.bottom, config.blocks)
        self.context = (
            nn.Linear(config.bottom, config.bottom) if config.global_context else None
        )  # fmt: skip
        self.rises = nn.ModuleList(
            nn.ConvTranspose2d(lower, width, 2, stride=2)
            for lower, width in zip(reversed(below), reversed(widths), strict=True)
        )
        self.ups = nn.ModuleList(
            _level(2 * width, width, config.blocks) for width in reversed(widths)
        )
        self.head = OutputHead(widths[0], config.output)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100, sides multiples of 16 in the published form."""
        x = centred(luminance)
        if self.noise:
            x = with_noise(x, draw=self.training)
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        if self.context is not None:
            x = x + self.context(x.mean((2, 3)))[:, :, None, None]
        for rise, up, skip in zip(self.rises, self.ups, reversed(skips), strict=True):
            x = up(torch.cat([skip, rise(x)], 1))
        prediction: Prediction = self.head(x)
        return prediction


def _level(inputs: int, width: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(
        *(ConvNormReLU(inputs if i == 0 else width, width) for i in range(blocks))
    )  # fmt: skip
