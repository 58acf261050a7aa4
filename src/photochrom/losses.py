"""What training minimises: losses of a prediction against true colours, weighted sums by name.

Every loss takes a `Prediction` at the network's output size and the true picture as CIELAB
(N, 3, h, w) at that size, and returns one number. Reconstruction losses compare in the network's
own output space: sRGB 0..1 where it predicts that, ab in CIELAB units otherwise.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from photochrom.color import lab_to_rgb_tensor
from photochrom.errors import OptionError
from photochrom.networks.blocks import Prediction
from photochrom.networks.efficientnet_lite import frozen_features
from photochrom.palette import AB_MAX, AB_MIN, palette_by_name

Loss = Callable[..., Tensor]

SMOOTH_L1_UNIT = 10.0
"""CIELAB units in which the smooth L1 loss is counted, so that a typical error is near 1."""


def compared(prediction: Prediction, lab: Tensor) -> tuple[Tensor, Tensor]:
    """What the network predicts and its truth, (N, C, h, w) both: sRGB (C = 3) or ab (C = 2)."""
    if prediction.rgb is not None:
        return prediction.rgb, lab_to_rgb_tensor(lab)
    return prediction.ab, lab[:, 1:]


def half_squared_error(prediction: Prediction, lab: Tensor) -> Tensor:
    """S1's form: half the squared error summed over pixels and channels, mean over pictures."""
    return 0.5 * F.mse_loss(*compared(prediction, lab), reduction="sum") / len(lab)


def mean_squared_error(prediction: Prediction, lab: Tensor) -> Tensor:
    """The mean over pixels and channels of the squared error (S2's L2)."""
    return F.mse_loss(*compared(prediction, lab))


def mean_absolute_error(prediction: Prediction, lab: Tensor) -> Tensor:
    """The mean over pixels and channels of the absolute error."""
    return F.l1_loss(*compared(prediction, lab))


def huber(prediction: Prediction, lab: Tensor, *, delta: float = 1.0) -> Tensor:
    """Half the squared error up to `delta`, delta (|d| - delta / 2) above (Huber 1964)."""
    return F.huber_loss(*compared(prediction, lab), delta=delta)


def smooth_l1(prediction: Prediction, lab: Tensor, *, beta: float = 5.0) -> Tensor:
    """Quadratic below an error of `beta` CIELAB units, linear above; in tens of units."""
    ab, truth = prediction.ab / SMOOTH_L1_UNIT, lab[:, 1:] / SMOOTH_L1_UNIT
    return F.smooth_l1_loss(ab, truth, beta=beta / SMOOTH_L1_UNIT)


def pairwise_mean_squared_error(prediction: Prediction, lab: Tensor) -> Tensor:
    """The mean over all pairs of elements of (d_i - d_j)^2, d = prediction - truth (S2's choice).

    Per picture over all n elements of both channels: 2 [sum d^2 / (n-1) - (sum d)^2 / (n (n-1))],
    which needs no loop over pairs. It does not see one constant added to everything.
    """
    predicted, truth = compared(prediction, lab)
    d = (predicted - truth).flatten(1)
    n = d.shape[1]
    per_picture = 2 * ((d**2).sum(1) / (n - 1) - d.sum(1) ** 2 / (n * (n - 1)))
    return per_picture.mean()


def binary_cross_entropy(prediction: Prediction, lab: Tensor) -> Tensor:
    """Cross-entropy of values in 0..1: sRGB as it is, ab as (v + 128) / 255."""
    predicted, truth = compared(prediction, lab)
    if prediction.rgb is None:
        predicted, truth = ((v - AB_MIN) / (AB_MAX - AB_MIN) for v in (predicted, truth))
    return F.binary_cross_entropy(predicted.clamp(0, 1), truth.clamp(0, 1))


def cross_entropy(
    prediction: Prediction, lab: Tensor, *, palette: str, class_weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy against the class that holds the true colour; see `soft_cross_entropy`."""
    classes = _class_table(palette).to(lab.device)[_table_rows(lab)]
    return _weighted_cross_entropy(
        prediction, classes[:, None], torch.ones_like(classes)[:, None], 1, class_weights
    )


def smoothed_cross_entropy(
    prediction: Prediction, lab: Tensor, *, palette: str, class_weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy against labels smoothed over each class's 3 x 3 neighbours (S1)."""
    rows = _table_rows(lab)
    classes = _class_table(palette).to(lab.device)[rows]
    neighbours, mass = (table.to(lab.device) for table in _smoothed_table(palette))
    return _weighted_cross_entropy(prediction, neighbours[classes], mass[classes], 1, class_weights)


def soft_cross_entropy(
    prediction: Prediction,
    lab: Tensor,
    *,
    palette: str,
    class_weights: Tensor | None = None,
    spacing: int = 2,
) -> Tensor:
    """Cross-entropy against the five nearest classes, weighted by a Gaussian (Zhang et al. 2016).

    Args:
        prediction: with logits (N, Q, h, w).
        lab: (N, 3, h, w) the truth.
        palette: the palette's name.
        class_weights: (Q,) weight of a pixel by its (nearest) class, None for 1.
        spacing: every so many-th pixel of both axes is judged; neighbours say nearly the same, and
            a softmax over hundreds of classes would cost as much as the network.

    Returns:
        The mean over pixels, in nats.
    """
    rows = _table_rows(lab[:, :, ::spacing, ::spacing])
    nearest, mass = (table.to(lab.device)[rows] for table in _soft_label_table(palette))
    return _weighted_cross_entropy(prediction, nearest, mass, spacing, class_weights)


def feature(prediction: Prediction, lab: Tensor, *, network: str = "lite0") -> Tensor:
    """`feature_loss` with ImageNet features of EfficientNet-Lite at strides 4, 8 and 16.

    Args:
        prediction: any h and w.
        lab: (N, 3, h, w) the truth.
        network: "lite0", "lite1" or "lite2", from its package.
    """
    return feature_loss(frozen_features(network, lab.device), prediction, lab)


LOSSES: dict[str, Loss] = {
    "half_squared_error": half_squared_error,
    "mean_squared_error": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
    "huber": huber,
    "smooth_l1": smooth_l1,
    "pairwise_mean_squared_error": pairwise_mean_squared_error,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "smoothed_cross_entropy": smoothed_cross_entropy,
    "soft_cross_entropy": soft_cross_entropy,
    "feature": feature,
}
"""The table of losses: adding one is adding a row."""

NEED_PALETTE = frozenset(name for name in LOSSES if name.endswith("cross_entropy")) - {
    "binary_cross_entropy"
}
"""The losses of a distribution over colour classes."""


class WeightedLoss:
    """A weighted sum of losses by name.

    Args:
        weights: name -> weight.
        options: name -> keyword options of that loss.
        palette: the network's palette, for the losses of a distribution.
        class_weights: (Q,) for rebalanced classification.

    Raises:
        OptionError: a loss that there is not, or that this network cannot have.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        palette: str | None = None,
        class_weights: Tensor | None = None,
    ) -> None:
        self.weights, self.palette = dict(weights), palette
        self._terms: dict[str, Loss] = {}
        for name in weights:
            if name not in LOSSES:
                raise OptionError(f"no loss {name!r}; known are {', '.join(sorted(LOSSES))}")
            given = _checked_options(name, (options or {}).get(name, {}))
            if name in NEED_PALETTE:
                if palette is None:
                    raise OptionError(f"{name} needs a network with a palette")
                given |= {"palette": palette, "class_weights": class_weights}
            self._terms[name] = functools.partial(LOSSES[name], **given)

    def __call__(self, prediction: Prediction, lab: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and each term before weighting (detached)."""
        terms = {name: loss(prediction, lab) for name, loss in self._terms.items()}
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        return total, {name: term.detach() for name, term in terms.items()}


def least_squares_adversarial(judged: Tensor, *, real: bool) -> Tensor:
    """The mean squared distance of a discriminator's raw output to 1 (real) or 0 (Mao 2017)."""
    return F.mse_loss(judged, torch.full_like(judged, float(real)))


def cross_entropy_adversarial(judged: Tensor, *, real: bool) -> Tensor:
    """Cross-entropy of a discriminator's logits against real or not (Goodfellow 2014)."""
    return F.binary_cross_entropy_with_logits(judged, torch.full_like(judged, float(real)))


def feature_loss(
    features: Callable[[Tensor], Sequence[Tensor]], prediction: Prediction, lab: Tensor
) -> Tensor:
    """The mean absolute difference of a frozen network's features (Johnson et al. 2016).

    Args:
        features: what maps sRGB (N, 3, h, w) in 0..1 to feature maps; each counts the same.
        prediction: its sRGB where it has that, else its ab on the true luminance.
        lab: (N, 3, h, w) the truth.
    """
    coloured = prediction.rgb
    if coloured is None:
        coloured = lab_to_rgb_tensor(torch.cat([lab[:, :1], prediction.ab], 1))
    with torch.no_grad():
        wanted = features(lab_to_rgb_tensor(lab))
    pairs = zip(features(coloured), wanted, strict=True)
    return torch.stack([F.l1_loss(own, true) for own, true in pairs]).mean()


def _checked_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(LOSSES[name]).parameters.values()
    known = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    known -= {"palette", "class_weights"}
    for option in options:
        if option not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "it has none"
            raise OptionError(f"loss {name} has no option {option!r}; {there}")
    return dict(options)


def _weighted_cross_entropy(
    prediction: Prediction, classes: Tensor, mass: Tensor, spacing: int, weights: Tensor | None
) -> Tensor:
    """The mean of -sum_k m_k log p(c_k) over pixels; classes and mass are (pixels, k)."""
    if prediction.logits is None:
        raise OptionError("this network predicts no distribution: it has no logits to judge")
    logits = prediction.logits[:, :, ::spacing, ::spacing].movedim(1, -1)
    log_probabilities = F.log_softmax(logits.reshape(len(classes), -1), dim=1)
    per_pixel = -(log_probabilities.gather(1, classes) * mass).sum(1)
    if weights is not None:
        per_pixel = per_pixel * weights.to(per_pixel.device)[classes[:, 0]]
    return per_pixel.mean()


def _table_rows(lab: Tensor) -> Tensor:
    """(pixels,) row in the tables below of each pixel's ab, rounded to whole numbers."""
    flat = lab[:, 1:].movedim(1, -1).reshape(-1, 2)
    a, b = (flat.round().clamp(AB_MIN, AB_MAX).long() - AB_MIN).unbind(1)
    return a * (AB_MAX - AB_MIN + 1) + b


def _whole_ab() -> Any:
    """(65536, 2) every whole-numbered ab, in the order of the tables."""
    axis = torch.arange(AB_MIN, AB_MAX + 1)
    return torch.cartesian_prod(axis, axis).numpy().astype("float32")


@functools.cache
def _class_table(palette: str) -> Tensor:
    """(65536,) the class of every whole-numbered ab."""
    return torch.from_numpy(palette_by_name(palette).encode(_whole_ab()))


@functools.cache
def _soft_label_table(palette: str) -> tuple[Tensor, Tensor]:
    """Nearest classes and their weights for every whole-numbered ab: (65536, 5) each."""
    classes, weights = palette_by_name(palette).soft_labels(_whole_ab())
    return torch.from_numpy(classes), torch.from_numpy(weights)


@functools.cache
def _smoothed_table(palette: str) -> tuple[Tensor, Tensor]:
    """S1's smoothed label of every class: its nine heaviest classes, itself first, (Q, 9) each."""
    labels = torch.from_numpy(palette_by_name(palette).smoothed_labels())
    mass, classes = labels.sort(dim=1, descending=True)
    return classes[:, :9], mass[:, :9]
