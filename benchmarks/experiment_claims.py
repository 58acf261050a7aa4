"""What the results say of a published claim: confirmed, contradicted or open, by stated rules.

Rules compare the means of a figure over the same test pictures, by the 95 % bootstrap interval of
the mean difference, drawn picture by picture. "Larger" holds where the interval lies above 0 and
fails where it lies below; "alike" holds where it lies within a margin, 5 % of the second mean, on
both sides of 0, and fails where it lies beyond; "not smaller" allows the same margin below. Times
are medians over steps. A claim is confirmed where all of its rules hold, contradicted where one
fails, and open otherwise. One seed each: another seed may decide otherwise where rows are close.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from experiment_judging import ROW, SHOWN
from experiment_table import Claim, Compare, Falls, Rule, TimeRatio, rows_of

from photochrom.statistics import paired_bootstrap

CONFIRMED, CONTRADICTED, OPEN = "confirmed", "contradicted", "open"

Results = Mapping[str, Mapping[str, Any]]


class Verdict(NamedTuple):
    """CONFIRMED, CONTRADICTED or OPEN, and why in one sentence."""

    verdict: str
    sentence: str


def judge_claim(claim: Claim, results: Results) -> Verdict:
    """What the results there are say of a claim."""
    missing = [name for name in rows_of(claim) if name not in results]
    if missing:
        return Verdict(OPEN, f"not run yet ({', '.join(missing)}).")
    found = [judge_rule(rule, results) for rule in claim.rules]
    verdicts = {verdict for verdict, _ in found}
    verdict = next((v for v in (CONTRADICTED, OPEN) if v in verdicts), CONFIRMED)
    rows = [results[name] for name in rows_of(claim)]
    precisions = {row["recipe"]["precision"] for row in rows}
    notes = ["shortened runs"] if "cpu" in {row["budget"] for row in rows} else []
    notes += [" and ".join(sorted(precisions))] if len(precisions) > 1 else []
    noted = f" ({', '.join(notes)})" if notes else ""
    sentence = "; ".join(sentence for _, sentence in found)
    return Verdict(verdict, f"{sentence}{noted}.")


def judge_rule(rule: Rule, results: Results) -> Verdict:
    """What the results say of one rule; its sentence has no full stop."""
    if isinstance(rule, Falls):
        return _falls(rule, results)
    if isinstance(rule, TimeRatio):
        return _time_ratio(rule, results)
    return _compare(rule, results)


def default_model_wins(result: Mapping[str, Any]) -> Verdict:
    """Whether the default model's colour difference is smaller than the row's own network's."""
    name = result["name"]
    rule = Compare(kind="larger", figure="ciede2000", more=name, less=f"{name}/default")
    return judge_rule(rule, {name: result})


def _compare(rule: Compare, results: Results) -> Verdict:
    more, less = (_side(side, results) for side in (rule.more, rule.less))
    one, other = more.result, less.result
    if one["budget"] != other["budget"]:
        return Verdict(OPEN, f"{rule.more} and {rule.less} were run at different budgets")
    if (
        one["test"]["sha256"] != other["test"]["sha256"]
        or one["test"]["side"] != (other["test"]["side"])
    ):
        return Verdict(OPEN, f"{rule.more} and {rule.less} were judged on other pictures")
    first, second = (
        np.array(side.values(rule.figure), dtype=np.float64) for side in (more, less)
    )  # fmt: skip
    known = np.isfinite(first) & np.isfinite(second)
    if not known.any():
        return Verdict(OPEN, f"{rule.figure} says nothing of these pictures")
    first, second = first[known], second[known]
    apart = paired_bootstrap(first, second).difference
    verdict = _verdict(rule, apart.low, apart.high, rule.margin * float(second.mean()))
    shown = SHOWN[rule.figure]
    numbers = f"{first.mean():{shown.form}} against {second.mean():{shown.form}}"
    sentence = (
        f"{shown.label} {numbers} ({rule.more}, {rule.less}; difference {apart:{shown.form}})"
    )
    return Verdict(verdict, sentence)


def _verdict(rule: Compare, low: float, high: float, margin: float) -> str:
    """From the interval of `more` minus `less`."""
    if rule.kind == "alike":
        if -margin <= low and high <= margin:
            return CONFIRMED
        return CONTRADICTED if low > margin or high < -margin else OPEN
    if rule.kind == "not_smaller":
        if low >= -margin:
            return CONFIRMED
        return CONTRADICTED if high < -margin else OPEN
    if low > 0:
        return CONFIRMED
    return CONTRADICTED if high < 0 else OPEN


def _time_ratio(rule: TimeRatio, results: Results) -> Verdict:
    more, less = results[rule.more], results[rule.less]
    seconds = [side["training"]["seconds_per_picture"] for side in (more, less)]
    if None in seconds or more["machine"] != less["machine"] or _work(more) != _work(less):
        return Verdict(OPEN, f"{rule.more} and {rule.less} were not timed alike")
    ratio = seconds[0] / seconds[1]
    verdict = CONFIRMED if ratio >= rule.at_least else CONTRADICTED
    return Verdict(
        verdict,
        f"a picture takes {rule.more} {ratio:.1f} times as long to train on as {rule.less} "
        f"(at least {rule.at_least:g} asked)",
    )


def _work(result: Mapping[str, Any]) -> tuple[Any, ...]:
    recipe = result["recipe"]
    return recipe["data"]["crop"], recipe["precision"]


def _falls(rule: Falls, results: Results) -> Verdict:
    history = results[rule.row]["history"]
    if len(history) < 2:
        return Verdict(OPEN, f"{rule.row} was validated once only")
    half, end = history[(len(history) - 1) // 2], history[-1]
    verdict = CONFIRMED if end[rule.figure] < half[rule.figure] else CONTRADICTED
    return Verdict(
        verdict,
        f"{rule.row}: held-out {rule.figure} {half[rule.figure]:.2f} after epoch "
        f"{half['epoch']:.0f} and {end[rule.figure]:.2f} after epoch {end['epoch']:.0f}",
    )


class _Side(NamedTuple):
    """ROW, ROW/grey or ROW/default."""

    result: Mapping[str, Any]
    who: str

    def values(self, figure: str) -> list[float | None]:
        """Each test picture's."""
        values: list[float | None] = self.result["pictures"][self.who][figure]
        return values


def _side(named: str, results: Results) -> _Side:
    name, _, who = named.partition("/")
    return _Side(results[name], who or ROW)
