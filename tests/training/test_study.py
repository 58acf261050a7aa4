"""The record of a grid search: its file, its folder and its locks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from photochrom.errors import CheckpointError, OutputError
from photochrom.training.grid import grid_points
from photochrom.training.study import STUDY, SweepStudy, held

POINTS = grid_points(Path(__file__).parents[2] / "recipes" / "tiny.yaml", ["data.batch=4,8"])
DAMAGED = r"study\.db: not a readable study"


def opened(folder, **plan):
    return closing(SweepStudy(folder, POINTS, plan))


def test_what_is_noted_is_there_when_the_study_is_opened_again(tmp_path):
    with opened(tmp_path, data="these") as study, study.claimed() as claim:
        assert claim.point == POINTS[0]
        claim.note_seconds(3.5)
        claim.done(0.5, {"figure": 0.5})
    with opened(tmp_path, data="others") as study:
        assert study.plan == {"data": "these"}
        noted = {"point": "batch-4", "seconds": 3.5, "best": {"figure": 0.5}}
        assert study.records() == {"batch-4": [noted], "batch-8": []}


def test_a_point_can_be_claimed_by_one_alone(tmp_path):
    with opened(tmp_path) as one, opened(tmp_path) as other, opened(tmp_path) as third:
        with one.claimed() as first, other.claimed() as second, third.claimed() as nothing:
            assert [first.point, second.point] == list(POINTS)
            assert nothing is None
        with third.claimed() as again:  # given back without a word, as by who was stopped
            assert again.point == POINTS[0]


def test_a_point_queued_by_a_process_that_died_at_once_is_not_queued_again(tmp_path):
    with opened(tmp_path) as study:
        study.optuna.enqueue_trial({"data.batch": 4}, user_attrs={"point": "batch-4"})
        for point in POINTS:
            with study.claimed() as claim:
                assert claim.point == point
                claim.failed("no")
        assert {name: len(own) for name, own in study.records().items()} == dict.fromkeys(
            ("batch-4", "batch-8"), 1
        )


def test_while_it_is_locked_nobody_else_gets_in(tmp_path):
    lock = FileLock(tmp_path / "study.lock")
    with opened(tmp_path) as study:
        with study.locked(), pytest.raises(TimeoutError):
            lock.acquire(blocking=False)
        with lock.acquire(blocking=False):
            pass


def test_a_folder_with_signs_that_mean_something_in_urls_is_fine(tmp_path):
    folder = tmp_path / "50% {of} #1? ü"
    with opened(folder):
        assert (folder / STUDY).stat().st_size


def test_a_file_that_is_no_study_is_an_error_that_names_it(tmp_path):
    (tmp_path / STUDY).write_bytes(b"no database " * 100)
    with pytest.raises(CheckpointError, match=DAMAGED):
        SweepStudy(tmp_path, POINTS, {})
    (tmp_path / STUDY).unlink()
    with closing(sqlite3.connect(tmp_path / STUDY)) as foreign:
        foreign.execute("CREATE TABLE studies (x)")
    with pytest.raises(CheckpointError, match=DAMAGED):
        SweepStudy(tmp_path, POINTS, {})


def test_a_folder_or_lock_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        SweepStudy(tmp_path / "file" / "sweep", POINTS, {})
    with pytest.raises(OutputError, match="cannot be locked"), held(FileLock(tmp_path)):
        pass
