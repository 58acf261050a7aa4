"""Pictures of a run: its curves (PNG and TensorBoard) and a sheet of samples."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from photochrom.atomic import written_whole
from photochrom.color import lab_to_rgb_tensor
from photochrom.training.overfitting import parted_at


@dataclass(frozen=True)
class _Curve:
    """One figure of the history in a panel."""

    name: str
    label: str
    style: Mapping[str, Any]


_SAMPLE = {"color": "C0", "marker": "."}
_VALIDATION = {"color": "C1", "marker": "."}
_THIN = {"color": "C0", "linewidth": 0.8, "alpha": 0.7, "marker": ".", "markersize": 2}
_GREY = {"color": "grey", "linewidth": 0.8, "linestyle": "--", "marker": ".", "markersize": 2}

SELDOM = 5.0
"""Seconds between two drawings of the curves: one takes as long as a short epoch."""


class CurveSheet:
    """The curves of a run, drawn every few seconds at most and once more when it ends.

    It is entered when the run begins and left when it ends, by whatever cause.

    Args:
        path: the PNG.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._drawn = time.monotonic()
        self._waiting: list[dict[str, float]] | None = None

    def __enter__(self) -> CurveSheet:
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting is not None:
            self._draw(self._waiting)

    def show(self, history: list[dict[str, float]]) -> None:
        """Shows a history, at once or later."""
        self._waiting = history
        if time.monotonic() - self._drawn >= SELDOM:
            self._draw(history)

    def _draw(self, history: list[dict[str, float]]) -> None:
        draw_curves(history, self._path)
        self._drawn, self._waiting = time.monotonic(), None


def draw_curves(history: list[dict[str, float]], path: Path) -> None:
    """A PNG of loss, accuracy, colour difference and chroma against epochs.

    Training curves are figures of a fixed sample of the training pictures ("train_sample_..."),
    taken with the same weights as those of validation; the loss also has its mean while training.
    Figures that a history lacks, wholly or in some of its epochs, are left out. Where validation
    parted from training, the epoch is marked and named.

    Args:
        history: one row of figures an epoch, "epoch" among them.
        path: where to.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(10, 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = _panels({name for row in history for name in row})
    for axes, (title, curves) in zip(figure.subplots(2, 2).flat, panels.items(), strict=True):
        _draw_panel(axes, history, curves)
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if title.startswith(("accuracy", "chroma")):
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    parted = parted_at(history)
    if parted is not None:
        figure.suptitle(f"over-fitting: validation parted from training after epoch {parted}")
        for axes in figure.axes:
            axes.axvline(parted, color="C3", linestyle=":")
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=110, format="png")


def _panels(known: Set[str]) -> dict[str, tuple[_Curve, ...]]:
    """The panels by their titles; which accuracy it is depends on the figures there are."""
    accuracy, meaning = "pixel_accuracy", "pixels with a and b exact"
    if "bin_accuracy" in known:
        accuracy, meaning = "bin_accuracy", "pixels in the right bin"
    return {
        "loss": (
            _Curve("train_loss", "training, mean over the epoch", _THIN),
            *_training_and_validation("loss"),
        ),
        f"accuracy: {meaning}": _training_and_validation(accuracy),
        "colour difference (CIEDE2000)": (
            *_training_and_validation("ciede2000"),
            _Curve("ciede2000_grey", "grey, validation", _GREY),
        ),
        "chroma, share of the truth's": _training_and_validation("chroma_ratio"),
    }


def _training_and_validation(name: str) -> tuple[_Curve, _Curve]:
    return (
        _Curve(f"train_sample_{name}", "training, sample", _SAMPLE),
        _Curve(name, "validation", _VALIDATION),
    )


def _draw_panel(axes: Any, history: list[dict[str, float]], curves: Sequence[_Curve]) -> None:
    epochs = [row["epoch"] for row in history]
    drawn = [curve for curve in curves if any(curve.name in row for row in history)]
    for curve in drawn:
        values = [row.get(curve.name, math.nan) for row in history]
        axes.plot(epochs, values, label=curve.label, **curve.style)
    if drawn:
        axes.legend()
    axes.grid(alpha=0.3)
    axes.set_visible(bool(drawn))


def log_to_tensorboard(row: dict[str, float], folder: Path) -> None:
    """Appends one epoch's figures to the TensorBoard log in a folder.

    Args:
        row: figures by name, "step" among them.
        folder: the log; what a run that was stopped had written beyond this step is hidden.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    step = int(row["step"])
    values = [
        Summary.Value(tag=name, simple_value=value)
        for name, value in row.items()
        if name not in ("epoch", "step")
    ]
    writer = EventFileWriter(str(folder))
    writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))
    writer.close()


def draw_samples(luminance: Tensor, ab: Tensor, lab: Tensor, path: Path) -> None:
    """A PNG sheet with a row a picture: grey, predicted, true.

    Args:
        luminance: (N, 1, H, W) 0..100.
        ab: (N, 2, h, w) predicted, any size.
        lab: (N, 3, H, W) the truth.
        path: where to.
    """
    luminance, ab, lab = (t.float().cpu() for t in (luminance, ab, lab))
    full = F.interpolate(ab, luminance.shape[-2:], mode="bilinear", align_corners=False)
    grey = torch.cat([luminance, torch.zeros_like(full)], 1)
    rows = torch.stack([grey, torch.cat([luminance, full], 1), lab], 1)  # (N, 3, 3, H, W)
    n, columns, _, height, width = rows.shape
    rgb = lab_to_rgb_tensor(rows.flatten(0, 1)).view(n, columns, 3, height, width)
    sheet = rgb.permute(0, 3, 1, 4, 2).reshape(n * height, columns * width, 3)
    with written_whole(path) as partial:
        Image.fromarray((sheet.numpy() * 255).round().astype(np.uint8)).save(partial, "PNG")
