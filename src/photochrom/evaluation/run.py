"""Every colorizer over every picture, row by row; what was measured before is not done again."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import photochrom
from photochrom.atomic import make_folder, written_whole
from photochrom.errors import InputError, OptionError, OutputError
from photochrom.evaluation.colorizers import Entrant, Painters
from photochrom.evaluation.judging import Judging
from photochrom.evaluation.pictures import ListedPicture, PictureSet, open_truth, read_set
from photochrom.evaluation.rows import Key, Row, RowFile

ROWS, PROTOCOL = "rows.jsonl", "protocol.json"

FORMAT = 1
"""Rises when rows of one version cannot stand beside those of another."""

SIZE_RANGE = (32, 2048)
SUITED = "; use another -o, or --force to start anew"


class Listener(Protocol):
    """Who is told how a run goes."""

    def row_done(self) -> None:
        """One answer was measured and written."""

    def left_out(self, reason: str) -> None:
        """A picture cannot be judged by; the reason is one line that names it."""


@dataclass(frozen=True)
class Evaluation:
    """What is to be measured.

    Attributes:
        pictures: on what.
        entrants: of whom.
        judging: by what.
        size: short side, in pixels, at which results are judged.
        jobs: pictures measured side by side.

    Raises:
        OptionError: a number out of its range.
        DataError: an observer has labels, but not of every picture.
    """

    pictures: PictureSet
    entrants: Sequence[Entrant]
    judging: Judging
    size: int = 256
    jobs: int = 1

    def __post_init__(self) -> None:
        low, high = SIZE_RANGE
        if not low <= self.size <= high:
            raise OptionError(f"size is {self.size}; it must be {low} to {high}")
        if self.jobs < 1:
            raise OptionError(f"jobs is {self.jobs}; it must be at least 1")
        for observer in self.judging.observers.values():
            observer.labels_of([picture.name for picture in self.pictures.pictures])

    @property
    def protocol(self) -> dict[str, Any]:
        """What has to be equal for rows to stand side by side, as plain values."""
        return {
            "format": FORMAT,
            "photochrom": photochrom.__version__,
            "size": self.size,
            "figures": list(self.judging.figures),
            "networks": self.judging.networks,
            "data": self.pictures.name,
            "pictures": len(self.pictures.pictures),
            "found": self.pictures.found,
            "data_sha256": self.pictures.sha256,
        }

    def key(self, picture: ListedPicture, entrant: Entrant) -> Key:
        """The key of the row of one answer."""
        return picture.name, picture.sha256, entrant.fingerprint(picture)


def prepare_folder(folder: Path, protocol: Mapping[str, Any], *, force: bool = False) -> None:
    """Makes a report folder, or takes one of the same protocol.

    Args:
        folder: where rows and reports go.
        protocol: of the evaluation.
        force: throw away the rows of another evaluation.

    Raises:
        OutputError: the folder holds another evaluation or anything else, or cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; give the name of a folder")
    make_folder(folder)
    try:
        others = any(folder.iterdir())
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read ({error.strerror})") from error
    known = folder / PROTOCOL
    if known.is_file():
        if not force:
            _check_same(folder, _read_protocol(known), protocol)
            return
        (folder / ROWS).unlink(missing_ok=True)
    elif others:
        raise OutputError(f"{folder}: holds files, but no evaluation; use another -o")
    with written_whole(known) as partial:
        partial.write_text(json.dumps(protocol, indent=1) + "\n", encoding="utf-8")


def missing_rows(evaluation: Evaluation, rows: RowFile) -> dict[str, list[Entrant]]:
    """Who has still to answer, by the name of the picture; pictures without any are left out."""
    known = rows.keys()
    found: dict[str, list[Entrant]] = {}
    for picture in evaluation.pictures.pictures:
        for entrant in evaluation.entrants:
            key = evaluation.key(picture, entrant)
            if key not in known:
                known.add(key)  # two colorizers of one fingerprint share a row
                found.setdefault(picture.name, []).append(entrant)
    return found


def run(
    evaluation: Evaluation,
    rows: RowFile,
    missing: Mapping[str, Sequence[Entrant]],
    painters: Painters,
    listener: Listener,
) -> list[str]:
    """Measures what is missing and adds it to the rows, in the order of the pictures.

    Args:
        evaluation: what to measure.
        rows: opened.
        missing: see `missing_rows`.
        painters: of the entrants; those that are needed are opened.
        listener: told of every row, and of pictures that cannot be judged by.

    Returns:
        Why pictures were left out, one line each.

    Raises:
        PhotochromError: a colorizer cannot answer, or a row cannot be written; rows stay.
    """
    # before the threads begin, since opening is not made for several at once
    paint = {
        label: painters[label]
        for label in {entrant.label for waiting in missing.values() for entrant in waiting}
    }

    def measure(picture: ListedPicture, content: bytes) -> list[Row] | str:
        try:
            opened = open_truth(picture, content, evaluation.size)
        except InputError as error:
            return str(error)
        return [
            evaluation.judging.judge(opened, entrant, paint[entrant.label](opened))
            for entrant in missing[picture.name]
        ]

    left_out = []
    read = read_set(evaluation.pictures, missing.keys())
    with closing(_side_by_side(measure, read, evaluation.jobs)) as found:
        for measured in found:
            if isinstance(measured, str):
                left_out.append(measured)
                listener.left_out(measured)
                continue
            for row in measured:
                rows.add(row)
                listener.row_done()
    return left_out


def _side_by_side(
    work: Callable[[ListedPicture, bytes], list[Row] | str],
    pictures: Iterable[tuple[ListedPicture, bytes]],
    jobs: int,
) -> Generator[list[Row] | str]:
    """The work's results in order, with at most two pictures a job in memory."""
    waiting = iter(pictures)
    with ThreadPoolExecutor(jobs) as pool:
        in_hand: deque[Future[list[Row] | str]] = deque()
        try:
            while True:
                for picture in islice(waiting, 2 * jobs - len(in_hand)):
                    in_hand.append(pool.submit(work, *picture))
                if not in_hand:
                    return
                yield in_hand.popleft().result()
        finally:
            for future in in_hand:
                future.cancel()


def _read_protocol(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: not a readable protocol{SUITED}") from error
    if not isinstance(found, dict):
        raise OutputError(f"{path}: not a readable protocol{SUITED}")
    return found


def _check_same(folder: Path, there: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    titles = {
        "format": "of another format", "photochrom": "made by another version of photochrom",
        "size": "at another size", "figures": "of other figures", "networks": "by other networks",
        "data_sha256": "of other pictures",
    }  # fmt: skip
    for key, title in titles.items():
        old, new = there.get(key), asked[key]
        if old == new:
            continue
        if key == "data_sha256":
            old = f"{there.get('pictures')} of {there.get('data')}"
            new = f"{asked['pictures']} of {asked['data']}"
        told = f" ({_text(old)} there, {_text(new)} asked for)" if old != new else ""
        raise OutputError(f"{folder}: holds an evaluation {title}{told}{SUITED}")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {v}" for k, v in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
