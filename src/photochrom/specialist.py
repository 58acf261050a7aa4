"""Specialised models: a few weights that take the place of some of another model's.

A specialist that shares its base's encoder needs a tenth of the base's size. Its file is NumPy's
.npz with the changed weights, by the names of the base file's initialisers, and a description: the
base's name and SHA-256, and the metadata that differ from the base's. It lies beside its base.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom.atomic import written_whole
from photochrom.errors import ModelError
from photochrom.model_file import with_weights

SUFFIX = ".npz"
FORMAT_VERSION = "1"
_DESCRIPTION = "description"


@dataclass(frozen=True, eq=False)
class Specialist:
    """What makes a specialist of its base.

    Attributes:
        base: the stem of the base's file.
        base_sha256: which file that is.
        metadata: what the specialist says of itself in place of its base.
        weights: arrays by the names of the base file's initialisers, of their type and shape.
    """

    base: str
    base_sha256: str
    metadata: Mapping[str, str]
    weights: Mapping[str, npt.NDArray[Any]]

    def save(self, path: Path) -> None:
        """Writes the file, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        description = {
            "photochrom_specialist": FORMAT_VERSION, "base": self.base,
            "base_sha256": self.base_sha256, "metadata": dict(self.metadata),
        }  # fmt: skip
        with written_whole(path) as partial, partial.open("wb") as file:
            arrays: dict[str, Any] = {_DESCRIPTION: np.array(json.dumps(description))}
            np.savez(file, **arrays, **dict[str, Any](self.weights))


def read_specialist(path: Path) -> Specialist:
    """The specialist in a file.

    Raises:
        ModelError: missing, damaged, or something else.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        found = json.loads(str(arrays.pop(_DESCRIPTION)))
        if found["photochrom_specialist"] != FORMAT_VERSION:
            raise ValueError("another format")
        return Specialist(found["base"], found["base_sha256"], found["metadata"], arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not a specialised model of format {FORMAT_VERSION}") from error


def read_model_file(path: Path) -> tuple[bytes, Mapping[str, str]]:
    """The ONNX bytes that a model consists of, and metadata that go before those in them.

    Args:
        path: an .onnx file, or that of a specialist, beside its base.

    Raises:
        ModelError: a file is missing, damaged, or not the base that was specialised.
    """
    if path.suffix != SUFFIX:
        if not path.is_file():
            raise ModelError(f"{path}: no such model file")
        return path.read_bytes(), {}
    specialist = read_specialist(path)
    base = path.parent / f"{Path(specialist.base).name}.onnx"
    if not base.is_file():
        raise ModelError(f"{path}: its base {base.name} is not beside it")
    content = base.read_bytes()
    if hashlib.sha256(content).hexdigest() != specialist.base_sha256:
        raise ModelError(f"{path}: specialises another {base.name} than the one beside it")
    raw = {name: array.tobytes() for name, array in specialist.weights.items()}
    try:
        return with_weights(content, raw), specialist.metadata
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
