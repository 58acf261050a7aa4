"""Two models side by side on pictures that neither was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from photochrom.atomic import written_whole
from photochrom.color import Array, FloatArray, lab_to_rgb
from photochrom.colorizer import Colorizer
from photochrom.data.batches import lab_from_bytes
from photochrom.data.decoded import DecodedPictures
from photochrom.metrics import mean_chroma, mean_ciede2000
from photochrom.options import ColorizeOptions

SHEET_ROWS = 6
HEADING, LETTER = 18, 7
"""Height of the line of names and width of a letter in it, in pixels."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model made of N pictures.

    Attributes:
        name: what the model is called.
        ab: N arrays (H, W, 2), its chroma at the pictures' size.
        difference: (N,) mean CIEDE2000 of each picture.
        grey: (N,) that of the picture without colour.
        chroma: (N,) mean chroma of each result.
        truth: (N,) mean chroma of each picture.
    """

    name: str
    ab: Sequence[FloatArray]
    difference: npt.NDArray[np.float64]
    grey: npt.NDArray[np.float64]
    chroma: npt.NDArray[np.float64]
    truth: npt.NDArray[np.float64]

    def __str__(self) -> str:
        difference, grey = self.difference.mean(), self.grey.mean()
        return (
            f"colour difference {difference:.2f}, {difference / grey:.3f} of grey's; "
            f"chroma {self.chroma.mean() / self.truth.mean():.0%} of the truth's"
        )


def judge(name: str, model: Path, pictures: DecodedPictures, size: int) -> Judged:
    """Colours pictures with a model file, at its own vividness, and measures what comes out.

    Args:
        name: what to call the model.
        model: an .onnx file.
        pictures: N of them, with their true colours.
        size: short side, in pixels, at which the network sees them.

    Raises:
        ModelError: not a readable model file.
    """
    colorizer, options = Colorizer(model), ColorizeOptions(size=size)
    results, rows = [], []
    for index in range(len(pictures)):
        lab = _lab(pictures, index)
        ab = colorizer.predict_chroma(np.ascontiguousarray(lab[..., 0]), options)
        results.append(ab)
        rows.append(
            (
                mean_ciede2000(_coloured(lab, ab), lab),
                mean_ciede2000(lab * (1, 0, 0), lab),
                mean_chroma(ab),
                mean_chroma(lab[..., 1:]),
            )
        )
    return Judged(name, results, *np.array(rows).T)


def draw_comparison(base: Judged, new: Judged, pictures: DecodedPictures, path: Path) -> None:
    """A PNG sheet of the first few pictures: grey, base, new, true, under a line of names."""
    rows = []
    for index in range(min(SHEET_ROWS, len(pictures))):
        lab = _lab(pictures, index)
        columns = (lab * (1, 0, 0), _coloured(lab, base.ab[index]), _coloured(lab, new.ab[index]))
        rows.append(np.concatenate([lab_to_rgb(column) for column in (*columns, lab)], 1))
    panels = Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8))
    sheet = Image.new("RGB", (panels.width, panels.height + HEADING), "white")
    sheet.paste(panels, (0, HEADING))
    pen = ImageDraw.Draw(sheet)
    for column, name in enumerate(("grey", base.name, new.name, "truth")):
        fitting = name[: pictures.side // LETTER]
        pen.text((column * pictures.side + 4, 3), fitting, fill="black")
    with written_whole(path) as partial:
        sheet.save(partial, "PNG")


def _lab(pictures: DecodedPictures, index: int) -> FloatArray:
    """CIELAB (H, W, 3) of a decoded picture."""
    lab: FloatArray = lab_from_bytes(pictures.take([index]))[0].movedim(0, -1).numpy()
    return lab


def _coloured(lab: Array, ab: Array) -> Array:
    return np.concatenate([lab[..., :1], ab], -1)
