"""LPIPS: how far apart two pictures are in the features of a classifier, weighed by people's votes.

Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", 2018,
version 0.1. The backbone's weights are torchvision's, the linear weights the authors'.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photochrom.color import Array
from photochrom.errors import ModelError, OptionError
from photochrom.evaluation.features import as_batch
from photochrom.evaluation.figures import Figure, perceptual_figure
from photochrom.evaluation.weights import WeightFile, load_published
from photochrom.networks.blocks import freeze, to_channels_last

SMALLEST_SIZE = 32
EPSILON = 1e-10

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Backbone:
    """The convolutional part of a classifier, as torchvision numbers its layers.

    Attributes:
        label: for reports.
        published: torchvision's function.
        url: torchvision's file; its name ends in the first digits of its SHA-256.
        layers: (outputs, kernel, stride, padding) of each convolution, a ReLU behind it; an
            integer is a maximum over so many pixels squared, with stride 2.
        taken: the layers whose outputs are compared.
    """

    label: str
    published: str
    url: str
    layers: tuple[tuple[int, int, int, int] | int, ...]
    taken: tuple[int, ...]


def _vgg(widths: tuple[int, ...]) -> tuple[tuple[int, int, int, int] | int, ...]:
    """3 x 3 convolutions; a width of 0 halves the size."""
    return tuple((width, 3, 1, 1) if width else 2 for width in widths)


BACKBONES: Mapping[str, Backbone] = types.MappingProxyType(
    {
        "alex": Backbone(
            "AlexNet",
            "alexnet",
            "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
            ((64, 11, 4, 2), 3, (192, 5, 1, 2), 3, (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1)),
            (1, 4, 7, 9, 11),
        ),
        "vgg": Backbone(
            "VGG-16",
            "vgg16",
            "https://download.pytorch.org/models/vgg16-397923af.pth",
            _vgg((64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512)),
            (3, 8, 15, 22, 29),
        ),
    }
)


class LPIPS(nn.Module):
    """The distance (N,) of two batches of sRGB pictures (N, 3, H, W) in 0..1; 0 for equal ones.

    Each layer's features are scaled to length 1 at every place; the squared differences, weighed
    by channel, are averaged over places and summed over layers.

    Args:
        backbone: "alex" or "vgg".
    """

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: str = "alex") -> None:
        super().__init__()
        if backbone not in BACKBONES:
            known = ", ".join(BACKBONES)
            raise OptionError(f"no LPIPS backbone {backbone!r}; known are {known}")
        self.backbone = BACKBONES[backbone]
        self.features = nn.Sequential()
        channels, width = [], 3
        for layer in self.backbone.layers:
            if isinstance(layer, int):
                self.features.append(nn.MaxPool2d(layer, 2))
                continue
            outputs, kernel, stride, padding = layer
            self.features.append(nn.Conv2d(width, outputs, kernel, stride, padding))
            self.features.append(nn.ReLU(inplace=True))
            width = outputs
            if len(self.features) - 1 in self.backbone.taken:
                channels.append(width)
        self.linear = nn.ModuleList(nn.Conv2d(n, 1, 1, bias=False) for n in channels)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD)[:, None, None], persistent=False)

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        """The distance of each pair.

        Raises:
            OptionError: sides below 32 pixels.
        """
        if min(one.shape[-2:]) < SMALLEST_SIZE:
            height, width = one.shape[-2:]
            raise OptionError(
                f"a picture of {width} x {height}; LPIPS needs {SMALLEST_SIZE} pixels a side"
            )
        distance = one.new_zeros(len(one))
        pairs = zip(self.linear, self._directions(one), self._directions(two), strict=True)
        for linear, first, second in pairs:
            distance = distance + linear((first - second) ** 2).mean((1, 2, 3))
        return distance

    def _directions(self, rgb: Tensor) -> list[Tensor]:
        """The features that are compared, each place's scaled to length 1."""
        x, found = (rgb - self.mean) / self.std, []
        for number, layer in enumerate(self.features):
            x = layer(x)
            if number in self.backbone.taken:
                found.append(x / (x.norm(dim=1, keepdim=True) + EPSILON))
        return found

    def load(self, backbone: WeightFile, linear: WeightFile) -> None:
        """Takes over published weights.

        Args:
            backbone: torchvision's file; what is no convolution is left out.
            linear: the authors' file ("lin0.model.1.weight" and so on).

        Raises:
            ModelError: not those files.
        """
        load_published(
            self.features,
            {k.removeprefix("features."): v for k, v in backbone.read().items()},
            backbone.location,
            needed=f"torchvision's {self.backbone.published}",
            ignored=("classifier.",),
        )
        load_published(
            self.linear,
            {_own_name(name): value for name, value in linear.read().items()},
            linear.location,
            needed=f"LPIPS's linear weights (version 0.1) for {self.backbone.published}",
        )
        if any(bool((weight < 0).any()) for weight in self.linear.parameters()):
            raise ModelError(f"{linear.location}: weights below 0; LPIPS has none")


def lpips_figure(backbone: str, weights: WeightFile, linear: WeightFile) -> Figure:
    """LPIPS as a row of the report.

    Args:
        backbone: "alex", which the authors advise for comparing, or "vgg".
        weights: of the backbone.
        linear: of the authors.

    Raises:
        OptionError: no such backbone.
        ModelError: the weights are not those.
    """
    network = LPIPS(backbone)
    network.load(weights, linear)
    freeze(network)
    to_channels_last(network)

    @torch.inference_mode()
    def distance(one: Array, two: Array) -> float:
        return float(network(as_batch(one), as_batch(two)))

    files = f"{weights.label}; {linear.label}"
    return perceptual_figure(network.backbone.label, files, distance)


def _own_name(published: str) -> str:
    """Turns "lin0.model.1.weight" into "0.weight"."""
    return published.removeprefix("lin").replace(".model.1", "")
