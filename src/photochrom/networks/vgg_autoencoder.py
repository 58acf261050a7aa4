"""S2's cross-channel autoencoder: chroma from luminance through VGG-19's first three stages.

Source: the cross-channel autoencoder (docs: S2). Only four layers learn: the first convolution,
which stands where VGG-19 reads RGB, and the three of the decoder.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from torch import Tensor, nn

from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction, SizeRule, freeze
from photochrom.networks.efficientnet_lite import EfficientNetLiteEncoder
from photochrom.networks.vgg import VGG19ToPool3, load_vgg19

ENCODERS = ("vgg19", "lite0")
ENCODER_STRIDE = 8


@dataclass(frozen=True)
class VGGAutoencoderConfig:
    """The numbers of a `VGGAutoencoder`.

    Attributes:
        encoder: "vgg19", or "lite0": the packaged EfficientNet-Lite0 to the same stride, which
            needs no download.
        widths: channels between the decoder's layers. Published and found worse: (256, 128), or,
            to its letter, (128,), whose output has half the input's size.
        kernel: side of the decoder's kernels; 4, and 3 and 5 were found worse.
        freeze_encoder: keep the pretrained layers as they are.
        pretrained: start the encoder from its ImageNet weights.
        weights: path or URL of VGG-19's weights; None downloads torchvision's.
        weights_sha256: of what `weights` names; a URL needs it.
    """

    encoder: str = "vgg19"
    widths: tuple[int, ...] = (512, 256)
    kernel: int = 4
    freeze_encoder: bool = True
    pretrained: bool = True
    weights: str | None = None
    weights_sha256: str | None = None


class VGGAutoencoder(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> ab (N, 2, H, W), CIELAB units.

    Fully convolutional; H and W are multiples of 8. L goes in as it is, with no mean taken off.
    """

    palette: str | None = None

    def __init__(self, config: VGGAutoencoderConfig = VGGAutoencoderConfig()) -> None:
        super().__init__()
        _check(config)
        self.size_rule = SizeRule(minimum=ENCODER_STRIDE, multiple=ENCODER_STRIDE)
        self.stride = ENCODER_STRIDE >> (len(config.widths) + 1)
        self.frozen = config.freeze_encoder
        # not called `encoder`: what training does to one of that name on the way is not for these
        self.first: nn.Module = nn.Identity()
        self.backbone: VGG19ToPool3 | _Lite0ToStride8
        if config.encoder == "vgg19":
            self.backbone = VGG19ToPool3()
            self.first = nn.Conv2d(1, self.backbone.inputs, 3, padding=1)
            if config.pretrained:
                _load(self.backbone, config)
        else:
            self.backbone = _Lite0ToStride8(config.pretrained)
        if self.frozen:
            freeze(self.backbone)
        self.decoder = _decoder((self.backbone.outputs, *config.widths, 2), config.kernel)

    def train(self, mode: bool = True) -> VGGAutoencoder:
        """Training mode for all but a frozen encoder, whose statistics must not drift."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100 at its own size."""
        return Prediction(self.decoder(self.backbone(self.first(luminance))))


class _Lite0ToStride8(nn.Module):
    """EfficientNet-Lite0, its own first layer on L included, up to 40 channels at stride 8."""

    def __init__(self, pretrained: bool) -> None:
        super().__init__()
        self.encoder = EfficientNetLiteEncoder("lite0")
        if pretrained:
            self.encoder.load_imagenet()
        self.encoder.stages = self.encoder.stages[:3]
        self.outputs = self.encoder.channels[2]

    def forward(self, luminance: Tensor) -> Tensor:
        features: list[Tensor] = self.encoder(luminance)
        return features[-1]


def _decoder(widths: tuple[int, ...], kernel: int) -> nn.Sequential:
    """Transposed convolutions that each double the size, ReLU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        # 2 (n - 1) + kernel - 2 padding + output_padding = 2 n for every kernel
        doubling = nn.ConvTranspose2d(
            inputs, outputs, kernel, 2, padding=(kernel - 1) // 2, output_padding=kernel % 2
        )
        layers += [doubling, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


def _load(layers: VGG19ToPool3, config: VGGAutoencoderConfig) -> None:
    if config.weights is None:
        load_vgg19(layers)
    else:
        load_vgg19(layers, config.weights, config.weights_sha256)


def _check(config: VGGAutoencoderConfig) -> None:
    if config.encoder not in ENCODERS:
        raise OptionError(f"no encoder {config.encoder!r}; known are {', '.join(ENCODERS)}")
    if not 1 <= len(config.widths) <= 2:
        raise OptionError(
            f"{len(config.widths)} widths between the decoder's layers; 1 or 2 fit a stride of 8"
        )
    if config.kernel not in (3, 4, 5):
        raise OptionError(f"kernel is {config.kernel}; it must be 3, 4 or 5")
