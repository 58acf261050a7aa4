"""The colours of a data set over the ab plane: how often each is met, by unit cell and by class.

Pixels are taken as they are, evenly spread over each picture: a picture that is shrunk first loses
its rarest colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from photochrom.color import FloatArray, rgb_to_lab
from photochrom.data.find import EncodedPicture, find_shards_and_folders, read_pictures
from photochrom.errors import DataError, InputError
from photochrom.evaluation.pictures import decode, spread
from photochrom.palette import AB_MAX, AB_MIN, IntArray, Palette

SAMPLES = 64
"""So many rows and columns of pixels are looked at in a picture; all where it has fewer."""

CELLS = AB_MAX - AB_MIN + 1
"""Unit cells along each axis of the plane, around the whole numbers from -128 to 127."""

_AT_ONCE = 256  # encoded pictures in memory


@dataclass(frozen=True, eq=False)
class ColourCounts:
    """How often each colour was met.

    Attributes:
        palette: the Q classes.
        by_class: (Q,) pixels in each class.
        by_cell: (256, 256) pixels in each unit cell, rows by a and columns by b, from -128.
        pictures: how many were looked at.
        unreadable: keys of those that could not be.
    """

    palette: Palette
    by_class: IntArray
    by_cell: IntArray
    pictures: int
    unreadable: tuple[str, ...] = ()

    @property
    def pixels(self) -> int:
        """How many were looked at."""
        return int(self.by_class.sum())

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """(Q,) the share of each class; sums to 1."""
        return self.by_class / self.pixels

    @property
    def classes_met(self) -> int:
        """How many of the Q classes have any pixel."""
        return int(np.count_nonzero(self.by_class))


def count_colours(
    data: Sequence[Path],
    palette: Palette,
    *,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> ColourCounts:
    """The colours of every picture of folders, tar shards and CIFAR-10.

    Pictures that cannot be read are left out; a few hundred encoded ones are in memory at most.

    Args:
        data: see `photochrom.data.find`.
        palette: the classes to count by.
        jobs: threads that decode.
        progress: called with how many pictures are done.

    Raises:
        DataError: there is no such data, or no picture of it can be read.
    """
    by_class = np.zeros(len(palette), np.int64)
    by_cell = np.zeros(CELLS * CELLS, np.int64)
    unreadable: list[str] = []
    done = 0
    with ThreadPoolExecutor(jobs) as pool:
        for batch in _batches(data):
            read = list(pool.map(sample_colours, batch))
            unreadable += [p.key for p, ab in zip(batch, read, strict=True) if ab is None]
            done += len(batch)
            progress(done)
            if not (known := [ab for ab in read if ab is not None]):
                continue
            ab = np.concatenate(known)
            by_class += np.bincount(palette.encode(ab), minlength=len(palette))
            a, b = (ab.round().astype(np.int64).clip(AB_MIN, AB_MAX) - AB_MIN).T
            by_cell += np.bincount(a * CELLS + b, minlength=len(by_cell))
    if done == len(unreadable):
        raise DataError(f"{', '.join(map(str, data))}: no picture of it can be read")
    return ColourCounts(
        palette, by_class, by_cell.reshape(CELLS, CELLS), done - len(unreadable), tuple(unreadable)
    )


def sample_colours(picture: EncodedPicture) -> FloatArray | None:
    """(n, 2) ab of pixels evenly spread over a picture; None where it cannot be read."""
    try:
        rgb = np.asarray(decode(picture.content, picture.key))
    except InputError:
        return None
    rows, columns = (spread(side, SAMPLES) for side in rgb.shape[:2])
    ab: FloatArray = rgb_to_lab(rgb[np.ix_(rows, columns)])[..., 1:].reshape(-1, 2)
    return ab


def _batches(data: Sequence[Path]) -> Iterator[list[EncodedPicture]]:
    for place in find_shards_and_folders(data):
        pictures = read_pictures(place)
        while batch := list(islice(pictures, _AT_ONCE)):
            yield batch
