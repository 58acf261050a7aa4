"""S3's DenseNet: dense blocks at full, half and quarter size, mirrored, with concatenated skips."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photochrom.networks.blocks import Prediction, SizeRule
from photochrom.networks.planes import OutputHead, centred


@dataclass(frozen=True)
class DenseNetConfig:
    """The numbers of a `DenseNet`.

    Attributes:
        stem: channels of the first convolution.
        blocks: dense blocks on the way down; one less on the way up.
        layers: layers per dense block.
        growth: channels each layer adds.
        bottleneck: channels between a layer's 1x1 and 3x3 convolutions.
        output: "rgb" (published) or "lab".
    """

    stem: int = 64
    blocks: int = 3
    layers: int = 6
    growth: int = 32
    bottleneck: int = 128
    output: str = "rgb"


class DenseNet(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> `Prediction` at the same size.

    A transition is batch norm, ReLU and a 1x1 convolution to half the channels: with a 2x2 mean
    on the way down, and, our reading of "mirrored", with nearest x2 on the way up, where the
    mating block's output is then concatenated. In the published form the dense blocks give 256, 320
    and 352 channels on the way down, 688 and 792 on the way up. Huang et al. 2017 (DenseNet-BC).
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: DenseNetConfig = DenseNetConfig()) -> None:
        super().__init__()
        scale = 2 ** (config.blocks - 1)
        self.size_rule = SizeRule(minimum=scale, multiple=scale)
        self.stem = nn.Conv2d(1, config.stem, 3, padding=1, bias=False)
        self.down_blocks, self.down_transitions = nn.ModuleList(), nn.ModuleList()
        self.up_transitions, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        channels, widths = config.stem, []
        for index in range(config.blocks):
            self.down_blocks.append(_dense_block(channels, config))
            channels += config.layers * config.growth
            if index < config.blocks - 1:
                widths.append(channels)
                self.down_transitions.append(_transition(channels))
                channels //= 2
        for skip in reversed(widths):
            self.up_transitions.append(_transition(channels))
            channels = channels // 2 + skip
            self.up_blocks.append(_dense_block(channels, config))
            channels += config.layers * config.growth
        self.close = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
        self.head = OutputHead(channels, config.output)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100, sides multiples of 4 in the published form."""
        *upper, bottom = self.down_blocks
        x, skips = self.stem(centred(luminance)), []
        for block, transition in zip(upper, self.down_transitions, strict=True):
            x = block(x)
            skips.append(x)
            x = F.avg_pool2d(transition(x), 2)
        x = bottom(x)
        pairs = zip(self.up_transitions, self.up_blocks, reversed(skips), strict=True)
        for transition, block, skip in pairs:
            risen = F.interpolate(transition(x), scale_factor=2.0, mode="nearest")
            x = block(torch.cat([skip, risen], 1))
        prediction: Prediction = self.head(self.close(x))
        return prediction


class _DenseLayer(nn.Module):
    """Appends `growth` channels that 1x1 and 3x3 convolutions make of all channels so far."""

    def __init__(self, inputs: int, bottleneck: int, growth: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(inputs, bottleneck, 1, bias=False),
            nn.BatchNorm2d(bottleneck),
            nn.ReLU(inplace=True),
            nn.Conv2d(bottleneck, growth, 3, padding=1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.body(x)], 1)


def _dense_block(inputs: int, config: DenseNetConfig) -> nn.Sequential:
    return nn.Sequential(
        *(
            _DenseLayer(inputs + i * config.growth, config.bottleneck, config.growth)
            for i in range(config.layers)
        )
    )


def _transition(inputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, inputs // 2, 1, bias=False),
    )
