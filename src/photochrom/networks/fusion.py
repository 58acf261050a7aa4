"""S4's two-branch network: local features of L fused with what a classifier says of the picture.

Source: the two-branch fusion network (docs: S4). The scaling of L and ab is that of the design
it builds on: Baldassarre, Gonzalez Morin and Rodes-Guirao, "Deep Koalarization", 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photochrom.networks.blocks import Prediction, SizeRule
from photochrom.networks.global_branch import PUBLISHED, GlobalBranch, GlobalBranchConfig
from photochrom.networks.planes import centred

AB_SCALE = 128.0
"""CIELAB units at which tanh would reach 1."""

HALVED_BY = (0, 2, 4)
"""The local branch's convolutions that have stride 2."""


@dataclass(frozen=True)
class FusionConfig:
    """The numbers of a `FusionNetwork`.

    Attributes:
        encoder_widths: channels of the eight convolutions on L.
        fused_width: channels of the 1x1 convolution that fuses.
        decoder_widths: channels of the decoder's first four convolutions.
        global_branch: "inception_resnet_v2" (published) or the packaged stand-in "lite0".
        classes: length of the global branch's output: 1,000, or 1,001 in the original.
        global_size: side at which the global branch sees the picture; None for its own.
        weights: path or URL of Inception-ResNet-v2's weights in timm's naming.
        weights_sha256: of that file; a URL needs it.
        pretrained: False where a checkpoint's weights will follow.
        random_branch: for tests of wiring alone: a global branch without weights.
    """

    encoder_widths: tuple[int, ...] = (64, 128, 128, 256, 256, 512, 512, 256)
    fused_width: int = 256
    decoder_widths: tuple[int, int, int, int] = (128, 64, 64, 32)
    global_branch: str = PUBLISHED
    classes: int = 1000
    global_size: int | None = None
    weights: str | None = None
    weights_sha256: str | None = None
    pretrained: bool = True
    random_branch: bool = False


class FusionNetwork(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> ab (N, 2, H, W), -128..127.

    The global branch's logits are repeated over the local features at an eighth of the size and
    a 1x1 convolution (with a ReLU, as in the design) fuses both. Published at 224 x 224; sides
    are multiples of 8. Its last layer works at half size and is repeated 2 x 2.
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: FusionConfig = FusionConfig()) -> None:
        super().__init__()
        self.size_rule = SizeRule(minimum=8, multiple=8)
        self.global_branch = GlobalBranch(
            GlobalBranchConfig(
                name=config.global_branch, classes=config.classes, size=config.global_size,
                weights=config.weights, weights_sha256=config.weights_sha256,
                pretrained=config.pretrained, random=config.random_branch,
            )
        )  # fmt: skip
        self.local_branch = _local_branch(config.encoder_widths)
        self.fusion = nn.Sequential(
            nn.Conv2d(config.encoder_widths[-1] + config.classes, config.fused_width, 1), nn.ReLU()
        )
        self.decoder = _decoder(config.fused_width, config.decoder_widths)
        for part in (self.local_branch, self.fusion, self.decoder):
            part.apply(_keep_signal)

    def forward(self, luminance: Tensor, embedding: Tensor | None = None) -> Prediction:
        """The chroma of a batch.

        Args:
            luminance: (N, 1, H, W), 0..100, sides multiples of 8.
            embedding: (N, classes) what `embed` gave for the same pictures; None computes it.
        """
        if embedding is None:
            embedding = self.global_branch(luminance)
        local = self.local_branch(centred(luminance))
        repeated = embedding[:, :, None, None].expand(-1, -1, *local.shape[-2:])
        fused = self.fusion(torch.cat([local, repeated.to(local.dtype)], 1))
        return Prediction(self.decoder(fused) * AB_SCALE)

    @torch.no_grad()
    def embed(self, luminance: Tensor) -> Tensor:
        """The global branch's output (N, classes) for L (N, 1, H, W), to be kept and reused.

        It fits only batches whose pictures are shown again just as they are here.
        """
        embedding: Tensor = self.global_branch(luminance)
        return embedding


def _keep_signal(layer: nn.Module) -> None:
    """He et al.'s start: without norms, twelve layers of torch's own would leave no signal.

    The last layer, which no ReLU follows, keeps torch's: tanh must not begin at its ends.
    """
    if isinstance(layer, nn.Conv2d) and layer.out_channels != 2:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _local_branch(widths: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index, (inputs, outputs) in enumerate(zip((1, *widths), widths, strict=False)):
        stride = 2 if index in HALVED_BY else 1
        layers += [nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _decoder(inputs: int, widths: tuple[int, int, int, int]) -> nn.Sequential:
    first, second, third, fourth = widths
    return nn.Sequential(
        *_convolution(inputs, first), nn.Upsample(scale_factor=2.0),
        *_convolution(first, second), *_convolution(second, third), nn.Upsample(scale_factor=2.0),
        *_convolution(third, fourth),
        nn.Conv2d(fourth, 2, 3, padding=1), nn.Tanh(), nn.Upsample(scale_factor=2.0),
    )  # fmt: skip


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)
