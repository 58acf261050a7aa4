"""A photograph as the page shows it: small, quickly made, in 8 bits of sRGB."""

from __future__ import annotations

import functools
from typing import cast

import numpy as np
import pyvips

from photochrom.color import Array, FloatArray, rgb_to_lab
from photochrom.confidence import UNSURE_BELOW
from photochrom.photo import Photo, enlarge, merge_chroma, photo_from_array, to_eight_bits

QUALITY = 88
LEAST_SIDE, MOST_SIDE = 16, 8192
FULL = 0

UNSURE_COLOUR = (255, 0, 160)
"""sRGB of what lies over unsure places: no photograph is of this pink."""

MOST_OPAQUE = 0.75

_NO_CHROMA = np.zeros((1, 1, 2), np.float32)


def small_photo(photo: Photo, side: int) -> Photo:
    """The picture in grey, 8 bits, its long side at most so many pixels; itself at `FULL`."""
    if side == FULL:
        return photo
    zoom = min(1.0, side / max(photo.height, photo.width))
    size = [max(1, round(n * zoom)) for n in (photo.height, photo.width)]
    codes = np.interp(photo.small_luminance(*size), _lightness_of_codes(), np.arange(256))
    return photo_from_array(np.rint(codes).astype(np.uint8), name=photo.name)


def as_jpeg(photo: Photo, ab: FloatArray | None = None) -> bytes:
    """The picture as a JPEG file.

    Args:
        photo: of any size.
        ab: (h, w, 2) its chroma, CIELAB units; None leaves it grey.
    """
    image = merge_chroma(photo, _NO_CHROMA if ab is None else ab)
    if image.format == "ushort":
        image = to_eight_bits(image)
    if image.bands == 4:
        image = image.flatten(background=[255, 255, 255])
    return cast(bytes, image.jpegsave_buffer(Q=QUALITY, keep="icc"))


def unsure_overlay(confidence: FloatArray, height: int, width: int) -> tuple[bytes, float]:
    """A PNG file to lay over a picture, and how much of the picture is unsure.

    Args:
        confidence: (h, w) 0..1.
        height: of the overlay.
        width: of the overlay.

    Returns:
        RGBA, transparent where the model is sure, the more opaque the less it is; and the share
        0..1 of places that are unsure.
    """
    large = enlarge(confidence, height, width, cubic=False)
    opacity = ((UNSURE_BELOW - large) / UNSURE_BELOW).clip(0, 1)
    # what is only just unsure must be seen, too
    opacity = np.where(opacity > 0, 0.25 + (MOST_OPAQUE - 0.25) * opacity, 0)
    rgba = np.empty((height, width, 4), np.uint8)
    rgba[..., :3] = UNSURE_COLOUR
    rgba[..., 3] = np.rint(opacity * 255)
    image = pyvips.Image.new_from_array(rgba).copy(interpretation="srgb")
    share = float((confidence < UNSURE_BELOW).mean())
    return cast(bytes, image.pngsave_buffer(compression=3)), share


@functools.cache
def _lightness_of_codes() -> Array:
    """CIELAB lightness of the 256 greys of sRGB."""
    grey = np.arange(256)[:, None].repeat(3, 1) / 255
    lightness: Array = rgb_to_lab(grey)[:, 0]
    return lightness
