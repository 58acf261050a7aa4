"""Grid search: every point of a grid trained once, by as many processes as there are, resumably."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from photochrom.atomic import make_folder
from photochrom.data.decoded import DecodedPictures, decode_pictures
from photochrom.errors import CheckpointError, OutputError, PhotochromError, TrainingError
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.grid import Point, as_json, value_text
from photochrom.training.loop import LAST, Observer, RunOptions, train
from photochrom.training.study import Claim, SweepStudy, held

OBJECTIVE = "ciede2000_ratio"


@dataclass(frozen=True)
class PointResult:
    """What became of a point.

    Attributes:
        point: the point.
        best: the validation figures of its best epoch, None until it is trained to the end.
        error: why it cannot be trained, None where nothing is wrong.
        seconds: spent on it, over all that took part.
    """

    point: Point
    best: dict[str, float] | None = None
    error: str | None = None
    seconds: float = 0.0


class Sweep:
    """A grid search in a folder, shared by all processes that open it with the same grid.

    Args:
        folder: gets study.db and a run folder a point; made if it is not there.
        points: the grid.
        pictures: decoded pictures by side, for every data.side of the points.

    Raises:
        CheckpointError: the folder holds a sweep over something else, or a study that is damaged.
        OutputError: the folder cannot be written to.
    """

    def __init__(
        self, folder: Path, points: Sequence[Point], pictures: Mapping[int, DecodedPictures]
    ) -> None:
        self.folder, self.points, self._pictures = folder, tuple(points), pictures
        plan = _plan(points, next(iter(pictures.values())))
        self._study = SweepStudy(folder, points, plan)
        if self._study.plan != plan:
            self.close()
            raise CheckpointError(
                f"{folder}: holds a sweep with {_difference(self._study.plan, plan)}; "
                "give it the same again, or use another --run folder"
            )

    def __enter__(self) -> Sweep:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the study's file."""
        self._study.close()

    def train_next(
        self, start: Callable[[Point], AbstractContextManager[Observer]],
        options: RunOptions = RunOptions(),
    ) -> PointResult | None:  # fmt: skip
        """Trains the next point that nobody has trained or is training, from its own checkpoint.

        Args:
            start: called with the point; gives who hears of its steps and epochs.
            options: device and reporting.

        Returns:
            What became of it; None where no point is left to begin.

        Raises:
            KeyboardInterrupt: after Ctrl-C, the step finished and saved.
            OutputError: nothing can be written. The point is left as it is, to go on later.
        """
        with self._study.claimed() as claim:
            if claim is None:
                return None
            timed = _Timed(claim)
            try:
                with start(claim.point) as timed.observer:
                    best = self._train(claim.point, timed, options)
            except OutputError:
                raise
            except (PhotochromError, torch.OutOfMemoryError) as error:
                timed.note()
                claim.failed(_message(error))
            except KeyboardInterrupt:
                timed.note()
                raise
            else:
                timed.note()
                claim.done(best[OBJECTIVE], best)
        return _result(claim.point, self._study.records()[claim.point.name])

    def results(self) -> list[PointResult]:
        """What is known of every point: the best first, then the failed, then the unfinished."""
        records = self._study.records()
        return sorted((_result(point, records[point.name]) for point in self.points), key=_rank)

    @contextmanager
    def reporting(self) -> Iterator[list[PointResult]]:
        """The results; while the block writes reports, no other process writes older ones."""
        with self._study.locked():
            yield self.results()

    def _train(self, point: Point, observer: Observer, options: RunOptions) -> dict[str, float]:
        folder = self.folder / point.name
        train(point.recipe, self._pictures[point.recipe.data.side], folder, observer, options)
        history = load_checkpoint(folder / LAST).history
        judged = [row for row in history if math.isfinite(row[OBJECTIVE])]
        if not judged:
            raise TrainingError(f"{folder}: in no epoch was {OBJECTIVE} a number; lower optim.lr")
        return min(judged, key=lambda row: row[OBJECTIVE])


def decode_for(
    points: Iterable[Point], paths: Sequence[Path], cache: Path, jobs: int | None = None
) -> dict[int, DecodedPictures]:
    """The pictures of folders and shards, decoded at every side that the points want.

    Processes that share the cache decode one after another, so that each finds what is there.

    Args:
        points: the grid.
        paths: folders and .tar shards.
        cache: folder for the decoded arrays.
        jobs: worker processes; by default one a core.

    Raises:
        DataError: nothing could be read.
    """
    make_folder(cache)
    with held(FileLock(cache / "decoding.lock")):
        return {
            side: decode_pictures(paths, side, cache, jobs=jobs)
            for side in sorted({point.recipe.data.side for point in points})
        }


class _Timed:
    """Hears of a run in an observer's place, and notes the time at the end of each epoch."""

    observer: Observer

    def __init__(self, claim: Claim) -> None:
        self._claim, self._begin = claim, time.monotonic()

    def step_done(self, step: int, total: int, loss: float) -> None:
        self.observer.step_done(step, total, loss)

    def epoch_done(self, row: dict[str, float]) -> None:
        self.observer.epoch_done(row)
        self.note()

    def note(self) -> None:
        self._claim.note_seconds(time.monotonic() - self._begin)


def _message(error: Exception) -> str:
    if isinstance(error, torch.OutOfMemoryError):
        return "not enough memory on the GPU; lower data.batch or data.crop"
    return str(error)


def _result(point: Point, records: Sequence[Mapping[str, Any]]) -> PointResult:
    last = records[-1] if records else {}
    seconds = sum(record.get("seconds", 0.0) for record in records)
    return PointResult(point, last.get("best"), last.get("error"), seconds)


def _rank(result: PointResult) -> tuple[int, float]:
    if result.best is not None:
        return 0, result.best[OBJECTIVE]
    return (1, 0.0) if result.error else (2, 0.0)


def _plan(points: Sequence[Point], pictures: DecodedPictures) -> dict[str, Any]:
    """What must stay the same for figures of one sweep to be comparable, in readable lines."""
    keys = list(points[0].values)
    recipe = {
        name: value_text(value)
        for name, value in _leaves(points[0].recipe.model_dump(mode="json"))
        if not any(name == key or name.startswith(f"{key}.") for key in keys)
    }
    names = hashlib.sha256("\n".join(pictures.keys).encode()).hexdigest()
    texts = {key: {as_json(point.values[key]) for point in points} for key in keys}
    return {
        "grid": {key: sorted(values) for key, values in sorted(texts.items())},
        "recipe": recipe,
        "pictures": {"number": len(pictures), "names": names},
    }


def _leaves(section: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in section.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _difference(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if was["grid"] != now["grid"]:
        grid = " ".join(f"{key}={','.join(values)}" for key, values in was["grid"].items())
        return f"another grid ({grid})"
    if was["recipe"] != now["recipe"]:
        names = [*was["recipe"], *now["recipe"]]
        name = next(n for n in names if was["recipe"].get(n) != now["recipe"].get(n))
        old, new = (side["recipe"].get(name, "nothing") for side in (was, now))
        return f"another recipe ({name}: {old}, now {new})"
    return f"other pictures ({was['pictures']['number']}, now {now['pictures']['number']})"
