"""What a run is judged by while it trains: loss, colour difference, accuracy, chroma."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from photochrom.color import Array, ciede2000
from photochrom.data.batches import Batch
from photochrom.losses import WeightedLoss
from photochrom.metrics import exact_accuracy
from photochrom.networks.blocks import Prediction
from photochrom.palette import Palette, palette_by_name


def picture_at(lab: Tensor, height: int, width: int) -> Tensor:
    """The picture (N, C, H, W) averaged down to the network's output size, height x width."""
    return F.adaptive_avg_pool2d(lab, (height, width))


@torch.no_grad()
def validate(
    predict: Callable[..., Prediction], batches: Iterable[Batch], loss: WeightedLoss
) -> dict[str, float]:
    """Figures over held-out pictures, at the network's output size.

    Returns:
        "loss" and each of its terms; "ciede2000" and "ciede2000_grey" (mean over pixels);
        "ciede2000_ratio", 1 for a grey prediction; "chroma_ratio", predicted over true mean chroma;
        "pixel_accuracy", see `metrics.exact_accuracy`; "bin_accuracy", where there are logits: the
        share of pixels whose most probable class is that of their true colour (chance 1/Q).
    """
    palette = None if loss.palette is None else palette_by_name(loss.palette)
    sums: dict[str, float] = defaultdict(float)
    count = 0
    for batch in batches:
        prediction = predict(*batch.inputs)
        small = picture_at(batch.lab, *prediction.ab.shape[-2:])
        total, terms = loss(prediction, small)
        n = len(batch.lab)
        sums["loss"] += n * float(total)
        for name, term in terms.items():
            sums[name] += n * float(term)
        found = _colour_figures(prediction.ab.float(), small)
        if palette is not None and prediction.logits is not None:
            found["bin_accuracy"] = _bin_accuracy(prediction.logits, small, palette)
        for name, value in found.items():
            sums[name] += n * value
        count += n
    figures = {name: value / count for name, value in sums.items()}
    figures["ciede2000_ratio"] = figures["ciede2000"] / figures["ciede2000_grey"]
    figures["chroma_ratio"] = figures.pop("chroma") / figures.pop("chroma_true")
    return figures


def _colour_figures(ab: Tensor, truth: Tensor) -> dict[str, float]:
    lab = _channels_last(truth)
    predicted = np.concatenate([lab[..., :1], _channels_last(ab)], -1)
    grey = lab * (1, 0, 0)
    return {
        "ciede2000": float(ciede2000(predicted, lab).mean()),
        "ciede2000_grey": float(ciede2000(grey, lab).mean()),
        "chroma": float(np.hypot(predicted[..., 1], predicted[..., 2]).mean()),
        "chroma_true": float(np.hypot(lab[..., 1], lab[..., 2]).mean()),
        "pixel_accuracy": exact_accuracy(predicted[..., 1:], lab[..., 1:]),
    }


def _bin_accuracy(logits: Tensor, truth: Tensor, palette: Palette) -> float:
    # whole numbers, as the losses take them: S1's class borders lie on some of those
    classes = palette.encode(np.rint(_channels_last(truth)[..., 1:]))
    return float((logits.argmax(1).cpu().numpy() == classes).mean())


def _channels_last(batch: Tensor) -> Array:
    array: Array = batch.movedim(1, -1).cpu().numpy()
    return array
