"""Chroma planes for a luma plane that stays as it is.

A network's colours are CIELAB a and b at a small size. They are carried to the size of a film's
chroma planes along the edges of the brightness (`photo.guided`), and turned into U and V there. The
luma decides how bright a pixel is: of all colours with the wanted a and b the one with exactly that
luma is taken, and where sRGB has none, chroma gives way, in a straight line towards grey. All that
is in one table, made once by `photochrom.color`.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np

from photochrom.color import Array, FloatArray, lab_to_rgb, rgb_to_lab
from photochrom.film.coding import Coding, Matrix
from photochrom.film.fields import in_both_fields
from photochrom.photo.guided import guide_size, local_slopes

CODES = 256
"""The table has a page for each 8-bit luma code: films of more bits are looked up by the nearest,
since chroma hardly changes from one to the next."""

REACH, STEP = 128.0, 4.0
"""The table's a and b reach so far from grey, in steps of so many CIELAB units."""

_SIDE = int(2 * REACH / STEP) + 1
_LIGHTNESSES = np.concatenate([np.arange(-40, 0, 8), np.arange(0, 20), np.arange(20, 141, 2)])
"""At which the luma of each a and b is worked out; it is interpolated between them."""


class ChromaPlanes:
    """Makes a film's chroma planes.

    Args:
        height: of the luma plane.
        width: likewise.
        coding: of its samples, and of the planes that are made.
        halved: chroma planes have half the height and width (4:2:0), rounded up.
        in_fields: each field of a frame has its own rows of chroma; the height divides by four.
    """

    def __init__(
        self, height: int, width: int, coding: Coding, *, halved: bool = True,
        in_fields: bool = False,
    ) -> None:  # fmt: skip
        self.coding, self.halved = coding, halved
        self._field = ChromaPlanes(height // 2, width, coding) if in_fields and halved else None
        self.size = (-(-height // 2), -(-width // 2)) if halved else (height, width)
        self._odd = (height % 2, width % 2) if halved else (0, 0)
        self._lightness = _lightness_of_codes(coding.full)
        self._table = chroma_table(coding.matrix, coding.full)

    def guide(self, luma: Array) -> Array:
        """The mean luma under each chroma sample.

        Args:
            luma: (H, W) of the coding's depth.

        Returns:
            (h, w) uint8, rounded to 8-bit codes.
        """
        if self._field is not None:
            return in_both_fields(self._field.guide, luma)
        if any(self._odd):
            luma = cv2.copyMakeBorder(luma, 0, self._odd[0], 0, self._odd[1], cv2.BORDER_REPLICATE)
        if self.halved:
            luma = _area(luma, self.size)
        extra = self.coding.depth - 8
        if not extra:
            return luma
        rounded = (luma.astype(np.uint32) + (1 << extra >> 1)) >> extra
        return rounded.clip(0, CODES - 1).astype(np.uint8)

    def lightness(self, guide: Array, size: tuple[int, int]) -> FloatArray:
        """The guide (h, w) as L 0..100 at another (height, width), by area."""
        return _area(cv2.LUT(guide, self._lightness), size)

    def planes(self, guide: Array, ab: FloatArray) -> tuple[Array, Array]:
        """U and V for a frame.

        Args:
            guide: (h, w) of `guide`.
            ab: (h', w', 2) its colours, CIELAB units, any smaller size.

        Returns:
            Two (h, w) arrays of the coding's depth, uint8 or uint16.
        """
        U, V = self.differences(guide, ab)
        coding = self.coding
        kind = np.uint8 if coding.depth == 8 else np.uint16
        top = (1 << coding.depth) - 1
        coded = [
            np.rint(plane * np.float32(coding.chroma_span) + np.float32(coding.neutral))
            for plane in (U, V)
        ]
        return coded[0].clip(0, top).astype(kind), coded[1].clip(0, top).astype(kind)

    def differences(self, guide: Array, ab: FloatArray) -> tuple[FloatArray, FloatArray]:
        """U and V, each (h, w) float32 in -0.5..0.5; see `planes`."""
        L = np.asarray(cv2.LUT(guide, self._lightness), np.float32)
        wanted = carried(ab, L)
        pages = guide.astype(np.float32) * np.float32(_SIDE)
        limit = np.float32(_SIDE - 1)
        column = ((wanted[..., 0] + np.float32(REACH)) * np.float32(1 / STEP)).clip(0, limit)
        row = ((wanted[..., 1] + np.float32(REACH)) * np.float32(1 / STEP)).clip(0, limit)
        found: Array = cv2.remap(self._table, column, row + pages, cv2.INTER_LINEAR)
        return found[..., 0], found[..., 1]


@functools.cache
def chroma_table(matrix: Matrix, full: bool) -> FloatArray:
    """U and V of every luma, a and b.

    Args:
        matrix: of luma and colour differences.
        full: the range of the codes.

    Returns:
        (256 * 65, 65, 2) float32: 65 rows of b for each 8-bit luma code, 65 columns of a; U and V
        in -0.5..0.5.
    """
    axis = np.arange(_SIDE, dtype=np.float32) * np.float32(STEP) - np.float32(REACH)
    b, a, L = np.meshgrid(axis, axis, _LIGHTNESSES, indexing="ij")
    rgb = lab_to_rgb(np.stack([L, a, b], -1), clip=False)
    weights = np.array([matrix.red, 1 - matrix.red - matrix.blue, matrix.blue], np.float32)
    luma = rgb @ weights
    differences = rgb - luma[..., None]
    wanted = _code_values(full)
    found = np.empty((_SIDE, _SIDE, CODES, 3), np.float32)
    for place in np.ndindex(_SIDE, _SIDE):
        rising = np.maximum.accumulate(luma[place])
        for channel in range(3):
            found[place][:, channel] = np.interp(wanted, rising, differences[place][:, channel])
    room = np.where(found > 0, 1 - wanted[:, None], wanted[:, None])
    found *= (room / np.maximum(np.abs(found), 1e-6)).min(-1, keepdims=True).clip(0, 1)
    U, V = found[..., 2] / (2 * (1 - matrix.blue)), found[..., 0] / (2 * (1 - matrix.red))
    pages = np.moveaxis(np.stack([U, V], -1), 2, 0)
    return np.ascontiguousarray(pages.reshape(CODES * _SIDE, _SIDE, 2))


@functools.cache
def _lightness_of_codes(full: bool) -> FloatArray:
    """(256,) float32: L of the grey that each 8-bit luma code stands for."""
    grey = _code_values(full)
    return np.ascontiguousarray(rgb_to_lab(np.stack([grey] * 3, -1))[..., 0], np.float32)


def _code_values(full: bool) -> FloatArray:
    """(256,) float32: the 8-bit luma codes as 0..1."""
    codes = np.arange(CODES, dtype=np.float32)
    values = codes / 255 if full else ((codes - 16) / 219).clip(0, 1)
    return values.astype(np.float32)


def carried(ab: FloatArray, L: FloatArray) -> FloatArray:
    """Small chroma planes at the size of a lightness plane, along its edges.

    The method is that of `photo.guided`, whose interpolation is exact and several times as slow as
    OpenCV's: too slow for each frame of a film.

    Args:
        ab: (h, w, 2), CIELAB units.
        L: (H, W) 0..100 of the same frame.

    Returns:
        (H, W, 2) float32, CIELAB units.
    """
    h, w = min(ab.shape[0], L.shape[0]), min(ab.shape[1], L.shape[1])
    ab = _area(ab, (h, w))
    guide = _area(L, guide_size((h, w), (L.shape[0], L.shape[1])))
    small, size = _area(guide, (h, w)), (guide.shape[1], guide.shape[0])
    slope = cv2.resize(local_slopes(ab, small), size, interpolation=cv2.INTER_LINEAR)
    detail = guide - cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    chroma = cv2.resize(ab, size, interpolation=cv2.INTER_CUBIC) + slope * detail[..., None]
    for _ in range(2):  # back-projection, as for photographs
        missing = ab - _area(chroma, (h, w))
        chroma += cv2.resize(missing, size, interpolation=cv2.INTER_CUBIC)
    planes = np.concatenate([slope, chroma - slope * guide[..., None]], axis=-1)
    planes = cv2.resize(planes, (L.shape[1], L.shape[0]), interpolation=cv2.INTER_LINEAR)
    full: FloatArray = planes[..., :2] * L[..., None] + planes[..., 2:]
    return full


def _area(plane: Array, size: tuple[int, int]) -> Array:
    """The plane (H, W, ...) at a smaller (height, width), by area."""
    if plane.shape[:2] == size:
        return plane
    return cv2.resize(plane, size[::-1], interpolation=cv2.INTER_AREA)
