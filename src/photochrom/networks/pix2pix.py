"""The generator of Pix2Pix: a U-Net down to a single pixel at the size it was published for.

Isola et al., "Image-to-image translation with conditional adversarial networks", 2017; widths,
norms and counts are those of its public implementation.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photochrom.color import CHROMA_SCALE
from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction, SizeRule
from photochrom.networks.planes import centred, output_channels, rgb_prediction, with_noise

WIDEST = 8
"""No level is wider than this many times the first."""

LEAK = 0.2
"""Slope of every LeakyReLU below zero."""


@dataclass(frozen=True)
class Pix2PixConfig:
    """The numbers of a `Pix2PixUNet`.

    Attributes:
        levels: halvings: 7 is U-Net-128, 8 is U-Net-256.
        width: channels of the first; each further level has twice as many, up to eight times.
        dropout: share of features dropped where the decoder stays at its widest.
        output: "lab" or "rgb".
        noise: a plane of noise beside L, for S3's pure GAN; zeros outside training.
    """

    levels: int = 7
    width: int = 64
    dropout: float = 0.5
    output: str = "lab"
    noise: bool = False


class Pix2PixUNet(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> `Prediction` at the same size.

    4x4 convolutions of stride 2 behind LeakyReLU, transposed ones behind ReLU, batch norm after
    all but the first, the innermost and the last, concatenated skips, no biases but in the last
    layer. The closing tanh is ab / 110 for "lab" (so |ab| < 110, which holds all of sRGB) and
    2 rgb - 1 for "rgb".

    Dropout and noise act in training mode alone. The paper leaves dropout on at use, as its only
    noise, and reports little variety from it; here the same picture gets the same colours.
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: Pix2PixConfig = Pix2PixConfig()) -> None:
        super().__init__()
        if config.levels < 2:
            raise OptionError(f"levels is {config.levels}; it must be at least 2")
        self.size_rule = SizeRule(minimum=2**config.levels, multiple=2**config.levels)
        self.space, self.noise = config.output, config.noise
        outputs = output_channels(config.output)
        widths = [config.width * min(2**i, WIDEST) for i in range(config.levels)]
        last = config.levels - 1
        self.downs = nn.ModuleList([_convolution(1 + config.noise, widths[0])])
        self.ups = nn.ModuleList()
        for level in range(1, config.levels):
            above, here = widths[level - 1], widths[level]
            self.downs.append(_down(above, here, normalise=level < last))
            widest = WIDEST * config.width == above and level < last
            self.ups.insert(
                0, _up(here if level == last else 2 * here, above, config.dropout * widest)
            )
        self.close = nn.Sequential(
            nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], outputs, 4, 2, 1), nn.Tanh()
        )
        self.apply(start_weights)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100, sides multiples of 2^levels."""
        x = centred(luminance)
        if self.noise:
            x = with_noise(x, draw=self.training)
        features = []
        for down in self.downs:
            x = down(x)
            features.append(x)
        *skips, x = features
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            x = torch.cat([skip, up(x)], 1)
        values: Tensor = self.close(x)
        if self.space == "rgb":
            return rgb_prediction((values.float() + 1) / 2)
        return Prediction(values * CHROMA_SCALE)


def start_weights(module: nn.Module) -> None:
    """Gives one layer its start before adversarial training: N(0, 0.02), norms N(1, 0.02)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)


def _down(inputs: int, outputs: int, *, normalise: bool) -> nn.Sequential:
    # not in place: what it reads is also the skip
    layers: list[nn.Module] = [nn.LeakyReLU(LEAK), _convolution(inputs, outputs)]
    if normalise:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers)


def _up(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.ReLU(),
        nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)
