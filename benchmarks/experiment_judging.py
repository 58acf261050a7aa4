"""What the pictures of an experiment are judged by: one list of figures for all networks.

A network's chroma is put on the picture's own luminance, as the package does with every
photograph, and cut to sRGB; a network that predicts RGB gives the chroma of that. Errors in ab
and accuracies are of the chroma as it was predicted, before it is cut.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from photochrom import metrics
from photochrom.color import Array, FloatArray, lab_to_rgb
from photochrom.data.batches import lab_from_bytes
from photochrom.data.decoded import DecodedPictures
from photochrom.evaluation.density import Density
from photochrom.evaluation.figures import FIGURES, Judged
from photochrom.evaluation.observer import Observer
from photochrom.networks.blocks import ColorizingNetwork, predict_any_size
from photochrom.palette import uniform_palette
from photochrom.photo import upsample_chroma
from photochrom.statistics import bootstrap_interval

Painter = Callable[[FloatArray], FloatArray]
"""From luminance (H, W) 0..100 to chroma (H, W, 2)."""

ROW, GREY, DEFAULT, TRUTH = "row", "grey", "default", "truth"
"""Who is judged: the experiment's network, no colour, the default model, the pictures' own."""

MIOU = "miou"


@dataclass(frozen=True, eq=False)
class Coloured:
    """A result.

    Attributes:
        ab: (H, W, 2) chroma as it was predicted.
        true_ab: (H, W, 2) the picture's own.
        judged: both as sRGB, the result cut to it.
        kl: of the result under an autoencoder, in nats; NaN without one.
        true_kl: of the picture itself.
    """

    ab: Array
    true_ab: Array
    judged: Judged
    kl: float = math.nan
    true_kl: float = math.nan


@dataclass(frozen=True)
class Shown:
    """How a figure is told.

    Attributes:
        label: what people read.
        form: of a number, as `format` takes it.
        better: "lower" or "higher"; "" where neither is.
        of: the number of one picture, NaN where it says nothing of it; None for a figure of the
            whole set, which has no interval.
    """

    label: str
    form: str
    better: str
    of: Callable[[Coloured], float] | None


def _from_package(name: str, form: str, label: str = "") -> Shown:
    figure = FIGURES[name]
    better = figure.better if figure.better in ("lower", "higher") else ""
    return Shown(label or figure.label, form, better, lambda c: figure.of(c.judged))


def _squared_error(coloured: Coloured) -> float:
    return metrics.mean_squared_error(coloured.ab, coloured.true_ab)


def _bin_accuracy(coloured: Coloured) -> float:
    # whole numbers, as the losses take them: S1's class borders lie on some of those
    return metrics.bin_accuracy(coloured.ab, np.rint(coloured.true_ab), uniform_palette())


SHOWN: Mapping[str, Shown] = {
    "bin_accuracy": Shown("right bin of 400", ".1%", "higher", _bin_accuracy),
    "exact_accuracy": Shown(
        "exact ab", ".2%", "higher", lambda c: metrics.exact_accuracy(c.ab, c.true_ab)
    ),
    "ab_mse": Shown("L2 in ab units", ".1f", "lower", _squared_error),
    "ab_mse_128": Shown("MSE of ab / 128", ".4f", "lower", lambda c: _squared_error(c) / 128**2),
    "mae": _from_package("mae", ".4f", "MAE, sRGB"),
    "mse": _from_package("mse", ".4f", "MSE, sRGB"),
    "huber": _from_package("huber", ".5f"),
    "bce": _from_package("bce", ".3f"),
    "psnr": _from_package("psnr", ".2f", "PSNR, dB"),
    "ssim": _from_package("ssim", ".3f"),
    "ciede2000": _from_package("ciede2000", ".2f"),
    "colourfulness": Shown(
        "colourfulness", ".1f", "", lambda c: metrics.colourfulness(c.judged.result_rgb)
    ),
    "inconsistency": _from_package("inconsistency", ".2f"),
    "bleeding": _from_package("bleeding", ".3f"),
    "density": Shown("density, KL in nats", ".1f", "", lambda c: c.kl),
    "density_gap": Shown(
        "KL apart from the truth's", ".1f", "lower", lambda c: abs(c.kl - c.true_kl)
    ),
    MIOU: Shown("mIoU", ".3f", "higher", None),
}
"""By name, in the order of a result."""

KEPT = {
    ROW: (
        "bin_accuracy", "ab_mse", "mae", "psnr", "ciede2000", "colourfulness", "inconsistency",
    ),
    DEFAULT: ("ab_mse", "psnr", "ciede2000"),
    GREY: ("ab_mse", "psnr", "ciede2000"),
}  # fmt: skip
"""Figures of which a result keeps every picture's, so that rows can be compared in pairs."""

Values = dict[str, list[float]]
"""Each figure of each picture; one number for a figure of the whole set."""


@dataclass(frozen=True, eq=False)
class Networks:
    """Networks that look at results; figures of one that is missing say nothing.

    Attributes:
        density: the autoencoder for the figures of density.
        segmentation: the network for mIoU: what it sees in the results against what in the truths.
    """

    density: Density | None = None
    segmentation: Observer | None = None


def network_painter(network: nn.Module, device: torch.device) -> Painter:
    """A network of ours in evaluation mode, at the size of the picture."""
    described: ColorizingNetwork = network.to(device).eval()  # type: ignore[assignment]

    @torch.inference_mode()
    def paint(luminance: FloatArray) -> FloatArray:
        batch = torch.from_numpy(luminance)[None, None].to(device)
        found = predict_any_size(described, batch, described.size_rule, described.stride)
        ab: FloatArray = found.ab[0].movedim(0, -1).float().cpu().numpy()
        return ab if ab.shape[:2] == luminance.shape else upsample_chroma(ab, luminance)

    return paint


def no_colour(luminance: FloatArray) -> FloatArray:
    """The painter of grey pictures."""
    return np.zeros((*luminance.shape, 2), np.float32)


def judge(
    painters: Mapping[str, Painter], pictures: DecodedPictures, networks: Networks = Networks()
) -> dict[str, Values]:
    """Every figure of every picture for each painter, and for `TRUTH`.

    Args:
        painters: by what they are called.
        pictures: with their true colours.
        networks: those that look at results.
    """
    observer = networks.density and networks.density.observer()
    found: dict[str, Values] = {
        name: {figure: [] for figure in SHOWN} for name in (*painters, TRUTH)
    }
    maps: dict[str, list[Array]] = {name: [] for name in found}
    for index in range(len(pictures)):
        lab = lab_from_bytes(pictures.take([index]))[0].movedim(0, -1).numpy()
        luminance = np.ascontiguousarray(lab[..., 0])
        truth = lab_to_rgb(lab)
        true_kl = _kl(observer, truth)
        for name, values in found.items():
            ab = lab[..., 1:] if name == TRUTH else painters[name](luminance)
            result = truth if name == TRUTH else lab_to_rgb(np.dstack([luminance, ab]))
            judged, kl = Judged(result, truth), _kl(observer, result)
            coloured = Coloured(ab, lab[..., 1:], judged, kl, true_kl)
            for figure, shown in SHOWN.items():
                if shown.of is not None:
                    values[figure].append(float(shown.of(coloured)))
            if networks.segmentation is not None:
                maps[name].append(networks.segmentation.observe(result))
    if networks.segmentation is not None:
        for name, values in found.items():
            values[MIOU].append(metrics.mean_iou(maps[name], maps[TRUTH]))
    return found


def _kl(observer: Observer | None, rgb: Array) -> float:
    return float(observer.observe(rgb)[0]) if observer else math.nan


def told(values: Values) -> dict[str, list[float] | None]:
    """[mean, low, high] of each figure over the pictures that it speaks of; None if of none.

    A figure of the whole set is [value].
    """
    rows: dict[str, list[float] | None] = {}
    for name, all_values in values.items():
        known = np.array([value for value in all_values if np.isfinite(value)])
        rows[name] = None
        if len(known) and SHOWN[name].of is None:
            rows[name] = [rounded(value) for value in known]
        elif len(known):
            interval = bootstrap_interval(known)
            rows[name] = [rounded(v) for v in (interval.value, interval.low, interval.high)]
    return rows


def rounded(value: float) -> float:
    """Five digits: more than any of these samples can say."""
    return float(f"{value:.5g}")
