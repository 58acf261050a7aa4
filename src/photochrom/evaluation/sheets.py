"""Comparison sheets: a row a picture; grey, what each model makes of it, and the truth.

More rows can be shown below each picture, after the figures of S2 (a cross-channel autoencoder):

- channels: each column's a, then its b, then both, in their colours at one lightness;
- random-l: each column's chroma on a lightness that is noise, so that chroma alone is left;
- swap: the chroma of the next picture (of the first, below the last) on this one's lightness.

On another lightness sRGB may not hold a chroma. It is then reduced as `photochrom colorize` does:
lightness and hue stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from photochrom.color import LIGHTNESS_MAX, Array, FloatArray, lab_to_rgb, rgb_to_lab
from photochrom.data.prepare import teaches_no_colour
from photochrom.errors import OptionError
from photochrom.evaluation.colorizers import GREY, TRUTH, Painter
from photochrom.evaluation.pictures import ListedPicture, OpenedPicture
from photochrom.evaluation.sheet_layout import Cell, fit_into
from photochrom.metrics import mean_ciede2000
from photochrom.photo import Photo, area_resize, enlarge
from photochrom.photo.colours import fit_chroma, small_chroma

CHANNELS, RANDOM_L, SWAP = "channels", "random-l", "swap"
SHOWS = (CHANNELS, RANDOM_L, SWAP)

SEEN_SIDE = 512
"""Models see a picture with a short side of at most so many pixels, however small the sheet."""

PLANE_LIGHTNESS = 65.0
"""The lightness at which a and b are drawn: one where sRGB has much chroma of most hues."""

_PLANES = {"a: green to red": (1, 0), "b: blue to yellow": (0, 1), "a and b": (1, 1)}

NOTE = (
    "CIEDE2000: mean colour difference from the truth at the size shown; 0 is equal, about 1 just "
    "visible. It assumes one right colour for each thing, and grey scores well: look first."
)


@dataclass(frozen=True, eq=False)
class Compared:
    """A picture and its colourings, at the size of the sheet or its own where that is smaller.

    Attributes:
        name: what to call it.
        luminance: (h, w) float32, 0..100.
        truth: (h, w, 2) the chroma it came with; None where it came without colour.
        results: (h, w, 3) CIELAB by model, in the order of the columns.
    """

    name: str
    luminance: FloatArray
    truth: FloatArray | None
    results: Mapping[str, FloatArray]

    def column(self, title: str) -> FloatArray | None:
        """(h, w, 3) CIELAB of what stands in a column; None where nothing does."""
        if title == GREY:
            return join(self.luminance, np.zeros((*self.luminance.shape, 2), np.float32))
        if title == TRUTH:
            return None if self.truth is None else join(self.luminance, self.truth)
        return self.results[title]

    def chroma(self, title: str) -> FloatArray | None:
        """(h, w, 2) of what stands in a column; None where nothing does."""
        lab = self.column(title)
        return None if lab is None else lab[..., 1:]


def compare_photo(
    photo: Photo, listed: ListedPicture, painters: Mapping[str, Painter], height: int
) -> Compared:  # fmt: skip
    """One picture as every model colours it.

    Args:
        photo: the opened picture.
        listed: what it is called, and its size.
        painters: the models by the titles of their columns.
        height: of the sheet's rows, in pixels.

    Raises:
        InputError: the picture cannot be read, or a model has nothing for it.
    """
    sides = photo.height, photo.width
    zoom = min(1.0, fit_into(sides, height))
    h, w = (max(1, round(side * zoom)) for side in sides)
    # not less than the sheet shows: a result must not be blurred by its own smallness
    seen_zoom = min(1.0, max(zoom, SEEN_SIDE / min(sides)))
    H, W = (max(1, round(side * seen_zoom)) for side in sides)
    seen = to_eight_bits(join(photo.small_luminance(H, W), small_chroma(photo, H, W)))
    opened = OpenedPicture(listed, seen)
    results = {
        title: area_resize(rgb_to_lab(paint(opened).rgb.astype(np.float32)), h, w)
        for title, paint in painters.items()
    }
    coloured = teaches_no_colour(Image.fromarray(seen)) is None
    truth = small_chroma(photo, h, w) if coloured else None
    return Compared(listed.name, photo.small_luminance(h, w), truth, results)


def column_titles(pictures: Sequence[Compared]) -> list[str]:
    """Grey, the models, and the truth where any picture came in colour."""
    known = any(picture.truth is not None for picture in pictures)
    return [GREY, *pictures[0].results, *([TRUTH] if known else [])]


def check_shows(shows: Sequence[str], pictures: int) -> None:
    """Raises OptionError unless these can be shown of so many pictures."""
    for show in shows:
        if show not in SHOWS:
            raise OptionError(f"nothing called {show!r} to show; known are {', '.join(SHOWS)}")
    if SWAP in shows and pictures < 2:
        raise OptionError("a swap of colours needs two pictures that can be read; name more")


def rows_a_picture(shows: Sequence[str]) -> int:
    """How many rows each picture has on the sheet."""
    return 1 + len(_PLANES) * (CHANNELS in shows) + (RANDOM_L in shows) + (SWAP in shows)


def make_rows(
    pictures: Sequence[Compared], shows: Sequence[str] = (), seed: int = 0
) -> list[list[list[Cell]]]:
    """The cells of a sheet: for each picture its rows, for each row a cell a column.

    Args:
        pictures: at least one, all of the same models.
        shows: which of `SHOWS` to add below each picture.
        seed: of the random lightness.

    Raises:
        OptionError: nothing of that name can be shown, or a swap is asked of one picture.
    """
    check_shows(shows, len(pictures))
    titles = column_titles(pictures)
    groups = []
    for index, picture in enumerate(pictures):
        rows = [_main_row(picture, titles)]
        if CHANNELS in shows:
            rows += _channel_rows(picture, titles)
        if RANDOM_L in shows:
            rows.append(_random_row(picture, titles, (seed, index)))
        if SWAP in shows:
            rows.append(_swap_row(picture, pictures[(index + 1) % len(pictures)], titles))
        groups.append(rows)
    return groups


def join(luminance: FloatArray, ab: FloatArray) -> FloatArray:
    """(H, W, 3) CIELAB of a luminance (H, W) and a chroma (H, W, 2)."""
    return np.concatenate([luminance[..., None], ab], axis=-1)


def to_eight_bits(lab: FloatArray) -> Array:
    """(H, W, 3) uint8 sRGB of a CIELAB picture, cut to what sRGB holds."""
    rgb: Array = (lab_to_rgb(lab) * 255).round().astype(np.uint8)
    return rgb


def _main_row(picture: Compared, titles: Sequence[str]) -> list[Cell]:
    truth = picture.column(TRUTH)
    cells = []
    for title in titles:
        lab = picture.column(title)
        told = []
        if lab is not None and truth is not None and title != TRUTH:
            told.append(f"CIEDE2000 {mean_ciede2000(lab, truth):.1f}")
        if title == GREY:  # second, so that the figures stand in one line
            told.append(picture.name)
        cells.append(_cell(picture.luminance, lab, "\n".join(told)))
    return cells


def _channel_rows(picture: Compared, titles: Sequence[str]) -> list[list[Cell]]:
    """Rows of a alone, b alone and both; the first column, which has neither, says which."""
    flat = np.full_like(picture.luminance, PLANE_LIGHTNESS)
    rows = []
    for said, kept in _PLANES.items():
        label = f"{said}\nat L = {PLANE_LIGHTNESS:.0f}"
        row = [_cell(flat, None, label)]
        for title in titles[1:]:
            ab = picture.chroma(title)
            row.append(_on_lightness(flat, None if ab is None else ab * np.array(kept, np.float32)))
        rows.append(row)
    return rows


def _random_row(picture: Compared, titles: Sequence[str], seeds: tuple[int, int]) -> list[Cell]:
    drawn = np.random.default_rng(seeds).uniform(0, LIGHTNESS_MAX, picture.luminance.shape)
    noise = drawn.astype(np.float32)
    label = f"random L, seed {seeds[0]}"
    return [
        _on_lightness(noise, picture.chroma(title), label if title == GREY else "")
        for title in titles
    ]


def _swap_row(picture: Compared, other: Compared, titles: Sequence[str]) -> list[Cell]:
    row = [_cell(other.luminance, other.column(GREY), f"the colours of {other.name}")]
    height, width = picture.luminance.shape
    for title in titles[1:]:
        ab = other.chroma(title)
        if ab is not None:  # stretched over the whole of the other picture
            ab = area_resize(ab, min(height, ab.shape[0]), min(width, ab.shape[1]))
            ab = enlarge(ab, height, width)
        row.append(_on_lightness(picture.luminance, ab))
    return row


def _on_lightness(luminance: FloatArray, ab: FloatArray | None, caption: str = "") -> Cell:
    """A cell of chroma on a lightness that it was not made for."""
    lab = None if ab is None else join(luminance, fit_chroma(luminance, ab))
    return _cell(luminance, lab, caption)


def _cell(luminance: FloatArray, lab: FloatArray | None, caption: str) -> Cell:
    height, width = luminance.shape
    return Cell(None if lab is None else to_eight_bits(lab), caption, (height, width))
