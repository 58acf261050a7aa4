"""The default colorizer: an EfficientNet-Lite encoder and a light U-Net decoder to stride 4."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photochrom.color import TYPICAL_CHROMA
from photochrom.errors import OptionError
from photochrom.networks.blocks import ConvNormReLU, Prediction, SizeRule
from photochrom.networks.context import HEAD_WIDTH, ContextBlock
from photochrom.networks.efficientnet_lite import EfficientNetLiteEncoder
from photochrom.networks.experts import ExpertConv, Gate
from photochrom.palette import palette_by_name


@dataclass(frozen=True)
class LiteUNetConfig:
    """The numbers of a `LiteUNet`.

    Attributes:
        encoder: "lite0", "lite1" or "lite2".
        widths: channels of the decoder at strides 32, 16, 8 and 4.
        palette: the classes of the distribution head, or None for regression alone.
        context: context blocks at strides 32 and 16, in which each place hears of all others.
        experts: sets of weights of the decoder's two finest scales and of the heads; with more
            than one, a gate mixes them for each picture.
        pretrained: start the encoder from the packaged ImageNet weights.
    """

    encoder: str = "lite0"
    widths: tuple[int, int, int, int] = (384, 256, 160, 80)
    palette: str | None = "gamut-10"
    context: tuple[int, int] = (0, 0)
    experts: int = 1
    pretrained: bool = True

    def __post_init__(self) -> None:
        if self.experts < 1:
            raise OptionError(f"experts is {self.experts}; it must be at least 1")
        for width, blocks in zip(self.widths, self.context, strict=False):
            if blocks and width % HEAD_WIDTH:
                raise OptionError(
                    f"context blocks need a width that {HEAD_WIDTH} divides; it is {width}"
                )


class LiteUNet(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> ab (N, 2, H/4, W/4), CIELAB units.

    The decoder takes the encoder's features from coarse to fine, one dense 3 x 3 convolution a
    scale (measured: faster to train on CPUs than depthwise pairs). The picture's mean feature is
    added at the coarsest scale, so that every place knows the whole scene; context blocks, where
    there are any, tell it more, and experts, where there are several, are chosen by it. Two heads
    read the finest scale: a regression of ab and, with a palette, logits over its classes.
    """

    stride = 4
    grows = ("context.",)

    def __init__(self, config: LiteUNetConfig = LiteUNetConfig()) -> None:
        super().__init__()
        self.config = config
        self.size_rule = SizeRule(minimum=32, multiple=32)
        self.palette = config.palette
        self.encoder = EfficientNetLiteEncoder(config.encoder)
        if config.pretrained:
            self.encoder.load_imagenet()
        _, *skips, deepest = self.encoder.channels
        coarsest, *finer = config.widths
        self.one_picture = config.experts > 1
        self.gate = Gate(deepest, config.experts) if self.one_picture else None
        self.bottom = ConvNormReLU(deepest, coarsest)
        self.scene = nn.Linear(deepest, coarsest)
        sizes = list(zip(config.widths, reversed(skips), finer, strict=False))
        self.ups = nn.ModuleList(
            ExpertConv(below + skip, width, 3, config.experts)
            if self.one_picture and scale > 0
            else ConvNormReLU(below + skip, width)
            for scale, (below, skip, width) in enumerate(sizes)
        )
        self.context = nn.ModuleList(
            nn.Sequential(*(ContextBlock(width) for _ in range(blocks)))
            for width, blocks in zip(config.widths, config.context, strict=False)
        )
        self.to_ab = self._head(finer[-1], 2, config.experts)
        self.to_logits = (
            self._head(finer[-1], len(palette_by_name(config.palette)), config.experts)
            if config.palette
            else None
        )

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100 at a quarter of its size."""
        return self.decode(self.encoder(luminance))

    def decode(self, features: list[Tensor]) -> Prediction:
        """The chroma from the encoder's five feature maps."""
        _, *skips, deepest = features
        mean = deepest.mean((2, 3))
        shares = () if self.gate is None else (self.gate(mean),)
        x = self.bottom(deepest) + self.scene(mean)[:, :, None, None]
        at_32, at_16 = self.context
        x = at_32(x)
        for scale, (up, skip) in enumerate(zip(self.ups, reversed(skips), strict=True)):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = torch.cat([x, skip], 1)
            x = F.relu(up(x, *shares)) if isinstance(up, ExpertConv) else up(x)
            if scale == 0:
                x = at_16(x)
        ab = self.to_ab(x, *shares) * TYPICAL_CHROMA
        return Prediction(ab, None if self.to_logits is None else self.to_logits(x, *shares))

    @staticmethod
    def _head(inputs: int, outputs: int, experts: int) -> nn.Module:
        if experts > 1:
            return ExpertConv(inputs, outputs, 1, experts)
        return nn.Conv2d(inputs, outputs, 1)
