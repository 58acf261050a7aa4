"""A survey's figures as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photochrom.atomic import written_whole
from photochrom.survey.folder import Survey
from photochrom.survey.results import Rate, SurveyResults


def draw_results(survey: Survey, results: SurveyResults, path: Path) -> None:
    """A picture of the rates with both intervals and, for pairs, of the ranking.

    Args:
        survey: what was asked.
        results: its figures.
        path: a .png, .svg or .pdf file.

    Raises:
        OutputError: it cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rates = dict(results.models)
    if results.real is not None:
        rates["real pictures"] = results.real
    panels = bool(rates) + bool(results.ranking)
    rows = max(len(rates), len(results.ranking), 1)
    figure = Figure(figsize=(2 + 4.2 * max(panels, 1), 1.6 + 0.5 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panel = iter(figure.subplots(1, max(panels, 1), squeeze=False).flat)
    if rates:
        _draw_rates(next(panel), rates, ideal=survey.design.form == "pair")
    if results.ranking:
        _draw_ranking(next(panel), results)
    figure.suptitle(survey.design.title)
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=110, format=path.suffix.lower().removeprefix(".") or "png")


def _draw_rates(axes: Any, rates: Mapping[str, Rate], *, ideal: bool) -> None:
    from matplotlib.ticker import PercentFormatter

    for row, rate in enumerate(rates.values()):
        wilson, over_people = rate.wilson, rate.bootstrap
        axes.plot([wilson.low, wilson.high], [row, row], color="C0", linewidth=6, alpha=0.3,
                  solid_capstyle="butt", label=None if row else "Wilson, over votes")  # fmt: skip
        if over_people is not None:
            axes.plot([over_people.low, over_people.high], [row, row], color="C0", linewidth=1.5,
                      label=None if row else "bootstrap, over people")  # fmt: skip
        axes.plot(wilson.value, row, "o", color="C0")
    if ideal:
        axes.axvline(0.5, color="0.6", linestyle=":", label="ideal")
    axes.set_yticks(
        range(len(rates)), [f"{name}, {rate.shown} votes" for name, rate in rates.items()]
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(len(rates) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(alpha=0.3, axis="x")
    axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3)
    axes.set_title("taken for real, 95 % intervals")


def _draw_ranking(axes: Any, results: SurveyResults) -> None:
    for row, one in enumerate(results.ranking):
        axes.plot([one.strength.low, one.strength.high], [row, row], color="C1", linewidth=1.5)
        axes.plot(one.strength.value, row, "o", color="C1")
    axes.set_yticks(range(len(results.ranking)), [one.name for one in results.ranking])
    axes.set_ylim(len(results.ranking) - 0.4, -0.6)
    axes.grid(alpha=0.3, axis="x")
    axes.set_title("Bradley-Terry strength, log odds")
