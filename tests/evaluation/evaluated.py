"""A whole small evaluation, for tests of what comes out of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from coloured_pictures import save_coloured

from photochrom.color import lab_to_rgb
from photochrom.evaluation.colorizers import Answer, Painters, find_entrants
from photochrom.evaluation.figures import FIGURES, Figure, Observer
from photochrom.evaluation.judging import Judging
from photochrom.evaluation.pictures import ListedPicture, OpenedPicture, list_pictures
from photochrom.evaluation.report import write_report
from photochrom.evaluation.rows import RowFile
from photochrom.evaluation.run import Evaluation, missing_rows, run
from photochrom.evaluation.summary import Summary, summarize

NAMES = ("mae", "psnr", "ssim", "ms_ssim", "ciede2000", "colourfulness_ratio")
SOME: Mapping[str, Figure] = {name: FIGURES[name] for name in NAMES}


class Muted:
    """A colorizer that keeps a share of the true chroma."""

    def __init__(self, label: str, share: float, *, sure: bool = False) -> None:
        self.label, self.details = label, {"kind": "made", "megabytes": 1.5}
        self.share, self.sure = share, sure

    def fingerprint(self, picture: ListedPicture) -> str:
        return f"muted {self.share}"

    def open(self) -> object:
        def paint(picture: OpenedPicture) -> Answer:
            rgb = lab_to_rgb(picture.lab * (1, self.share, self.share))
            confidence = np.full(rgb.shape[:2], 0.9) if self.sure else None
            return Answer(rgb, 0.5, "resized from 3 x 4", confidence)

        return paint


class Silent:
    """A listener that hears everything and says nothing."""

    def row_done(self) -> None:
        """Nothing."""

    def left_out(self, reason: str) -> None:
        """Nothing."""


def evaluate_muted(
    folder: Path, *entrants: object, count: int = 8, figures: Mapping[str, Figure] = SOME,
    observers: Mapping[str, Observer] | None = None,
) -> tuple[Evaluation, Summary]:  # fmt: skip
    """Colorizers, grey and the truth on made pictures, measured and summed up."""
    pictures = list_pictures(save_coloured(folder / "photos", count))
    known = [*entrants, *find_entrants(["grey"], pictures)]
    evaluation = Evaluation(pictures, known, Judging(figures, observers or {}), 40)  # type: ignore[arg-type]
    with RowFile(folder / "rows.jsonl") as rows:
        missing = missing_rows(evaluation, rows)
        left_out = run(evaluation, rows, missing, Painters(known), Silent())
    return evaluation, summarize(evaluation, rows, left_out)


def report_of(folder: Path, *entrants: object, **options: object) -> Path:
    """The folder of a whole report."""
    evaluation, summary = evaluate_muted(folder, *entrants, **options)  # type: ignore[arg-type]
    write_report(evaluation, summary, Painters(evaluation.entrants), folder)
    return folder
