"""Which pictures are trained on, which are validated with, and which are kept unseen.

A picture's key alone decides, so that adding pictures moves none. Three rules are known:

- hash: a share of the pictures, by the hash of their keys, is for validation; none is kept unseen.
- cifar: the published split of CIFAR-10. 45,000 pictures to train on, the 10,000 of its test batch
  for validation; the last 5,000 of its train batches are kept unseen. Of CIFAR-10 as an image
  folder with train and test in it, which has lost that order, every tenth picture of train by the
  hash of its key is kept unseen: 5,000 of 50,000.
- folders: the folder decides, train, validation (or val) or test; those of test are kept unseen.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from photochrom.data.cifar import ARCHIVE, BATCHES, SOURCE, TEST_BATCH, TRAIN_BATCHES
from photochrom.data.decoded import DecodedPictures
from photochrom.errors import DataError, OptionError

Rule = Literal["hash", "cifar", "folders"]
RULES: tuple[str, ...] = get_args(Rule)

FIRST_UNSEEN_ROW = 5000
"""The last train batch of CIFAR-10 has 10,000 rows; those from this one on are kept unseen."""

UNSEEN_ONE_IN = 10
"""One of so many training pictures of an image folder is kept unseen by "cifar"."""

_TRAIN, _VALIDATION, _UNSEEN = "train", "validation", "test"
_FOLDERS = {"train": _TRAIN, "validation": _VALIDATION, "val": _VALIDATION, "test": _UNSEEN}


def split(
    pictures: DecodedPictures, rule: str, validation_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the pictures to train on, and of those to validate with.

    Args:
        pictures: all there are.
        rule: one of `RULES`, see this module.
        validation_share: 0..1, how many are held out by "hash"; the other rules need none.

    Raises:
        DataError: the rule does not fit these pictures.
        OptionError: there is no such rule.
    """
    if rule == "hash":
        held_out = np.array([in_validation(key, validation_share) for key in pictures.keys], bool)
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)
    parts = _parts(pictures, rule)
    return np.flatnonzero(parts == _TRAIN), np.flatnonzero(parts == _VALIDATION)


def unseen(pictures: DecodedPictures, rule: str) -> np.ndarray:
    """Indices of the pictures that neither training nor validation sees; none with "hash".

    Args:
        pictures: all there are.
        rule: one of `RULES`, see this module.

    Raises:
        DataError: the rule does not fit these pictures.
        OptionError: there is no such rule.
    """
    if rule == "hash":
        return np.flatnonzero(np.zeros(len(pictures), bool))
    return np.flatnonzero(_parts(pictures, rule) == _UNSEEN)


def in_validation(key: str, share: float) -> bool:
    """Whether "hash" holds a picture out: decided by the hash of its key alone.

    Args:
        key: the picture's name.
        share: 0..1, how many of all pictures are held out.
    """
    return _digest(key) / 2**64 < share


def _digest(key: str) -> int:
    """A number of 64 bits that only the key decides."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])


def _parts(pictures: DecodedPictures, rule: str) -> npt.NDArray[np.str_]:
    """(N,) the part that each picture belongs to."""
    if rule == "cifar":
        return _published_parts(pictures)
    if rule == "folders":
        return _folder_parts(pictures)
    raise OptionError(f"no split {rule!r}; known are {', '.join(RULES)}")


def _published_parts(pictures: DecodedPictures) -> npt.NDArray[np.str_]:
    if not any(key.startswith(f"{SOURCE}/") for key in pictures.keys):
        return _parts_of_train_and_test(pictures)
    others = [key for key in pictures.keys if not key.startswith(f"{SOURCE}/")]
    if others:
        raise DataError(
            f"data.split cifar: {len(others)} pictures are not of CIFAR-10 ({others[0]} for one); "
            "leave them out, or set data.split=hash"
        )
    places = [key.split("/") for key in pictures.keys]  # cifar-10/BATCH/CLASS/ROW
    missing = set(BATCHES) - {batch for _, batch, _, _ in places}
    if missing:
        raise DataError(
            f"data.split cifar: {', '.join(sorted(missing))} missing; "
            f"give the whole {ARCHIVE}, or set data.split=hash"
        )
    return np.array([_published_part(batch, int(row)) for _, batch, _, row in places])


def _published_part(batch: str, row: int) -> str:
    if batch == TEST_BATCH:
        return _VALIDATION
    return _UNSEEN if batch == TRAIN_BATCHES[-1] and row >= FIRST_UNSEEN_ROW else _TRAIN


def _parts_of_train_and_test(pictures: DecodedPictures) -> npt.NDArray[np.str_]:
    """CIFAR-10's split for train and test folders: test validates, a tenth of train is unseen."""
    folders = np.array([_part_by_folder(key) or "" for key in pictures.keys])
    if set(folders) != {_TRAIN, _UNSEEN}:
        raise DataError(
            "data.split cifar: the pictures are neither CIFAR-10's batches nor all of them in "
            "folders train and test; give one of these, or set data.split=hash"
        )
    parts = np.where(folders == _UNSEEN, _VALIDATION, _TRAIN)
    by_hash = sorted(
        np.flatnonzero(folders == _TRAIN), key=lambda index: _digest(pictures.keys[index])
    )
    parts[by_hash[: len(by_hash) // UNSEEN_ONE_IN]] = _UNSEEN
    return parts


def _folder_parts(pictures: DecodedPictures) -> npt.NDArray[np.str_]:
    parts = [_part_by_folder(key) for key in pictures.keys]
    cure = "give the folder that holds train, validation (or val) and test, or set data.split=hash"
    if None in parts:
        raise DataError(
            f"data.split folders: {parts.count(None)} pictures lie in none of the folders "
            f"({pictures.keys[parts.index(None)]} for one); {cure}"
        )
    for part in (_TRAIN, _VALIDATION):
        if part not in parts:
            raise DataError(f"data.split folders: no picture lies in a folder {part}; {cure}")
    return np.array(parts)


def _part_by_folder(key: str) -> str | None:
    """The part that the outermost folder of a known name stands for, None where there is none."""
    folders = (folder.lower() for folder in PurePosixPath(key).parts[:-1])
    return next((_FOLDERS[folder] for folder in folders if folder in _FOLDERS), None)
