"""A survey's votes and figures as CSV, and as plain values for JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from photochrom.atomic import written_whole
from photochrom.survey.design import REAL
from photochrom.survey.folder import Survey
from photochrom.survey.judgements import JudgedVotes
from photochrom.survey.results import SurveyResults

VOTE_COLUMNS = (
    "participant", "trial", "kind", "picture", "first", "second", "answer", "taken_for_real",
    "right", "shown_ms", "answer_ms", "counted",
)  # fmt: skip
PICTURE_COLUMNS = ("picture", "version", "taken_for_real", "shown", "share", "low", "high")


def write_votes(survey: Survey, votes: JudgedVotes, path: Path) -> None:
    """Writes a row a vote; what does not apply is empty.

    Raises:
        OutputError: it cannot be written.
    """
    counted = set(votes.counted)
    rows = []
    for one in votes.everything:
        first, second = (*one.versions, "")[:2]
        right = "" if len(one.versions) == 2 and REAL not in one.versions else int(one.is_right)
        rows.append(
            (
                one.vote.participant, one.vote.trial, one.vote.kind,
                survey.pictures[one.picture].key, first, second, one.vote.answer,
                one.chosen or "", right, one.vote.shown_ms, one.vote.answer_ms,
                int(one in counted),
            )
        )  # fmt: skip
    _write_csv(VOTE_COLUMNS, rows, path)


def write_pictures(results: SurveyResults, path: Path) -> None:
    """Writes a row for each version of a picture: how often it was taken for real.

    Raises:
        OutputError: it cannot be written.
    """
    rows = [
        (one.key, one.version, one.times, one.shown, one.interval.value, one.interval.low,
         one.interval.high)
        for one in results.pictures
    ]  # fmt: skip
    _write_csv(PICTURE_COLUMNS, rows, path)


def as_plain_values(
    survey: Survey, votes: JudgedVotes, results: SurveyResults
) -> Mapping[str, Any]:
    """Protocol and figures, ready for JSON."""
    design = survey.design
    return {
        "protocol": {
            "design": asdict(design), "shown_seconds": design.shown_seconds,
            "models": list(survey.models), **survey.protocol,
        },
        "participants": {
            "counted": len(votes.passed), "inattentive": len(votes.inattentive),
            "unjudged": len(votes.unjudged), "catch_pass": votes.catch_pass,
        },
        "votes": {"counted": len(votes.counted), "other": len(votes.others)},
        "figures": asdict(results),
    }  # fmt: skip


def _write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], path: Path) -> None:
    with written_whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(rows)
