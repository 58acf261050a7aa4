"""ICC profiles: what the numbers in a file mean as light.

Curve-and-matrix profiles, which nearly all grey and RGB files carry, are read here: lcms runs
16-bit pictures through a resampled table whose shadows are off by up to 0.4 L (measured), more than
this package allows itself. Profiles made of look-up tables (printers, CMYK) go through lcms.

Reference: ICC.1:2022.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from photochrom.color import SRGB_TO_XYZ, WHITE_D65, Array, srgb_to_linear

Curve = npt.NDArray[np.float64]

_HEADER = 128  # bytes before the tag table
_CURVE_SAMPLES = 65536  # one for each 16-bit code
_SRGB_TOLERANCE = 0.002  # in linear light; published sRGB profiles differ by 0.0005

# Bradford's adaptation of the profile's D50 to the D65 that sRGB and photochrom.color stand on
_D50_TO_D65 = np.array(
    [
        [0.9555766, -0.0230393, 0.0631636],
        [-0.0282895, 1.0099416, 0.0210077],
        [0.0122982, -0.0204830, 1.3299098],
    ]
)


class ProfileError(ValueError):
    """A profile that cannot be believed; the message says why."""


@dataclass(frozen=True)
class Profile:
    """An ICC profile, as far as tones need it."""

    data: bytes
    """The profile as it was embedded."""
    space: str
    """'grey', 'rgb' or 'cmyk'."""
    curves: tuple[Curve, ...] = ()
    """Linear light 0..1 of each of 65536 codes, per channel; empty where only lcms can tell."""
    luminance: tuple[float, float, float] = (0.0, 1.0, 0.0)
    """How much red, green and blue light weigh in CIE Y (D65), sum 1."""

    @property
    def is_simple(self) -> bool:
        """True where curves and matrix say it all."""
        return bool(self.curves)

    @property
    def is_srgb(self) -> bool:
        """True for any of the many profiles that mean sRGB."""
        if self.space != "rgb" or not self.is_simple:
            return False
        reference = srgb_to_linear(np.arange(_CURVE_SAMPLES) / (_CURVE_SAMPLES - 1))
        curves_fit = all(np.abs(c - reference).max() < _SRGB_TOLERANCE for c in self.curves)
        weights = np.abs(np.array(self.luminance) - SRGB_TO_XYZ[1]).max()
        return curves_fit and bool(weights < _SRGB_TOLERANCE)

    def luminance_of_codes(self, depth: int) -> Curve:
        """CIE Y 0..1 of every code of a grey picture.

        Args:
            depth: 8 or 16, bits per sample.

        Returns:
            (256,) or (65536,).
        """
        step = (_CURVE_SAMPLES - 1) // (2**depth - 1)
        weights = self.luminance if self.space == "rgb" else (1.0,)
        light = sum(w * c for w, c in zip(weights, self.curves, strict=True))
        return np.asarray(light)[::step]


def parse_profile(data: bytes) -> Profile:
    """The profile that these bytes hold.

    Args:
        data: an ICC profile, version 2 or 4.

    Raises:
        ProfileError: where header, tag table or curves cannot be right.
    """
    try:
        return _parse(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ProfileError(f"damaged ({error})") from None


def _parse(data: bytes) -> Profile:
    if len(data) < _HEADER + 4 or data[36:40] != b"acsp":
        raise ProfileError("it is not an ICC profile")
    spaces = {b"GRAY": "grey", b"RGB ": "rgb", b"CMYK": "cmyk"}
    space = spaces.get(data[16:20])
    if space is None:
        raise ProfileError(f"its colour space {data[16:20]!r} is not grey, RGB or CMYK")
    tags = _tags(data)
    if space == "cmyk" or any(name.startswith(b"A2B") for name in tags):
        return Profile(data, space)
    if space == "grey":
        return Profile(data, space, (_curve(_tag(tags, b"kTRC")),))
    curves = tuple(_curve(_tag(tags, name)) for name in (b"rTRC", b"gTRC", b"bTRC"))
    primaries = np.stack([_xyz(_tag(tags, name)) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
    weights = (_D50_TO_D65 @ primaries)[1]
    if not 0.5 < weights.sum() < 2 or weights.min() < -0.2:
        raise ProfileError("its primaries make no white")
    red, green, blue = (float(w) for w in weights / weights.sum())
    return Profile(data, space, curves, (red, green, blue))


def _tags(data: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", data, _HEADER)
    if not 0 < count < 200:
        raise ProfileError(f"its table lists {count} tags")
    tags = {}
    for number in range(count):
        name, offset, size = struct.unpack_from(">4sII", data, _HEADER + 4 + 12 * number)
        if offset + size > len(data):
            raise ProfileError("it is cut short")
        tags[name] = data[offset : offset + size]
    return tags


def _tag(tags: dict[bytes, bytes], name: bytes) -> bytes:
    if name not in tags:
        raise ProfileError(f"its {name.decode('latin-1')} tag is missing")
    return tags[name]


def _xyz(tag: bytes) -> Array:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve:
    """Linear light 0..1 of each 16-bit code, (65536,)."""
    code = np.linspace(0, 1, _CURVE_SAMPLES)
    if tag[:4] == b"para":
        light = _parametric(tag, code)
    elif tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        values = np.array(struct.unpack_from(f">{count}H", tag, 12), dtype=np.float64)
        if count == 0:
            light = code
        elif count == 1:
            light = code ** (values[0] / 256)
        else:
            light = np.interp(code, np.linspace(0, 1, count), values / 65535)
    else:
        raise ProfileError(f"a tone curve of the unknown kind {tag[:4]!r}")
    if not np.isfinite(light).all() or light[-1] - light[0] < 0.5:
        raise ProfileError("its tone curve does not lead from dark to light")
    return light.clip(0, 1)


def _parametric(tag: bytes, x: Curve) -> Curve:
    """Table 68 of ICC.1:2022: a power, a straight line below d, and offsets."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind > 4:
        raise ProfileError(f"a parametric tone curve of the unknown kind {kind}")
    names = ("g", "gab", "gabc", "gabcd", "gabcdef")[kind]
    numbers = struct.unpack_from(f">{len(names)}i", tag, 12)
    p = {name: value / 65536 for name, value in zip(names, numbers, strict=True)}
    g, a, b = p["g"], p.get("a", 1.0), p.get("b", 0.0)
    power = (a * x + b).clip(0) ** g
    if kind <= 2:
        c = p.get("c", 0.0)
        return np.asarray(np.where(a * x + b >= 0, power + c, c))
    return np.asarray(np.where(x >= p["d"], power + p.get("e", 0.0), p["c"] * x + p.get("f", 0.0)))


def luminance_row() -> Array:
    """The weights that turn vips' XYZ of a D50 CIELAB into CIE Y under D65, (3,)."""
    d50 = np.array([0.9642, 1.0, 0.8249])
    return np.asarray(_D50_TO_D65[1] * d50 / np.array(WHITE_D65))
