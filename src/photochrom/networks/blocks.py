"""What networks share: what they return, the sizes they take, and the plainest of layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Prediction(NamedTuple):
    """What every colorizing network returns.

    Attributes:
        ab: (N, 2, h, w) chroma in CIELAB units.
        logits: (N, Q, h, w) unnormalised log-probabilities of the palette's classes, or None.
        rgb: (N, 3, h, w) sRGB in 0..1 where that is what the network predicts; `ab` is then its
            Lab, since the picture keeps its own luminance. None otherwise.
    """

    ab: Tensor
    logits: Tensor | None = None
    rgb: Tensor | None = None


@dataclass(frozen=True)
class SizeRule:
    """Which heights and widths a network takes: at least `minimum`, a multiple of `multiple`."""

    minimum: int = 1
    multiple: int = 1

    def fit(self, length: int) -> int:
        """The smallest length that the rule allows and that is not below `length`."""
        return -(-max(length, self.minimum) // self.multiple) * self.multiple


class ColorizingNetwork(Protocol):
    """L (N, 1, H, W) 0..100 in, a `Prediction` at 1 / stride of its size out.

    A network with optional parts that change next to nothing while they are new lists the names
    that their weights begin with as `grows`; a training may then start from weights without them.
    One whose weights depend on the picture says `one_picture`: its file takes one at a time.
    """

    size_rule: SizeRule
    stride: int
    palette: str | None

    def __call__(self, luminance: Tensor) -> Prediction:
        """The chroma of a batch whose sides keep the size rule."""
        ...


def predict_any_size(
    network: Callable[[Tensor], Prediction], luminance: Tensor, rule: SizeRule, stride: int
) -> Prediction:
    """The prediction for a batch of any size: its edges are repeated up to the size rule.

    Args:
        network: takes L (N, 1, H, W) that keeps the rule.
        luminance: (N, 1, H, W), any H and W.
        rule: the network's size rule.
        stride: input pixels per output pixel.

    Returns:
        A prediction cut back to ceil(H / stride) x ceil(W / stride).
    """
    height, width = luminance.shape[-2:]
    right, bottom = rule.fit(width) - width, rule.fit(height) - height
    padded = F.pad(luminance, (0, right, 0, bottom), mode="replicate")
    h, w = -(-height // stride), -(-width // stride)
    return map_prediction(lambda output: output[..., :h, :w], network(padded))


def map_prediction(change: Callable[[Tensor], Tensor], prediction: Prediction) -> Prediction:
    """The prediction with something done to each of its outputs."""
    ab, *others = prediction
    return Prediction(change(ab), *(None if o is None else change(o) for o in others))


NORM_EPS = 1e-5
"""Added to the variance by the norms of `ConvNormReLU`."""


class ConvNormReLU(nn.Sequential):
    """Convolution (odd kernel, same size, no bias), batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs, eps=NORM_EPS),
            nn.ReLU(inplace=True),
        )


def norm_that_adds(values: Tensor, eps: float) -> dict[str, Tensor]:
    """The state of a batch norm that, in evaluation mode, only adds something to each channel.

    Args:
        values: (C,) what is added.
        eps: the norm's own.
    """
    return {
        "weight": torch.ones_like(values),
        "bias": values,
        "running_mean": torch.zeros_like(values),
        "running_var": torch.full_like(values, 1 - eps),
        "num_batches_tracked": torch.tensor(0),
    }


def freeze(module: nn.Module) -> None:
    """Takes a module out of training: no gradients, and its batch norms keep their statistics."""
    module.requires_grad_(False)
    module.eval()


def to_channels_last(module: nn.Module) -> nn.Module:
    """The module with its convolutions laid out as CPUs and GPUs compute them fastest."""
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
