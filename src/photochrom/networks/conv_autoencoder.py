"""S3's convolutional autoencoder: fifteen blocks through a quarter of the size, no skips."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from photochrom.networks.blocks import ConvNormReLU, Prediction, SizeRule
from photochrom.networks.planes import OutputHead, centred


@dataclass(frozen=True)
class ConvAutoencoderConfig:
    """The numbers of a `ConvAutoencoder`.

    Attributes:
        widths: channels from full size down; each further one halves the size.
        blocks: 3x3 blocks per width, on the way down and again on the way up.
        output: "rgb" (published) or "lab".
    """

    widths: tuple[int, ...] = (64, 128, 256)
    blocks: int = 3
    output: str = "rgb"


class ConvAutoencoder(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> `Prediction` at the same size.

    3 x 64, down, 3 x 128, down, 3 x 256, up, 3 x 128, up, 3 x 64: fifteen blocks of 3x3
    convolution, batch norm, ReLU. Down is a stride-2 block of its own that keeps the width, up is
    nearest x2 without weights; neither counts among the fifteen (our reading of the table).
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: ConvAutoencoderConfig = ConvAutoencoderConfig()) -> None:
        super().__init__()
        widths = config.widths
        scale = 2 ** (len(widths) - 1)
        self.size_rule = SizeRule(minimum=scale, multiple=scale)
        layers = _stage(1, widths[0], config.blocks)
        for above, below in pairwise(widths):
            layers += [_halving(above), *_stage(above, below, config.blocks)]
        for below, above in pairwise(reversed(widths)):
            layers += [nn.Upsample(scale_factor=2.0), *_stage(below, above, config.blocks)]
        self.body = nn.Sequential(*layers)
        self.head = OutputHead(widths[0], config.output)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100, sides multiples of 4 in the published form."""
        prediction: Prediction = self.head(self.body(centred(luminance)))
        return prediction


def _stage(inputs: int, width: int, blocks: int) -> list[nn.Module]:
    return [ConvNormReLU(inputs if i == 0 else width, width) for i in range(blocks)]


def _halving(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )
