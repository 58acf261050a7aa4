"""Where training pictures come from: folders of pictures and WebDataset tar shards.

A `PictureSource` yields encoded pictures with a key, "topic/source/label/number" in a shard, the
path below the folder otherwise. The key decides the split, so that adding pictures moves none.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import DataError

PICTURE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".avif")
)


@dataclass(frozen=True)
class EncodedPicture:
    """One picture as it lies in its file.

    Attributes:
        key: what it is called: its path below the folder, or inside the shard.
        source: the collection it belongs to: the second part of a shard's key, else the folder.
        content: the encoded bytes.
    """

    key: str
    source: str
    content: bytes


def find_shards_and_folders(paths: Iterable[Path]) -> list[Path]:
    """Every tar shard and every folder of loose pictures among the paths, shards in folders too.

    Raises:
        DataError: a path that does not exist, or holds neither shards nor pictures.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_file() and path.suffix == ".tar":
            found.append(path)
        elif path.is_dir():
            shards = sorted(path.rglob("*.tar"))
            found += shards
            if not shards:
                if not any(_is_picture(file) for file in path.rglob("*")):
                    raise DataError(f"{path}: no pictures and no .tar shards in this folder")
                found.append(path)
        else:
            raise DataError(f"{path}: neither a folder nor a .tar shard")
    return found


def read_pictures(place: Path) -> Iterator[EncodedPicture]:
    """The encoded pictures of one shard or folder, always in the same order."""
    if place.is_dir():
        for file in sorted(place.rglob("*")):
            if _is_picture(file):
                key = file.relative_to(place).as_posix()
                yield EncodedPicture(key, place.name, file.read_bytes())
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


def in_validation(key: str, share: float) -> bool:
    """Whether a picture is held out: decided by the hash of its key alone.

    Args:
        key: the picture's name.
        share: 0..1, how many of all pictures are held out.
    """
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share


def _is_picture(file: Path) -> bool:
    return _has_picture_suffix(file.name) and file.is_file()


def _has_picture_suffix(name: str) -> bool:
    return Path(name).suffix.lower() in PICTURE_SUFFIXES and not Path(name).name.startswith(".")
