"""What enters and leaves a network of the laboratory: scaled luminance, noise, an output space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from photochrom.color import LIGHTNESS_MAX, TYPICAL_CHROMA, rgb_to_lab_tensor
from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction

OUTPUT_CHANNELS = {"rgb": 3, "lab": 2}
"""The output spaces and the channels of a network's last layer in each."""


def centred(luminance: Tensor) -> Tensor:
    """L 0..100 as -1..1, any shape."""
    return luminance / (LIGHTNESS_MAX / 2) - 1


def with_noise(plane: Tensor, *, draw: bool) -> Tensor:
    """A plane (N, 1, H, W) and, as a second channel, noise from N(0, 1).

    Args:
        plane: (N, 1, H, W).
        draw: zeros take the noise's place without it, its mean: a network in use, and its export,
            must answer the same picture with the same colours.

    Returns:
        (N, 2, H, W).
    """
    noise = torch.randn_like(plane) if draw else torch.zeros_like(plane)
    return torch.cat([plane, noise], 1)


def output_channels(space: str) -> int:
    """How many channels the last layer has: 3 for "rgb", 2 for "lab".

    Raises:
        OptionError: another space.
    """
    if space not in OUTPUT_CHANNELS:
        raise OptionError(f"no output space {space!r}; known are {', '.join(OUTPUT_CHANNELS)}")
    return OUTPUT_CHANNELS[space]


def rgb_prediction(rgb: Tensor) -> Prediction:
    """The prediction of a network whose output space is RGB: its ab is the Lab of its picture.

    Args:
        rgb: (N, 3, h, w), sRGB-encoded, 0..1.
    """
    rgb = rgb.float()  # half precision leaves too few steps near black for the cube root of Lab
    return Prediction(rgb_to_lab_tensor(rgb)[:, 1:], rgb=rgb)


class OutputHead(nn.Module):
    """The last layer, a 1x1 convolution, and the way from its values to a `Prediction`.

    Args:
        inputs: channels of the features.
        space: "rgb": three channels through a sigmoid are the sRGB picture, and ab is its Lab;
            "lab": two channels times a typical chroma are ab, in CIELAB units, without a bound.

    The published networks name the space and no activation; the sigmoid is our reading: RGB has
    two ends, and their MAE, Huber and BCE are all defined within them.
    """

    def __init__(self, inputs: int, space: str) -> None:
        super().__init__()
        self.space = space
        self.conv = nn.Conv2d(inputs, output_channels(space), 1)

    def forward(self, features: Tensor) -> Prediction:
        """The prediction from features (N, inputs, h, w), at their size."""
        values: Tensor = self.conv(features)
        if self.space == "rgb":
            return rgb_prediction(values.float().sigmoid())
        return Prediction(values * TYPICAL_CHROMA)
