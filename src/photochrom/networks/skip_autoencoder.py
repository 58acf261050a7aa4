"""S5's encoder-decoder with skips: five halvings, five doublings, mates joined.

Source: the system behind a web page (docs: S5), whose layer widths are our reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from photochrom.color import LIGHTNESS_MAX
from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction, SizeRule
from photochrom.networks.ladder import Ladder, halvings
from photochrom.palette import AB_MAX, AB_MIN


@dataclass(frozen=True)
class SkipAutoencoderConfig:
    """The numbers of a `SkipAutoencoder`.

    Attributes:
        widths: channels at strides 2, 4, 8 and so on; the way back has them in reverse and ends
            in the two channels of ab.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512, 512)


class SkipAutoencoder(nn.Module):
    """Chroma from luminance: L (N, 1, H, W) 0..100 -> ab (N, 2, H, W), -128..127.

    Five 4 x 4 convolutions of stride 2 and five transposed ones, batch norm and ReLU after each but
    the last, whose sigmoid gives (ab + 128) / 255. Each transposed layer but the first takes the
    output of its mate on the way down as well.
    """

    stride = 1
    palette: str | None = None

    def __init__(self, config: SkipAutoencoderConfig = SkipAutoencoderConfig()) -> None:
        super().__init__()
        if not config.widths:
            raise OptionError("widths is empty; at least one is needed")
        factor = 2 ** len(config.widths)
        self.size_rule = SizeRule(minimum=factor, multiple=factor)
        self.ladder = Ladder(halvings(1, config.widths), config.widths, 2)

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of L (N, 1, H, W) 0..100 at its own size."""
        return Prediction(sigmoid_to_ab(self.ladder(luminance / LIGHTNESS_MAX)))


def sigmoid_to_ab(values: Tensor) -> Tensor:
    """The ab, -128..127, whose encoding (ab + 128) / 255 is the sigmoid of `values`; any shape."""
    # half precision would round ab to whole units here
    return values.float().sigmoid() * (AB_MAX - AB_MIN) + AB_MIN
