"""What training minimises: losses of a prediction against true colours, weighted sums by name.

Every loss takes a `Prediction` at the network's output size and the true ab (N, 2, h, w) at that
size, both in CIELAB units, and returns one number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction
from photochrom.palette import AB_MAX, AB_MIN, palette_by_name

HUBER_UNIT = 10.0
"""CIELAB units in which the smooth L1 loss is counted, so that a typical error is near 1."""


def mean_squared_error(prediction: Prediction, ab: Tensor) -> Tensor:
    """The mean over pixels and both channels of the squared error, CIELAB units squared."""
    return F.mse_loss(prediction.ab, ab)


def mean_absolute_error(prediction: Prediction, ab: Tensor) -> Tensor:
    """The mean over pixels and both channels of the absolute error, CIELAB units."""
    return F.l1_loss(prediction.ab, ab)


def smooth_l1(prediction: Prediction, ab: Tensor, *, beta: float = 5.0) -> Tensor:
    """Quadratic below an error of `beta` CIELAB units, linear above; in tens of units."""
    return F.smooth_l1_loss(prediction.ab / HUBER_UNIT, ab / HUBER_UNIT, beta=beta / HUBER_UNIT)


def soft_cross_entropy(
    prediction: Prediction,
    ab: Tensor,
    *,
    palette: str,
    class_weights: Tensor | None = None,
    spacing: int = 2,
) -> Tensor:
    """Cross-entropy against the five nearest classes, weighted by a Gaussian (Zhang et al. 2016).

    Args:
        prediction: with logits (N, Q, h, w).
        ab: (N, 2, h, w) true colours.
        palette: the palette's name.
        class_weights: (Q,) weight of a pixel by its nearest class, None for 1.
        spacing: every so many-th pixel of both axes is judged; neighbours say nearly the same, and
            a softmax over hundreds of classes would cost as much as the network.

    Returns:
        The mean over pixels, in nats.
    """
    if prediction.logits is None:
        raise OptionError("this network predicts no distribution: soft_cross_entropy needs logits")
    nearest, weights = _soft_label_table(palette)
    sparse = ab[:, :, ::spacing, ::spacing].movedim(1, -1).reshape(-1, 2)
    a, b = (sparse.round().clamp(AB_MIN, AB_MAX).long() - AB_MIN).unbind(1)
    row = a * (AB_MAX - AB_MIN + 1) + b
    classes, mass = nearest.to(ab.device)[row], weights.to(ab.device)[row]  # (pixels, 5) each
    logits = prediction.logits[:, :, ::spacing, ::spacing].movedim(1, -1)
    log_probabilities = F.log_softmax(logits.reshape(len(row), -1), dim=1)
    per_pixel = -(log_probabilities.gather(1, classes) * mass).sum(1)
    if class_weights is not None:
        per_pixel = per_pixel * class_weights.to(ab.device)[classes[:, 0]]
    return per_pixel.mean()


LOSSES: dict[str, Callable[..., Tensor]] = {
    "mean_squared_error": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
    "smooth_l1": smooth_l1,
    "soft_cross_entropy": soft_cross_entropy,
}
"""The table of losses: adding one is adding a row."""


class WeightedLoss:
    """A weighted sum of losses by name.

    Args:
        weights: name -> weight.
        palette: the network's palette, for the losses that need one.
        class_weights: (Q,) for rebalanced classification.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        palette: str | None = None,
        class_weights: Tensor | None = None,
    ) -> None:
        unknown = sorted(set(weights) - set(LOSSES))
        if unknown:
            raise OptionError(f"no loss {unknown[0]!r}; known are {', '.join(sorted(LOSSES))}")
        self.weights, self.palette = dict(weights), palette
        self._terms = {name: LOSSES[name] for name in weights}
        if "soft_cross_entropy" in weights:
            if palette is None:
                raise OptionError("soft_cross_entropy needs a network with a palette")
            self._terms["soft_cross_entropy"] = functools.partial(
                soft_cross_entropy, palette=palette, class_weights=class_weights
            )

    def __call__(self, prediction: Prediction, ab: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and each term before weighting (detached)."""
        terms = {name: loss(prediction, ab) for name, loss in self._terms.items()}
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        return total, {name: term.detach() for name, term in terms.items()}


@functools.cache
def _soft_label_table(palette: str) -> tuple[Tensor, Tensor]:
    """Nearest classes and their weights for every whole-numbered ab: (65536, 5) each."""
    axis = torch.arange(AB_MIN, AB_MAX + 1)
    ab = torch.cartesian_prod(axis, axis).numpy().astype("float32")
    classes, weights = palette_by_name(palette).soft_labels(ab)
    return torch.from_numpy(classes), torch.from_numpy(weights)
