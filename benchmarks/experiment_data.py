"""The pictures of an experiment: a selection of those below the data folder, decoded once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from experiment_table import Selection

from photochrom.data.coloured import only
from photochrom.data.decoded import DecodedPictures, decode_pictures
from photochrom.errors import DataError, OptionError
from photochrom.evaluation.pictures import spread

VARIABLE = "PHOTOCHROM_DATA"


@dataclass(frozen=True, eq=False)
class Chosen:
    """What a selection gives.

    Attributes:
        pictures: decoded.
        found: how many there were to choose from.
    """

    pictures: DecodedPictures
    found: int


def data_folder() -> Path:
    """The folder that the environment names.

    Raises:
        OptionError: it names none, or there is no such folder.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        raise OptionError(f"{VARIABLE} is not set; it names the folder that the table's lie in")
    if not Path(named).is_dir():
        raise OptionError(f"{VARIABLE}={named}: no such folder")
    return Path(named)


def choose(selection: Selection, side: int, cache: Path) -> Chosen:
    """The pictures of a selection, as squares.

    Args:
        selection: which.
        side: height and width in pixels.
        cache: folder for decoded pictures, shared by all experiments.

    Raises:
        DataError: a folder is missing or empty, or no picture is of the named sources.
        OptionError: no data folder.
    """
    root = data_folder()
    for name in selection.folders:
        if not (root / name).is_dir():
            raise DataError(f"{VARIABLE} has no folder {name!r}; experiments/README.md lists them")
    decoded = decode_pictures([root / name for name in selection.folders], side, cache)
    wanted = np.isin(decoded.sources, selection.sources or sorted(set(decoded.sources)))
    indices = np.flatnonzero(wanted)
    if not len(indices):
        raise DataError(
            f"no picture of {', '.join(selection.sources)} in {', '.join(selection.folders)}; "
            f"there are {', '.join(sorted(set(decoded.sources)))}"
        )
    kept = np.zeros(len(decoded), bool)
    kept[indices[spread(len(indices), selection.pictures)]] = True
    return Chosen(only(decoded, kept), len(indices))


def digest(keys: Iterable[str]) -> str:
    """A short hash of the names of pictures, in their order."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
