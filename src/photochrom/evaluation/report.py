"""A finished evaluation as files: a table as CSV, everything as JSON, and one page of HTML."""

from __future__ import annotations

import csv
import datetime
import importlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from photochrom.atomic import written_whole
from photochrom.errors import MissingDependencyError
from photochrom.evaluation.colorizers import Painters
from photochrom.evaluation.examples import make_examples
from photochrom.evaluation.machine import machine, versions
from photochrom.evaluation.report_page import page_content
from photochrom.evaluation.resampling import RESAMPLES
from photochrom.evaluation.run import Evaluation
from photochrom.evaluation.summary import Measured, Summary

CSV, JSON, HTML = "report.csv", "report.json", "report.html"
TEMPLATE = Path(__file__).with_name("report.html.jinja")
NEEDED = ("jinja2", "matplotlib")


def require_report() -> None:
    """Raises MissingDependencyError, with the install line, unless a page can be made."""
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingDependencyError(
                f'a report needs {name}, which is not installed: pip install "photochrom[evaluate]"'
            ) from error


def write_report(
    evaluation: Evaluation, summary: Summary, painters: Painters, folder: Path
) -> None:
    """Writes report.csv, report.json and report.html into a folder.

    Args:
        evaluation: what was measured.
        summary: what came out.
        painters: colour the pictures that are shown.
        folder: where to; it exists.

    Raises:
        MissingDependencyError: jinja2 or matplotlib is not installed.
        OutputError: a file cannot be written.
    """
    require_report()
    protocol = told_protocol(evaluation, summary)
    _write(folder / CSV, summary_csv(summary))
    _write(folder / JSON, json.dumps(as_plain(summary, protocol), indent=1) + "\n")
    examples = make_examples(evaluation, summary, painters)
    _write(folder / HTML, render(page_content(summary, protocol, examples)))


def told_protocol(evaluation: Evaluation, summary: Summary) -> dict[str, Any]:
    """What a figure has to be printed with."""
    return {
        **evaluation.protocol,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "measured": len(summary.pictures),
        "left_out": list(summary.left_out),
        "jobs": evaluation.jobs,
        "result": "a model's a and b with the truth's own L, cut to sRGB, not rounded to 8 bits; "
        "another program's pictures as they are",
        "resizing": f"short side {evaluation.size} pixels, Lanczos where a file's differs",
        "intervals": f"95 %, bootstrap over pictures, {RESAMPLES:,} resamples, seed 0; "
        "pairs see the same pictures in each",
        "versions": versions(),
        "machine": machine(),
    }


def summary_csv(summary: Summary) -> str:
    """One line for each colorizer and figure."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(
        ["colorizer", "figure", "value", "low", "high", "pictures", "unit", "better", "caveat"]
    )
    for one in summary.measured:
        for name, cell in summary.cells[one.label].items():
            figure, interval = summary.figures[name], cell.interval
            writer.writerow(
                [
                    one.label, name, interval.value, interval.low, interval.high, cell.pictures,
                    figure.unit, figure.better, figure.caveat,
                ]
            )  # fmt: skip
    return lines.getvalue()


def as_plain(summary: Summary, protocol: Mapping[str, Any]) -> dict[str, Any]:
    """Everything but the pictures, as JSON can hold it."""
    return {
        "protocol": dict(protocol),
        "figures": {
            name: {key: getattr(f, key) for key in ("label", "unit", "better", "caveat")}
            for name, f in summary.figures.items()
        },
        "colorizers": [_plain_colorizer(one, summary) for one in summary.measured],
        "pairs": [
            {
                "first": pair.first,
                "second": pair.second,
                "figures": {name: asdict(found) for name, found in pair.figures.items()},
            }
            for pair in summary.pairs
        ],
    }


def render(content: Mapping[str, Any]) -> str:
    """The page, from what `report_page.page_content` gives."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(content)


def _plain_colorizer(one: Measured, summary: Summary) -> dict[str, Any]:
    return {
        "label": one.label,
        **one.details,
        "seconds_median": one.median_seconds,
        "notes": dict(one.notes),
        "figures": {
            name: {
                **asdict(cell.interval),
                "pictures": cell.pictures,
                "to_grey": cell.to_grey and asdict(cell.to_grey),
            }
            for name, cell in summary.cells[one.label].items()
        },
        "error_curve": [round(float(share), 6) for share in one.errors],
    }


def _write(path: Path, text: str) -> None:
    with written_whole(path) as partial:
        # a file's name may hold what no encoding can
        partial.write_text(text, encoding="utf-8", errors="replace")
