"""A survey's results as people read them: the protocol first, then the figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table

from photochrom.cli.console import printable, results
from photochrom.statistics import Interval
from photochrom.survey.folder import Survey
from photochrom.survey.judgements import JudgedVotes
from photochrom.survey.results import Rate, SurveyResults

EXTREMES = 3
"""So many pictures of each model are told at either end."""


def print_results(survey: Survey, votes: JudgedVotes, found: SurveyResults) -> None:
    """Prints everything on standard output."""
    for line in (*_protocol(survey), *_participants(votes)):
        _print(line)
    if not votes.counted:
        _print("no votes that count yet")
        return
    _print_rates(survey, found)
    _print_comparisons(found)
    _print_ranking(found)
    _print_pictures(found)
    if found.agreement is None:
        _print("agreement between people: not defined for these votes")
    else:
        _print(f"agreement between people, Krippendorff's alpha: {found.agreement:.2f}")
    if found.seconds is not None:
        _print(f"median time to an answer: {found.seconds:.1f} s")


def _protocol(survey: Survey) -> Iterable[str]:
    design = survey.design
    shown = design.shown_seconds
    beside = {
        "real": "beside the real picture", "models": "beside another model's",
        "both": "beside the real picture or another model's",
    }[design.against]  # fmt: skip
    form = "single pictures, half of them real" if design.form == "single" else f"pairs, {beside}"
    yield f"form: {form}; shown {'until the answer' if shown is None else f'for {shown:g} s'}"
    yield (
        f"trials: {design.practice} practice (not counted), then {design.trials}, of which "
        f"{design.catch} catch trials with random colours"
    )
    data = ", ".join(survey.protocol.get("data", ()))
    number = f"{len(survey.pictures)} from {data}"
    yield f"pictures: {number}, short side {design.size} px, seed {design.seed}"
    for name, source in survey.protocol.get("models", {}).items():
        told = ", ".join(f"{key} {value}" for key, value in source.items() if value is not None)
        yield f"model {name}: {told or 'none, the picture without its colours'}"


def _participants(votes: JudgedVotes) -> Iterable[str]:
    told = f"participants: {len(votes.passed)} count"
    if votes.catch:
        told += (
            f"; left out: {len(votes.inattentive)} with fewer than {votes.catch_pass:.0%} of the "
            f"catch trials right, {len(votes.unjudged)} who met none"
        )
    yield told


def _print_rates(survey: Survey, found: SurveyResults) -> None:
    rates = dict(found.models)
    if found.real is not None:
        rates["real pictures"] = found.real
    ideal = "; 50 % is the ideal" if survey.design.form == "pair" else ""
    _print_table(
        f"fooling rate, pictures taken for real{ideal}; 95 % intervals over votes and people",
        ("", "taken for real", "share", "Wilson, votes", "bootstrap, people"),
        [_rate_cells(name, rate) for name, rate in rates.items()],
    )
    if found.catch is not None:
        right, shown = found.catch.happened, found.catch.shown
        _print(
            f"catch trials answered right, by everybody: {right} of {shown} ({right / shown:.1%})"
        )


def _rate_cells(name: str, rate: Rate) -> Sequence[str]:
    over_people = "-" if rate.bootstrap is None else _range(rate.bootstrap)
    share = f"{rate.wilson.value:.1%}"
    return name, f"{rate.happened} of {rate.shown}", share, _range(rate.wilson), over_people


def _print_comparisons(found: SurveyResults) -> None:
    rows = [
        (
            f"{one.first} - {one.second}", str(one.participants),
            f"{one.rates.difference.value:+.1%}", _range(one.rates.difference, "+.1%"),
            "<0.001" if one.rates.p_value < 0.001 else f"{one.rates.p_value:.3f}",
        )
        for one in found.comparisons
    ]  # fmt: skip
    title = "difference of fooling rates, paired by person; 95 % bootstrap intervals"
    _print_table(title, ("", "people", "difference", "interval", "p"), rows)


def _print_ranking(found: SurveyResults) -> None:
    rows = [
        (one.name, f"{one.wins} of {one.shown}", f"{one.strength.value:+.2f}",
         _range(one.strength, "+.2f"))
        for one in found.ranking
    ]  # fmt: skip
    title = "Bradley-Terry ranking, log odds; 95 % bootstrap intervals over people"
    _print_table(title, ("", "chosen", "strength", "interval"), rows)


def _print_pictures(found: SurveyResults) -> None:
    rows = []
    for version in dict.fromkeys(one.version for one in found.pictures):
        judged = [one for one in found.pictures if one.version == version]
        judged.sort(key=lambda one: (-one.interval.value, -one.shown))
        ends = judged if len(judged) <= 2 * EXTREMES else judged[:EXTREMES] + judged[-EXTREMES:]
        rows += [(version, one.key, f"{one.times} of {one.shown}") for one in ends]
    title = "pictures most and least often taken for real (--pictures writes all)"
    _print_table(title, ("", "picture", "taken for real"), rows)


def _range(interval: Interval, spec: str = ".1%") -> str:
    return f"{interval.low:{spec}} to {interval.high:{spec}}"


def _print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    results.print()
    _print(title)
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(printable(cell, results) for cell in row))
    results.print(table, markup=False, highlight=False)


def _print(line: str) -> None:
    results.print(printable(line, results), markup=False, highlight=False, soft_wrap=True)
