"""What was measured of one answer to one picture, and the file that keeps it, line by line.

A row is a line of JSON. Lines are only ever added, so that whatever ends a run, at most the last
line is not whole; it is cut off before more are added.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from photochrom.color import Array
from photochrom.errors import DataError, OutputError

Key = tuple[str, str, str]
"""Name and checksum of the picture, fingerprint of the colorizer."""


@dataclass(frozen=True, eq=False)
class Row:
    """One answer to one picture, measured.

    Attributes:
        picture: name of the picture.
        content: SHA-256 of its bytes.
        colorizer: what the colorizer was called.
        fingerprint: what it was: checksum of the model file, of the output picture.
        figures: by name; NaN where a figure says nothing about the picture.
        seconds: how long colouring took, one picture on one thread; None where nothing was.
        note: anything else about the answer.
        arrays: by name, what reports draw and what set figures are computed from.
    """

    picture: str
    content: str
    colorizer: str
    fingerprint: str
    figures: Mapping[str, float]
    seconds: float | None = None
    note: str | None = None
    arrays: Mapping[str, Array] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What tells one row from another."""
        return self.picture, self.content, self.fingerprint

    def as_line(self) -> bytes:
        """The row as one line of JSON, with its end."""
        content = dict(vars(self))
        content["figures"] = {
            name: value if math.isfinite(value) else None for name, value in self.figures.items()
        }
        content["arrays"] = {name: _packed(array) for name, array in self.arrays.items()}
        return json.dumps(content, allow_nan=False).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Row:
        """The row of a line.

        Raises:
            ValueError: it is no row.
        """
        content = json.loads(line)
        if not isinstance(content, dict):
            raise ValueError("not a row")
        try:
            content["figures"] = {
                name: math.nan if value is None else float(value)
                for name, value in content["figures"].items()
            }
            content["arrays"] = {name: _unpacked(a) for name, a in content["arrays"].items()}
            return cls(**content)
        except (AttributeError, KeyError, TypeError, zlib.error) as error:
            raise ValueError(f"not a row: {error}") from error


class RowFile:
    """The rows of an evaluation; a context manager while rows are added.

    Args:
        path: where they are kept; need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> RowFile:
        """Cuts off a last line that is not whole, and opens the file to add rows.

        Raises:
            OutputError: it cannot be opened.
        """
        try:
            self._file = self.path.open("ab", buffering=0)
            self._file.truncate(_whole_length(self.path))
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._file:
            self._file.close()

    def add(self, row: Row) -> None:
        """Adds a row; once this returns, a killed process does not lose it.

        Raises:
            OutputError: there is no room, for one.
        """
        if self._file is None:
            raise OutputError(f"{self.path}: not opened for rows")
        line = memoryview(row.as_line())
        try:
            while line:  # a full disk takes part of a line before it says so
                line = line[self._file.write(line) or 0 :]
        except OSError as error:
            raise OutputError(
                f"{self.path}: cannot be written ({error.strerror}); "
                "with room, the same command goes on"
            ) from error

    def __iter__(self) -> Iterator[Row]:
        """Every whole row, the first one added first, one in memory at a time.

        Raises:
            DataError: a line is damaged that is not the last.
        """
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield Row.from_line(line)
                except ValueError as error:
                    raise DataError(
                        f"{self.path}: line {number} is damaged; "
                        "delete that line, or start anew with --force"
                    ) from error

    def keys(self) -> set[Key]:
        """The keys of all whole rows."""
        return {row.key for row in self}


def _whole_length(path: Path) -> int:
    """How many bytes there are up to the last line's end."""
    with path.open("rb") as file:
        whole = 0
        for line in file:
            if line.endswith(b"\n"):
                whole += len(line)
    return whole


def _packed(array: Array) -> dict[str, Any]:
    little = array.astype(array.dtype.newbyteorder("<"))
    content = base64.b64encode(zlib.compress(little.tobytes(), 6)).decode()
    return {"dtype": little.dtype.str, "shape": list(array.shape), "zlib": content}


def _unpacked(packed: Mapping[str, Any]) -> Array:
    content = zlib.decompress(base64.b64decode(packed["zlib"]))
    return np.frombuffer(content, np.dtype(packed["dtype"])).reshape(packed["shape"])
