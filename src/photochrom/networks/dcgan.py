"""DCGAN conditioned on luminance, S5's named next step: a generator and its discriminator.

Source: Radford, Metz and Chintala 2015, with L in place of the noise vector. Four levels each:
1024, 512, 256, 128 channels and back, weights drawn from N(0, 0.02).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photochrom.color import CHROMA_SCALE
from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction, SizeRule
from photochrom.networks.ladder import Ladder, halvings
from photochrom.networks.pix2pix import LEAK, start_weights
from photochrom.networks.planes import centred

SCORED_SIDE = 4
"""Pixels, at the lowest level, that one score of the discriminator sees."""


@dataclass(frozen=True)
class DCGANConfig:
    """The numbers of a `DCGANGenerator`.

    Attributes:
        widths: channels at strides 2, 4, 8 and 16.
        skips: join the levels of the way down to those of the way up, as S5's own network does.
            Without them it is DCGAN's generator to the letter, and chroma knows edges only to 16
            pixels.
    """

    widths: tuple[int, ...] = (128, 256, 512, 1024)
    skips: bool = True


@dataclass(frozen=True)
class DCGANDiscriminatorConfig:
    """The numbers of a `DCGANDiscriminator`.

    Attributes:
        widths: channels at strides 2, 4, 8 and 16.
        conditional: judge ab together with L, or ab alone.
    """

    widths: tuple[int, ...] = (128, 256, 512, 1024)
    conditional: bool = True


class DCGANGenerator(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> ab (N, 2, H, W), -110..110.

    DCGAN's four transposed 4 x 4 layers (batch norm and ReLU, tanh at the end) start from noise;
    here they start from what four layers like the discriminator's read in L.
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: DCGANConfig = DCGANConfig()) -> None:
        super().__init__()
        _check(config.widths)
        factor = 2 ** len(config.widths)
        self.size_rule = SizeRule(minimum=factor, multiple=factor)
        downs = halvings(1, config.widths, slope=LEAK, norm_first=False)
        self.ladder = Ladder(downs, config.widths, 2, skips=config.skips)
        self.apply(start_weights)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100 at its own size."""
        return Prediction(self.ladder(centred(luminance)).float().tanh() * CHROMA_SCALE)


class DCGANDiscriminator(nn.Module):
    """How real colours look: a score for each 64 x 64 window, a logit (above 0 for real).

    Four 4 x 4 convolutions of stride 2 (batch norm but after the first, leaky ReLU 0.2), then one
    4 x 4 without padding to a score: one for 64 x 64 pixels, a map for more.
    """

    def __init__(self, config: DCGANDiscriminatorConfig = DCGANDiscriminatorConfig()) -> None:
        super().__init__()
        _check(config.widths)
        self.conditional = config.conditional
        self.minimum = SCORED_SIDE * 2 ** len(config.widths)
        inputs = 3 if config.conditional else 2
        self.levels = halvings(inputs, config.widths, slope=LEAK, norm_first=False)
        self.score = nn.Conv2d(config.widths[-1], 1, SCORED_SIDE)
        self.apply(start_weights)

    def forward(self, luminance: Tensor, ab: Tensor) -> Tensor:
        """Scores (N, 1, H/16 - 3, W/16 - 3) of colours.

        Args:
            luminance: (N, 1, H, W) 0..100; not looked at where the discriminator is unconditional.
            ab: (N, 2, H, W) CIELAB units.
        """
        if min(ab.shape[-2:]) < self.minimum:
            height, width = ab.shape[-2:]
            raise OptionError(
                f"colours of {height} x {width} pixels; a score needs {self.minimum} a side"
            )
        x = ab / CHROMA_SCALE
        if self.conditional:
            x = torch.cat([centred(luminance), x], 1)
        for level in self.levels:
            x = level(x)
        scores: Tensor = self.score(x)
        return scores


def _check(widths: tuple[int, ...]) -> None:
    if not widths:
        raise OptionError("widths is empty; at least one is needed")
