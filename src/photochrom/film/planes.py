"""The planes of FFmpeg's frames as arrays, and frames made of planes."""

from __future__ import annotations

import re
import sys
from typing import Any, cast

import av
import numpy as np

from photochrom.color import Array
from photochrom.film.coding import Coding, matrix_of

_LUMA_FIRST = re.compile(r"(yuvj?4\d\d|yuva4\d\d)p(\d+[lb]e)?|gray(\d+[lb]e)?|nv(12|21|16|24|42)")
"""Formats whose first plane is the luma, one sample after another."""

FULL_RANGE, LIMITED_RANGE = 2, 1
"""FFmpeg's numbers for the ranges of codes; 0 is not stated."""


def coding_of(frame: av.VideoFrame) -> Coding:
    """How the luma of a frame is coded, once `with_luma_plane` had it."""
    bits = frame.format.components[0].bits
    name = frame.format.name
    unstated = frame.color_range not in (FULL_RANGE, LIMITED_RANGE)
    full = frame.color_range == FULL_RANGE or (unstated and name.startswith(("yuvj", "gray")))
    return Coding(matrix_of(int(frame.colorspace), frame.height), full, max(8, bits))


def with_luma_plane(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame, or one of the same picture whose first plane is its luma.

    YUV in another order of samples is only reordered; RGB and palettes are turned into YUV of the
    limited range.
    """
    name = frame.format.name
    if _LUMA_FIRST.fullmatch(name):
        return frame
    bits = max(component.bits for component in frame.format.components)
    if frame.format.is_rgb or frame.format.has_palette or name.startswith(("mono", "xyz")):
        matrix = matrix_of(2, frame.height)
        return frame.reformat(
            format="yuv444p" if bits <= 8 else "yuv444p10le",
            dst_colorspace=matrix.number,
            dst_color_range=LIMITED_RANGE,
        )
    return frame.reformat(format="yuv422p" if bits <= 8 else "yuv422p10le")


def luma_plane(frame: av.VideoFrame) -> Array:
    """(H, W) uint8, or uint16 above 8 bits: the luma of a frame of `with_luma_plane`.

    It is a view: the frame must live as long, and must not be written to.
    """
    return _view(frame, 0, frame.height, frame.width)


def frame_of(planes: tuple[Array, Array, Array], coding: Coding, *, halved: bool) -> av.VideoFrame:
    """A frame of a luma plane and two chroma planes.

    Args:
        planes: Y (H, W), U and V, uint8 or uint16.
        coding: of all three.
        halved: U and V have half the height and width.
    """
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, pixel_format(coding.depth, halved=halved))
    for index, plane in enumerate(planes):
        _view(frame, index, *plane.shape)[:] = plane
    frame.color_range = FULL_RANGE if coding.full else LIMITED_RANGE
    frame.colorspace = coding.matrix.number
    return frame


def pixel_format(depth: int, *, halved: bool) -> str:
    """FFmpeg's name of a planar format."""
    order = "le" if sys.byteorder == "little" else "be"
    return ("yuv420p" if halved else "yuv444p") + ("" if depth == 8 else f"{depth}{order}")


def _view(frame: av.VideoFrame, index: int, height: int, width: int) -> Array:
    plane = frame.planes[index]
    order = ">" if frame.format.is_big_endian else "<"
    kind = np.dtype("u1" if frame.format.components[0].bits <= 8 else f"{order}u2")
    samples: Array = np.frombuffer(cast(Any, plane), kind)
    whole = samples.reshape(-1, plane.line_size // kind.itemsize)
    view = whole[:height, :width]
    return view if view.dtype.isnative or index else view.astype(np.uint16)
