"""S1's figure: the colours of a data set over the ab plane, in log scale."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.atomic import written_whole
from photochrom.color import Array, FloatArray, lab_to_rgb
from photochrom.evaluation.ab_plane import ColourCounts
from photochrom.palette import AB_MAX, AB_MIN

VIEW_A, VIEW_B = (-97.0, 107.0), (-117.0, 103.0)
"""What is shown of the axes: all of sRGB, and a margin."""

SHOWN_SHARES = (0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6)
"""Shares in the legend of the squares; at the last and below, a square is a dot."""

LEAST_SIDE = 0.12
"""The side of that dot, by the side of a share of 1."""

LARGEST_SQUARE = 13.0
"""The side of a share of 1 in ab units; the step of the palette where that is less."""

_MISSED = {"facecolors": "none", "edgecolors": "0.6", "linewidths": 0.6}
_EXTENT = (AB_MIN - 0.5, AB_MAX + 0.5, AB_MIN - 0.5, AB_MAX + 0.5)
_LIGHTNESSES = sorted(range(11, 100, 2), key=lambda lightness: abs(lightness - 65))
_PALE = 0.25  # opacity of the colours that were not met


def draw_prior(counts: ColourCounts, title: str, path: Path) -> None:
    """A PNG of two panels: pixels by unit cell of the plane, and the shares of the classes.

    Left, how many pixels were met, in log scale, over the colours that sRGB has, pale. Right, each
    class is a square of its own colour, whose side grows with the logarithm of its share.

    Args:
        counts: what was met.
        title: what the pictures are called.
        path: where to, a .png file.

    Raises:
        OutputError: it cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.5, 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _draw_cells(figure, left, counts)
    _draw_classes(right, counts)
    for axes in (left, right):
        axes.set(xlim=VIEW_A, ylim=VIEW_B, aspect="equal")
        axes.set(xlabel="a: green to red", ylabel="b: blue to yellow")
        axes.axhline(0, color="0.6", linewidth=0.5, zorder=0)
        axes.axvline(0, color="0.6", linewidth=0.5, zorder=0)
    # a dollar sign in a name is no mathematics
    figure.suptitle(
        f"{title}: {counts.pictures:,} pictures, {counts.pixels:,} pixels", parse_math=False
    )
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=110, format="png")


@functools.cache
def plane_colours() -> FloatArray:
    """(256, 256, 4) sRGB and opacity of the plane's unit cells, by a and b from -128.

    Each cell has the colour that its a and b make at the lightness nearest to 65 at which sRGB
    holds it; a cell that sRGB holds at none is transparent.
    """
    axis = np.arange(AB_MIN, AB_MAX + 1, dtype=np.float32)
    return _colours_of(np.stack(np.meshgrid(axis, axis, indexing="ij"), -1))


def square_sides(shares: Array) -> Array:
    """Sides of the classes' squares by that of a share of 1: 0 for 0, then log scale."""
    least = np.log10(SHOWN_SHARES[-1])
    height = 1 - np.log10(np.maximum(shares, SHOWN_SHARES[-1])) / least
    sides: Array = np.where(shares > 0, LEAST_SIDE + (1 - LEAST_SIDE) * height, 0)
    return sides


def _colours_of(ab: FloatArray) -> FloatArray:
    """(..., 4) sRGB and opacity of colours (..., 2), see `plane_colours`."""
    colours = np.zeros((*ab.shape[:-1], 4), np.float32)
    for lightness in _LIGHTNESSES:
        missing = colours[..., 3] == 0
        lab = np.insert(ab[missing], 0, lightness, axis=-1)
        rgb = lab_to_rgb(lab, clip=False)
        held = ((rgb >= 0) & (rgb <= 1)).all(-1, keepdims=True)
        colours[missing] = np.where(held, np.concatenate([rgb, np.ones_like(held)], -1), 0)
    return colours


def _draw_cells(figure: Any, axes: Any, counts: ColourCounts) -> None:
    from matplotlib.colors import LogNorm

    background = plane_colours().copy()
    background[..., 3] *= _PALE
    axes.imshow(background.swapaxes(0, 1), extent=_EXTENT, origin="lower")
    met = np.ma.masked_equal(counts.by_cell.T, 0)
    norm = LogNorm(1, max(2, int(counts.by_cell.max())))
    heat = axes.imshow(
        met, extent=_EXTENT, origin="lower", norm=norm, cmap="viridis", interpolation="nearest"
    )
    figure.colorbar(heat, ax=axes, label="pixels in a unit cell", shrink=0.85, pad=0.02)
    axes.set_title(f"{np.count_nonzero(counts.by_cell):,} unit cells of the plane were met")


def _draw_classes(axes: Any, counts: ColourCounts) -> None:
    palette, met = counts.palette, counts.by_class > 0
    colours = _colours_of(palette.centers)
    outside = colours[:, 3] == 0  # the centre; the class may still hold colours
    lab = np.insert(palette.centers[outside], 0, _LIGHTNESSES[0], axis=-1)
    colours[outside] = np.insert(lab_to_rgb(lab), 3, 1, axis=-1)
    whole = min(palette.step, LARGEST_SQUARE)
    sides = whole * square_sides(counts.shares)
    _draw_squares(axes, palette.centers[met], sides[met], facecolors=colours[met])
    reached = palette.encode(np.argwhere(plane_colours()[..., 3] > 0) + AB_MIN)
    missed = np.setdiff1d(reached, np.flatnonzero(met))
    dots = np.full(len(missed), whole * LEAST_SIDE)
    _draw_squares(axes, palette.centers[missed], dots, **_MISSED)
    _draw_legend(axes, whole)
    title = f"{palette.name}: {counts.classes_met} of {len(palette)} classes were met"
    axes.set_title(title, parse_math=False)


def _draw_legend(axes: Any, whole: float) -> None:
    """Squares of known shares, in the corner where sRGB has no colours.

    Args:
        axes: the panel.
        whole: the side of a share of 1.
    """
    left, top, apart = VIEW_A[0] + 12, VIEW_B[0] + 76, 11.5
    places = np.array([(left, top - apart * row) for row in range(len(SHOWN_SHARES) + 1)])
    sides = whole * square_sides(np.array(SHOWN_SHARES))
    _draw_squares(axes, places[:-1], sides, facecolors="0.45")
    _draw_squares(axes, places[-1:], np.array([whole * LEAST_SIDE]), **_MISSED)
    for (a, b), share in zip(places, (*SHOWN_SHARES, None), strict=True):
        label = "not met" if share is None else f"{share * 100:g} %"
        axes.text(a + apart, b, label, va="center", fontsize=8)
    axes.text(left - apart / 2, top + apart, "share of the pixels", fontsize=8, va="center")


def _draw_squares(axes: Any, centers: Array, sides: Array, **style: Any) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    squares = [
        Rectangle((a - side / 2, b - side / 2), side, side)
        for (a, b), side in zip(centers, sides, strict=True)
    ]
    axes.add_collection(PatchCollection(squares, **style))
