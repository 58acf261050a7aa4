"""CIFAR-10 as it is published: "python version", a folder of pickled batches, or its archive.

Each batch is a dictionary, pickled by Python 2, with `data` (n, 3072) uint8, a picture of 32 x 32
pixels a row (its red plane, then green, then blue), and `labels`, n classes. To unpickle what was
downloaded may run any code, so that here nothing that a pickle refers to is ever loaded.

Source: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import io
import pickle
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom.errors import DataError

SOURCE = "cifar-10"
FOLDER = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"
TEST_BATCH = "test_batch"
TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
BATCHES = (*TRAIN_BATCHES, TEST_BATCH)
CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
"""The labels' names, in the order of `batches.meta`."""

SIDE = 32

_ARRAY_PARTS = frozenset(
    (
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
    )
)
"""All that the pickle of an array refers to; the second name is that of numpy 2."""


def is_cifar(place: Path) -> bool:
    """Whether a place is a folder with batches of CIFAR-10 in it, or an archive of them."""
    if place.is_dir():
        return any((place / name).is_file() for name in BATCHES)
    return place.name.endswith((".tar.gz", ".tgz")) and place.is_file()


def find_cifar(path: Path) -> list[Path]:
    """The path itself if it is CIFAR-10, else the folder in it, else the archive in it, if any."""
    return [place for place in (path, path / FOLDER, path / ARCHIVE) if is_cifar(place)][:1]


def read_batches(place: Path) -> Iterator[tuple[str, bytes]]:
    """The pictures of a folder or archive of batches, in the order of `BATCHES`.

    Args:
        place: what `is_cifar` says yes to.

    Yields:
        A key, "cifar-10/BATCH/CLASS/ROW", and the picture as PPM: a short header, then its pixels.

    Raises:
        DataError: a batch or the archive is damaged, or is something else.
    """
    header = f"P6 {SIDE} {SIDE} 255\n".encode()
    for name, content in _stored_batches(place):
        data, labels = _unpickled(content, f"{place}/{name}")
        pictures = data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)  # (n, H, W, 3)
        for row, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
            yield f"{SOURCE}/{name}/{CLASSES[label]}/{row:05d}", header + picture.tobytes()


def _stored_batches(place: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each batch that is there."""
    if place.is_dir():
        for name in BATCHES:
            if (place / name).is_file():
                yield name, (place / name).read_bytes()
        return
    try:
        with tarfile.open(place) as archive:
            members = {Path(member.name).name: member for member in archive if member.isfile()}
            found = [name for name in BATCHES if name in members]
            for name in found:
                file = archive.extractfile(members[name])
                yield name, file.read() if file else b""
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise DataError(f"{place}: damaged ({error}); download {ARCHIVE} again") from error
    if not found:
        raise DataError(
            f"{place}: no batches of CIFAR-10 in this archive; "
            f"{ARCHIVE}, .tar shards and folders of pictures would work"
        )


class _Kept:
    """Stands in for all that a batch refers to: keeps what it is given and does nothing with it."""

    state: Any = None

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _BatchUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[_Kept]:
        if (module, name) in _ARRAY_PARTS:
            return _Kept
        raise pickle.UnpicklingError(f"it refers to {module}.{name}, which was not run")


def _unpickled(content: bytes, where: str) -> tuple[npt.NDArray[np.uint8], list[int]]:
    """The rows (n, 3072) and labels of a batch."""
    try:
        batch = _BatchUnpickler(io.BytesIO(content), encoding="bytes").load()
        _, shape, _, by_column, values = batch[b"data"].state
        data = np.frombuffer(values, np.uint8).reshape(shape)
        labels = list(batch[b"labels"])
        if by_column or data.shape != (len(labels), 3 * SIDE * SIDE):
            raise ValueError(f"{len(labels)} labels, and pictures of shape {data.shape}")
        if not all(label in range(len(CLASSES)) for label in labels):
            raise ValueError(f"labels other than 0 to {len(CLASSES) - 1}")
    except Exception as error:  # a damaged pickle can raise nearly anything
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise DataError(
            f"{where}: not a batch of CIFAR-10, or damaged ({reason}); download {ARCHIVE} again"
        ) from error
    return data, labels
