"""S1's convolutional network for 32 x 32 pictures: regression, or classification of the ab plane.

Source: the CIFAR-10 system (docs: S1). Four convolutions take eight pixels off each side, four
transposed ones give them back; nothing is padded and nothing is halved.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photochrom.color import LIGHTNESS_MAX
from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction, SizeRule
from photochrom.palette import palette_by_name

HEADS = ("regression", "classification")
DECODINGS = ("argmax", "mean")
KERNEL = 3


@dataclass(frozen=True)
class CifarConvNetConfig:
    """The numbers of a `CifarConvNet`.

    Attributes:
        head: "regression", or "classification" over the palette's classes.
        convolutions: widths of the layers that shrink the picture by two pixels each.
        transposed: widths of the layers that give the pixels back; as many as `convolutions`.
        palette: the classes of the classification head, as many as the last width.
        decoding: how logits become ab: "argmax", the most likely class's centre (published; no
            gradient flows back), or "mean", the expectation over the classes.
    """

    head: str = "classification"
    convolutions: tuple[int, ...] = (32, 48, 64, 96)
    transposed: tuple[int, ...] = (120, 180, 240, 400)
    palette: str = "uniform-20"
    decoding: str = "argmax"


class CifarConvNet(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> ab (N, 2, H, W), CIELAB units.

    Every layer is a 3 x 3 convolution with bias, ReLU and batch normalisation, in this order: a
    norm straight after a convolution would leave its bias without a meaning. The last layer is
    bare where it gives the logits. Where it does not, ReLU and norm follow, then a 1 x 1
    convolution. The published one gives ab + 128; ours leaves that constant out of its bias, which
    changes neither loss nor gradients: half precision has no digits for it, and training
    would begin 128 units from grey.
    """

    stride = 1

    def __init__(self, config: CifarConvNetConfig = CifarConvNetConfig()) -> None:
        super().__init__()
        _check(config)
        # the valid convolutions must leave at least one pixel
        self.size_rule = SizeRule(minimum=len(config.convolutions) * (KERNEL - 1) + 1)
        self.palette = config.palette if config.head == "classification" else None
        self.decoding = config.decoding
        *widths, last = (*config.convolutions, *config.transposed)
        layers: list[nn.Module] = []
        inputs = 1
        for index, width in enumerate(widths):
            kind = nn.Conv2d if index < len(config.convolutions) else nn.ConvTranspose2d
            layers += [kind(inputs, width, KERNEL), nn.ReLU(inplace=True), nn.BatchNorm2d(width)]
            inputs = width
        layers.append(nn.ConvTranspose2d(inputs, last, KERNEL))
        self.body = nn.Sequential(*layers)
        self.head: nn.Module = nn.Identity()
        if self.palette is None:
            self.head = nn.Sequential(
                nn.ReLU(inplace=True), nn.BatchNorm2d(last), nn.Conv2d(last, 2, 1)
            )
        else:
            centers = torch.from_numpy(palette_by_name(self.palette).centers)
            self.register_buffer("centers", centers, persistent=False)  # (Q, 2)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100 at its own size, and logits if it classifies."""
        x = self.head(self.body(luminance / LIGHTNESS_MAX))
        if self.palette is None:
            return Prediction(x)
        return Prediction(self._decode(x), x)

    def _decode(self, logits: Tensor) -> Tensor:
        centers: Tensor = self.get_buffer("centers")
        if self.decoding == "argmax":
            return centers[logits.argmax(1)].movedim(-1, 1)  # (N, 2, H, W)
        return torch.einsum("nqhw,qc->nchw", logits.softmax(1), centers)


def _check(config: CifarConvNetConfig) -> None:
    if config.head not in HEADS:
        raise OptionError(f"no head {config.head!r}; known are {', '.join(HEADS)}")
    if config.decoding not in DECODINGS:
        raise OptionError(f"no decoding {config.decoding!r}; known are {', '.join(DECODINGS)}")
    if not config.convolutions or len(config.convolutions) != len(config.transposed):
        raise OptionError(
            f"{len(config.convolutions)} convolutions and {len(config.transposed)} transposed "
            "ones; the output has the input's size only with as many of both, at least one"
        )
    if config.head == "classification":
        classes = len(palette_by_name(config.palette))
        if config.transposed[-1] != classes:
            raise OptionError(
                f"the last width is {config.transposed[-1]}; it gives the logits of "
                f"{config.palette} and must be {classes}"
            )
