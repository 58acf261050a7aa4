"""What callers may hand over as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from photochrom.errors import InputError
from photochrom.photo.read import Photo, open_photo, photo_from_array


def as_photo(source: Any) -> Photo:
    """A photo from a path, encoded bytes, an array, a PIL image, or what is one already.

    Raises:
        InputError: none of these, or it cannot be read.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, (str, Path)):
        return open_photo(Path(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return open_photo(bytes(source))
    if isinstance(source, np.ndarray):
        return photo_from_array(source)
    if hasattr(source, "convert") and hasattr(source, "mode"):  # a PIL image, without importing it
        return photo_from_array(_pil_to_array(source))
    raise InputError(
        f"cannot colour a {type(source).__name__}; give a path, bytes, an array or a PIL image"
    )


def _pil_to_array(image: Any) -> np.ndarray[Any, Any]:
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):
        return np.asarray(upright)
    if upright.mode not in ("L", "RGB", "RGBA"):
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    return np.asarray(upright)
