"""Where training pictures come from: folders of pictures, WebDataset tar shards and CIFAR-10.

Every picture has a key: "topic/source/label/number" in a shard, "cifar-10/batch/class/row" in
CIFAR-10, the path below the folder otherwise. The key decides the split.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from photochrom.data.cifar import ARCHIVE, SOURCE, find_cifar, is_cifar, read_batches
from photochrom.errors import DataError

PICTURE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".avif")
)


@dataclass(frozen=True)
class EncodedPicture:
    """One picture as it lies in its file.

    Attributes:
        key: what it is called: its path below the folder, or inside the shard.
        source: the collection it belongs to: the second part of a shard's key, "cifar-10", else
            the folder.
        content: the encoded bytes.
    """

    key: str
    source: str
    content: bytes


def find_shards_and_folders(paths: Iterable[Path]) -> list[Path]:
    """Every tar shard, CIFAR-10 and folder of loose pictures among the paths.

    Shards and CIFAR-10 are also found in folders, whose loose pictures are then left out.

    Raises:
        DataError: a path that does not exist, or holds neither shards nor pictures.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_file() and (path.suffix == ".tar" or is_cifar(path)):
            found.append(path)
        elif path.is_dir():
            packed = [*find_cifar(path), *sorted(path.rglob("*.tar"))]
            found += packed
            if not packed:
                if not any(is_picture(file) for file in path.rglob("*")):
                    raise DataError(f"{path}: no pictures and no .tar shards in this folder")
                found.append(path)
        else:
            raise DataError(f"{path}: neither a folder nor a .tar shard, nor {ARCHIVE}")
    return found


def read_pictures(place: Path) -> Iterator[EncodedPicture]:
    """The encoded pictures of one shard, folder or CIFAR-10, always in the same order."""
    if is_cifar(place):
        for key, picture in read_batches(place):
            yield EncodedPicture(key, SOURCE, picture)
        return
    if place.is_dir():
        for file in sorted(place.rglob("*")):
            if is_picture(file):
                key = file.relative_to(place).as_posix()
                yield EncodedPicture(key, place.name, _content(file))
        return
    try:
        with tarfile.open(place) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None and _has_picture_suffix(member.name):
                    parts = member.name.split("/")
                    source = parts[1] if len(parts) > 2 else place.stem
                    yield EncodedPicture(member.name, source, content.read())
    except tarfile.TarError as error:
        raise DataError(f"{place}: not a readable tar shard ({error})") from error


def is_picture(file: Path) -> bool:
    """Whether a file is a picture by its ending, and not hidden."""
    return _has_picture_suffix(file.name) and file.is_file()


def _content(file: Path) -> bytes:
    """A file's bytes; none where it cannot be read, so that it is left out as any damaged one."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _has_picture_suffix(name: str) -> bool:
    return Path(name).suffix.lower() in PICTURE_SUFFIXES and not Path(name).name.startswith(".")
