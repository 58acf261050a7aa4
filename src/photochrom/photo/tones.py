"""From a picture's own numbers to CIELAB lightness, whatever profile they are in."""

from __future__ import annotations

import logging
import threading
import warnings
from typing import Any

import numpy as np
import pyvips

from photochrom.color import (
    LIGHTNESS_MAX,
    SRGB_TO_XYZ,
    WHITE_D65,
    Array,
    linear_to_srgb,
    rgb_to_lab,
    srgb_to_linear,
)
from photochrom.errors import PhotoWarning
from photochrom.photo.profile import Profile, ProfileError, luminance_row, parse_profile

ICC_FIELD = "icc-profile-data"

_SPACE_BANDS = {"grey": 1, "rgb": 3, "cmyk": 4}


def profile_for(data: bytes | None, bands: int, name: str) -> Profile | None:
    """The profile to read a picture by; None means sRGB, or plain ink for CMYK.

    A profile that is damaged or speaks of another kind of picture is set aside with a PhotoWarning.

    Args:
        data: the embedded profile, if any.
        bands: 1 for grey, 3 for RGB, 4 for CMYK.
        name: what to call the picture.
    """
    if data is None:
        return None
    try:
        profile = parse_profile(data)
        # an RGB profile on a grey picture is common and means R = G = B
        fits = _SPACE_BANDS[profile.space] == bands or (profile.space == "rgb" and bands == 1)
        if not fits:
            raise ProfileError(f"it is a {profile.space} profile on a picture of {bands} channels")
        if not profile.is_simple:
            _try_with_lcms(profile, bands)
    except ProfileError as error:
        instead = "standard inks" if bands == 4 else "sRGB"
        warnings.warn(
            f"{name}: its colour profile cannot be used: {error}; read as {instead}",
            PhotoWarning,
            stacklevel=4,
        )
        return None
    return profile


def kept_profile(profile: Profile | None) -> bytes | None:
    """The profile the coloured picture is written in; None means sRGB.

    Args:
        profile: what the input was read by.
    """
    return profile.data if profile is not None and profile.space == "rgb" else None


def lightness(picture: Any, profile: Profile | None) -> Any:
    """CIELAB lightness of a picture, as a streaming expression.

    Args:
        picture: 1, 3 or 4 bands (grey, RGB, CMYK) of 8 or 16 bits, no alpha.
        profile: how to read it, as profile_for gives it.

    Returns:
        One float band, 0..100.
    """
    if picture.bands == 1:
        return picture.maplut(_row(_grey_lightness(_depth(picture), profile)))
    if picture.bands == 4 or not (profile is None or profile.is_simple):
        return _lightness_by_lcms(picture, profile)
    depth = _depth(picture)
    light = picture.maplut(pyvips.Image.new_from_array(_weighted_curves(depth, profile)))
    luminance = light.recomb(pyvips.Image.new_from_array([[1.0, 1.0, 1.0]]))
    if depth == 8:
        # 16-bit steps of light are 0.014 L at worst, and a table is five times as fast as the curve
        codes = (luminance * 65535 + 0.5).cast("ushort")
        return codes.maplut(_row(lightness_of_luminance(np.linspace(0, 1, 65536))))
    return _curve(luminance)


def lightness_of_luminance(luminance: Array) -> Array:
    """CIELAB lightness 0..100 of CIE Y 0..1, any shape."""
    grey = linear_to_srgb(np.asarray(luminance, dtype=np.float64))
    L: Array = rgb_to_lab(np.stack([grey] * 3, axis=-1))[..., 0].clip(0, LIGHTNESS_MAX)
    return L


def _grey_lightness(depth: int, profile: Profile | None) -> Array:
    """L of every code of a grey picture, (256,) or (65536,)."""
    if profile is None:
        return lightness_of_luminance(srgb_to_linear(np.linspace(0, 1, 2**depth)))
    if profile.is_simple:
        return lightness_of_luminance(profile.luminance_of_codes(depth))
    codes = np.arange(2**depth).astype("u1" if depth == 8 else "u2")[None, :, None]
    bands = _SPACE_BANDS[profile.space]
    picture = pyvips.Image.new_from_array(np.ascontiguousarray(codes.repeat(bands, axis=2)))
    L: Array = _lightness_by_lcms(picture, profile).numpy().reshape(-1)
    return L


def _weighted_curves(depth: int, profile: Profile | None) -> Array:
    """Each channel's share in CIE Y of every code, (1, 256 or 65536, 3) float32."""
    if profile is None:
        light = srgb_to_linear(np.linspace(0, 1, 2**depth))
        # L of a colour is L of the grey of its luminance, which is what color.py weighs
        shares = [w * light for w in SRGB_TO_XYZ[1]]
    else:
        step = 65535 // (2**depth - 1)
        pairs = zip(profile.luminance, profile.curves, strict=True)
        shares = [w * c[::step] for w, c in pairs]
    return np.stack(shares, axis=-1)[None].astype(np.float32)


def _lightness_by_lcms(picture: Any, profile: Profile | None) -> Any:
    lab = _import(picture, profile)
    # through vips' XYZ, whose white is D65, to the Y that sRGB would have
    row = luminance_row()[None] / 100
    return _curve(lab.colourspace("xyz").recomb(pyvips.Image.new_from_array(row)))


def _import(picture: Any, profile: Profile | None) -> Any:
    kind = {1: "b-w", 3: "srgb", 4: "cmyk"}[picture.bands]
    if _depth(picture) == 16:
        kind = {"b-w": "grey16", "srgb": "rgb16"}.get(kind, kind)
    picture = picture.copy(interpretation=kind)
    if profile is not None:
        picture.set_type(pyvips.GValue.blob_type, ICC_FIELD, profile.data)
    fallback = "cmyk" if picture.bands == 4 else "srgb"
    # ink has no black as deep as a screen's: without compensation every print turns to fog
    return picture.icc_import(
        embedded=profile is not None,
        input_profile=fallback,
        pcs="lab",
        intent="relative",
        black_point_compensation=True,
    )


def _curve(luminance: Any) -> Any:
    """Lightness of luminance 0..1, one float band each, by vips' own CIELAB curve."""
    inside = (luminance > 0).ifthenelse(luminance, 0)
    inside = (inside < 1).ifthenelse(inside, 1)
    white = pyvips.Image.new_from_array([[100 * w] for w in WHITE_D65])
    return inside.recomb(white).copy(interpretation="xyz").colourspace("lab")[0]


def _try_with_lcms(profile: Profile, bands: int) -> None:
    """Run one pixel through lcms: vips sets a bad profile aside with no more than a log line."""
    bands = _SPACE_BANDS[profile.space]
    picture = pyvips.Image.black(1, 1, bands=bands)
    complaints: list[str] = []
    here = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == here:
                complaints.append(record.getMessage())

    log, listener = logging.getLogger("pyvips"), Listener(logging.WARNING)
    log.addHandler(listener)
    try:
        _import(picture, profile).avg()
        if profile.space == "rgb":
            export_to(picture.cast("float").copy(interpretation="xyz"), profile.data, 8).avg()
    except pyvips.Error:
        complaints.append("lcms refuses it")
    finally:
        log.removeHandler(listener)
    if complaints:
        raise ProfileError("lcms refuses it")


def export_to(xyz: Any, profile: bytes, depth: int) -> Any:
    """The picture in an RGB profile, as a streaming expression.

    Args:
        xyz: three float bands, CIE XYZ under D65, white 100.
        profile: an RGB profile.
        depth: 8 or 16 bits per sample of the result.
    """
    picture = xyz.copy(interpretation="xyz")
    picture.set_type(pyvips.GValue.blob_type, ICC_FIELD, profile)
    return picture.icc_export(pcs="xyz", intent="relative", depth=depth)


def _depth(picture: Any) -> int:
    return 8 if picture.format == "uchar" else 16


def _row(table: Array) -> Any:
    return pyvips.Image.new_from_array(table.astype(np.float32)[None])
