"""What the votes say: how often each model's pictures are taken for real, and how sure that is.

Fooling rate, of S1: synthesized pictures judged real / synthesized pictures shown; in pairs: the
model's picture was taken for the real one / trials, with 50 % as the ideal. Practice never counts,
and participants who fail the catch trials are left out whole (see `judgements`).

Two intervals stand beside each rate. Wilson's takes every vote for independent: it is right for
people who are all alike. The bootstrap draws whole participants, and so also knows that some are
fooled more easily than others; for few participants it is a little too narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from photochrom.color import Array
from photochrom.statistics import (
    Interval,
    PairedComparison,
    bootstrap_interval,
    paired_bootstrap,
    wilson_interval,
)
from photochrom.survey.agreement import krippendorff_alpha
from photochrom.survey.design import REAL
from photochrom.survey.folder import Survey
from photochrom.survey.judgements import JudgedVotes, Judgement
from photochrom.survey.ranking import Ranked, rank

RESAMPLES = 2000


@dataclass(frozen=True)
class Rate:
    """How often something happened.

    Attributes:
        happened: how many times.
        shown: of how many.
        wilson: the share, with the interval for independent votes.
        bootstrap: the share, with the interval over participants; None for fewer than two.
    """

    happened: int
    shown: int
    wilson: Interval
    bootstrap: Interval | None


@dataclass(frozen=True)
class Comparison:
    """Two models judged by the same people.

    Attributes:
        first: a model.
        second: another.
        participants: how many met both.
        rates: fooling rate of the first minus that of the second, of each participant.
    """

    first: str
    second: str
    participants: int
    rates: PairedComparison


@dataclass(frozen=True)
class PictureRate:
    """How often one version of one picture was taken for real.

    Attributes:
        key: the picture's name in the data.
        version: a model's name, or "real".
        times: how often it was taken for real.
        shown: of how many.
        interval: the share, with Wilson's interval.
    """

    key: str
    version: str
    times: int
    shown: int
    interval: Interval


@dataclass(frozen=True)
class SurveyResults:
    """All figures of a survey.

    Attributes:
        models: fooling rate by model; those not shown beside real pictures are missing.
        real: how often real pictures were judged real; None in pairs.
        catch: how often catch trials were answered right, by everybody; None without any.
        comparisons: any two models.
        ranking: of the versions in pairs, the most lifelike first; empty otherwise.
        agreement: Krippendorff's alpha over the pictures; None where it is undefined.
        pictures: every version of every picture that was judged.
        seconds: the median time to an answer; None without votes.
    """

    models: dict[str, Rate]
    real: Rate | None
    catch: Rate | None
    comparisons: tuple[Comparison, ...]
    ranking: tuple[Ranked, ...]
    agreement: float | None
    pictures: tuple[PictureRate, ...]
    seconds: float | None


def survey_results(
    survey: Survey, votes: JudgedVotes, *, resamples: int = RESAMPLES
) -> SurveyResults:
    """The figures of a survey.

    Args:
        survey: what was asked.
        votes: what was answered.
        resamples: of each bootstrap.
    """
    counted = votes.counted
    real = [one for one in counted if one.versions == (REAL,)]
    by_model = {model: [one for one in counted if one.model == model] for model in survey.models}
    times = [one.vote.answer_ms for one in counted]
    return SurveyResults(
        models={
            model: _rate(shown, [one.chosen == model for one in shown], resamples)
            for model, shown in by_model.items()
            if shown
        },
        real=_rate(real, [one.is_right for one in real], resamples) if real else None,
        catch=_rate(votes.catch, [one.is_right for one in votes.catch], resamples)
        if votes.catch
        else None,
        comparisons=tuple(_comparisons(by_model, resamples)),
        ranking=_ranking(survey, counted, resamples),
        agreement=_agreement(survey, counted),
        pictures=tuple(_picture_rates(survey, counted)),
        seconds=float(np.median(times)) / 1000 if times else None,
    )


def _rate(shown: Sequence[Judgement], happened: Sequence[bool], resamples: int) -> Rate:
    by_participant: dict[int, list[bool]] = {}
    for one, yes in zip(shown, happened, strict=True):
        by_participant.setdefault(one.vote.participant, []).append(yes)
    rows = [(sum(answers), len(answers)) for answers in by_participant.values()]
    bootstrap = None
    if len(rows) > 1:
        bootstrap = bootstrap_interval(rows, _ratio_of_sums, resamples=resamples)
    wilson = wilson_interval(sum(happened), len(happened))
    return Rate(sum(happened), len(happened), wilson, bootstrap)


def _ratio_of_sums(rows: Array) -> float:
    happened, shown = rows.sum(axis=0)
    return float(happened / shown)


def _comparisons(by_model: dict[str, list[Judgement]], resamples: int) -> Iterable[Comparison]:
    rates: dict[str, dict[int, float]] = {}
    for model, shown in by_model.items():
        answers: dict[int, list[bool]] = {}
        for one in shown:
            answers.setdefault(one.vote.participant, []).append(one.chosen == model)
        rates[model] = {who: float(np.mean(given)) for who, given in answers.items()}
    for first, second in combinations(by_model, 2):
        both = sorted(rates[first].keys() & rates[second].keys())
        if len(both) > 1:
            compared = paired_bootstrap(
                [rates[first][who] for who in both],
                [rates[second][who] for who in both],
                resamples=resamples,
            )
            yield Comparison(first, second, len(both), compared)


def _ranking(survey: Survey, counted: Sequence[Judgement], resamples: int) -> tuple[Ranked, ...]:
    if survey.design.form == "single":
        return ()
    names = tuple(sorted({version for one in counted for version in one.versions}))
    people = {who: row for row, who in enumerate(sorted({one.vote.participant for one in counted}))}
    wins = np.zeros((len(people), len(names), len(names)))
    for one in counted:
        winner, loser = one.versions
        if one.chosen == loser:
            winner, loser = loser, winner
        wins[people[one.vote.participant], names.index(winner), names.index(loser)] += 1
    return rank(names, wins, base=REAL if REAL in names else None, resamples=resamples)


def _agreement(survey: Survey, counted: Sequence[Judgement]) -> float | None:
    """Alpha over what was shown: whether people see the same pictures, or pairs, as real."""
    units: dict[tuple[int, tuple[str, ...]], list[int]] = {}
    for one in counted:
        versions = tuple(sorted(one.versions))
        row = units.setdefault((one.picture, versions), [0, 0])
        row[int(one.chosen != versions[0])] += 1
    return krippendorff_alpha(list(units.values())) if units else None


def _picture_rates(survey: Survey, counted: Sequence[Judgement]) -> Iterable[PictureRate]:
    """By picture, then by version; of two models side by side none is judged alone."""
    found: dict[tuple[int, str], list[bool]] = {}
    for one in counted:
        version = one.model or (REAL if one.versions == (REAL,) else None)
        if version is not None:
            found.setdefault((one.picture, version), []).append(one.chosen == version)
    for (picture, version), answers in sorted(found.items()):
        interval = wilson_interval(sum(answers), len(answers))
        key = survey.pictures[picture].key
        yield PictureRate(key, version, sum(answers), len(answers), interval)
