"""What the page of a report says, as plain values; `report.html.jinja` says how it looks."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from photochrom.color import Array
from photochrom.evaluation import plots
from photochrom.evaluation.colorizers import GREY, TRUTH
from photochrom.evaluation.examples import Example
from photochrom.evaluation.figures import Figure, SetFigure
from photochrom.evaluation.summary import Cell, Measured, Pair, Summary, ranking_figure
from photochrom.statistics import Interval, PairedComparison

AnyFigure = Figure | SetFigure
MINUS = "\N{MINUS SIGN}"
SURE = 0.05


@dataclass(frozen=True)
class Drawing:
    """A plot for light pages and dark ones, as data addresses, with a title and words for it."""

    title: str
    alt: str
    light: str
    dark: str


def page_content(
    summary: Summary, protocol: Mapping[str, Any], examples: Mapping[str, Sequence[Example]]
) -> dict[str, Any]:
    """Everything the template needs, under the names it uses."""
    return {
        "summary": summary,
        "protocol": protocol,
        "networks": _networks(protocol["networks"]),
        "labels": [one.label for one in summary.measured],
        "headlines": list(_headlines(summary)),
        "rows": [_row(summary, name, figure) for name, figure in summary.figures.items()],
        "pairs": [_pair(summary, pair) for pair in _models_first(summary)],
        "curves": list(_curves(summary)),
        "planes": _planes(summary),
        "reliability": _reliability(summary),
        "examples": {label: list(shown) for label, shown in examples.items()},
        "ranked_by": summary.figures[ranking_figure(summary.figures)].label,
        "speeds": [_speed(one) for one in summary.measured if one.label not in (GREY, TRUTH)],
        "number": number,
    }


def number(value: float, decimals: int, *, sign: bool = False) -> str:
    """A number as people read it, with a true minus sign."""
    text = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and float(text.replace(",", "")) != 0
    return f"{MINUS if negative else '+' if sign else ''}{text}"


def decimals_for(intervals: Sequence[Interval]) -> int:
    """So many decimals that a typical interval has two digits to say, 1 to 5.

    Where there are no intervals, the largest value has three digits.
    """
    widths = sorted(i.high - i.low for i in intervals if i.high > i.low)
    if widths:
        wanted = math.ceil(-math.log10(widths[len(widths) // 2] / 2)) + 1
    else:
        largest = max((abs(i.value) for i in intervals), default=0.0) or 1.0
        wanted = 2 - math.floor(math.log10(largest))
    return min(5, max(1, wanted))


def wanted_direction(better: str) -> str:
    """In which direction a figure is better, in words."""
    return {"lower": "lower is better", "higher": "higher is better"}.get(better, f"best {better}")


def _headlines(summary: Summary) -> Iterator[dict[str, str]]:
    name = ranking_figure(summary.figures)
    figure = summary.figures[name]
    for one in summary.models:
        cell = summary.cells[one.label].get(name)
        if cell is None:
            continue
        decimals = decimals_for([cell.interval])
        yield {
            "label": one.label,
            "figure": figure.label,
            "value": number(cell.interval.value, decimals),
            "range": _range(cell.interval, decimals),
            "to_grey": _to_grey(cell.to_grey, figure, decimals) if cell.to_grey else "",
        }


def _networks(networks: Mapping[str, str]) -> dict[str, list[str]]:
    """The names of the figures that each network serves, by the network in words."""
    found: dict[str, list[str]] = {}
    for name, network in networks.items():
        found.setdefault(network, []).append(name)
    return found


def _row(summary: Summary, name: str, figure: AnyFigure) -> dict[str, Any]:
    """One figure of everybody."""
    cells = {one.label: summary.cells[one.label].get(name) for one in summary.measured}
    known = {label: cell for label, cell in cells.items() if cell is not None}
    decimals = decimals_for([cell.interval for cell in known.values()])
    # a figure of a set has no interval that a bar could show
    ranged = {} if isinstance(figure, SetFigure) else {k: c for k, c in known.items() if k != TRUTH}
    low = min((cell.interval.low for cell in ranged.values()), default=0.0)
    high = max((cell.interval.high for cell in ranged.values()), default=1.0)
    marks = _marks(summary, name, figure, known)
    return {
        "label": figure.label,
        "unit": figure.unit,
        "better": wanted_direction(figure.better),
        "caveat": figure.caveat,
        "cells": [
            {
                "label": label,
                "value": "" if cell is None else number(cell.interval.value, decimals),
                "range": _range(cell.interval, decimals) if cell else "",
                "to_grey": (
                    _to_grey(cell.to_grey, figure, decimals) if cell and cell.to_grey else ""
                ),
                "bar": _bar(ranged[label].interval, low, high) if label in ranged else None,
                "mark": marks.get(label, ""),
                "fewer": cell.pictures if cell and cell.pictures < len(summary.pictures) else 0,
            }
            for label, cell in cells.items()
        ],
    }


def _range(interval: Interval, decimals: int) -> str:
    low, high = number(interval.low, decimals), number(interval.high, decimals)
    return "" if low == high == number(interval.value, decimals) else f"{low} to {high}"


def _to_grey(interval: Interval, figure: AnyFigure, decimals: int) -> str:
    if figure.better == "lower":
        return f"{number(interval.value, 2)} \N{MULTIPLICATION SIGN} grey"
    return f"{number(interval.value, decimals, sign=True)} over grey"


def _bar(interval: Interval, low: float, high: float) -> dict[str, float]:
    """Where an interval lies between the ends of a scale, in percent."""
    span = high - low or 1.0
    places = [
        100 * (v - low) / span for v in (interval.low, interval.high, interval.value)
    ]  # fmt: skip
    start, end, at = (round(min(100.0, max(0.0, place)), 2) for place in places)
    return {"start": start, "width": round(end - start, 2), "at": at}


def _marks(
    summary: Summary, name: str, figure: AnyFigure, known: Mapping[str, Cell]
) -> dict[str, str]:  # fmt: skip
    """Who is best, the truth aside, and who cannot be told from the best."""
    rivals = {label: cell.interval.value for label, cell in known.items() if label != TRUTH}
    if len(rivals) < 2 or isinstance(figure, SetFigure):  # without intervals nobody can tell
        return {}
    best = min(rivals, key=lambda label: _cost(rivals[label], figure.better))
    marks = {best: "best"}
    for pair in summary.pairs:
        found = pair.figures.get(name)
        if found is None or best not in (pair.first, pair.second):
            continue
        if found.difference.low <= 0 <= found.difference.high:
            marks[pair.second if pair.first == best else pair.first] = "level"
    return marks


def _cost(value: float, better: str) -> float:
    """A number that is the smaller the better the value."""
    if better == "near 1":
        return abs(value - 1)
    return -value if better == "higher" else value


def _models_first(summary: Summary) -> list[Pair]:
    """The pairs, those of two models before those with grey."""
    return sorted(summary.pairs, key=lambda pair: GREY in (pair.first, pair.second))


def _pair(summary: Summary, pair: Pair) -> dict[str, Any]:
    rows = []
    for name, found in pair.figures.items():
        figure = summary.figures[name]
        decimals = decimals_for([found.difference])
        chance = f"{found.p_value:.2g}" if found.p_value >= 0.001 else "below 0.001"
        rows.append(
            {
                "label": figure.label,
                "difference": number(found.difference.value, decimals, sign=True),
                "range": _range(found.difference, decimals),
                "chance": chance,
                "better_on": _better_on(figure, found),
                "verdict": _verdict(pair, figure, found),
            }
        )
    return {"first": pair.first, "second": pair.second, "rows": rows}


def _better_on(figure: AnyFigure, found: PairedComparison) -> str:
    """The share of the pictures on which the first is better; none where more is not better."""
    if figure.better not in ("lower", "higher"):
        return "\N{EN DASH}"
    share = found.wins if figure.better == "higher" else 1 - found.wins
    return f"{100 * share:.0f} %"


def _verdict(pair: Pair, figure: AnyFigure, found: PairedComparison) -> str:
    if found.difference.low <= 0 <= found.difference.high or found.p_value > SURE:
        return "no difference shown"
    if figure.better not in ("lower", "higher"):
        return "they differ"
    first_wins = (found.difference.value < 0) == (figure.better == "lower")
    return f"{pair.first if first_wins else pair.second} is better"


def _curves(summary: Summary) -> Iterator[Drawing]:
    shown = [one for one in summary.measured if one.label != TRUTH]
    yield _curve("All pixels alike", {one.label: one.errors for one in shown})
    rebalanced = {one.label: one.rebalanced_errors for one in shown}
    if all(curve.any() for curve in rebalanced.values()):
        yield _curve("Rare colours weighted up", rebalanced)


def _curve(title: str, curves: Mapping[str, Array]) -> Drawing:
    at_ten = ", ".join(f"{label} {100 * curve[10]:.0f} %" for label, curve in curves.items())
    return _drawn(
        title,
        f"Rising curves; within 10 units of the true colour lie: {at_ten} of the pixels.",
        lambda theme: plots.draw_error_curves(curves, theme),
    )


def _planes(summary: Summary) -> list[Drawing]:
    """Colours over the ab plane of the truth and each model; grey is a single point."""
    shown = [one for one in summary.measured if one.label == TRUTH] + summary.models
    largest = max(float(one.ab.max() / one.ab.sum()) for one in shown)
    return [_plane(one, largest) for one in shown]


def _plane(one: Measured, largest: float) -> Drawing:
    met = int(np.count_nonzero(one.ab))
    return _drawn(
        one.label,
        f"The colours of {one.label} over the ab plane in log scale, densest at grey; "
        f"{met} cells of 4 by 4 units are met.",
        lambda theme: plots.draw_plane(one.ab, largest, theme),
    )


def _reliability(summary: Summary) -> Drawing | None:
    bins: dict[str, Array] = {
        one.label: one.reliability for one in summary.models if one.reliability.any()
    }
    if not bins:
        return None
    return _drawn(
        "How reliable confidence is",
        f"Share of right colours by confidence, for {', '.join(bins)}.",
        lambda theme: plots.draw_reliability(bins, theme),
    )


def _drawn(title: str, alt: str, draw: Callable[[plots.Theme], str]) -> Drawing:
    light, dark = (_svg_uri(draw(plots.THEMES[name])) for name in ("light", "dark"))
    return Drawing(title, alt, light, dark)


def _svg_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _speed(one: Measured) -> dict[str, Any]:
    seconds = one.median_seconds
    return {
        "label": one.label,
        "milliseconds": "" if seconds is None else f"{1000 * seconds:.0f}",
        "details": one.details,
        "notes": one.notes,
    }
