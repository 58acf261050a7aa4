"""S5's second form: eight convolutions to an eighth of the size, and up in one step.

Source: the system behind a web page (docs: S5), whose layer table is our reading.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from photochrom.color import LIGHTNESS_MAX
from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction, SizeRule
from photochrom.networks.skip_autoencoder import sigmoid_to_ab


@dataclass(frozen=True)
class EightLayerConfig:
    """The numbers of an `EightLayer`.

    Attributes:
        widths: channels of the layers, eight as published.
        strides: 1 or 2 for each of them.
    """

    widths: tuple[int, ...] = (64, 128, 128, 256, 256, 512, 256, 128)
    strides: tuple[int, ...] = (2, 1, 2, 1, 2, 1, 1, 1)


class EightLayer(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> ab (N, 2, H, W), -128..127.

    We read the eight layers as those that see the picture, 3 x 3 with batch norm and ReLU as in
    the first form. Their 128 channels are repeated eightfold (nearest) and a ninth 3 x 3 layer
    turns them into ab, with the first form's sigmoid.
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: EightLayerConfig = EightLayerConfig()) -> None:
        super().__init__()
        _check(config)
        self.factor = 2 ** config.strides.count(2)
        self.size_rule = SizeRule(minimum=self.factor, multiple=self.factor)
        layers: list[nn.Module] = []
        inputs = 1
        for width, stride in zip(config.widths, config.strides, strict=True):
            # a bias would mean nothing in front of a norm
            convolution = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
            layers += [convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            inputs = width
        self.features = nn.Sequential(*layers)
        self.to_ab = nn.Conv2d(inputs, 2, 3, padding=1)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100 at its own size."""
        x = self.features(luminance / LIGHTNESS_MAX)
        x = F.interpolate(x, scale_factor=float(self.factor), mode="nearest")
        return Prediction(sigmoid_to_ab(self.to_ab(x)))


def _check(config: EightLayerConfig) -> None:
    if not config.widths or len(config.widths) != len(config.strides):
        raise OptionError(
            f"{len(config.widths)} widths and {len(config.strides)} strides; "
            "one stride for each width is needed"
        )
    if set(config.strides) - {1, 2}:
        raise OptionError(f"strides are {config.strides}; each must be 1 or 2")
