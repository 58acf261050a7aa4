"""S3's deep CNN: fifteen blocks at full size, no bottleneck."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from photochrom.networks.blocks import ConvNormReLU, Prediction, SizeRule
from photochrom.networks.planes import OutputHead, centred


@dataclass(frozen=True)
class DeepCNNConfig:
    """The numbers of a `DeepCNN`.

    Attributes:
        width: channels of every block.
        blocks: how many 3x3 blocks.
        output: "rgb" (published) or "lab".
    """

    width: int = 64
    blocks: int = 15
    output: str = "rgb"


class DeepCNN(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> `Prediction` at the same size.

    Each pixel is coloured from the 31 x 31 pixels around it, and from nothing else.
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: DeepCNNConfig = DeepCNNConfig()) -> None:
        super().__init__()
        self.size_rule = SizeRule()
        self.body = nn.Sequential(
            *(
                ConvNormReLU(1 if i == 0 else config.width, config.width)
                for i in range(config.blocks)
            )
        )
        self.head = OutputHead(config.width, config.output)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100, any size."""
        prediction: Prediction = self.head(self.body(centred(luminance)))
        return prediction
