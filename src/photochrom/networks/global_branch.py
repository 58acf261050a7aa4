"""What a classifier makes of the whole picture: S4's global branch, frozen and never random."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photochrom.color import lab_to_rgb_tensor
from photochrom.errors import ModelError, OptionError
from photochrom.networks.blocks import freeze
from photochrom.networks.efficientnet_lite import (
    VARIANTS,
    EfficientNetLiteEncoder,
    packaged_weights,
)
from photochrom.networks.inception_resnet_v2 import (
    NATIVE_SIZE,
    SMALLEST_SIZE,
    InceptionResNetV2,
)
from photochrom.networks.pretrained import pretrained_state

PUBLISHED = "inception_resnet_v2"
STAND_IN = "lite0"
HEAD_WIDTH = 1280
"""Channels of EfficientNet-Lite's last convolution, before it pools."""

LITE_CLASSES, LITE_SIZE, LITE_STRIDE = 1000, 224, 32


@dataclass(frozen=True)
class GlobalBranchConfig:
    """The numbers of a `GlobalBranch`.

    Attributes:
        name: "inception_resnet_v2", or a packaged stand-in: "lite0", "lite1", "lite2".
        classes: length of its output: 1,000, or 1,001 with weights that have as many.
        size: side, in pixels, at which it sees the picture; None for what it was trained at.
        weights: path or URL of Inception-ResNet-v2's weights in timm's naming.
        weights_sha256: of that file; a URL needs it.
        pretrained: False where a checkpoint's weights will follow; until then it cannot be used.
        random: for tests of wiring alone: use it without weights.
    """

    name: str = PUBLISHED
    classes: int = 1000
    size: int | None = None
    weights: str | None = None
    weights_sha256: str | None = None
    pretrained: bool = True
    random: bool = False


class GlobalBranch(nn.Module):
    """The class logits (N, classes) of grey pictures L (N, 1, H, W) 0..100, any H and W.

    The picture is resized inside, without keeping its proportions, as the published system does.
    Weights and norms are frozen in every mode. Whether its weights are published ones is kept in
    its state dict, so that colours which come from a random branch cannot pass for a result.
    """

    def __init__(self, config: GlobalBranchConfig = GlobalBranchConfig()) -> None:
        super().__init__()
        self.name, self.allow_random = config.name, config.random
        self.vouched = False
        self.classifier: nn.Module
        if config.name == PUBLISHED:
            self.size = config.size or NATIVE_SIZE
            if self.size < SMALLEST_SIZE:
                raise OptionError(f"size is {self.size}; {PUBLISHED} sees {SMALLEST_SIZE} or more")
            self.classifier = InceptionResNetV2(config.classes)
        else:
            self.size = config.size or LITE_SIZE
            self.classifier = _lite_classifier(config)
        if config.pretrained and not config.random:
            self._load(config)
        freeze(self)

    def _load(self, config: GlobalBranchConfig) -> None:
        if isinstance(self.classifier, LiteClassifier):
            self.classifier.load_imagenet()
        elif config.weights is None:
            raise OptionError(
                f"global branch {PUBLISHED} needs its published weights: set weights (and "
                f"weights_sha256) to timm's file, or take the packaged stand-in {STAND_IN}"
            )
        else:
            state = pretrained_state(config.weights, config.weights_sha256)
            self.classifier.load_published(state, config.weights)  # type: ignore[operator]
        self.vouched = True

    def train(self, mode: bool = True) -> GlobalBranch:
        """Stays in evaluation mode: its statistics are ImageNet's."""
        return super().train(False)

    def get_extra_state(self) -> Tensor:
        """Whether the weights are published ones, as a tensor, since averaging wants tensors."""
        return torch.tensor(self.vouched)

    def set_extra_state(self, state: Tensor) -> None:
        """Takes over what `get_extra_state` gave."""
        self.vouched = bool(state)

    def forward(self, luminance: Tensor) -> Tensor:
        """The logits (N, classes), before any softmax, of L (N, 1, H, W) 0..100.

        Raises:
            ModelError: no published weights have been loaded.
        """
        if not (self.vouched or self.allow_random):
            raise ModelError(
                f"global branch {self.name} has random weights; set pretrained, "
                "or load a checkpoint that holds published ones"
            )
        size = (self.size, self.size)
        small = F.interpolate(luminance, size=size, mode="bilinear", align_corners=False)
        logits: Tensor = self.classifier(
            small if isinstance(self.classifier, LiteClassifier) else grey_to_rgb(small)
        )
        return logits


class LiteClassifier(nn.Module):
    """EfficientNet-Lite with its head: L (N, 1, H, W) 0..100 -> 1,000 ImageNet logits.

    Args:
        variant: "lite0", "lite1" or "lite2".
        colour: take sRGB in 0..1 (N, 3, H, W) instead of L.

    H and W are multiples of 32. Tan and Le 2019, in the "lite" form.
    """

    def __init__(self, variant: str = STAND_IN, *, colour: bool = False) -> None:
        super().__init__()
        self.features = EfficientNetLiteEncoder(variant, colour=colour)
        self.conv = nn.Conv2d(self.features.channels[-1], HEAD_WIDTH, 1, bias=False)
        self.norm = nn.BatchNorm2d(HEAD_WIDTH, eps=1e-3)  # as in all of EfficientNet
        self.classes = nn.Linear(HEAD_WIDTH, LITE_CLASSES)

    def forward(self, picture: Tensor) -> Tensor:
        """The logits (N, 1000), before any softmax."""
        logits: Tensor = self.classes(self.pooled(picture))
        return logits

    def pooled(self, picture: Tensor) -> Tensor:
        """The features (N, 1280) that the classes are read from: the last maps' means."""
        features: Tensor = self.norm(self.conv(self.features(picture)[-1]))
        return F.relu6(features).mean((2, 3))

    def load_imagenet(self, path: Path | None = None) -> None:
        """Takes over the published ImageNet weights, head included.

        Args:
            path: a state dict in the packages' naming; None finds the installed package's.
        """
        path = path or packaged_weights(self.features.variant)
        self.features.load_imagenet(path)
        published = torch.load(path, map_location="cpu", weights_only=True)
        heads = {"conv": "_conv_head.", "norm": "_bn1.", "classes": "_fc."}
        for own, prefix in heads.items():
            part = {k.removeprefix(prefix): v for k, v in published.items() if k.startswith(prefix)}
            getattr(self, own).load_state_dict(part)


def grey_to_rgb(luminance: Tensor) -> Tensor:
    """The grey sRGB picture (N, 3, H, W) in 0..1 whose lightness is L (N, 1, H, W) 0..100."""
    neutral = torch.zeros_like(luminance)
    return lab_to_rgb_tensor(torch.cat([luminance, neutral, neutral], 1))


def _lite_classifier(config: GlobalBranchConfig) -> LiteClassifier:
    if config.name not in VARIANTS:
        known = ", ".join((PUBLISHED, *VARIANTS))
        raise OptionError(f"no global branch {config.name!r}; known are {known}")
    if config.classes != LITE_CLASSES:
        raise OptionError(f"{config.name} has {LITE_CLASSES} classes, not {config.classes}")
    if config.size is not None and (config.size < 1 or config.size % LITE_STRIDE):
        raise OptionError(f"size is {config.size}; {config.name} sees multiples of {LITE_STRIDE}")
    return LiteClassifier(config.name)
