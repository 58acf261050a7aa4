"""Chroma back onto the full-size picture, whose lightness stays what it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyvips

from photochrom.color import SRGB_TO_XYZ, WHITE_D65, XYZ_TO_SRGB, FloatArray
from photochrom.errors import OptionError
from photochrom.photo import tones
from photochrom.photo.failures import NAME_FIELD, reading
from photochrom.photo.gamut import fit_to_srgb
from photochrom.photo.guided import area_resize, guide_size, guided_planes
from photochrom.photo.read import Photo
from photochrom.photo.samples import to_eight_bits


def merge_chroma(photo: Photo, ab: FloatArray) -> Any:
    """The picture in colour, full size, as a streaming expression.

    Its lightness is that of the photo to within rounding: chroma that sRGB cannot show at that
    lightness is reduced. Nothing is decoded here but what the guide needs.

    Args:
        photo: the opened picture.
        ab: (h, w, 2) chroma in CIELAB units for the whole picture, any size.

    Returns:
        A libvips image of the photo's size and depth: RGB in sRGB or the photo's own RGB profile
        (then attached), alpha last if the photo has it.

    Raises:
        OptionError: for chroma of another shape, or that is not finite.
        UnreadableError: where the file turns out to be damaged. Reading the result can still raise
            pyvips.Error for the same reason; write_photo, encode_photo and to_array translate it.
    """
    ab = _checked(ab)
    # chroma finer than the picture would alias
    ab = area_resize(ab, min(ab.shape[0], photo.height), min(ab.shape[1], photo.width))
    guide = photo.small_luminance(*guide_size(ab.shape[:2], (photo.height, photo.width)))
    with reading(photo.name):
        planes = stretch(guided_planes(ab, guide), photo.height, photo.width)
        picture, alpha = photo.open()
        L = tones.lightness(picture, photo.profile)
        chroma = planes.extract_band(0, n=2) * L + planes.extract_band(2, n=2)
        lab = fit_to_srgb(L.bandjoin(chroma).copy(interpretation="lab"))
        colours = _encode(lab.colourspace("xyz"), photo)
        merged = (colours if alpha is None else colours.bandjoin(alpha)).copy()
        merged.set_type(pyvips.GValue.gstr_type, NAME_FIELD, photo.name)
        return merged


def stretch(planes: FloatArray, height: int, width: int) -> Any:
    """Small planes at full size by linear interpolation, as a streaming expression.

    Args:
        planes: (h, w, C) float32.
        height: rows of the result, at least h.
        width: columns of the result, at least w.
    """
    small = pyvips.Image.new_from_array(np.ascontiguousarray(planes))
    across, down = width / small.width, height / small.height
    return small.affine(
        (across, 0, 0, down),
        interpolate=pyvips.Interpolate.new("bilinear"),
        oarea=[0, 0, width, height],
        # centres on centres
        idx=0.5,
        idy=0.5,
        odx=-0.5,
        ody=-0.5,
        extend="copy",
    )


def _encode(xyz: Any, photo: Photo) -> Any:
    """Samples of the photo's depth from CIE XYZ (D65, white 100)."""
    profile = tones.kept_profile(photo.profile)
    if profile is not None and photo.profile is not None and not photo.profile.is_srgb:
        return tones.export_to(xyz, profile, photo.depth)
    # the published matrix misses the published white by 7e-5; scaled, grey is exactly grey
    scale = np.sum(SRGB_TO_XYZ, axis=1) / np.array(WHITE_D65) / 100
    picture = (
        xyz.recomb(pyvips.Image.new_from_array(np.array(XYZ_TO_SRGB) * scale))
        .copy(interpretation="scrgb")
        .colourspace("rgb16")
    )
    if photo.depth == 8:
        picture = to_eight_bits(picture)
    if profile is not None:
        picture = picture.copy()
        picture.set_type(pyvips.GValue.blob_type, tones.ICC_FIELD, profile)
    elif picture.get_typeof(tones.ICC_FIELD):
        picture = picture.copy()
        picture.remove(tones.ICC_FIELD)
    return picture


def _checked(ab: FloatArray) -> FloatArray:
    ab = np.asarray(ab, dtype=np.float32)
    if ab.ndim != 3 or ab.shape[2] != 2 or 0 in ab.shape:
        raise OptionError(f"chroma of shape {ab.shape}: must be (h, w, 2)")
    if not np.isfinite(ab).all():
        raise OptionError("chroma with values that are not finite: must be CIELAB units")
    return ab
