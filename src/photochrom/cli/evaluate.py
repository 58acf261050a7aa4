"""`photochrom evaluate`: models, pictures whose colours are known, and a report of both."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import complain, messages, printable, results, say
from photochrom.cli.requests import check_counts
from photochrom.errors import OptionError

if TYPE_CHECKING:
    from rich.progress import Progress

    from photochrom.evaluation.figures import Figure
    from photochrom.evaluation.run import Evaluation
    from photochrom.evaluation.summary import Summary
    from photochrom.statistics import Interval

STOPPED = 130
SECONDS_BETWEEN_LINES = 10.0
ALL = "all"

UNFOLDED = 10_000
"""More columns than any table has."""


@dataclass(frozen=True)
class EvaluateRequest:
    """The command line of `evaluate`; each field is the option of its name."""

    models: tuple[str, ...]
    data: Path
    output: Path
    figures: str = ALL
    size: int = 256
    limit: int | None = None
    jobs: int | None = None
    force: bool = False
    networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_counts(limit=self.limit, jobs=self.jobs)


def evaluate(
    models: Annotated[
        list[str],
        typer.Option(
            metavar="A,B,C",
            help="Model names, .onnx files, run folders, dir:FOLDER of another program's "
            "pictures, grey.",
        ),
    ],
    data: Annotated[Path, typer.Option(metavar="DIR|TAR", help="Pictures in true colour.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder of the report.")],
    figures: Annotated[
        str, typer.Option(metavar="A,B,C", help="Which figures to measure; a wrong one lists them.")
    ] = ALL,
    network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PARTS",
            help="A figure that needs a network: frechet, recognition, recognition=LABELS (lines "
            "of NAME CLASS), miou=FILE.onnx, density=FILE, lpips=alex,WEIGHTS,LINEAR; again for "
            "each.",
        ),
    ] = None,
    size: Annotated[
        int, typer.Option(help="Short side, in pixels, at which results are judged, 32 to 2048.")
    ] = 256,
    limit: Annotated[
        int | None, typer.Option(help="So many pictures, evenly spread over all of them.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Pictures measured at once; default: one a core.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another evaluation in the folder.")
    ] = False,
) -> None:
    """Measures how near models come to the true colours, and writes a report.

    The folder gets report.html, which opens offline, report.csv, report.json and a row for each
    picture and model, rows.jsonl. The same command goes on where a run was stopped; a model that
    is added later is measured alone. Grey and the truth are always measured beside the models.

    [bold]Examples[/bold]

      photochrom evaluate --models general --data photos-val.tar -o report/

      photochrom evaluate --models general,runs/mine,my.onnx --data photos/ --limit 100 -o report/

      photochrom evaluate --models general,dir:their-results/ --data photos/ -o report/

      photochrom evaluate --models general --data photos/ --network frechet -o report/
    """
    named = tuple(text for several in models for text in several.split(","))
    request = EvaluateRequest(
        named, data, output, figures, size, limit, jobs, force, tuple(network or ())
    )
    raise typer.Exit(run_evaluation(request))


def run_evaluation(request: EvaluateRequest) -> int:
    """Measures what is missing, writes the report, and returns the exit code."""
    from photochrom.evaluation.colorizers import Painters, find_entrants
    from photochrom.evaluation.networks import with_networks
    from photochrom.evaluation.pictures import list_pictures
    from photochrom.evaluation.report import HTML, require_report, write_report
    from photochrom.evaluation.rows import RowFile
    from photochrom.evaluation.run import ROWS, Evaluation, missing_rows, prepare_folder, run
    from photochrom.evaluation.summary import summarize

    require_report()
    judging = with_networks(_chosen_figures(request.figures), request.networks)
    pictures = list_pictures(request.data, request.limit)
    entrants = find_entrants(request.models, pictures)
    evaluation = Evaluation(
        pictures, entrants, judging, request.size, request.jobs or os.cpu_count() or 1
    )
    prepare_folder(request.output, evaluation.protocol, force=request.force)
    painters = Painters(entrants)
    rows = RowFile(request.output / ROWS)
    try:
        missing = missing_rows(evaluation, rows)
        _tell_plan(evaluation, missing)
        with rows, EvaluationObserver(sum(map(len, missing.values()))) as observer:
            left_out = run(evaluation, rows, missing, painters, observer)
        say("drawing the report")
        summary = summarize(evaluation, rows, left_out)
        write_report(evaluation, summary, painters, request.output)
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here")
        return STOPPED
    _print_table(summary)
    say(f"report: {request.output / HTML}")
    return 0


class EvaluationObserver:
    """Shows a run on standard error: a bar on a terminal, a line now and then elsewhere.

    Args:
        total: rows that are to be measured.
    """

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._begin = self._last_line = time.monotonic()
        self._bar = _make_bar() if messages.is_terminal and total else None

    def __enter__(self) -> EvaluationObserver:
        if self._bar:
            self._task = self._bar.add_task("rows", total=self._total)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def row_done(self) -> None:
        """Moves the bar, or says how far it is."""
        self._done += 1
        now = time.monotonic()
        if self._done == 1:  # until here models were opened, which says nothing of the rest
            self._begin = now
        if self._bar:
            self._bar.advance(self._task)
        elif self._done > 1 and now - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = now
            left = (self._total - self._done) * (now - self._begin) / (self._done - 1)
            say(f"{self._done:,} of {self._total:,} rows, about {left:.0f} s left")

    def left_out(self, reason: str) -> None:
        """Says which picture, and why."""
        complain(f"left out: {reason}")


def _make_bar() -> Progress:
    from rich import progress

    return progress.Progress(
        progress.BarColumn(), progress.MofNCompleteColumn(), progress.TextColumn("rows"),
        progress.TimeRemainingColumn(), console=messages, transient=True,
    )  # fmt: skip


def _chosen_figures(asked: str) -> dict[str, Figure]:
    from photochrom.evaluation.figures import FIGURES

    names = [name.strip() for name in asked.split(",") if name.strip()]
    if names == [ALL]:
        return dict(FIGURES)
    for name in names:
        if name not in FIGURES:
            raise OptionError(f"no figure {name!r}; there are: {', '.join(FIGURES)}")
    if not names:
        raise OptionError(f"no figures are named; there are: {', '.join(FIGURES)}")
    return {name: figure for name, figure in FIGURES.items() if name in names}


def _tell_plan(evaluation: Evaluation, missing: Mapping[str, Sequence[object]]) -> None:
    pictures, entrants = len(evaluation.pictures.pictures), len(evaluation.entrants)
    wanted, left = pictures * entrants, sum(map(len, missing.values()))
    there = f"; {wanted - left:,} of {wanted:,} rows are there" if left < wanted else ""
    labels = ", ".join(entrant.label for entrant in evaluation.entrants)
    say(f"{pictures:,} pictures of {evaluation.pictures.name}; {labels}{there}")


def _cell(interval: Interval, decimals: int) -> str:
    """A value, with its interval unless it has none."""
    if interval.low == interval.high:
        return f"{interval.value:.{decimals}f}"
    return f"{interval:.{decimals}f}"


def _print_table(summary: Summary) -> None:
    from rich.console import Console
    from rich.table import Table

    from photochrom.evaluation.report_page import decimals_for

    table = Table(box=None, pad_edge=False)
    for title in ("", *(printable(one.label, results) for one in summary.measured)):
        table.add_column(title, no_wrap=not title, overflow="fold")
    for name in summary.figures:
        cells = [summary.cells[one.label].get(name) for one in summary.measured]
        decimals = decimals_for([cell.interval for cell in cells if cell])
        table.add_row(name, *("" if c is None else _cell(c.interval, decimals) for c in cells))
    # in a file or a pipe no line is folded
    console = results if results.is_terminal else Console(width=UNFOLDED)
    console.print(table, markup=False, highlight=False)
