"""Networks whose features a Frechet distance compares; every distance belongs to one of them.

The packaged EfficientNet-Lite0 needs no download. InceptionV3 with torchvision's weights is
nearer to what papers report, and still not the network of the first published distances.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from photochrom.color import Array, FloatArray
from photochrom.errors import OptionError
from photochrom.evaluation.figures import Observer
from photochrom.evaluation.inception_v3 import SIZE, WEIGHTS_URL, InceptionV3
from photochrom.evaluation.weights import WeightFile, load_published
from photochrom.networks.blocks import freeze, to_channels_last
from photochrom.networks.global_branch import LITE_SIZE, LiteClassifier

DEFAULT = "lite0"

LITE0_NAME = "EfficientNet-Lite0 (ImageNet), 1,280 pooled features, middle 224 x 224 px"


def as_batch(rgb: Array) -> Tensor:
    """A picture (H, W, 3) in 0..1 as (1, 3, H, W) float32."""
    return torch.from_numpy(np.ascontiguousarray(rgb, np.float32)).permute(2, 0, 1)[None]


def lite0_features(weights: WeightFile | None = None) -> Observer:
    """Features (1280,) of the packaged EfficientNet-Lite0, of a picture's middle 224 x 224.

    Args:
        weights: none are taken; the package's are used.

    Raises:
        OptionError: weights were given.
        MissingDependencyError: the package with the weights is not installed.
    """
    if weights is not None:
        raise OptionError(f"{weights.location}: lite0 comes with its weights; give none")
    network = LiteClassifier(DEFAULT, colour=True)
    network.load_imagenet()
    freeze(network)
    to_channels_last(network)

    @torch.inference_mode()
    def observe(rgb: Array) -> FloatArray:
        features: FloatArray = network.pooled(as_batch(_middle(rgb)))[0].numpy()
        return features

    return Observer(LITE0_NAME, observe)


def inception_features(weights: WeightFile | None = None) -> Observer:
    """Features (2048,) of InceptionV3, of the whole picture at 299 x 299 pixels.

    Args:
        weights: a state dict in torchvision's naming.

    Raises:
        OptionError: no weights were given.
        ModelError: they are not InceptionV3's.
    """
    if weights is None:
        raise OptionError(
            f"inception_v3 needs its weights by path, or as URL#SHA256; {WEIGHTS_URL}#0cc3c7bd fits"
        )
    network = InceptionV3()
    load_published(
        network, weights.read(), weights.location,
        needed="torchvision's inception_v3", ignored=("AuxLogits.",),
    )  # fmt: skip
    freeze(network)
    to_channels_last(network)

    @torch.inference_mode()
    def observe(rgb: Array) -> FloatArray:
        whole = F.interpolate(
            as_batch(rgb), (SIZE, SIZE), mode="bilinear", align_corners=False, antialias=True
        )
        features: FloatArray = network.pooled(whole)[0].numpy()
        return features

    name = f"InceptionV3 ({weights.label}), 2,048 pooled features, whole picture at 299 x 299 px"
    return Observer(name, observe)


FEATURE_NETWORKS: Mapping[str, Callable[[WeightFile | None], Observer]] = types.MappingProxyType(
    {DEFAULT: lite0_features, "inception_v3": inception_features}
)
"""By name: from weights, or none, to what observes pictures."""


def open_features(name: str = DEFAULT, weights: WeightFile | None = None) -> Observer:
    """The feature network of a name.

    Raises:
        OptionError: no such network, or weights missing or not wanted.
    """
    if name not in FEATURE_NETWORKS:
        known = ", ".join(FEATURE_NETWORKS)
        raise OptionError(f"no feature network {name!r}; known are {known}")
    return FEATURE_NETWORKS[name](weights)


def _middle(rgb: Array) -> Array:
    height, width = rgb.shape[:2]
    if min(height, width) < LITE_SIZE:
        raise OptionError(
            f"a picture of {width} x {height}; the features need {LITE_SIZE} pixels a side"
        )
    top, left = (height - LITE_SIZE) // 2, (width - LITE_SIZE) // 2
    return rgb[top : top + LITE_SIZE, left : left + LITE_SIZE]
