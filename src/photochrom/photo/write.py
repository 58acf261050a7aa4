"""Pictures out: in the format they came in, whole or not at all."""

from __future__ import annotations

import dataclasses
import functools
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import pyvips

from photochrom.atomic import written_whole
from photochrom.color import Array
from photochrom.errors import OptionError, OutputError, PhotoWarning
from photochrom.photo.failures import NAME_FIELD, reading, reason
from photochrom.photo.metadata import Metadata, attach_metadata, for_format
from photochrom.photo.read import Photo
from photochrom.photo.samples import to_eight_bits
from photochrom.photo.tifftags import Tags, add_tags, read_exif_tags

Format = Literal["keep", "png", "jpeg", "tiff", "webp"]

LEAST_JPEG_QUALITY = 90
"""A JPEG is never kept at less: a second lossy save at low quality shows."""

_EXTENSIONS = {
    "jpeg": ".jpg",
    "png": ".png",
    "tiff": ".tif",
    "webp": ".webp",
    "avif": ".avif",
    "heif": ".heic",
}
_LONGEST_SIDE = {"jpeg": 65535, "webp": 16383, "avif": 16384, "heif": 16384}
_KEEP_XMP, _KEEP_ICC = 2, 8  # libvips' VipsForeignKeep
_CLASSIC_TIFF_BYTES = 3_900_000_000  # 4 GiB less room for directories


@dataclass(frozen=True)
class WriteOptions:
    """How the coloured picture is written."""

    format: Format = "keep"
    """'keep' writes the format of the input."""
    quality: int | None = None
    """1..100 for JPEG, WebP and AVIF; None keeps a JPEG's own, at least 90."""
    strip: bool = False
    """Leave out EXIF, IPTC, XMP and resolution; the ICC profile stays, for it is the colours."""
    mark: bool = True
    """State in the XMP that a machine made the colours."""

    def __post_init__(self) -> None:
        if self.format not in ("keep", "png", "jpeg", "tiff", "webp"):
            raise OptionError(f"format {self.format!r}: keep, png, jpeg, tiff or webp")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise OptionError(f"quality {self.quality}: must be 1 to 100")


def write_photo(
    image: Any, photo: Photo, target: Path | str, options: WriteOptions | None = None
) -> None:
    """Write the picture; the target appears whole, or stays as it was.

    Args:
        image: what merge_chroma returned.
        photo: the picture it was made from.
        target: the file to write, its folder existing; format and name are not compared, see
            extension_for.
        options: how to write it.

    Raises:
        OutputError: where it cannot be written there.
        UnreadableError: where the input, decoded only now, turns out to be damaged.
    """
    target, options = Path(target), options or WriteOptions()
    kind = _resolve(photo, options)
    finished = _finish(image, photo, kind, options)
    with written_whole(target) as temporary:
        try:
            _save(finished, photo, kind, options, temporary)
        except pyvips.Error as error:
            _blame_input(photo)
            raise OutputError(
                f"{target}: cannot be written ({reason(error)}); "
                "a folder with room for the file would work"
            ) from None
        with temporary.open("r+b") as file:
            _complete(file, photo, kind, options)


def encode_photo(image: Any, photo: Photo, options: WriteOptions | None = None) -> bytes:
    """The picture as the content of a file.

    Args:
        image: what merge_chroma returned.
        photo: the picture it was made from.
        options: how to write it.

    Raises:
        OutputError: where the format cannot hold it.
        UnreadableError: where the input, decoded only now, turns out to be damaged.
    """
    options = options or WriteOptions()
    kind = _resolve(photo, options)
    finished = _finish(image, photo, kind, options)
    try:
        data = cast(bytes, _save(finished, photo, kind, options, None))
    except pyvips.Error as error:
        _blame_input(photo)
        raise OutputError(
            f"{photo.name}: cannot be written as {kind} ({reason(error)}); PNG would work"
        ) from None
    file = io.BytesIO(data)
    _complete(file, photo, kind, options)
    return file.getvalue()


def to_array(image: Any) -> Array:
    """The pixels of a merged picture.

    Args:
        image: what merge_chroma returned.

    Returns:
        (H, W, 3) or, with alpha, (H, W, 4); uint8 or uint16.

    Raises:
        UnreadableError: where the input, decoded only now, turns out to be damaged.
    """
    name = image.get(NAME_FIELD) if image.get_typeof(NAME_FIELD) else "picture"
    with reading(name):
        pixels: Array = image.numpy().reshape(image.height, image.width, image.bands)
    return pixels


def extension_for(photo: Photo, options: WriteOptions | None = None) -> str:
    """The file extension, dot first, that fits what write_photo will write.

    Args:
        photo: the opened picture.
        options: how it will be written.
    """
    return _EXTENSIONS[_format_for(photo, options or WriteOptions())]


def _format_for(photo: Photo, options: WriteOptions) -> str:
    if options.format != "keep":
        return options.format
    if photo.format == "heif" and not _can_save_hevc():
        return "tiff" if photo.depth == 16 else "png"
    # GIF has no room for 16 million colours, and an array no format
    return photo.format if photo.format in _EXTENSIONS else "png"


def _resolve(photo: Photo, options: WriteOptions) -> str:
    """The format to write, once it is known to be able to hold the picture."""
    kind = _format_for(photo, options)
    if photo.format == "heif" and kind != "heif" and options.format == "keep":
        _warn(f"{photo.name}: HEIC cannot be written by this libvips; written as {kind}")
    side, most = max(photo.width, photo.height), _LONGEST_SIDE.get(kind)
    if most is not None and side > most:
        raise OutputError(
            f"{photo.name}: {side:,} pixels long, and {kind} holds {most:,}; PNG or TIFF would work"
        )
    return kind


@functools.cache
def _can_save_hevc() -> bool:
    try:
        pyvips.Image.black(16, 16, bands=3).heifsave_buffer(compression="hevc")
    except pyvips.Error:
        return False
    return True


def _finish(image: Any, photo: Photo, kind: str, options: WriteOptions) -> Any:
    """The picture as the format can hold it, with its metadata."""
    if kind in ("jpeg", "webp") and image.format == "ushort":
        _warn(f"{photo.name}: {kind} holds 8 bits per sample; written so. PNG and TIFF keep 16")
        image = to_eight_bits(image)
    if kind == "jpeg" and image.bands == 4:
        _warn(f"{photo.name}: jpeg holds no transparency; laid on white")
        image = image.flatten(background=[255, 255, 255])
    metadata = Metadata() if options.strip else photo.metadata
    metadata = for_format(metadata, kind, photo.name)
    return attach_metadata(image, metadata, mark=options.mark, name=photo.name)


def _save(
    image: Any, photo: Photo, kind: str, options: WriteOptions, target: Path | None
) -> bytes | None:
    """Save to the file, or return the bytes where there is none."""
    saver, settings = _settings(image, photo, kind, options)
    if options.strip:  # else libvips makes up an EXIF block
        settings["keep"] = _KEEP_XMP | _KEEP_ICC
    if target is None:
        return cast(bytes, getattr(image, f"{saver}_buffer")(**settings))
    getattr(image, saver)(str(target), **settings)
    return None


def _settings(
    image: Any, photo: Photo, kind: str, options: WriteOptions
) -> tuple[str, dict[str, Any]]:
    """The libvips saver of a format and its options."""
    quality = options.quality or LEAST_JPEG_QUALITY
    if kind == "jpeg":
        quality = options.quality or max(LEAST_JPEG_QUALITY, photo.quality or 0)
        # no optimize_coding: its second pass would hold the whole picture in memory
        return "jpegsave", {"Q": quality, "subsample_mode": "off"}
    if kind == "png":
        return "pngsave", {"compression": 6}
    if kind == "webp":
        return "webpsave", {"Q": quality, "smart_subsample": True}
    if kind in ("avif", "heif"):
        depth = 12 if image.format == "ushort" else 8
        compression = "av1" if kind == "avif" else "hevc"
        settings = {"Q": quality, "bitdepth": depth, "subsample_mode": "off"}
        return "heifsave", {**settings, "compression": compression}
    compression = photo.compression if photo.compression in ("none", "lzw") else "deflate"
    size = image.width * image.height * image.bands * (2 if image.format == "ushort" else 1)
    settings = {"compression": compression, "bigtiff": size > _CLASSIC_TIFF_BYTES}
    return "tiffsave", settings | ({"predictor": "horizontal"} if compression != "none" else {})


def _complete(file: BinaryIO, photo: Photo, kind: str, options: WriteOptions) -> None:
    """Add what libvips cannot write: a TIFF's EXIF and IPTC."""
    if kind != "tiff" or options.strip:
        return
    tags = (read_exif_tags(photo.metadata.exif) if photo.metadata.exif else None) or Tags()
    tags = dataclasses.replace(tags, iptc=photo.metadata.iptc)
    if tags:
        add_tags(file, tags)


def _blame_input(photo: Photo) -> None:
    """Raise UnreadableError if the input cannot be decoded to its end.

    Decoding happens while writing, and libvips' errors do not say which end failed: reading once
    more does.
    """
    with reading(photo.name):
        photo.open()[0].avg()


def _warn(message: str) -> None:
    warnings.warn(message, PhotoWarning, stacklevel=4)
