"""VGG-19's layers from behind its first convolution up to its third pooling, and their weights.

Architecture: Simonyan and Zisserman 2014, configuration E. ImageNet weights are torchvision's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from photochrom.errors import ModelError
from photochrom.networks.pretrained import pretrained_state

VGG19_TO_POOL3 = (64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M")
"""Widths of the 3 x 3 convolutions, each followed by ReLU; M halves the size by max pooling."""

VGG19_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
VGG19_SHA256 = "dcbb9e9d"
"""The first digits of the file's SHA-256: those that torchvision publishes, in its name."""


class VGG19ToPool3(nn.Sequential):
    """The seven convolutions after the first: (N, 64, H, W) -> (N, 256, H/8, W/8).

    The input is what a first convolution of the caller's own gives, before its ReLU; H and W are
    multiples of 8. Layer i is `features.(i + 1)` of torchvision's vgg19.
    """

    inputs, outputs = 64, 256

    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.ReLU(inplace=True)]
        width = self.inputs
        for entry in VGG19_TO_POOL3[1:]:
            if isinstance(entry, str):
                layers.append(nn.MaxPool2d(2))
            else:
                convolution = nn.Conv2d(width, entry, 3, padding=1)
                # torchvision's start: without norms the signal must keep its size by itself
                nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
                layers += [convolution, nn.ReLU(inplace=True)]
                width = entry
        super().__init__(*layers)


@torch.no_grad()
def load_vgg19(
    layers: VGG19ToPool3, location: str = VGG19_URL, sha256: str | None = VGG19_SHA256
) -> None:
    """Gives the layers their published weights.

    Args:
        layers: what to fill.
        location: path or URL of a state dict with torchvision's names ("features.2.weight").
        sha256: see `pretrained_state`.

    Raises:
        ModelError: not found, not the promised file, or not the weights of a VGG-19.
    """
    state = pretrained_state(location, sha256)
    for index, layer in enumerate(layers, start=1):
        for name, value in layer.named_parameters():
            value.copy_(_published(state, f"features.{index}.{name}", value.shape, location))


def _published(state: dict[str, Tensor], key: str, shape: torch.Size, location: str) -> Tensor:
    if key not in state:
        raise ModelError(
            f"{location}: no {key} in it; torchvision's vgg19 (not vgg16 or vgg19_bn) is needed"
        )
    if state[key].shape != shape:
        raise ModelError(
            f"{location}: {key} is {tuple(state[key].shape)} and must be {tuple(shape)}; "
            "torchvision's vgg19 is needed"
        )
    return state[key]
