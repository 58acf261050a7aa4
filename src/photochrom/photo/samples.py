"""Every kind of sample that libvips hands over, made 8 or 16 bits of grey, RGB or CMYK."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyvips

from photochrom.errors import UnreadableError

_USABLE = ("uchar", "ushort", "uint", "float", "double")

ABSOLUTE = ("lab", "labs", "labq", "xyz", "yxy")
"""libvips' names for samples that say by themselves which colour they are."""


def colour_bands(image: Any, name: str) -> int:
    """How many bands of a picture are colour: 1 grey, 3 RGB, 4 CMYK; the rest is alpha.

    Args:
        image: a libvips image as a loader gives it.
        name: what to call it in messages.

    Raises:
        UnreadableError: for samples or channels that make no picture.
    """
    if image.format not in _USABLE and image.interpretation not in ABSOLUTE:
        raise UnreadableError(
            f"{name}: samples of type {image.format} are not supported; 8, 16 or 32 bits "
            "unsigned or floating point would work"
        )
    bands = _colours(image)
    if image.bands - bands > 1:
        raise UnreadableError(
            f"{name}: has {image.bands} channels; grey, RGB or CMYK with at most one alpha "
            "channel would work"
        )
    return bands


def to_integer(image: Any, white: float) -> Any:
    """The picture in 8 or 16 bits, as a streaming expression.

    Args:
        image: a libvips image that colour_bands accepted.
        white: the floating-point sample value that is white.

    Returns:
        uchar or ushort; grey, RGB or CMYK as before, anything else as 16-bit RGB.
    """
    bands = _colours(image)
    if image.interpretation in ABSOLUTE:
        return image.colourspace("rgb16")
    if image.format in ("float", "double"):
        return _from_light(image, bands, white)
    if image.format == "uint":
        return (image >> 16).cast("ushort")
    return image


def to_eight_bits(image: Any) -> Any:
    """A 16-bit picture, alpha and all, rounded to 8 bits, as a streaming expression.

    libvips' own way is off by up to 0.75 of a step in the shadows.

    Args:
        image: ushort, any number of bands.
    """
    rounded = ((np.arange(65536) + 128) // 257).astype(np.uint8)[None]
    return image.maplut(pyvips.Image.new_from_array(rounded)).copy(interpretation="srgb")


def split_alpha(image: Any) -> tuple[Any, Any]:
    """The picture apart: (colour bands, alpha band or None).

    Args:
        image: 8 or 16 bits.
    """
    bands = _colours(image)
    colours = image.extract_band(0, n=bands) if image.bands > bands else image
    return colours, image[bands] if image.bands > bands else None


def _colours(image: Any) -> int:
    if image.bands <= 2:
        return 1
    return 4 if image.interpretation == "cmyk" and image.bands >= 4 else 3


def _from_light(image: Any, bands: int, white: float) -> Any:
    image = (image == image).ifthenelse(image, 0)  # not-a-number is black
    light = image.extract_band(0, n=bands) / white
    if bands == 1:
        coded = light.bandjoin([light, light]).copy(interpretation="scrgb").colourspace("rgb16")[0]
    else:
        coded = light.copy(interpretation="scrgb").colourspace("rgb16")
    if image.bands > bands:
        alpha = image[bands] * 65535 / white
        coded = coded.bandjoin(((alpha < 0).ifthenelse(0, alpha) + 0.5).cast("ushort"))
    return coded.copy(interpretation="grey16" if bands == 1 else "rgb16")
