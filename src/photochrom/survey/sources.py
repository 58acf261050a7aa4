"""Where results come from: a model at work, another program's folder, or no colour at all."""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from photochrom.colorizer import Colorizer
from photochrom.data.find import find_shards_and_folders, read_pictures
from photochrom.data.outputs import FOLDER_PREFIX, check_shape, match_outputs, told_missing
from photochrom.errors import GreyResultWarning, InputError, OptionError
from photochrom.photo import merge_chroma, photo_from_array, to_array
from photochrom.runtime import file_sha256
from photochrom.survey.design import RANDOM, REAL

ByteArray = npt.NDArray[np.uint8]

GREY = "grey"


class Source(Protocol):
    """One that colours the pictures of a survey."""

    name: str

    def covers(self, key: str) -> bool:
        """Whether it has a result for the picture of that key."""

    def result(self, key: str, truth: ByteArray) -> ByteArray:
        """(H, W, 3) sRGB, its result for a picture (H, W, 3) sRGB of which it sees the grey."""

    def protocol(self) -> Mapping[str, Any]:
        """What a reader of the figures must know of it."""


class ModelSource:
    """A model of the catalogue, or an .onnx file.

    Args:
        model: its name or path.
        threads: CPU threads; None uses all cores.

    Raises:
        ModelError: there is no such model.
    """

    def __init__(self, model: str, *, threads: int | None = None) -> None:
        self._colorizer = Colorizer(model, threads=threads)
        self.name = Path(model).stem if model.endswith(".onnx") else model

    def covers(self, key: str) -> bool:
        """True: it colours any picture."""
        return True

    def result(self, key: str, truth: ByteArray) -> ByteArray:
        """See `Source`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GreyResultWarning)  # people are to judge it
            return self._colorizer.colorize(photo_from_array(truth, name=key)).to_array()

    def protocol(self) -> Mapping[str, Any]:
        """Name, checksum and settings of the model file."""
        model = self._colorizer.model
        described = model.description
        return {
            "model": described.name, "sha256": file_sha256(model.path), "size": described.size,
            "vividness": described.vividness, "looks": described.looks,
        }  # fmt: skip


class FolderSource:
    """Another program's results: a folder of pictures named as the data's, in any format.

    Args:
        folder: of the results.
        keys: of the data's pictures; see `match_outputs` for which result belongs to which.

    Raises:
        InputError: it is no folder, holds no pictures, or none that is named as one of the data.
    """

    def __init__(self, folder: Path, keys: Collection[str]) -> None:
        self._files = match_outputs(folder, keys)
        if not self._files:
            raise InputError(told_missing(folder, keys, ()))
        self._folder = folder
        self.name = folder.resolve().name

    def covers(self, key: str) -> bool:
        """Whether the folder has the result for it."""
        return key in self._files

    def result(self, key: str, truth: ByteArray) -> ByteArray:
        """See `Source`; the picture is fitted to the truth's size.

        Raises:
            InputError: it cannot be read, or has another shape.
        """
        file = self._files[key]
        try:
            image = decode_picture(file.read_bytes())
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror})") from error
        if image is None:
            raise InputError(f"{file}: cannot be read as a picture")
        height, width = truth.shape[:2]
        check_shape(file, image.size, key, (width, height))
        return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))

    def protocol(self) -> Mapping[str, Any]:
        """The folder's name: of another program nothing else is known."""
        return {"folder": self._folder.name, "files": len(self._files)}


class GreySource:
    """The picture without its colours: an anchor that no model should fall behind."""

    name = GREY

    def covers(self, key: str) -> bool:
        """True."""
        return True

    def result(self, key: str, truth: ByteArray) -> ByteArray:
        """See `Source`."""
        return recoloured(truth, np.zeros((1, 1, 2), np.float32), key)

    def protocol(self) -> Mapping[str, Any]:
        """That there is no model."""
        return {"model": None}


def open_sources(
    named: Sequence[str], data: Sequence[Path] = (), *, threads: int | None = None
) -> tuple[Source, ...]:
    """The sources of results that a list of names means.

    Args:
        named: models' names, .onnx files, "grey", or "dir:FOLDER" for another program's results.
        data: the folders and shards of pictures, by whose names another program's are found.
        threads: CPU threads of a model.

    Raises:
        ModelError, InputError: one of them does not exist.
        DataError: the data cannot be read.
        OptionError: none is named, or two by the same name.
    """
    found: list[Source] = []
    for name in named:
        if name.startswith(FOLDER_PREFIX):
            keys = [p.key for place in find_shards_and_folders(data) for p in read_pictures(place)]
            found.append(FolderSource(Path(name.removeprefix(FOLDER_PREFIX)), keys))
        else:
            found.append(GreySource() if name == GREY else ModelSource(name, threads=threads))
    names = [source.name for source in found]
    if not names:
        raise OptionError("no models; name one or more of `photochrom models list`")
    for name in names:
        if names.count(name) > 1 or name in (REAL, RANDOM):
            raise OptionError(f"models: the name {name!r} is taken; rename its file or folder")
    return tuple(found)


def recoloured(truth: ByteArray, ab: npt.NDArray[np.float32], key: str) -> ByteArray:
    """The picture's own lightness with other chroma, cut to what sRGB can show.

    Args:
        truth: (H, W, 3) sRGB.
        ab: (h, w, 2), CIELAB units.
        key: what messages call the picture.

    Returns:
        (H, W, 3) sRGB.
    """
    return to_array(merge_chroma(photo_from_array(truth, name=key), ab))


def decode_picture(content: bytes) -> Image.Image | None:
    """The picture upright in sRGB's three channels; None where it cannot be read."""
    try:
        with Image.open(io.BytesIO(content)) as encoded:
            return ImageOps.exif_transpose(encoded).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
