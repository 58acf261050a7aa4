"""Colours that sRGB cannot show lose chroma, never lightness or hue.

A table of the greatest chroma at each lightness and hue is computed from photochrom.color on first
use. It is read by linear interpolation, so it is lowered wherever the straight line between two of
its entries would leave sRGB: what it allows is always inside.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pyvips

from photochrom.color import LIGHTNESS_MAX, Array, lab_to_rgb

_HUE_STEP = 2  # degrees; with steps of 1 L the median colour loses less than 1 % of its chroma
_CHROMA_BOUND = 140.0  # above that of every sRGB colour (blue: 133.8)
_BETWEEN = 3  # how many times finer the check between entries is
_TINY = 1e-6  # of full scale: rounding noise on the gamut's very surface


def fit_to_srgb(lab: Any) -> Any:
    """The picture with chroma reduced to what sRGB can show, as a streaming expression.

    Args:
        lab: three float bands, CIELAB.

    Returns:
        Three float bands, CIELAB; lightness and hue as they were.
    """
    lch = lab.colourspace("lch")
    # x is lightness, y is hue: one matrix makes both indices of the table
    index = lch.recomb(pyvips.Image.new_from_array([[1.0, 0, 0], [0, 0, 1 / _HUE_STEP]]))
    greatest = pyvips.Image.new_from_array(greatest_chroma()).mapim(
        index, interpolate=pyvips.Interpolate.new("bilinear"), extend="copy"
    )
    chroma = lch[1]
    factor = greatest.minpair(chroma) / chroma  # vips gives 0 for 0 / 0, and grey stays grey
    ab = lab.extract_band(1, n=2) * factor
    return lab[0].bandjoin(ab).copy(interpretation="lab")


@functools.cache
def greatest_chroma() -> Array:
    """The greatest CIELAB chroma inside sRGB, by hue and lightness.

    Returns:
        (182, 101) float32: rows every 2 degrees of hue from 0 to 362, columns every 1 L. Linear
        interpolation between its entries stays inside sRGB.
    """
    L = np.arange(LIGHTNESS_MAX + 1)[None]
    hue = np.radians(np.arange(0, 360 + _HUE_STEP + 1, _HUE_STEP))[:, None]
    L, hue = np.broadcast_arrays(L, hue)
    table = _solve(L, hue, np.full(L.shape, _CHROMA_BOUND))
    fine_L = np.linspace(0, LIGHTNESS_MAX, int(LIGHTNESS_MAX) * _BETWEEN + 1)[None]
    fine_hue = np.linspace(0, hue[-1, 0], (len(hue) - 1) * _BETWEEN + 1)[:, None]
    fine_L, fine_hue = np.broadcast_arrays(fine_L, fine_hue)
    read = _interpolate(table)
    over = ~_fits(fine_L, fine_hue, read)  # few: elsewhere the straight line lies inside
    limit = np.full(read.shape, np.inf)
    limit[over] = _solve(fine_L[over], fine_hue[over], read[over])
    for _ in range(3):
        excess = (_interpolate(table) - limit).clip(0)
        table = (table - _worst_around(excess)).clip(0)
    return table.astype(np.float32)


def _solve(L: Array, hue: Array, outside: Array) -> Array:
    """The greatest chroma inside sRGB at each lightness and hue (radians), by bisection."""
    inside = np.zeros(L.shape)
    for _ in range(14):  # to 0.01 units of chroma, and never too much
        chroma = (inside + outside) / 2
        fits = _fits(L, hue, chroma)
        inside, outside = np.where(fits, chroma, inside), np.where(fits, outside, chroma)
    return inside


def _fits(L: Array, hue: Array, chroma: Array) -> Array:
    lab = np.stack([L, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
    rgb = lab_to_rgb(lab, clip=False)
    return np.asarray(((rgb >= -_TINY) & (rgb <= 1 + _TINY)).all(axis=-1))


def _interpolate(table: Array) -> Array:
    """The table read linearly at _BETWEEN times as many places along both axes."""
    for axis in (0, 1):
        table = np.moveaxis(table, axis, 0)
        weight = np.linspace(0, 1, _BETWEEN, endpoint=False)[None, :, None]
        between = table[:-1, None] * (1 - weight) + table[1:, None] * weight
        table = np.concatenate([between.reshape(-1, table.shape[1]), table[-1:]])
        table = np.moveaxis(table, 0, axis)
    return table


def _worst_around(excess: Array) -> Array:
    """For each entry of the coarse table the largest excess in the cells it is a corner of."""
    for axis in (0, 1):
        fine = np.moveaxis(excess, axis, 0)
        cells = np.stack([fine[k : len(fine) - 1 : _BETWEEN] for k in range(_BETWEEN)]).max(axis=0)
        cells = np.maximum(cells, fine[_BETWEEN::_BETWEEN])
        edge = np.zeros_like(cells[:1])
        coarse = np.maximum(np.concatenate([cells, edge]), np.concatenate([edge, cells]))
        excess = np.moveaxis(coarse, 0, axis)
    return excess
