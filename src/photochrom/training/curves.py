"""Pictures of a run: its curves (PNG and TensorBoard) and a sheet of samples, every epoch."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from photochrom.color import lab_to_rgb_tensor


def draw_curves(history: list[dict[str, float]], path: Path) -> None:
    """A PNG of training and validation loss, colour difference and chroma against epochs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    epochs = [row["epoch"] for row in history]
    panels = (
        ("loss", ("train_loss", "loss"), ("training", "validation")),
        ("CIEDE2000, share of grey's", ("ciede2000_ratio",), ("validation",)),
        ("chroma, share of the truth's", ("chroma_ratio",), ("validation",)),
    )
    for axes, (title, names, labels) in zip(figure.subplots(1, 3), panels, strict=True):
        for name, label in zip(names, labels, strict=True):
            axes.plot(epochs, [row[name] for row in history], marker=".", label=label)
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=110)


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
    Image.fromarray((sheet.numpy() * 255).round().astype(np.uint8)).save(path)
