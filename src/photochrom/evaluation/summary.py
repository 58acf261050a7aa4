"""From rows to figures with intervals, pairs of colorizers, and the pictures worth looking at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from photochrom.color import Array
from photochrom.errors import InputError, OptionError
from photochrom.evaluation.colorizers import GREY, TRUTH
from photochrom.evaluation.figures import SET_FIGURES, Figure, SetFigure
from photochrom.evaluation.judging import (
    AB,
    AB_CELLS,
    CONFIDENCE_BINS,
    ERRORS,
    OBSERVED,
    REBALANCED,
    RELIABILITY,
)
from photochrom.evaluation.resampling import comparison_of, interval_of, resampled_means
from photochrom.evaluation.rows import Key, Row, RowFile
from photochrom.evaluation.run import Evaluation
from photochrom.metrics import ERROR_THRESHOLDS
from photochrom.statistics import (
    Interval,
    PairedComparison,
    bootstrap_interval,
    paired_bootstrap,
)

RANKED_BY = "ciede2000"

LARGEST_RATIO = 10.0
"""A ratio to grey beyond this only says that grey has next to nothing of it."""


class Measured:
    """What was measured of one colorizer over n pictures.

    Args:
        label: what it is called.
        details: what else is said of it.
        figures: names of the figures.
        pictures: n.

    Attributes:
        values: (n,) of each figure; NaN where it says nothing.
        seconds: (n,) of colouring; NaN where nothing was coloured.
        notes: how often each note was made, numbers in it left out.
        errors: (151,) mean share of pixels up to each ab error.
        rebalanced_errors: the same, rare colours weighted up; zeros where it was not asked for.
        ab: (64, 64) pixels in each cell of the ab plane.
        reliability: (10, 3) sums, see `judging.reliability`; empty bins where nothing is known.
        observed: what each observer saw, by the set figure's name, then by the picture's index.
    """

    def __init__(
        self, label: str, details: Mapping[str, Any], figures: Sequence[str], pictures: int
    ) -> None:
        self.label, self.details = label, details
        self.values: dict[str, Array] = {name: np.full(pictures, np.nan) for name in figures}
        self.seconds: Array = np.full(pictures, np.nan)
        self.notes: Counter[str] = Counter()
        self.errors: Array = np.zeros(len(ERROR_THRESHOLDS))
        self.rebalanced_errors: Array = np.zeros(len(ERROR_THRESHOLDS))
        self.ab: Array = np.zeros((AB_CELLS, AB_CELLS), np.int64)
        self.reliability: Array = np.zeros((CONFIDENCE_BINS, 3))
        self.observed: dict[str, dict[int, Array]] = {}

    def take(self, row: Row, index: int, share: float) -> None:
        """Adds the row of one picture, which is `share` of all."""
        for name, value in row.figures.items():
            self.values[name][index] = value
        if row.seconds is not None:
            self.seconds[index] = row.seconds
        if row.note is not None:
            self.notes[row.note.split(" from ")[0]] += 1
        self.errors += share * row.arrays[ERRORS]
        self.rebalanced_errors += share * row.arrays.get(REBALANCED, 0)
        self.ab += row.arrays[AB]
        self.reliability += row.arrays.get(RELIABILITY, 0)
        for name, array in row.arrays.items():
            if name.startswith(OBSERVED):
                self.observed.setdefault(name.removeprefix(OBSERVED), {})[index] = array

    @property
    def median_seconds(self) -> float | None:
        """Of colouring one picture; None where nothing was coloured."""
        known = self.seconds[np.isfinite(self.seconds)]
        return float(np.median(known)) if len(known) else None

    def observations(self, name: str) -> list[Array]:
        """What the observer of a set figure saw, in the order of the pictures."""
        return [array for _, array in sorted(self.observed[name].items(), key=lambda item: item[0])]


@dataclass(frozen=True)
class Cell:
    """One figure of one colorizer.

    Attributes:
        interval: the mean over pictures and its interval; of a set figure the value alone.
        pictures: how many the mean is over: those about which the figure says something.
        to_grey: the same relative to the grey pictures: a ratio for figures that are better lower,
            else a difference; None where there is none.
    """

    interval: Interval
    pictures: int
    to_grey: Interval | None = None


@dataclass(frozen=True)
class Pair:
    """Two colorizers on the same pictures, first minus second.

    Attributes:
        first: label.
        second: label.
        figures: the comparison by each figure, those left out that say nothing here.
    """

    first: str
    second: str
    figures: Mapping[str, PairedComparison]


@dataclass(frozen=True, eq=False)
class Summary:
    """Everything a report shows.

    Attributes:
        pictures: names of those that every colorizer answered, n.
        measured: a colorizer each.
        figures: what was measured, in order.
        cells: by label, then by figure.
        pairs: of all colorizers but the truth.
        left_out: why pictures were, one line each.
    """

    pictures: Sequence[str]
    measured: Sequence[Measured]
    figures: Mapping[str, Figure | SetFigure]
    cells: Mapping[str, Mapping[str, Cell]]
    pairs: Sequence[Pair]
    left_out: Sequence[str]

    @property
    def models(self) -> list[Measured]:
        """All that are neither grey nor the truth."""
        return [one for one in self.measured if one.label not in (GREY, TRUTH)]


def summarize(evaluation: Evaluation, rows: RowFile, left_out: Sequence[str] = ()) -> Summary:
    """The summary of all rows of an evaluation.

    Raises:
        InputError: there is no picture that every colorizer answered.
    """
    names, measured = _collect(evaluation, rows)
    if not names:
        reason = f": {left_out[0]}" if left_out else ""
        raise InputError(f"{evaluation.pictures.name}: no picture to judge by{reason}")
    observers = evaluation.judging.observers
    figures: dict[str, Figure | SetFigure] = dict(evaluation.judging.figures)
    figures |= {name: SET_FIGURES[name] for name in observers}
    cells, pairs = _Resampled(measured, evaluation.judging.figures).tables()
    truth = next(one for one in measured if one.label == TRUTH)
    for one in measured:
        for name, observer in observers.items():
            expected = observer.labels_of(names) or truth.observations(name)
            try:
                value = SET_FIGURES[name].of(one.observations(name), expected)
            except OptionError as error:  # a single picture has no spread, for one
                raise OptionError(f"{name}: {error}") from error
            cells[one.label][name] = Cell(Interval(value, value, value), len(names))
    return Summary(names, measured, figures, cells, pairs, left_out)


def rank_pictures(measured: Measured, figures: Mapping[str, Figure | SetFigure]) -> list[int]:
    """Indices of the pictures, the best of this colorizer first, by CIEDE2000 where it is known."""
    name = ranking_figure(figures)
    values = measured.values[name]
    order = np.argsort(values if figures[name].better == "lower" else -values, kind="stable")
    return [int(index) for index in order if np.isfinite(values[index])]


def ranking_figure(figures: Mapping[str, Figure | SetFigure]) -> str:
    """The name of the figure by which pictures are ranked."""
    if RANKED_BY in figures:
        return RANKED_BY
    directed = [n for n, f in figures.items() if isinstance(f, Figure) and f.better != "near 1"]
    return directed[0] if directed else next(iter(figures))


def _collect(evaluation: Evaluation, rows: RowFile) -> tuple[list[str], list[Measured]]:
    """The pictures that everybody answered, and what was measured on them."""
    listed, entrants = evaluation.pictures.pictures, evaluation.entrants
    places: dict[Key, list[tuple[int, int]]] = {}
    for p, picture in enumerate(listed):
        for e, entrant in enumerate(entrants):
            places.setdefault(evaluation.key(picture, entrant), []).append((e, p))
    known = rows.keys() & places.keys()
    answered = np.zeros((len(entrants), len(listed)), bool)
    for key in known:
        for e, p in places[key]:
            answered[e, p] = True
    complete: Array = np.asarray(answered.all(0))
    new_index = np.cumsum(complete) - 1
    count = int(complete.sum())
    names = list(evaluation.judging.figures)
    measured = [Measured(one.label, one.details, names, count) for one in entrants]
    for row in rows:
        for e, p in places.pop(row.key, ()):  # a second row of a key counts for nothing
            if complete[p]:
                measured[e].take(row, int(new_index[p]), 1 / count)
    return [one.name for one, kept in zip(listed, complete, strict=True) if kept], measured


class _Resampled:
    """Intervals and pairs of all colorizers and figures, from one set of draws."""

    def __init__(self, measured: Sequence[Measured], figures: Mapping[str, Figure]) -> None:
        self.measured, self.figures = measured, figures
        # a column with gaps has its own pictures, so its own draws
        whole = [
            (one.label, name)
            for one in measured
            for name in figures
            if np.isfinite(one.values[name]).all()
        ]
        by_label = {one.label: one.values for one in measured}
        columns = [by_label[label][name] for label, name in whole]
        drawn = resampled_means(np.stack(columns, -1)).T if columns else ()
        self.drawn: dict[tuple[str, str], Array] = dict(zip(whole, drawn, strict=True))

    def tables(self) -> tuple[dict[str, dict[str, Cell]], list[Pair]]:
        cells: dict[str, dict[str, Cell]] = {}
        for one in self.measured:
            found = {name: self._cell(one, name) for name in self.figures}
            cells[one.label] = {name: cell for name, cell in found.items() if cell is not None}
        rivals = [one for one in self.measured if one.label != TRUTH]
        return cells, [self._pair(one, other) for one, other in combinations(rivals, 2)]

    def _cell(self, one: Measured, name: str) -> Cell | None:
        values = one.values[name]
        finite = values[np.isfinite(values)]
        if not len(finite):
            return None
        drawn = self.drawn.get((one.label, name))
        if drawn is None:
            return Cell(bootstrap_interval(finite), len(finite))
        value = float(values.mean())
        return Cell(interval_of(value, drawn), len(finite), self._to_grey(one, name, value, drawn))

    def _to_grey(self, one: Measured, name: str, value: float, drawn: Array) -> Interval | None:
        better = self.figures[name].better
        other = self.drawn.get((GREY, name))
        if other is None or better == "near 1" or one.label in (GREY, TRUTH):
            return None
        grey = float(next(m for m in self.measured if m.label == GREY).values[name].mean())
        if better == "higher":
            return interval_of(value - grey, drawn - other)
        if not (other > value / LARGEST_RATIO).all():
            return None
        return interval_of(value / grey, drawn / other)

    def _pair(self, one: Measured, other: Measured) -> Pair:
        found = {}
        for name in self.figures:
            first, second = one.values[name], other.values[name]
            both = np.isfinite(first) & np.isfinite(second)
            if both.all():
                drawn = self.drawn[one.label, name] - self.drawn[other.label, name]
                found[name] = comparison_of(first, second, drawn)
            elif both.any():
                found[name] = paired_bootstrap(first[both], second[both])
        return Pair(one.label, other.label, found)
