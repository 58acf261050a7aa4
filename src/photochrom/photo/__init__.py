"""Photographs in and out: the only place that knows files, EXIF, ICC, depth and alpha.

A colorizer predicts chroma at a low size. Here the picture's own lightness, at full size and depth,
is read, joined with that chroma, and written; nothing else happens to it.
"""

from photochrom.photo.guided import area_resize, enlarge, fit_to, upsample_chroma
from photochrom.photo.merge import merge_chroma
from photochrom.photo.read import DEFAULT_MAX_PIXELS, Photo, open_photo, photo_from_array
from photochrom.photo.samples import to_eight_bits
from photochrom.photo.sources import as_photo
from photochrom.photo.write import (
    WriteOptions,
    encode_photo,
    extension_for,
    to_array,
    write_photo,
)

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Photo",
    "WriteOptions",
    "area_resize",
    "as_photo",
    "encode_photo",
    "enlarge",
    "extension_for",
    "fit_to",
    "merge_chroma",
    "open_photo",
    "photo_from_array",
    "to_array",
    "to_eight_bits",
    "upsample_chroma",
    "write_photo",
]
