"""Measuring made pictures with a made colorizer, for tests of how rows come about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from photochrom.evaluation.colorizers import Answer, Entrant, Painters, find_entrants
from photochrom.evaluation.figures import Figure
from photochrom.evaluation.judging import Judging
from photochrom.evaluation.pictures import ListedPicture, OpenedPicture, list_pictures
from photochrom.evaluation.rows import RowFile
from photochrom.evaluation.run import Evaluation, missing_rows, run

REDNESS = Figure(
    "redness", "Redness", "0..1", "lower", "It is made up.",
    lambda judged: float(judged.result_rgb[..., 0].mean()),
)  # fmt: skip


class Half:
    """A colorizer that halves chroma, counts how often it is asked, and may be sure of it."""

    def __init__(self, label: str = "half", confidence: float | None = None) -> None:
        self.label, self.details = label, {"kind": "made"}
        self.asked: list[str] = []
        self.confidence = confidence

    def fingerprint(self, picture: ListedPicture) -> str:
        return f"made {self.label}"

    def open(self) -> object:
        def paint(picture: OpenedPicture) -> Answer:
            self.asked.append(picture.listed.name)
            sure = self.confidence
            grid = None if sure is None else np.full(picture.truth.shape[:2], sure)
            grey = picture.truth.mean(-1, keepdims=True)
            return Answer((picture.truth + grey) / 2, 0.25, confidence=grid)

        return paint


class Listener:
    def __init__(self) -> None:
        self.rows, self.reasons = 0, []

    def row_done(self) -> None:
        self.rows += 1

    def left_out(self, reason: str) -> None:
        self.reasons.append(reason)


def evaluation(folder: Path, entrants: Sequence[Entrant] = (), **options: object) -> Evaluation:
    pictures = list_pictures(folder)
    judging = options.pop("judging", Judging({"redness": REDNESS}))
    known = [*entrants, *find_entrants(["grey", "truth"], pictures)]
    return Evaluation(pictures, known, judging, 40, **options)  # type: ignore[arg-type]


def measure(wanted: Evaluation, path: Path) -> Listener:
    listener = Listener()
    with RowFile(path) as rows:
        missing = missing_rows(wanted, rows)
        found = run(wanted, rows, missing, Painters(wanted.entrants), listener)
    assert found == listener.reasons
    return listener
