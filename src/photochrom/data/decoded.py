"""Pictures decoded once into one memory-mapped array, so that training never waits for decoding.

The array is (N, side, side, 3) uint8 CIELAB: L * 2.55, a + 128, b + 128. Rounding costs at most
0.2 L and 0.5 in a and b, and saves the conversion in every epoch.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from photochrom.atomic import make_folder, written_whole
from photochrom.color import rgb_to_lab
from photochrom.data.find import EncodedPicture, find_shards_and_folders, read_pictures
from photochrom.errors import DataError

ByteArray = npt.NDArray[np.uint8]

L_LEVELS_PER_UNIT = 2.55
AB_OFFSET = 128


@dataclass(frozen=True, eq=False)
class DecodedPictures:
    """Pictures ready for training.

    Attributes:
        parts: memory-mapped arrays (n, side, side, 3) uint8, see this module; N pictures together.
        keys: N names.
        sources: N names of the collections the pictures come from.
    """

    parts: tuple[ByteArray, ...]
    keys: tuple[str, ...]
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def side(self) -> int:
        """Height and width of every picture in pixels."""
        return int(self.parts[0].shape[1])

    def take(self, indices: Iterable[int]) -> ByteArray:
        """The chosen pictures, (n, side, side, 3) uint8."""
        ends = np.cumsum([len(part) for part in self.parts])
        rows = []
        for index in indices:
            part = int(np.searchsorted(ends, index, side="right"))
            rows.append(self.parts[part][index - ends[part] + len(self.parts[part])])
        return np.stack(rows)


def decode_pictures(
    paths: Iterable[Path], side: int, cache: Path, *, jobs: int | None = None
) -> DecodedPictures:
    """Every picture of folders, shards and CIFAR-10 as a square of `side` pixels, cached.

    Each picture is turned upright, its middle square is taken and shrunk or enlarged to the side.
    Pictures that cannot be read are left out.

    Args:
        paths: see `find_shards_and_folders`.
        side: height and width in pixels.
        cache: folder for the decoded arrays; one file a shard or folder, reused while that is
            unchanged.
        jobs: worker processes; by default one a core.

    Raises:
        DataError: nothing could be read.
        OutputError: the cache cannot be written.
    """
    make_folder(cache)
    parts = [
        _decode_place(place, side, cache, jobs) for place in find_shards_and_folders(list(paths))
    ]
    parts = [part for part in parts if part[1]]
    if not parts:
        raise DataError("no readable picture among the training data")
    return DecodedPictures(
        tuple(np.memmap(f, np.uint8, "r", shape=(len(k), side, side, 3)) for f, k, _ in parts),
        tuple(key for _, keys, _ in parts for key in keys),
        tuple(source for *_, sources in parts for source in sources),
    )


def _decode_place(
    place: Path, side: int, cache: Path, jobs: int | None
) -> tuple[Path, list[str], list[str]]:
    """One shard or folder into its own file of the cache: file, keys, sources."""
    stem = f"{place.stem}-{side}-{_state_of(place)}"
    array_file, index_file = cache / f"{stem}.lab", cache / f"{stem}.json"
    if not index_file.exists():
        keys, sources = [], []
        with (
            written_whole(array_file) as partial,
            partial.open("wb") as file,
            ProcessPoolExecutor(jobs or os.cpu_count()) as pool,
        ):
            for batch in _batches(read_pictures(place), 512):
                squares = pool.map(_to_square, batch, [side] * len(batch), chunksize=32)
                for picture, square in zip(batch, squares, strict=True):
                    if square is not None:
                        file.write(square)
                        keys.append(picture.key)
                        sources.append(picture.source)
        # last, since it is what tells that the array is there
        with written_whole(index_file) as partial:
            partial.write_text(json.dumps({"keys": keys, "sources": sources}))
    index = json.loads(index_file.read_text())
    return array_file, index["keys"], index["sources"]


def _to_square(picture: EncodedPicture, side: int) -> bytes | None:
    try:
        encoded = Image.open(io.BytesIO(picture.content))
        encoded.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(encoded).convert("RGB")
        image = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError):
        return None
    lab = rgb_to_lab(np.asarray(image)) * (L_LEVELS_PER_UNIT, 1, 1) + (0, AB_OFFSET, AB_OFFSET)
    return lab.round().clip(0, 255).astype(np.uint8).tobytes()


def _state_of(place: Path) -> str:
    """A short hash that changes when the shard or a picture of the folder does."""
    files = [place] if place.is_file() else sorted(f for f in place.rglob("*") if f.is_file())
    lines = [f"{f}:{f.stat().st_size}:{f.stat().st_mtime_ns}" for f in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _batches(pictures: Iterator[EncodedPicture], size: int) -> Iterator[list[EncodedPicture]]:
    while batch := list(islice(pictures, size)):
        yield batch
