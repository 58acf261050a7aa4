"""The record of a grid search: which point is whose, and what became of it.

It is an Optuna study in SQLite. Its points are queued one by one instead of drawn by Optuna's
GridSampler, which by its own documentation may give one point to several processes. Two kinds of
lock files keep the peace, both freed by the system when their holder dies: `study.lock` while the
study is read or changed, `POINT/.lock` while a point is trained.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.distributions import CategoricalDistribution
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from photochrom.atomic import make_folder
from photochrom.errors import CheckpointError, OutputError
from photochrom.training.grid import Point, as_json

STUDY = "study.db"
BUSY_SECONDS = 60.0
"""So long a reader from outside, a dashboard for one, may keep the study's file to itself."""


class Claim:
    """A point that is this process's own; no other begins it until it is given back."""

    def __init__(self, study: SweepStudy, point: Point, trial: Trial) -> None:
        self.point, self._study, self._trial = point, study, trial

    def note_seconds(self, seconds: float) -> None:
        """Records how long this process has worked on the point."""
        with self._study.locked():
            self._trial.set_user_attr("seconds", seconds)

    def done(self, figure: float, best: Mapping[str, float]) -> None:
        """Records the figure to minimise, and all figures of the best epoch."""
        with self._study.locked():
            self._trial.set_user_attr("best", dict(best))
            self._study.optuna.tell(self._trial, figure)

    def failed(self, error: str) -> None:
        """Records that the point cannot be trained, and why."""
        with self._study.locked():
            self._trial.set_user_attr("error", error)
            self._study.optuna.tell(self._trial, state=TrialState.FAIL)


class SweepStudy:
    """A grid search's record in a folder, shared by all processes that open it.

    Args:
        folder: gets study.db, study.lock and a folder a point; made if it is not there.
        points: the grid.
        plan: plain values that must be the same whenever the study is opened.

    Raises:
        CheckpointError: the study is damaged.
        OutputError: the folder cannot be written to.
    """

    def __init__(self, folder: Path, points: Sequence[Point], plan: Mapping[str, Any]) -> None:
        self.folder, self._points = folder, {point.name: point for point in points}
        make_folder(folder)
        self._lock = FileLock(folder / "study.lock")
        with self.locked():
            self._storage, self.optuna = _open_study(folder / STUDY)
            if "plan" not in self.optuna.user_attrs:
                self.optuna.set_user_attr("plan", dict(plan))
            self.plan: dict[str, Any] = self.optuna.user_attrs["plan"]

    def close(self) -> None:
        """Frees the study's file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While the block runs, no other process reads or changes the study."""
        try:
            with held(self._lock):
                yield
        except (SQLAlchemyError, StorageInternalError) as error:
            raise OutputError(f"{self.folder / STUDY}: {_reason(error)}") from error

    @contextmanager
    def claimed(self) -> Iterator[Claim | None]:
        """The next point that is neither settled nor another's; None where there is none.

        Points are taken in the grid's order; one that was stopped is taken like a new one.
        """
        with self.locked():
            claim = self._begin_next()
            lock = self._point_lock(claim.point.name) if claim else None
            if lock:
                lock.acquire()
        try:
            yield claim
        finally:
            if lock:
                lock.release()

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """What was noted (seconds, best, error) by point's name, one mapping each time it began."""
        records: dict[str, list[dict[str, Any]]] = {name: [] for name in self._points}
        with self.locked():
            for trial in self._trials():
                records[trial.user_attrs["point"]].append(trial.user_attrs)
        return records

    def _begin_next(self) -> Claim | None:
        for trial in self._trials(TrialState.RUNNING):
            if self._is_free(trial.user_attrs["point"]):  # its process is gone
                self.optuna.tell(trial.number, state=TrialState.FAIL)
        latest = {trial.user_attrs["point"]: trial for trial in self._trials()}
        settled = {name for name, trial in latest.items() if self._is_settled(trial)}
        left = [point for point in self._points.values() if point.name not in settled]
        if not left:
            return None
        if not self._trials(TrialState.WAITING):
            values = {key: _category(value) for key, value in left[0].values.items()}
            self.optuna.enqueue_trial(values, user_attrs={"point": left[0].name})
        begun = self.optuna.ask(self._distributions())
        return Claim(self, self._points[begun.user_attrs["point"]], begun)

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.optuna.get_trials(deepcopy=False, states=states or None)

    def _is_settled(self, trial: FrozenTrial) -> bool:
        if trial.state != TrialState.FAIL:
            return trial.state in (TrialState.RUNNING, TrialState.COMPLETE)
        # without an error it was stopped; without its folder it is wanted again
        return "error" in trial.user_attrs and (self.folder / trial.user_attrs["point"]).exists()

    def _is_free(self, name: str) -> bool:
        try:
            with self._point_lock(name).acquire(blocking=False):
                return True
        except Timeout:
            return False

    def _point_lock(self, name: str) -> FileLock:
        make_folder(self.folder / name)
        return FileLock(self.folder / name / ".lock")

    def _distributions(self) -> dict[str, Any]:
        points = list(self._points.values())
        choices = {
            key: sorted({_category(point.values[key]) for point in points}, key=as_json)
            for key in points[0].values
        }
        return {key: CategoricalDistribution(values) for key, values in choices.items()}


@contextmanager
def held(lock: FileLock) -> Iterator[None]:
    """Holds a lock while the block runs.

    Raises:
        OutputError: its file cannot be written, or the file system has no locks.
    """
    try:
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        raise OutputError(f"{lock.lock_file}: cannot be locked ({_reason(error)})") from error
    try:
        yield
    finally:
        lock.release()


def _open_study(file: Path) -> tuple[RDBStorage, optuna.Study]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    connect = partial(sqlite3.connect, file, timeout=BUSY_SECONDS, check_same_thread=False)
    options = {"creator": connect, "poolclass": NullPool}  # no connection outlives its use
    try:
        # a path within the URL would need escapes of several kinds
        storage = RDBStorage(f"sqlite:///{STUDY}", engine_kwargs=options)
        study = optuna.create_study(
            storage=storage,
            study_name="sweep",
            sampler=optuna.samplers.RandomSampler(),  # is never asked: every point is queued
            load_if_exists=True,
        )
    except Exception as error:  # a damaged or foreign database can raise nearly anything
        raise CheckpointError(f"{file}: not a readable study ({_reason(error)})") from error
    return storage, study


def _category(value: Any) -> Any:
    """The value as Optuna takes it: lists and mappings as text."""
    return as_json(value) if isinstance(value, list | dict) else value


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(getattr(cause, "strerror", None) or getattr(cause, "orig", None) or cause)
