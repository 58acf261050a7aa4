"""The figures of a report: one literal table, each row with what its number is inadequate for.

`FIGURES` are of one picture, and `perceptual_figure` is one more where weights are given.
`SET_FIGURES` are of a whole set and need a network that looks at every picture, an `Observer`;
`features`, `density`, `segmentation` and `recognition` make those. A figure is added by a function
and a row.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from photochrom import metrics
from photochrom.color import Array
from photochrom.evaluation.judged import Judged
from photochrom.evaluation.observer import Observer
from photochrom.evaluation.rebalanced import rarity_weights
from photochrom.palette import uniform_palette

__all__ = [
    "FIGURES", "PSNR_CAP", "SET_FIGURES", "Better", "Figure", "Judged", "Observer", "SetFigure",
    "perceptual_figure", "rarity_weights",
]  # fmt: skip

Better = Literal["lower", "higher", "near 1"]

PSNR_CAP = 60.0
"""Equal pictures have no finite PSNR, and one of them must not make a mean infinite."""

HUBER_DELTA = 0.1


@dataclass(frozen=True)
class Figure:
    """A number for one picture; a report shows its mean over pictures.

    Attributes:
        name: what rows call it.
        label: what people read.
        unit: what the number counts; empty for shares and ratios.
        better: which way is better.
        caveat: what it is inadequate for, one sentence.
        of: the number itself. NaN where it says nothing about the picture (a ratio to a truth
            without colour, a scale that a small picture does not have); means leave those out.
        network: what it was made with, in words, where it needs a network: reports print it.
    """

    name: str
    label: str
    unit: str
    better: Better
    caveat: str
    of: Callable[[Judged], float]
    network: str = ""


@dataclass(frozen=True)
class SetFigure:
    """A number for a whole set of pictures, from what an `Observer` saw in each.

    Attributes:
        name: what files call it.
        label: what people read.
        unit: what the number counts; empty for shares.
        better: which way is better.
        caveat: what it is inadequate for, one sentence.
        of: from what was observed on the results, and on their truths or given as labels, in the
            same order.
    """

    name: str
    label: str
    unit: str
    better: Better
    caveat: str
    of: Callable[[Sequence[Array], Sequence[Array]], float]


def perceptual_figure(
    backbone: str, weights: str, distance: Callable[[Array, Array], float]
) -> Figure:
    """LPIPS as a row of the report.

    Args:
        backbone: what people call it.
        weights: the files of all weights, in words.
        distance: from two sRGB pictures (H, W, 3) in 0..1 to their distance.
    """
    return Figure(
        "lpips", f"LPIPS, {backbone}", "", "lower",
        "Its features see structure before colour, it assumes one right picture, and its value "
        "belongs to its backbone and the size of the pictures.",
        lambda j: distance(j.result_rgb, j.truth_rgb), f"{backbone} ({weights})",
    )  # fmt: skip


def _ms_ssim(judged: Judged) -> float:
    if min(judged.truth_rgb.shape[:2]) < metrics.MS_SSIM_SMALLEST:
        return float("nan")
    return metrics.ms_ssim(judged.result_rgb, judged.truth_rgb)


def _bin_accuracy(judged: Judged) -> float:
    return metrics.bin_accuracy(
        judged.result_lab[..., 1:], judged.truth_lab[..., 1:], uniform_palette()
    )


def _rebalanced_area(judged: Judged) -> float:
    ab, truth = judged.result_lab[..., 1:], judged.truth_lab[..., 1:]
    return metrics.cumulative_error_area(ab, truth, rarity_weights(truth))


def _luminance_change(judged: Judged) -> metrics.LuminanceChange:
    return metrics.luminance_change(judged.result_lab[..., 0], judged.truth_lab[..., 0])


def _inconsistency(judged: Judged) -> float:
    if min(judged.truth_rgb.shape[:2]) < metrics.REGION_SIDE:
        return float("nan")
    return metrics.inconsistency(judged.result_lab)


_FIGURES = (
    Figure(
        "mae", "MAE", "sRGB 0..1", "lower",
        "It assumes one right answer for each pixel, and the median of all plausible colours, a "
        "brownish grey, does best.",
        lambda j: metrics.mean_absolute_error(j.result_rgb, j.truth_rgb),
    ),
    Figure(
        "mse", "MSE", "sRGB 0..1, squared", "lower",
        "It assumes one right answer for each pixel, and the mean of all plausible colours, a "
        "muted one, does best.",
        lambda j: metrics.mean_squared_error(j.result_rgb, j.truth_rgb),
    ),
    Figure(
        "huber", "Huber", f"delta {HUBER_DELTA}", "lower",
        "As MAE and MSE, between which it lies, and its value depends on delta.",
        lambda j: metrics.huber_error(j.result_rgb, j.truth_rgb, delta=HUBER_DELTA),
    ),
    Figure(
        "bce", "BCE", "nats", "lower",
        "It reads a channel's value as a probability, which it is not, and its best value is the "
        "truth's own entropy, not 0.",
        lambda j: metrics.binary_cross_entropy(j.result_rgb, j.truth_rgb),
    ),
    Figure(
        "psnr", "PSNR", "dB", "higher",
        "It inherits MSE's one right answer, and a result without any colour scores above 20 dB.",
        lambda j: min(metrics.psnr(j.result_rgb, j.truth_rgb), PSNR_CAP),
    ),
    Figure(
        "ssim", "SSIM", "", "higher",
        "It sees only window statistics, those of structure above colour: a grey result passes "
        "for nearly right.",
        lambda j: metrics.ssim(j.result_rgb, j.truth_rgb),
    ),
    Figure(
        "ms_ssim", "MS-SSIM", "", "higher",
        "As SSIM, and colour counts even less; it says nothing of pictures below "
        f"{metrics.MS_SSIM_SMALLEST} pixels.",
        _ms_ssim,
    ),
    Figure(
        "ciede2000", "CIEDE2000", "", "lower",
        "It assumes one right answer for each pixel, and is made for small differences of large "
        "patches: 20 is not twice as wrong as 10.",
        lambda j: metrics.mean_ciede2000(j.result_lab, j.truth_lab),
    ),
    Figure(
        "auc", "Area under the error curve", "share", "higher",
        "It assumes one right answer for each pixel, and most pixels are nearly grey, so that a "
        "grey result scores near 0.9.",
        lambda j: metrics.cumulative_error_area(j.result_lab[..., 1:], j.truth_lab[..., 1:]),
    ),
    Figure(
        "auc_rebalanced", "The same, rare colours weighted up", "share", "higher",
        "A few pixels of the rarest colours decide a picture, and the weights belong to the "
        "colours that the default model was trained on.",
        _rebalanced_area,
    ),
    Figure(
        "exact_accuracy", "Exact ab", "share", "higher",
        "Nobody sees one unit of a or b: a fine result scores a few per cent, no more than grey, "
        "and differences are mostly noise.",
        lambda j: metrics.exact_accuracy(j.result_lab[..., 1:], j.truth_lab[..., 1:]),
    ),
    Figure(
        "bin_accuracy", "Right bin of 400", "share", "higher",
        "A hair across a bin's border is as wrong as the opposite colour.",
        _bin_accuracy,
    ),
    Figure(
        "colourfulness_ratio", "Colourfulness, times the truth's", "", "near 1",
        "Wrong colours count as much as right ones, and the mean of ratios, which leaves out "
        f"truths below {metrics.SLIGHTLY_COLOURFUL:.0f}, is not the ratio of means.",
        lambda j: metrics.colourfulness_ratio(j.result_rgb, j.truth_rgb),
    ),
    Figure(
        "colourfulness_error", "Colourfulness, apart from the truth's", "8-bit units", "lower",
        "Wrong colours count as much as right ones; this is the mean of |differences|, which "
        "others call by the same name as |the difference of means|.",
        lambda j: abs(metrics.colourfulness(j.result_rgb) - metrics.colourfulness(j.truth_rgb)),
    ),
    Figure(
        "luminance_mean", "Luminance changed, mean", "L 0..100", "lower",
        "It says nothing of colour: a grey result is perfect.",
        lambda j: _luminance_change(j).mean,
    ),
    Figure(
        "luminance_max", "Luminance changed, most", "L 0..100", "lower",
        "One pixel decides it, and colours cut to what sRGB can show are enough.",
        lambda j: _luminance_change(j).largest,
    ),
    Figure(
        "bleeding", "Bleeding (ours)", "share", "lower",
        "Soft shades and edges of equal luminance count as bleeding, so that photographs do not "
        "score 0: read it beside the truth's own; it depends on the size of the pictures.",
        lambda j: metrics.bleeding(j.result_lab),
    ),
    Figure(
        "inconsistency", "Inconsistency (ours)", "CIELAB", "lower",
        "Things of one luminance and two colours count as blotched, so that photographs do not "
        "score 0; muted results do better than the truth, and grey ones are perfect.",
        _inconsistency,
    ),
)  # fmt: skip

FIGURES: Mapping[str, Figure] = types.MappingProxyType({row.name: row for row in _FIGURES})
"""By name, in the order of a report."""

_SET_FIGURES = (
    SetFigure(
        "frechet", "Frechet distance", "", "lower",
        "It compares crowds, not pictures; its value belongs to its feature network and its number "
        "of pictures (the fewer, the higher), and no other may be set beside it.",
        lambda results, truths: metrics.frechet_distance(np.stack(results), np.stack(truths)),
    ),
    SetFigure(
        "density", "Density (mean KL), times the truth's", "", "near 1",
        "It weighs structure above colour, too little here and too much there cancel out, and its "
        "value belongs to the autoencoder and what that was fitted to.",
        lambda results, truths: float(np.mean(results) / np.mean(truths)),
    ),
    SetFigure(
        "density_gap", "Density, apart from the truth's", "nats", "lower",
        "It weighs structure above colour, a picture may have its truth's KL by chance, and its "
        "value belongs to the autoencoder and what that was fitted to.",
        lambda results, truths: metrics.mean_absolute_error(np.stack(results), np.stack(truths)),
    ),
    SetFigure(
        "miou", "Mean IoU of a segmentation", "share", "higher",
        "It sees by its network's eyes, structure before colour, and where that is wrong about "
        "the truth, being wrong alike counts as right.",
        metrics.mean_iou,
    ),
    SetFigure(
        "recognition", "Recognition: the classifier answers as on the truth", "share", "higher",
        "Shapes and texture tell most classes without colour, so that grey does well, and a class "
        "says little about which colours are plausible.",
        metrics.agreement,
    ),
    SetFigure(
        "recognition_accuracy", "Recognition: top-1 accuracy by labels", "share", "higher",
        "Shapes and texture tell most classes without colour, so that grey does well; the truth's "
        "own accuracy is the most that can be expected.",
        metrics.agreement,
    ),
)  # fmt: skip

SET_FIGURES: Mapping[str, SetFigure] = types.MappingProxyType(
    {row.name: row for row in _SET_FIGURES}
)
"""By name, in the order of a report."""
