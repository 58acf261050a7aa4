"""What kind of file this is, and which libvips loader may open it.

The kind is read from the first bytes, never from the name, and only raster loaders are on the list:
vector and document formats can reach for other files, and ImageMagick's loaders for programs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from photochrom.color import Array
from photochrom.errors import InputError, UnreadableError

LOADERS = {
    "jpeg": "jpegload",
    "png": "pngload",
    "tiff": "tiffload",
    "webp": "webpload",
    "gif": "gifload",
    "heif": "heifload",
    "avif": "heifload",
}
"""The format of the input -> the libvips loader that reads it; nothing else is ever called."""

WOULD_WORK = "JPEG, PNG, TIFF, WebP, GIF and AVIF can be read"

_HEAD = 512  # bytes: enough for every signature and for an SVG's first tag

_SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),  # BigTIFF
    (b"MM\0+", "tiff"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)

_FOREIGN = (
    (rb"%PDF", "a PDF document"),
    (rb"%!PS", "a PostScript document"),
    (rb"(?s)\s*(<\?xml.*)?<(!DOCTYPE )?svg", "an SVG drawing"),
    (rb"BM", "a BMP picture"),
    (rb"8BPS", "a Photoshop document"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"P[1-7]\s", "a PNM picture"),
    (rb"\xfd7zXZ|\x1f\x8b|PK\x03\x04|Rar!", "an archive"),
)


def read_head(source: Path | bytes, name: str) -> bytes:
    """The first bytes of a picture file.

    Args:
        source: a file, or its whole content.
        name: what to call it in messages.

    Raises:
        InputError: for a folder, a missing file, or one that may not be read.
        UnreadableError: for an empty file.
    """
    if isinstance(source, bytes):
        head = source[:_HEAD]
    else:
        try:
            with source.open("rb") as file:
                head = file.read(_HEAD)
        except IsADirectoryError:
            raise InputError(f"{name}: is a folder, not a picture; name a file in it") from None
        except FileNotFoundError:
            raise InputError(f"{name}: no such file; check the path") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise InputError(f"{name}: cannot be read ({why}); check its permissions") from None
    if not head:
        raise UnreadableError(f"{name}: is empty; {WOULD_WORK}")
    return head


def detect_format(head: bytes, name: str) -> str:
    """The format that a file's first bytes announce, a key of LOADERS.

    Args:
        head: the first bytes, as read_head returns them.
        name: what to call the file in messages.

    Raises:
        UnreadableError: for anything that is not a raster picture this package reads.
    """
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        brands = head[8 : int.from_bytes(head[:4], "big")]
        if b"avif" in brands or b"avis" in brands:
            return "avif"
        if re.search(rb"hei[cxms]|hev[cxms]|mif1|msf1", brands):
            return "heif"
    for pattern, kind in _FOREIGN:
        if re.match(pattern, head):
            raise UnreadableError(f"{name}: is {kind}; {WOULD_WORK}: convert it to PNG or TIFF")
    raise UnreadableError(f"{name}: is not a picture; {WOULD_WORK}")


def load(source: Path | bytes | Array, kind: str, access: str, shrink: int = 1) -> Any:
    """A fresh libvips image of a source; pixels are decoded when something reads them.

    Args:
        source: a file, its content, or an array.
        kind: a key of LOADERS; of no account for an array.
        access: 'sequential' for one pass from top to bottom, or 'random'.
        shrink: 1, 2, 4 or 8: decode a JPEG at a fraction of its size.
    """
    if isinstance(source, np.ndarray):
        return pyvips.Image.new_from_array(source)
    # a truncated file must be an error: a half-grey picture would look like a result
    options: dict[str, Any] = {"access": access, "fail_on": "error"}
    if shrink > 1:
        options["shrink"] = shrink
    loader = LOADERS[kind]
    if isinstance(source, bytes):
        return getattr(pyvips.Image, f"{loader}_buffer")(source, **options)
    return getattr(pyvips.Image, loader)(str(source), **options)
