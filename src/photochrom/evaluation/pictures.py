"""The pictures of an evaluation: which there are, what they are called, and how they are opened."""

from __future__ import annotations

import functools
import hashlib
import io
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, ImageOps

from photochrom.color import Array, FloatArray, rgb_to_lab
from photochrom.data.find import find_shards_and_folders, read_pictures
from photochrom.data.prepare import teaches_no_colour
from photochrom.errors import DataError, InputError, UnreadableError

LONGEST = 8
"""A strip whose long side is more than this many times the short one is no photograph."""

SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that change width and height over."""

UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises for a file that is not a whole picture."""


@dataclass(frozen=True)
class ListedPicture:
    """One picture of the set, not yet read.

    Attributes:
        name: its path below the folder, or inside the tar.
        sha256: of its encoded bytes.
        size: width and height in pixels, upright; None where it cannot be read.
    """

    name: str
    sha256: str
    size: tuple[int, int] | None


@dataclass(frozen=True)
class PictureSet:
    """What an evaluation runs over.

    Attributes:
        name: file name of the folder or tar.
        places: the folders and tars that hold the pictures.
        pictures: the chosen ones, in the order in which they are read.
        found: how many there were to choose from.
    """

    name: str
    places: tuple[Path, ...]
    pictures: tuple[ListedPicture, ...]
    found: int

    @functools.cached_property
    def sha256(self) -> str:
        """Changes with the name or content of any chosen picture."""
        lines = [f"{picture.name}\0{picture.sha256}\n" for picture in self.pictures]
        return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


@dataclass(frozen=True, eq=False)
class OpenedPicture:
    """A picture with its true colours, at the size at which results are judged.

    Attributes:
        listed: what it is called.
        rgb: (H, W, 3) uint8 sRGB.
    """

    listed: ListedPicture
    rgb: npt.NDArray[np.uint8]

    @functools.cached_property
    def truth(self) -> FloatArray:
        """(H, W, 3) float32 sRGB, 0..1."""
        return (self.rgb / np.float32(255)).astype(np.float32)

    @functools.cached_property
    def lab(self) -> FloatArray:
        """(H, W, 3) float32 CIELAB."""
        return rgb_to_lab(self.rgb)


def list_pictures(data: Path, limit: int | None = None) -> PictureSet:
    """The pictures of a folder or tar; with a limit that many, evenly spread over all of them.

    Raises:
        DataError: no such folder or tar, no pictures in it, or two of the same name.
    """
    places = tuple(find_shards_and_folders([data]))
    listed = [
        _listed(picture.key.removeprefix("./"), picture.content)
        for place in places
        for picture in read_pictures(place)
    ]
    if not listed:
        raise DataError(f"{data}: no pictures in it")
    name, times = Counter(picture.name for picture in listed).most_common(1)[0]
    if times > 1:
        raise DataError(f"{data}: {times} pictures are called {name}; names must differ")
    chosen = tuple(listed[index] for index in spread(len(listed), limit))
    return PictureSet(data.resolve().name, places, chosen, len(listed))


def read_set(
    pictures: PictureSet, wanted: Collection[str]
) -> Iterator[tuple[ListedPicture, bytes]]:
    """The chosen pictures whose names are wanted, with their encoded bytes, one after the other.

    Raises:
        DataError: a picture changed since it was listed.
    """
    listed = {picture.name: picture for picture in pictures.pictures if picture.name in wanted}
    for place in pictures.places:
        for picture in read_pictures(place):
            found = listed.get(picture.key.removeprefix("./"))
            if found is None:
                continue
            if hashlib.sha256(picture.content).hexdigest() != found.sha256:
                raise DataError(f"{found.name}: changed while it was being measured; start again")
            yield found, picture.content


def open_truth(listed: ListedPicture, content: bytes, side: int) -> OpenedPicture:
    """A picture of the set with a short side of `side` pixels.

    Raises:
        UnreadableError: it cannot be decoded.
        InputError: it has no colour, so no truth to judge by (the rule of `photochrom prepare`),
            or is a strip.
    """
    image = decode(content, listed.name)
    if max(image.size) > LONGEST * min(image.size):
        raise InputError(f"{listed.name}: a strip of {image.width} x {image.height} pixels")
    if reason := teaches_no_colour(image):
        raise InputError(f"{listed.name}: has no colour to judge by ({reason})")
    return OpenedPicture(listed, at_short_side(image, side))


def decode(content: bytes, name: str) -> Image.Image:
    """An encoded picture, upright, in 8-bit sRGB; an embedded profile is applied.

    Args:
        content: the encoded bytes.
        name: what errors call it.

    Raises:
        UnreadableError: it cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(content)) as encoded:
            return _in_srgb(ImageOps.exif_transpose(encoded))
    except UNREADABLE as error:
        raise UnreadableError(f"{name}: not a readable picture") from error


def upright_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of an encoded picture, from its header; None where it cannot be read."""
    try:
        with Image.open(io.BytesIO(content)) as encoded:
            width, height = encoded.size
            # the formats' own methods may decode all of the picture for it
            exif = Image.Image.getexif(encoded)
            turned = exif.get(ExifTags.Base.Orientation, 1) in SIDEWAYS
            turned = turned and encoded.format != "TIFF"  # which Pillow turns by itself
    except UNREADABLE:
        return None
    return (height, width) if turned else (width, height)


def at_short_side(image: Image.Image, side: int) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8 of an RGB picture, by Lanczos where its short side is not `side` pixels."""
    zoom = side / min(image.size)
    if zoom != 1:
        size = (round(image.width * zoom), round(image.height * zoom))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image)


def spread(count: int, limit: int | None) -> Array:
    """Indices below `count`: all of them, or `limit` of them from the first to the last."""
    if limit is None or limit >= count:
        return np.arange(count)
    return np.linspace(0, count - 1, limit).round().astype(int)


def _listed(name: str, content: bytes) -> ListedPicture:
    return ListedPicture(name, hashlib.sha256(content).hexdigest(), upright_size(content))


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            changed = ImageCms.profileToProfile(image, source, _srgb_profile(), outputMode="RGB")
            return changed if changed is not None else image.convert("RGB")
        except (ImageCms.PyCMSError, OSError):  # a damaged profile says nothing
            pass
    return image.convert("RGB")


def _srgb_profile() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
