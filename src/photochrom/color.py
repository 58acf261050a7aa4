"""sRGB and CIELAB: the one home of every colour constant.

Pictures are channel-last arrays on the use side, channel-first batches on the training side; both
run through the same arithmetic. L is CIELAB lightness 0..100, a and b lie within -128..127
(D65 white, 2 degree observer); sRGB values are floats 0..1, encoded with the sRGB curve.

References: IEC 61966-2-1 (sRGB), CIE 15:2004 (CIELAB), Sharma, Wu and Dalal 2005 (CIEDE2000).
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

LIGHTNESS_MAX = 100.0
"""The lightness of white; black is 0."""

CHROMA_SCALE = 110.0
"""The largest |a| or |b| of an sRGB colour, rounded up: networks divide by it."""

TYPICAL_CHROMA = 20.0
"""CIELAB units per unit of an unbounded regression head, so that its weights stay near 1."""

WHITE_D65 = (0.95047, 1.0, 1.08883)
"""CIE XYZ of the D65 white point, Y = 1."""

SRGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
"""Linear-light sRGB primaries to CIE XYZ (D65)."""

XYZ_TO_SRGB = tuple(tuple(float(v) for v in row) for row in np.linalg.inv(np.array(SRGB_TO_XYZ)))

# CIELAB's curve is a cube root above (6/29)^3 and a straight line below.
_LAB_KNEE = (6 / 29) ** 3
_LAB_SLOPE = (29 / 6) ** 2 / 3
_LAB_OFFSET = 4 / 29

_HUE_TIE = 1e-6  # radians within which two hues count as opposite: CIEDE2000 jumps there


def srgb_to_linear(value: Any) -> Any:
    """Linear light 0..1 of sRGB-encoded values 0..1, array or tensor, any shape."""
    xp = _namespace(value)
    return xp.where(value <= 0.04045, value / 12.92, ((value.clip(0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(value: Any) -> Any:
    """sRGB-encoded values of linear light, array or tensor, any shape; negative light stays so."""
    xp = _namespace(value)
    # clip keeps the power away from negative bases, whose branch where() does not take anyway
    curve = 1.055 * value.clip(0.0031308) ** (1 / 2.4) - 0.055
    return xp.where(value <= 0.0031308, value * 12.92, curve)


def rgb_to_lab(rgb: Array) -> Array:
    """CIELAB of an sRGB picture.

    Args:
        rgb: (..., 3), sRGB-encoded, 0..1; uint8 is read as 0..255.

    Returns:
        (..., 3) with L 0..100 and a, b within -128..127; float32 unless the input is float64.
    """
    if rgb.dtype == np.uint8:
        linear: Array = _uint8_to_linear()[rgb]
    else:
        linear = srgb_to_linear(rgb)
    return np.stack(_linear_to_lab(linear[..., 0], linear[..., 1], linear[..., 2]), axis=-1)


def lab_to_rgb(lab: Array, *, clip: bool = True) -> Array:
    """The sRGB picture of a CIELAB one.

    Args:
        lab: (..., 3), L 0..100, a and b in CIELAB units.
        clip: cut what lies outside sRGB to 0..1; without it the excess shows.

    Returns:
        (..., 3), sRGB-encoded, 0..1.
    """
    rgb: Array = linear_to_srgb(np.stack(_lab_to_linear(lab[..., 0], lab[..., 1], lab[..., 2]), -1))
    return rgb.clip(0, 1) if clip else rgb


def rgb_to_lab_tensor(rgb: torch.Tensor) -> torch.Tensor:
    """CIELAB (N, 3, H, W) of an sRGB batch (N, 3, H, W) in 0..1; differentiable."""
    import torch

    r, g, b = srgb_to_linear(rgb).unbind(1)
    return torch.stack(_linear_to_lab(r, g, b), dim=1)


def lab_to_rgb_tensor(lab: torch.Tensor, *, clip: bool = True) -> torch.Tensor:
    """The sRGB batch (N, 3, H, W) in 0..1 of a CIELAB batch (N, 3, H, W); differentiable."""
    import torch

    lightness, a, b = lab.unbind(1)
    rgb: torch.Tensor = linear_to_srgb(torch.stack(_lab_to_linear(lightness, a, b), dim=1))
    return rgb.clip(0, 1) if clip else rgb


def ciede2000(lab1: Array, lab2: Array) -> Array:
    """The CIEDE2000 colour difference of two CIELAB pictures, pixel by pixel.

    Args:
        lab1: (..., 3), CIELAB.
        lab2: (..., 3), CIELAB, the same shape.

    Returns:
        (...), 0 for equal colours, about 1 where a trained eye just sees a difference.

    Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula", 2005, with kL = kC = kH = 1.
    """
    L1, a1, b1 = np.moveaxis(lab1, -1, 0)
    L2, a2, b2 = np.moveaxis(lab2, -1, 0)
    mean_chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - np.sqrt(mean_chroma7 / (mean_chroma7 + 25.0**7)))
    C1, C2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = _hue(stretch * a1, b1), _hue(stretch * a2, b2)
    L, C, dL, dC = (L1 + L2) / 2, (C1 + C2) / 2, L2 - L1, C2 - C1

    coloured = C1 * C2 > 0  # hue means nothing on grey
    dh = h2 - h1
    # opposite hues: rounding must not decide which way round (Sharma et al., pairs 9 to 14)
    dh = np.where(dh > math.pi + _HUE_TIE, dh - 2 * math.pi, dh)
    dh = np.where(dh < -math.pi - _HUE_TIE, dh + 2 * math.pi, dh) * coloured
    h = np.where(coloured, h1 + dh / 2, h1 + h2)
    dH = 2 * np.sqrt(C1 * C2) * np.sin(dh / 2)

    def cosine(times: int, degrees: float) -> Array:
        shifted: Array = np.cos(times * h + math.radians(degrees))
        return shifted

    T = 1 - 0.17 * cosine(1, -30) + 0.24 * cosine(2, 0) + 0.32 * cosine(3, 6) - 0.2 * cosine(4, -63)
    SL = 1 + 0.015 * (L - 50) ** 2 / np.sqrt(20 + (L - 50) ** 2)
    SC, SH = 1 + 0.045 * C, 1 + 0.015 * C * T
    h = np.where(h < 0, h + 2 * math.pi, np.where(h > 2 * math.pi, h - 2 * math.pi, h))
    hue_degrees = np.degrees(h)
    rotation = np.sin(np.radians(60 * np.exp(-(((hue_degrees - 275) / 25) ** 2))))
    RT = -2 * np.sqrt(C**7 / (C**7 + 25.0**7)) * rotation
    terms = (dL / SL) ** 2 + (dC / SC) ** 2 + (dH / SH) ** 2 + RT * (dC / SC) * (dH / SH)
    difference: Array = np.sqrt(terms.clip(0))
    return difference


def _hue(a: Array, b: Array) -> Array:
    """The hue angle of each colour, in 0..2 pi."""
    angle = np.arctan2(b, a)
    hue: Array = np.where(angle < 0, angle + 2 * math.pi, angle)
    return hue


def _namespace(value: Any) -> Any:
    """The module whose functions fit the value: numpy for arrays, torch for tensors."""
    if isinstance(value, (np.ndarray, np.generic, float)):
        return np
    import torch

    return torch


@functools.cache
def _uint8_to_linear() -> FloatArray:
    table: Array = srgb_to_linear(np.arange(256) / 255)
    return table.astype(np.float32)


def _linear_to_lab(r: Any, g: Any, b: Any) -> tuple[Any, Any, Any]:
    xp = _namespace(r)

    def curve(row: tuple[float, float, float], white: float) -> Any:
        t = (row[0] / white) * r + (row[1] / white) * g + (row[2] / white) * b
        return xp.where(t > _LAB_KNEE, t.clip(_LAB_KNEE) ** (1 / 3), _LAB_SLOPE * t + _LAB_OFFSET)

    fx, fy, fz = (curve(row, white) for row, white in zip(SRGB_TO_XYZ, WHITE_D65, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _lab_to_linear(lightness: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    xp = _namespace(lightness)

    def curve(f: Any) -> Any:
        return xp.where(f > 6 / 29, f**3, (f - _LAB_OFFSET) / _LAB_SLOPE)

    fy = (lightness + 16) / 116
    curves = (fy + a / 500, fy, fy - b / 200)
    xyz = [white * curve(f) for white, f in zip(WHITE_D65, curves, strict=True)]
    r, g, blue = (sum(m * v for m, v in zip(row, xyz, strict=True)) for row in XYZ_TO_SRGB)
    return r, g, blue
