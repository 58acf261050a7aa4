"""Inception-ResNet-v2: what S4's global branch says of a whole picture.

Szegedy et al., "Inception-v4, Inception-ResNet and the impact of residual connections on
learning", 2017. Modules are named as in timm (`inception_resnet_v2`), whose weight files fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photochrom.errors import ModelError

WEIGHTS_URL = (
    "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights/"
    "inception_resnet_v2-940b1cd6.pth"
)
"""timm's file: 1,000 classes, Apache-2.0; its name ends in the first digits of its SHA-256."""

NATIVE_SIZE, SMALLEST_SIZE = 299, 75
NORM_EPSILON = 1e-3


class _Step(NamedTuple):
    """One convolution; without a padding it takes only pixels that exist."""

    outputs: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padding: tuple[int, int] = (0, 0)


def _same(outputs: int, height: int, width: int) -> _Step:
    return _Step(outputs, (height, width), 1, (height // 2, width // 2))


def _valid(outputs: int, side: int, stride: int = 1) -> _Step:
    return _Step(outputs, (side, side), stride)


class _Convolution(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(self, inputs: int, step: _Step) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, step.outputs, step.kernel, step.stride, step.padding, bias=False
        )
        self.bn = nn.BatchNorm2d(step.outputs, eps=NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def _branch(inputs: int, *steps: _Step) -> nn.Module:
    """One convolution as it is, several in a row: their names have an index."""
    if len(steps) == 1:
        return _Convolution(inputs, steps[0])
    widths = (inputs, *(step.outputs for step in steps))
    return nn.Sequential(*(_Convolution(i, s) for i, s in zip(widths, steps, strict=False)))


class _Branches(nn.Module):
    """Branches side by side, their outputs concatenated."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for index, branch in enumerate(branches):
            self.add_module(f"branch{index}", branch)
        self.count = len(branches)

    def joined(self, x: Tensor) -> Tensor:
        outputs = (getattr(self, f"branch{index}")(x) for index in range(self.count))
        return torch.cat(list(outputs), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.joined(x)


class _Residual(_Branches):
    """Branches, a 1x1 convolution back to the input's channels, and a scaled sum with it."""

    def __init__(
        self, channels: int, *branches: tuple[_Step, ...], scale: float, activate: bool = True
    ) -> None:
        super().__init__(*(_branch(channels, *steps) for steps in branches))
        joined = sum(steps[-1].outputs for steps in branches)
        self.conv2d = nn.Conv2d(joined, channels, 1)
        self.scale, self.activate = scale, activate

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.conv2d(self.joined(x)) * self.scale
        return F.relu(y) if self.activate else y


def _block35() -> nn.Module:
    return _Residual(
        320,
        (_Step(32),),
        (_Step(32), _same(32, 3, 3)),
        (_Step(32), _same(48, 3, 3), _same(64, 3, 3)),
        scale=0.17,
    )


def _block17() -> nn.Module:
    return _Residual(
        1088, (_Step(192),), (_Step(128), _same(160, 1, 7), _same(192, 7, 1)), scale=0.1
    )


def _block8(scale: float = 0.2, *, activate: bool = True) -> nn.Module:
    return _Residual(
        2080,
        (_Step(192),),
        (_Step(192), _same(224, 1, 3), _same(256, 3, 1)),
        scale=scale,
        activate=activate,
    )


class InceptionResNetV2(nn.Module):
    """Logits (N, classes) of RGB pictures (N, 3, H, W) in 0..1, sides of at least 75.

    Args:
        classes: 1,000; 1,001 with the original's background class.

    At 1,000 classes 55,843,464 parameters, 299 x 299 pixels at its best.
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv2d_1a = _Convolution(3, _valid(32, 3, 2))
        self.conv2d_2a = _Convolution(32, _valid(32, 3))
        self.conv2d_2b = _Convolution(32, _same(64, 3, 3))
        self.conv2d_3b = _Convolution(64, _Step(80))
        self.conv2d_4a = _Convolution(80, _valid(192, 3))
        self.mixed_5b = _Branches(
            _branch(192, _Step(96)),
            _branch(192, _Step(48), _same(64, 5, 5)),
            _branch(192, _Step(64), _same(96, 3, 3), _same(96, 3, 3)),
            nn.Sequential(
                nn.AvgPool2d(3, 1, 1, count_include_pad=False), _branch(192, _Step(64))
            ),
        )  # fmt: skip
        self.repeat = nn.Sequential(*(_block35() for _ in range(10)))
        self.mixed_6a = _Branches(
            _branch(320, _valid(384, 3, 2)),
            _branch(320, _Step(256), _same(256, 3, 3), _valid(384, 3, 2)),
            nn.MaxPool2d(3, 2),
        )
        self.repeat_1 = nn.Sequential(*(_block17() for _ in range(20)))
        self.mixed_7a = _Branches(
            _branch(1088, _Step(256), _valid(384, 3, 2)),
            _branch(1088, _Step(256), _valid(288, 3, 2)),
            _branch(1088, _Step(256), _same(288, 3, 3), _valid(320, 3, 2)),
            nn.MaxPool2d(3, 2),
        )
        self.repeat_2 = nn.Sequential(*(_block8() for _ in range(9)))
        self.block8 = _block8(1.0, activate=False)
        self.conv2d_7b = _Convolution(2080, _Step(1536))
        self.classif = nn.Linear(1536, classes)

    def forward(self, rgb: Tensor) -> Tensor:
        """The logits, before any softmax, of sRGB pictures (N, 3, H, W) in 0..1."""
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(2 * rgb - 1)))
        x = self.conv2d_4a(self.conv2d_3b(F.max_pool2d(x, 3, 2)))
        x = self.repeat(self.mixed_5b(F.max_pool2d(x, 3, 2)))
        x = self.repeat_2(self.mixed_7a(self.repeat_1(self.mixed_6a(x))))
        x = self.conv2d_7b(self.block8(x))
        logits: Tensor = self.classif(x.mean((2, 3)))
        return logits

    def load_published(self, state: Mapping[str, Tensor], source: str) -> None:
        """Takes over published weights.

        Args:
            state: in timm's naming; the counters of batch norms may be absent.
            source: where it came from, for the message.

        Raises:
            ModelError: names or shapes are not this network's.
        """
        own = self.state_dict()
        counters = {name for name in own if name.endswith("num_batches_tracked")}
        lacking = [f"lacks {n}" for n in own if n not in state and n not in counters]
        unknown = [f"holds an unknown {n}" for n in state if n not in own]
        for wrong in lacking + unknown:
            raise ModelError(
                f"{source}: not Inception-ResNet-v2 in timm's naming: it {wrong}; "
                f"{WEIGHTS_URL} fits"
            )
        for name, value in state.items():
            if value.shape != own[name].shape:
                raise ModelError(
                    f"{source}: {name} has shape {tuple(value.shape)}, "
                    f"{tuple(own[name].shape)} is needed; does the number of classes fit?"
                )
        self.load_state_dict({**own, **state})
