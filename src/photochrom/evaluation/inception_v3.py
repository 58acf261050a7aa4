"""InceptionV3 as torchvision has it: the feature network of most published Frechet distances.

Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016. Modules are
named as in torchvision (`inception_v3`), whose weight file fits. The weights that came with the
first published distances are others, and values of the two cannot be compared.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WEIGHTS_URL = "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth"
"""torchvision's file, BSD-3-Clause; its name ends in the first digits of its SHA-256."""

SIZE, SMALLEST_SIZE = 299, 75
FEATURES, CLASSES = 2048, 1000
NORM_EPSILON = 1e-3


class _Step(NamedTuple):
    """One convolution of a mixed block; with a stride it takes only pixels that exist."""

    name: str
    outputs: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1


_Chain = tuple[_Step | tuple[_Step, _Step], ...]
"""Convolutions one after the other; a pair at the end stands side by side."""


class _Convolution(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: tuple[int, int] = (1, 1), *,
        stride: int = 1, padding: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class _Mixed(nn.Module):
    """Chains of convolutions and a pooling, side by side, their outputs concatenated.

    Args:
        inputs: channels that come in.
        chains: the convolutions.
        pooled: channels of the convolution behind a mean over 3 x 3; None for a maximum with
            stride 2 and nothing behind it.
    """

    def __init__(self, inputs: int, chains: tuple[_Chain, ...], pooled: int | None = None) -> None:
        super().__init__()
        self.names: list[list[tuple[str, ...]]] = []
        for chain in chains:
            width, names = inputs, []
            for entry in chain:
                steps = (entry,) if isinstance(entry, _Step) else entry
                for step in steps:
                    self._add(width, step)
                width = sum(step.outputs for step in steps)
                names.append(tuple(step.name for step in steps))
            self.names.append(names)
        if pooled is not None:
            self._add(inputs, _Step("branch_pool", pooled))
        self.averages = pooled is not None

    def _add(self, inputs: int, step: _Step) -> None:
        same = (step.kernel[0] // 2, step.kernel[1] // 2) if step.stride == 1 else (0, 0)
        self.add_module(
            step.name,
            _Convolution(inputs, step.outputs, step.kernel, stride=step.stride, padding=same),
        )

    def forward(self, x: Tensor) -> Tensor:
        """All branches' maps side by side, (N, C, H, W) -> (N, C', H', W')."""
        outputs = []
        for chain in self.names:
            y = x
            for names in chain:
                y = torch.cat([getattr(self, name)(y) for name in names], 1)
            outputs.append(y)
        if self.averages:
            outputs.append(self.branch_pool(F.avg_pool2d(x, 3, 1, 1)))  # type: ignore[operator]
        else:
            outputs.append(F.max_pool2d(x, 3, 2))
        return torch.cat(outputs, 1)


def _block_35(inputs: int, pooled: int) -> _Mixed:
    chains = (
        (_Step("branch1x1", 64),),
        (_Step("branch5x5_1", 48), _Step("branch5x5_2", 64, (5, 5))),
        (
            _Step("branch3x3dbl_1", 64),
            _Step("branch3x3dbl_2", 96, (3, 3)),
            _Step("branch3x3dbl_3", 96, (3, 3)),
        ),
    )
    return _Mixed(inputs, chains, pooled)


def _block_17(inputs: int, width: int) -> _Mixed:
    across, down = (1, 7), (7, 1)
    chains = (
        (_Step("branch1x1", 192),),
        (
            _Step("branch7x7_1", width),
            _Step("branch7x7_2", width, across),
            _Step("branch7x7_3", 192, down),
        ),
        (
            _Step("branch7x7dbl_1", width),
            _Step("branch7x7dbl_2", width, down),
            _Step("branch7x7dbl_3", width, across),
            _Step("branch7x7dbl_4", width, down),
            _Step("branch7x7dbl_5", 192, across),
        ),
    )
    return _Mixed(inputs, chains, 192)


def _block_8(inputs: int) -> _Mixed:
    across, down = (1, 3), (3, 1)
    chains = (
        (_Step("branch1x1", 320),),
        (
            _Step("branch3x3_1", 384),
            (_Step("branch3x3_2a", 384, across), _Step("branch3x3_2b", 384, down)),
        ),
        (
            _Step("branch3x3dbl_1", 448),
            _Step("branch3x3dbl_2", 384, (3, 3)),
            (_Step("branch3x3dbl_3a", 384, across), _Step("branch3x3dbl_3b", 384, down)),
        ),
    )
    return _Mixed(inputs, chains, 192)


def _to_17(inputs: int) -> _Mixed:
    chains = (
        (_Step("branch3x3", 384, (3, 3), 2),),
        (
            _Step("branch3x3dbl_1", 64),
            _Step("branch3x3dbl_2", 96, (3, 3)),
            _Step("branch3x3dbl_3", 96, (3, 3), 2),
        ),
    )
    return _Mixed(inputs, chains)


def _to_8(inputs: int) -> _Mixed:
    chains = (
        (_Step("branch3x3_1", 192), _Step("branch3x3_2", 320, (3, 3), 2)),
        (
            _Step("branch7x7x3_1", 192),
            _Step("branch7x7x3_2", 192, (1, 7)),
            _Step("branch7x7x3_3", 192, (7, 1)),
            _Step("branch7x7x3_4", 192, (3, 3), 2),
        ),
    )
    return _Mixed(inputs, chains)


class InceptionV3(nn.Module):
    """Logits (N, 1000) of sRGB pictures (N, 3, H, W) in 0..1, sides of at least 75.

    23,834,568 parameters; torchvision's file holds 3,326,696 more, those of the auxiliary
    classifier that only training needs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Convolution(3, 32, (3, 3), stride=2)
        self.Conv2d_2a_3x3 = _Convolution(32, 32, (3, 3))
        self.Conv2d_2b_3x3 = _Convolution(32, 64, (3, 3), padding=(1, 1))
        self.Conv2d_3b_1x1 = _Convolution(64, 80)
        self.Conv2d_4a_3x3 = _Convolution(80, 192, (3, 3))
        self.Mixed_5b = _block_35(192, 32)
        self.Mixed_5c = _block_35(256, 64)
        self.Mixed_5d = _block_35(288, 64)
        self.Mixed_6a = _to_17(288)
        self.Mixed_6b = _block_17(768, 128)
        self.Mixed_6c = _block_17(768, 160)
        self.Mixed_6d = _block_17(768, 160)
        self.Mixed_6e = _block_17(768, 192)
        self.Mixed_7a = _to_8(768)
        self.Mixed_7b = _block_8(1280)
        self.Mixed_7c = _block_8(2048)
        self.fc = nn.Linear(FEATURES, CLASSES)

    def pooled(self, rgb: Tensor) -> Tensor:
        """The features (N, 2048) behind the last pooling ("pool3") of sRGB in 0..1."""
        # torchvision's normalisation and the one undone inside come to just this
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(2 * rgb - 1)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(F.max_pool2d(x, 3, 2))))
        x = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))
        x = self.Mixed_7a(self.Mixed_6e(self.Mixed_6d(x)))
        features: Tensor = self.Mixed_7c(self.Mixed_7b(x))
        return features.mean((2, 3))

    def forward(self, rgb: Tensor) -> Tensor:
        """The logits, before any softmax."""
        logits: Tensor = self.fc(self.pooled(rgb))
        return logits
