"""Another program's output pictures, each found by the name of the picture it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.color import FloatArray
from photochrom.data.outputs import check_shape, match_outputs, told_missing
from photochrom.errors import InputError
from photochrom.evaluation.pictures import (
    ListedPicture,
    OpenedPicture,
    PictureSet,
    at_short_side,
    decode,
    upright_size,
)


@dataclass(frozen=True)
class Output:
    """One output picture.

    Attributes:
        file: where it lies.
        sha256: of its bytes.
        size: width and height in pixels, upright.
    """

    file: Path
    sha256: str
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class OtherProgram:
    """The output picture of each picture of a set.

    Attributes:
        outputs: by the name of the picture.
    """

    outputs: Mapping[str, Output]

    @classmethod
    def find(cls, folder: Path, pictures: PictureSet) -> OtherProgram:
        """Finds the outputs by their names, see `match_outputs`; every picture needs one.

        Raises:
            InputError: no such folder; an output that is missing, unreadable or of another shape;
                or several that may be meant.
        """
        names = {one.name: one for one in pictures.pictures}
        found = match_outputs(folder, names)
        if len(found) < len(names):
            raise InputError(told_missing(folder, names, found))
        return cls({name: _output(found[name], one) for name, one in names.items()})

    def read(self, picture: OpenedPicture) -> tuple[FloatArray, str | None]:
        """The output for a picture at its judged size, (H, W, 3) sRGB 0..1, and a note or None.

        Raises:
            UnreadableError: it cannot be decoded.
        """
        output = self.outputs[picture.listed.name]
        image = decode(_content(output.file), str(output.file))
        height, width = picture.rgb.shape[:2]
        rgb = at_short_side(image, min(height, width))
        if rgb.shape[:2] != (height, width):  # its sides were rounded another way
            fitted = Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS)
            rgb = np.asarray(fitted)
        expected = output.size in (picture.listed.size, (width, height))
        note = None if expected else f"resized from {output.size[0]} x {output.size[1]}"
        return (rgb / np.float32(255)).astype(np.float32), note


def _output(file: Path, picture: ListedPicture) -> Output:
    content = _content(file)
    size = upright_size(content)
    if size is None:
        raise InputError(f"{file}: not a readable picture")
    if picture.size is not None:
        check_shape(file, size, picture.name, picture.size)
    return Output(file, hashlib.sha256(content).hexdigest(), size)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
