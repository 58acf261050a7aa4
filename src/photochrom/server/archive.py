"""Many results as one zip file, sent while it is made."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

ERRORS = "errors.txt"
_CHUNK = 1 << 20
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file knows: results have no date of their own


@dataclass(frozen=True)
class Entry:
    """A file of the archive.

    Attributes:
        path: where it lies; None where it could not be made.
        name: in the archive; with no path, why there is none.
        temporary: whether it is removed once it is in the archive.
    """

    path: Path | None
    name: str
    temporary: bool = False


async def zip_stream(entries: AsyncIterator[Entry]) -> AsyncIterator[bytes]:
    """The pieces of a zip file; what could not be made is listed in it, in errors.txt."""
    pipe, names, missing = _Pipe(), _Names(), list[str]()
    with zipfile.ZipFile(cast(IO[bytes], pipe), "w") as archive:
        async for entry in entries:
            if entry.path is None:
                missing.append(entry.name)
                continue
            info = zipfile.ZipInfo(names.free(entry.name), _DATE)
            try:
                with (
                    entry.path.open("rb") as source,
                    archive.open(info, "w", force_zip64=True) as target,
                ):
                    while piece := await asyncio.to_thread(source.read, _CHUNK):
                        target.write(piece)
                        yield pipe.take()
            finally:
                if entry.temporary:
                    entry.path.unlink(missing_ok=True)
        if missing:
            archive.writestr(zipfile.ZipInfo(ERRORS, _DATE), "\n".join([*missing, ""]))
    yield pipe.take()


class _Pipe:
    """A file that can only be written to; what was written is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing between."""

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


class _Names:
    """Names that come once: the second photo.jpg is photo (2).jpg."""

    def __init__(self) -> None:
        self._taken = {ERRORS}

    def free(self, name: str) -> str:
        for candidate in _numbered(name):
            if candidate.lower() not in self._taken:
                self._taken.add(candidate.lower())
                return candidate
        raise AssertionError("numbers do not end")


def _numbered(name: str) -> Iterator[str]:
    yield name
    path, number = Path(name), 2
    while True:
        yield f"{path.stem} ({number}){path.suffix}"
        number += 1
