"""Another program's output pictures: which file belongs to which picture, and whether it can.

One rule for evaluation and survey alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath

from photochrom.data.find import is_picture
from photochrom.errors import InputError

FOLDER_PREFIX = "dir:"
"""In front of a folder where models are named."""

NAMING = "outputs are named as their pictures, whatever the ending"

NAMED = 3
"""So many of the missing are named in a message."""


def match_outputs(folder: Path, names: Collection[str]) -> dict[str, Path]:
    """The output of every picture that has one, by the picture's name.

    An output is named as its picture, whatever the ending: by its path below the folder, or, where
    not a single picture is found so, by its file name alone.

    Args:
        folder: of the outputs, searched whole.
        names: of all pictures: paths below their own folder or inside their tar.

    Raises:
        InputError: no such folder, no pictures in it, several files that may be one picture's
            output, or one that may be several pictures'.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of output pictures")
    by_path: dict[str, list[Path]] = defaultdict(list)
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for file in filter(is_picture, sorted(folder.rglob("*"))):
        by_path[_without_ending(file.relative_to(folder).as_posix())].append(file)
        by_stem[file.stem].append(file)
    if not by_path:
        raise InputError(f"{folder}: no pictures in this folder of outputs")
    found = {name: by_path.get(_without_ending(name), []) for name in names}
    if not any(found.values()):
        found = {name: by_stem.get(PurePosixPath(name).stem, []) for name in names}
    return _one_each({name: files for name, files in found.items() if files})


def told_missing(folder: Path, names: Collection[str], found: Collection[str]) -> str:
    """One line on the pictures without an output, of which there is at least one.

    Args:
        folder: of the outputs.
        names: of all pictures.
        found: of those that have an output.
    """
    missing = [name for name in names if name not in found]
    first = ", ".join(missing[:NAMED])
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    held = min(filter(is_picture, folder.rglob("*"))).relative_to(folder).as_posix()
    return (
        f"{folder}: no output for {first}{more} ({len(missing)} of {len(names)} pictures); "
        f"{NAMING}, and this folder holds {held}, for one"
    )


def check_shape(file: Path, size: tuple[int, int], name: str, wanted: tuple[int, int]) -> None:
    """Raises InputError unless an output can be its picture in some size.

    Args:
        file: the output.
        size: its width and height in pixels.
        name: of the picture.
        wanted: the picture's width and height, its sides perhaps rounded to whole pixels, too.
    """
    small, large = sorted((size, wanted), key=min)
    zoom, ratio = min(large) / min(small), max(small) / min(small)
    off = max(abs(s * zoom - g) for s, g in zip(small, large, strict=True))
    if off > zoom * (1 + ratio) / 2:  # half a pixel in either side of the small one
        raise InputError(
            f"{file}: {size[0]} x {size[1]} pixels, but {name} has {wanted[0]} x {wanted[1]}; "
            "an output needs its picture's ratio of sides"
        )


def _one_each(found: Mapping[str, Sequence[Path]]) -> dict[str, Path]:
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
    return {name: file for file, name in used.items()}


def _without_ending(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()
