"""The colours a picture came with, small: what a colorizer's guesses are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyvips

from photochrom.color import FloatArray
from photochrom.errors import OptionError
from photochrom.photo import tones
from photochrom.photo.failures import reading
from photochrom.photo.gamut import fit_to_srgb
from photochrom.photo.guided import area_weights, resample
from photochrom.photo.read import Photo

_SAMPLES = 1024  # along the longer side, at least, before the exact average


def small_chroma(photo: Photo, height: int, width: int) -> FloatArray:
    """The picture's own chroma at a small size, each sample the average of the area it covers.

    It belongs to `photo.small_luminance(height, width)`. Colours beyond sRGB are cut to it.

    Args:
        photo: the opened picture.
        height: rows of the result.
        width: columns of the result.

    Returns:
        (height, width, 2) float32 in CIELAB units; zeros for a grey picture.

    Raises:
        UnreadableError: where the file turns out to be cut short or damaged.
    """
    if height < 1 or width < 1:
        raise OptionError(f"size {height} x {width}: both sides must be at least 1")
    size = max(height, width, _SAMPLES)
    on_load = 1
    if photo.format == "jpeg":
        on_load = max(s for s in (1, 2, 4, 8) if s * size <= max(photo.height, photo.width, size))
    with reading(photo.name):
        picture, _ = photo.open(on_load)
        if picture.bands == 1:
            return np.zeros((height, width, 2), np.float32)
        chroma = _to_srgb(picture, photo).colourspace("lab").extract_band(1, n=2)
        down, across = (max(1, side // size) for side in (picture.height, picture.width))
        small = chroma.shrink(across, down, ceil=True)
        planes: FloatArray = small.numpy().reshape(small.height, small.width, 2)
    rows = area_weights(photo.height / (down * on_load), height, inputs=planes.shape[0])
    columns = area_weights(photo.width / (across * on_load), width, inputs=planes.shape[1])
    return resample(planes, rows, columns)


def fit_chroma(luminance: FloatArray, ab: FloatArray) -> FloatArray:
    """The chroma that is left where sRGB cannot show all of it; hue and lightness stay.

    It is what `merge_chroma` does to a photograph.

    Args:
        luminance: (H, W) 0..100.
        ab: (H, W, 2), CIELAB units.

    Returns:
        (H, W, 2) float32.
    """
    lab = np.concatenate([luminance[..., None], ab], axis=-1).astype(np.float32)
    image = pyvips.Image.new_from_array(np.ascontiguousarray(lab)).copy(interpretation="lab")
    fitted: FloatArray = fit_to_srgb(image).numpy().reshape(lab.shape)[..., 1:]
    return fitted


def _to_srgb(picture: Any, photo: Photo) -> Any:
    """RGB or CMYK samples as sRGB of the same depth, as a streaming expression."""
    profile = photo.profile
    eight = picture.format == "uchar"
    if picture.bands == 3 and (profile is None or profile.is_srgb):
        return picture.copy(interpretation="srgb" if eight else "rgb16")
    kind = "cmyk" if picture.bands == 4 else "rgb" if eight else "rgb16"
    picture = picture.copy(interpretation=kind)
    if profile is not None:
        picture.set_type(pyvips.GValue.blob_type, tones.ICC_FIELD, profile.data)
    return picture.icc_transform(
        "srgb",
        embedded=profile is not None,
        input_profile="cmyk" if picture.bands == 4 else "srgb",
        intent="relative",
        black_point_compensation=True,
        depth=8 if eight else 16,
    )
