"""Work in progress on disk: segments that are done, so that a stopped film can be gone on with.

A folder beside the result holds what the work is (`job.json`), the finished segments in order, each
as its packets and what belongs to it, and `finished` once no frame is left. Everything in it is
there whole or not at all, so the work may be killed at any moment.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from photochrom.atomic import make_folder, written_whole
from photochrom.color import Array
from photochrom.errors import OutputError

_RECORD = struct.Struct("<QBQ")  # place in the film, key frame, bytes
_STATE = "state/"


@dataclass(frozen=True, eq=False)
class Segment:
    """What belongs to a finished segment.

    Attributes:
        first: place of its first frame in the film.
        pts: (n,) int64 time stamps of its frames.
        durations: (n,) int64.
        reorder: how many places a packet of it comes later than its frame is shown, at most.
        checksum: of its last frame's luma.
        state: of the colours after it.
    """

    first: int
    pts: Array
    durations: Array
    reorder: int
    checksum: int
    state: Mapping[str, Array]


class Job:
    """The folder of one film's work.

    Args:
        target: the result; the folder lies beside it.
        what: all that decides the result, as plain values; work on something else is thrown away.
    """

    def __init__(self, target: Path, what: Mapping[str, Any]) -> None:
        self.folder = job_folder(target)
        self._text = json.dumps(what, indent=1, sort_keys=True, default=str)
        self.gone_on = self._same()
        if not self.gone_on:
            remove(self.folder)
            make_folder(self.folder)
            with written_whole(self.folder / "job.json") as partial:
                partial.write_text(self._text, encoding="utf-8")
        for leftover in self.folder.glob(".photochrom-*.part"):
            leftover.unlink(missing_ok=True)

    def segments(self) -> int:
        """How many are finished, without a gap."""
        number = 0
        while self.packets_path(number).exists():
            number += 1
        return number

    @property
    def finished(self) -> bool:
        """Whether every frame of the film is in a finished segment."""
        return (self.folder / "finished").exists()

    def finish(self) -> None:
        """Notes that no frame is left."""
        with written_whole(self.folder / "finished") as partial:
            partial.write_bytes(b"")

    def packets_path(self, number: int) -> Path:
        """Where the packets of a segment lie."""
        return self.folder / f"{number:06}.packets"

    def save(self, number: int, segment: Segment) -> None:
        """Writes what belongs to a segment; its packets come after it."""
        numbers = np.array([segment.first, segment.reorder, segment.checksum], np.int64)
        arrays = {"pts": segment.pts, "durations": segment.durations, "numbers": numbers}
        arrays |= {_STATE + name: value for name, value in segment.state.items()}
        _save_arrays(self.folder / f"{number:06}.npz", arrays)

    def load(self, number: int) -> Segment:
        """What belongs to a finished segment."""
        arrays = _load_arrays(self.folder / f"{number:06}.npz")
        first, reorder, checksum = map(int, arrays["numbers"])
        state = {k.removeprefix(_STATE): v for k, v in arrays.items() if k.startswith(_STATE)}
        return Segment(first, arrays["pts"], arrays["durations"], reorder, checksum, state)

    def save_prepared(self, state: Mapping[str, Array]) -> None:
        """Writes the state that the colours begin with, where finding it was work."""
        _save_arrays(self.folder / "prepared.npz", dict(state))

    def prepared(self) -> dict[str, Array] | None:
        """The state that the colours begin with, or None."""
        path = self.folder / "prepared.npz"
        return _load_arrays(path) if path.exists() else None

    def remove(self) -> None:
        """Removes the folder."""
        remove(self.folder)

    def remove_if_empty(self) -> None:
        """Removes the folder where nothing in it is worth going on with."""
        if not self.segments() and self.prepared() is None:
            self.remove()

    def _same(self) -> bool:
        try:
            return (self.folder / "job.json").read_text(encoding="utf-8") == self._text
        except OSError:
            return False


def job_folder(target: Path) -> Path:
    """Where the work on a result lies."""
    return target.with_name(f".photochrom-{target.name}")


def remove(folder: Path) -> None:
    """Removes a work folder, unless it is not there.

    Raises:
        OutputError: it cannot be removed.
    """
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be removed ({error.strerror or error})") from error


def write_packet(file: BinaryIO, place: int, key: bool, content: bytes) -> None:
    """Adds a packet to a file of them."""
    file.write(_RECORD.pack(place, key, len(content)))
    file.write(content)


def read_packets(path: Path) -> Iterator[tuple[int, bool, bytes]]:
    """The packets of a file: place in the film, whether it is a key frame, bytes."""
    with path.open("rb") as file:
        while head := file.read(_RECORD.size):
            place, key, size = _RECORD.unpack(head)
            yield place, bool(key), file.read(size)


def _save_arrays(path: Path, arrays: dict[str, Array]) -> None:
    with written_whole(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub wants no array to be named


def _load_arrays(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)
