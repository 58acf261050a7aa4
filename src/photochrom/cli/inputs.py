"""What the command line names: pictures found in folders, and where the results are to go."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from photochrom.cli.plan import STDIO, Source, format_of, is_earlier_result
from photochrom.errors import OptionError, PhotochromError

PICTURE_SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".tif",
        ".tiff",
        ".webp",
        ".gif",
        ".bmp",
        ".heic",
        ".heif",
        ".avif",
        ".jp2",
        ".jxl",
        ".pbm",
        ".pgm",
        ".ppm",
        ".pnm",
    ]
)
"""What a folder is searched for; a file that is named itself is always tried."""


@dataclass
class Found:
    """Pictures, and what was named or met but cannot be used: path and reason."""

    sources: list[Source] = field(default_factory=list)
    problems: list[tuple[Path, str]] = field(default_factory=list)


def find_pictures(named: Sequence[str], folder: Path | None, suffix: str) -> Found:
    """Every picture that is named, and those in the folders that are named.

    Hidden files are left out, as are results of an earlier run: the output folder where it lies
    inside a folder that is searched and, without one, files named as results are.

    Args:
        named: files and folders as given, or "-".
        folder: where the results go, or None for beside the pictures.
        suffix: what marks the name of a result that lies beside its picture.
    """
    found = Found()
    for name in named:
        path = Path(name)
        if name == "-":
            found.sources.append(Source(STDIO, Path("stdin")))
        elif path == STDIO:  # "./-" means a file of that name
            found.sources.append(_source(path.absolute(), Path(path.name)))
        elif is_folder(path):
            for file in files_in(path, folder, found):
                if folder is not None or not is_earlier_result(file, suffix):
                    found.sources.append(_source(file, file.relative_to(path)))
        elif os.path.exists(path):  # noqa: PTH110 - Path.exists raises for names too long
            found.sources.append(_source(path, Path(path.name)))
        else:
            found.problems.append((path, f"{path}: no such file or folder"))
    return found


def holds_pictures(folder: Path) -> bool:
    """Whether there are pictures in a folder or below it, or folders that cannot be read."""
    found = Found()
    return any(True for _ in files_in(folder, None, found)) or bool(found.problems)


def place_output(output: str | None, named: Sequence[str]) -> tuple[Path | None, Path | None]:
    """What `-o` means: the folder for results, or the one file; both None without it.

    Raises:
        OptionError: several pictures for one file, or a stream among other pictures.
    """
    if "-" in named and len(named) > 1:
        raise OptionError("'-' (standard input) stands alone; name no other picture beside it")
    if output is None:
        return None, None
    several = len(named) > 1 or any(is_folder(Path(name)) for name in named)
    path = Path(output)
    if output == "-":
        if several:
            raise OptionError("-o - takes one picture, but several may be meant; use -o FOLDER")
        return None, STDIO
    if several and not is_folder(path) and (path.exists() or format_of(path)):
        raise OptionError(f"-o {output} is one file, but several pictures are named; use a folder")
    if several or is_folder(path) or output.endswith(("/", os.sep)) or not path.suffix:
        if "-" in named:
            raise OptionError("'-' has no name to keep in a folder; use -o FILE or -o -")
        if path.exists() and not path.is_dir():
            raise OptionError(f"-o {output} is a file, not a folder, and its name tells no format")
        return path, None
    return None, path


def files_in(
    top: Path, output: Path | None, found: Found, suffixes: frozenset[str] = PICTURE_SUFFIXES
) -> Iterator[Path]:
    """The files of a folder and those below it, in order, hidden ones left out.

    Args:
        top: the folder.
        output: a folder of results, which is left out.
        found: hears of folders that cannot be read.
        suffixes: of what is looked for, in small letters.
    """

    def report(error: OSError) -> None:
        path = Path(error.filename or top)
        found.problems.append((path, f"{path}: the folder cannot be read ({error.strerror})"))

    for parent, folders, files in os.walk(top, onerror=report):
        inside = Path(parent)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and not _is_same(inside / name, output)
        )
        for name in sorted(files):
            if Path(name).suffix.lower() in suffixes and not name.startswith("."):
                yield inside / name


def _is_same(path: Path, other: Path | None) -> bool:
    return other is not None and other.exists() and path.samefile(other)


def is_folder(path: Path) -> bool:
    """Whether there is a folder; never raises."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for names too long


def _source(path: Path, place: Path) -> Source:
    from photochrom.photo.formats import detect_format, read_head

    try:
        return Source(path, place, detect_format(read_head(path, path.name), path.name))
    except PhotochromError:
        return Source(path, place)  # it is told of when its turn comes
