"""S3's ResNet v2: pre-activation bottleneck blocks, mirrored, with added skips."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from photochrom.networks.blocks import Prediction, SizeRule
from photochrom.networks.planes import OutputHead, centred

EXPANSION = 4
"""Channels of a bottleneck block's output per channel of its 3x3 convolution."""


@dataclass(frozen=True)
class ResNetConfig:
    """The numbers of a `ResNet`.

    Attributes:
        stem: channels of the first convolution.
        widths: channels w of the bottlenecks from full size down; the stages give 4 w.
        blocks: bottleneck blocks per stage.
        output: "rgb" (published) or "lab".
    """

    stem: int = 64
    widths: tuple[int, ...] = (64, 128, 256)
    blocks: int = 4
    output: str = "rgb"


class ResNet(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> `Prediction` at the same size.

    Three stages at full, half and quarter size, the later two starting with stride 2; then two
    stages back. Our reading of "mirrored": a 1x1 convolution to the upper stage's channels,
    nearest x2, that stage's output added, and as many blocks again. Batch norm and ReLU close it,
    as pre-activation asks. He et al., "Identity mappings in deep residual networks", 2016.
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: ResNetConfig = ResNetConfig()) -> None:
        super().__init__()
        widths, scale = config.widths, 2 ** (len(config.widths) - 1)
        self.size_rule = SizeRule(minimum=scale, multiple=scale)
        self.stem = nn.Conv2d(1, config.stem, 3, padding=1, bias=False)
        inputs = (config.stem, *(EXPANSION * width for width in widths))
        self.downs = nn.ModuleList(
            _stage(inputs[i], width, config.blocks, stride=1 if i == 0 else 2)
            for i, width in enumerate(widths)
        )
        self.narrow = nn.ModuleList(
            nn.Conv2d(EXPANSION * below, EXPANSION * above, 1, bias=False)
            for below, above in pairwise(reversed(widths))
        )
        self.ups = nn.ModuleList(
            _stage(EXPANSION * width, width, config.blocks) for width in reversed(widths[:-1])
        )
        finest = EXPANSION * widths[0]
        self.close = nn.Sequential(nn.BatchNorm2d(finest), nn.ReLU(inplace=True))
        self.head = OutputHead(finest, config.output)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100, sides multiples of 4 in the published form."""
        x = self.stem(centred(luminance))
        outputs = []
        for down in self.downs:
            x = down(x)
            outputs.append(x)
        skips = reversed(outputs[:-1])
        for narrow, up, skip in zip(self.narrow, self.ups, skips, strict=True):
            # before the up-sampling: the same values for a quarter of the work
            x = up(F.interpolate(narrow(x), scale_factor=2.0, mode="nearest") + skip)
        prediction: Prediction = self.head(self.close(x))
        return prediction


class PreActivationBottleneck(nn.Module):
    """1x1 to w, 3x3 w, 1x1 to 4 w, each behind batch norm and ReLU; plus the shortcut.

    Args:
        inputs: channels in.
        width: w.
        stride: of the 3x3 convolution and, where shapes change, of the shortcut's 1x1.
    """

    def __init__(self, inputs: int, width: int, stride: int = 1) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.before = _norm_relu(inputs)
        self.reduce = nn.Conv2d(inputs, width, 1, bias=False)
        self.spread = nn.Sequential(
            _norm_relu(width),
            nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False),
            _norm_relu(width),
            nn.Conv2d(width, outputs, 1, bias=False),
        )
        self.shortcut = (
            nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            if stride > 1 or inputs != outputs
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, 4 w, H / stride, W / stride)."""
        activated = self.before(x)
        y: Tensor = self.spread(self.reduce(activated))
        return y + (x if self.shortcut is None else self.shortcut(activated))


def _norm_relu(width: int) -> nn.Module:
    return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True))


def _stage(inputs: int, width: int, blocks: int, stride: int = 1) -> nn.Sequential:
    rest = (PreActivationBottleneck(EXPANSION * width, width) for _ in range(blocks - 1))
    return nn.Sequential(PreActivationBottleneck(inputs, width, stride), *rest)
