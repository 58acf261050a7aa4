"""Another program's output pictures, each found by the name of the picture it was made from."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from photochrom.color import FloatArray
from photochrom.data.find import PICTURE_SUFFIXES
from photochrom.errors import InputError
from photochrom.evaluation.pictures import (
    ListedPicture,
    OpenedPicture,
    PictureSet,
    at_short_side,
    decode,
    upright_size,
)

NAMED = 3
"""So many of the missing are named in an error."""


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
        """Finds the outputs by relative path without the ending, or else by file name alone.

        Raises:
            InputError: no such folder; an output that is missing, unreadable or of another shape;
                or several that may be meant.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder of output pictures")
        by_path: dict[str, list[Path]] = defaultdict(list)
        by_stem: dict[str, list[Path]] = defaultdict(list)
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file():
                by_path[file.relative_to(folder).with_suffix("").as_posix()].append(file)
                by_stem[file.stem].append(file)
        listed = pictures.pictures
        found = {one.name: by_path.get(_without_suffix(one.name), []) for one in listed}
        if not any(found.values()):
            found = {one.name: by_stem.get(PurePosixPath(one.name).stem, []) for one in listed}
        _check_found(folder, found)
        return cls({one.name: _output(found[one.name][0], one) for one in listed})

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
    if picture.size is not None and not _same_shape(size, picture.size):
        raise InputError(
            f"{file}: {size[0]} x {size[1]} pixels, but {picture.name} has {picture.size[0]} x "
            f"{picture.size[1]}; an output needs its picture's ratio of sides"
        )
    return Output(file, hashlib.sha256(content).hexdigest(), size)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error


def _without_suffix(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _same_shape(size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """Whether one can be the other resized, its sides rounded to whole pixels."""
    small, large = sorted((size, wanted), key=min)
    zoom, ratio = min(large) / min(small), max(small) / min(small)
    off = max(abs(s * zoom - g) for s, g in zip(small, large, strict=True))
    return off <= zoom * (1 + ratio) / 2  # half a pixel in either side of the small one


def _check_found(folder: Path, found: Mapping[str, Sequence[Path]]) -> None:
    missing = [name for name, files in found.items() if not files]
    if missing:
        first = ", ".join(missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise InputError(
            f"{folder}: no output for {first}{more} ({len(missing)} of {len(found)} pictures); "
            "outputs are named as their pictures, whatever the ending"
        )
    used: dict[Path, str] = {}
    for name, files in found.items():
        if len(files) > 1:
            listed = " and ".join(str(file) for file in files[:2])
            raise InputError(f"{listed}: both may be the output for {name}; leave one")
        if files[0] in used:
            raise InputError(
                f"{files[0]}: may be the output for {used[files[0]]} and for {name}; "
                "keep the pictures' folders"
            )
        used[files[0]] = name
