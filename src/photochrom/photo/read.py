"""Pictures in: what a file is, and its lightness, decoded only when somebody asks."""

from __future__ import annotations

import functools
import io
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from photochrom.color import Array, FloatArray
from photochrom.errors import (
    InputError,
    OptionError,
    PhotoWarning,
    TooLargeError,
)
from photochrom.photo import tones
from photochrom.photo.failures import reading
from photochrom.photo.formats import detect_format, load, read_head
from photochrom.photo.guided import area_weights, resample
from photochrom.photo.jpeg import estimate_quality
from photochrom.photo.metadata import Metadata, read_metadata
from photochrom.photo.profile import Profile
from photochrom.photo.samples import ABSOLUTE, colour_bands, split_alpha, to_integer
from photochrom.photo.tifftags import COMPRESSIONS, Tags, read_tags

DEFAULT_MAX_PIXELS = 500_000_000
"""Pictures with more pixels are refused before they are decoded."""

MAX_PIXELS_VARIABLE = "PHOTOCHROM_MAX_PIXELS"
"""The environment variable that replaces DEFAULT_MAX_PIXELS."""

_PREVIEW = 1024  # samples along each side that the cached small copy has at least
_JPEG_TABLES = 1 << 18  # bytes: EXIF, a profile and the quantisation tables come before the scan

# Operations kept for reuse would hold every decoded picture of a folder in memory.
pyvips.cache_set_max(0)


@dataclass(frozen=True, eq=False)
class Photo:
    """An opened picture; no pixel is decoded before it is asked for."""

    source: Path | bytes | Array
    name: str
    """What messages call it."""
    width: int
    """Columns once upright."""
    height: int
    """Rows once upright."""
    depth: int
    """Bits per sample of the result, 8 or 16."""
    format: str
    """What the input was: a key of formats.LOADERS, or 'array'."""
    orientation: int = 1
    """EXIF orientation of the stored pixels, 1..8."""
    has_alpha: bool = False
    profile: Profile | None = None
    """How to read the tones; None means sRGB."""
    metadata: Metadata = field(default_factory=Metadata)
    quality: int | None = None
    """libjpeg quality the input was saved at, 1..100; None for other formats."""
    compression: str | None = None
    """How a TIFF was compressed; None for other formats."""
    white: float = 1.0
    """The floating-point sample value that is white."""

    def open(self, shrink: int = 1) -> tuple[Any, Any]:
        """A fresh streaming pipeline: (colour bands, alpha band or None), upright.

        Args:
            shrink: 1, 2, 4 or 8: decode a JPEG at a fraction of its size.
        """
        with reading(self.name):
            image = load(self.source, self.format, self._access, shrink)
            if self.orientation > 1:
                image = image.autorot()
            colours, alpha = split_alpha(to_integer(image, self.white))
            return colours, alpha

    def luminance(self) -> Any:
        """CIELAB lightness as a fresh streaming pipeline: one float band 0..100, upright."""
        with reading(self.name):
            return tones.lightness(self.open()[0], self.profile)

    def small_luminance(self, height: int, width: int) -> FloatArray:
        """CIELAB lightness at a small size, each sample the average of the area it covers.

        Args:
            height: rows of the result.
            width: columns of the result.

        Returns:
            (height, width) float32, 0..100.

        Raises:
            UnreadableError: where the file turns out to be cut short or damaged.
        """
        if height < 1 or width < 1:
            raise OptionError(f"size {height} x {width}: both sides must be at least 1")
        enough = max(height, width) <= _PREVIEW
        plane, down, across = self._preview if enough else self._shrunk(max(height, width))
        rows = area_weights(self.height / down, height, inputs=plane.shape[0])
        columns = area_weights(self.width / across, width, inputs=plane.shape[1])
        return resample(plane, rows, columns)

    @functools.cached_property
    def _preview(self) -> tuple[FloatArray, int, int]:
        # one decode serves every small size: the network's, the guide's, a preview on screen
        return self._shrunk(_PREVIEW)

    def _shrunk(self, size: int) -> tuple[FloatArray, int, int]:
        """(lightness shrunk to no less than size where it was larger, factor down, across)."""
        down, across = (max(1, side // size) for side in (self.height, self.width))
        on_load = 1
        if self.format == "jpeg":
            on_load = max(s for s in (1, 2, 4, 8) if s <= min(down, across))
            down, across = (max(1, side // on_load // size) for side in (self.height, self.width))
        with reading(self.name):
            L = tones.lightness(self.open(on_load)[0], self.profile)
            small = L.shrink(across, down, ceil=True)
            plane: FloatArray = small.numpy().reshape(small.height, small.width)
        return plane, down * on_load, across * on_load

    @property
    def _access(self) -> str:
        # turning a picture means reading it out of order; libvips then decodes it to memory, or
        # beyond 100 MB to a temporary file
        return "sequential" if self.orientation <= 2 else "random"


def open_photo(
    source: Path | str | bytes, *, name: str | None = None, max_pixels: int | None = None
) -> Photo:
    """The picture in a file, its header read and checked.

    Args:
        source: a file, or the whole content of one.
        name: what messages call it; its path unless given.
        max_pixels: refuse pictures with more; PHOTOCHROM_MAX_PIXELS or 500 million unless given.

    Returns:
        The opened picture; its pixels are decoded by what asks for them.

    Raises:
        InputError: for a folder, or a file that is missing or may not be read.
        UnreadableError: for what is not a picture, or is damaged.
        TooLargeError: for a picture of more than max_pixels.
    """
    source = Path(source) if isinstance(source, str) else source
    name = name or (str(source) if isinstance(source, Path) else "picture")
    limit = _pixel_limit(max_pixels)
    head = read_head(source, name)
    kind = detect_format(head, name)
    with reading(name):
        header = load(source, kind, "sequential")
    if header.width * header.height > limit:
        raise TooLargeError(
            f"{name}: {header.width} x {header.height} are {header.width * header.height:,} "
            f"pixels, more than {limit:,}; raise the limit with --max-pixels (max_pixels=) "
            "if the file is to be trusted"
        )
    return _photo_from_header(header, source, name, kind)


def photo_from_array(array: Array, *, name: str = "array") -> Photo:
    """The picture in an array, taken for sRGB.

    Args:
        array: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8 or uint16, or floats 0..1 (16 bits).
        name: what messages call it.
    """
    array = np.asarray(array)
    channels = 1 if array.ndim == 2 else array.shape[-1] if array.ndim == 3 else 0
    if channels not in (1, 3, 4) or 0 in array.shape:
        raise InputError(
            f"{name}: an array of shape {array.shape} is not a picture; "
            "(H, W), (H, W, 3) or (H, W, 4) would be"
        )
    if np.issubdtype(array.dtype, np.floating):
        array = (np.nan_to_num(array).clip(0, 1) * 65535 + 0.5).astype(np.uint16)
    if array.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{name}: samples of type {array.dtype}; uint8, uint16 or floats 0..1")
    array = np.ascontiguousarray(array)
    return Photo(
        source=array,
        name=name,
        width=array.shape[1],
        height=array.shape[0],
        depth=array.dtype.itemsize * 8,
        format="array",
        has_alpha=channels == 4,
    )


def _pixel_limit(max_pixels: int | None) -> int:
    if max_pixels is None:
        text = os.environ.get(MAX_PIXELS_VARIABLE, str(DEFAULT_MAX_PIXELS))
        if not text.isdecimal():
            raise OptionError(f"{MAX_PIXELS_VARIABLE}={text}: must be a whole number of pixels")
        max_pixels = int(text)
    if max_pixels < 1:
        raise OptionError(f"max_pixels {max_pixels}: must be at least 1")
    return max_pixels


def _photo_from_header(header: Any, source: Path | bytes, name: str, kind: str) -> Photo:
    bands = colour_bands(header, name)
    orientation = _field(header, "orientation", 1)
    turned = 5 <= orientation <= 8
    if _field(header, "n-pages", 1) > 1:
        _warn(f"{name}: has {header.get('n-pages')} pages or frames; only the first is coloured")
    data = header.get(tones.ICC_FIELD) if header.get_typeof(tones.ICC_FIELD) else None
    tags = _tiff_tags(source) if kind == "tiff" else None
    white, depth = 1.0, 8 if header.format == "uchar" else 16
    if header.interpretation in ABSOLUTE or header.format in ("float", "double"):
        data = None  # a profile speaks of integer codes
    if header.interpretation not in ABSOLUTE and header.format in ("float", "double"):
        white = _float_white(header, name)
    return Photo(
        source=source,
        name=name,
        width=header.height if turned else header.width,
        height=header.width if turned else header.height,
        depth=depth,
        format=kind,
        orientation=orientation if 1 <= orientation <= 8 else 1,
        has_alpha=header.bands > bands,
        profile=tones.profile_for(bytes(data) if data else None, bands, name),
        metadata=read_metadata(header, tags),
        quality=_jpeg_quality(source) if kind == "jpeg" else None,
        compression=COMPRESSIONS.get(tags.compression or 1) if tags is not None else None,
        white=white,
    )


def _float_white(header: Any, name: str) -> float:
    """The sample value to take for white, found by one pass over the picture."""
    with reading(name):
        largest = float(header.max())
    if not largest > 1.5:  # also not-a-number
        _warn(f"{name}: floating-point samples, read as linear light from 0 to 1")
        return 1.0
    white = next((w for w in (255.0, 65535.0) if w / 2 < largest <= w), largest)
    _warn(f"{name}: floating-point samples up to {largest:g}, read as linear light to {white:g}")
    return white


def _jpeg_quality(source: Path | bytes) -> int | None:
    if isinstance(source, bytes):
        return estimate_quality(source)
    with source.open("rb") as file:
        quality = estimate_quality(file.read(_JPEG_TABLES))
        if quality is None:  # a long EXIF thumbnail or profile before the tables
            file.seek(0)
            quality = estimate_quality(file.read(_JPEG_TABLES * 64))
    return quality


def _tiff_tags(source: Path | bytes) -> Tags | None:
    if isinstance(source, bytes):
        return read_tags(io.BytesIO(source))
    with source.open("rb") as file:
        return read_tags(file)


def _field(header: Any, name: str, default: Any) -> Any:
    return header.get(name) if header.get_typeof(name) else default


def _warn(message: str) -> None:
    warnings.warn(message, PhotoWarning, stacklevel=4)
