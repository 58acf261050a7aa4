"""From rows to figures with intervals, and from figures to tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from quality_rows import GREY, ORIGINAL, Measurements, Row

from photochrom.color import Array
from photochrom.metrics import frechet_distance
from photochrom.statistics import Interval, bootstrap_interval, wilson_interval

GREY_CHROMA = 2.0
"""Mean chroma below which a picture looks grey."""

COLOURED_CHROMA = 6.0
"""Mean chroma above which an original is plainly coloured."""


@dataclass(frozen=True)
class Summary:
    """One predictor's figures over a set of pictures; intervals at 95 %.

    Attributes:
        name: the predictor, or the source or topic it was measured on.
        pictures: how many.
        ciede2000: mean over pictures.
        ciede2000_to_grey: ratio of that mean to the grey pictures' mean; below 1 is better.
        psnr: mean dB over pictures.
        psnr_gain: mean difference from the grey pictures, dB.
        ssim: mean over pictures.
        colourfulness: mean over pictures.
        colourfulness_ratio: ratio of the means, predictor to originals.
        chroma: mean over pictures.
        grey_share: share of pictures with mean chroma below 2.
        grey_share_of_coloured: the same among originals with mean chroma above 6; None if none.
        cast: mean a and b over pictures.
        frechet: distance to the originals' features; None where not measured.
    """

    name: str
    pictures: int
    ciede2000: Interval
    ciede2000_to_grey: Interval
    psnr: Interval
    psnr_gain: Interval
    ssim: Interval
    colourfulness: float
    colourfulness_ratio: Interval
    chroma: float
    grey_share: Interval
    grey_share_of_coloured: Interval | None
    cast: tuple[float, float]
    frechet: float | None = None


def summarize(found: Measurements) -> list[Summary]:
    """A summary for each predictor, the originals' first, with Frechet distances if features."""
    by_name = _by_predictor(found.rows)
    features = found.features
    return [
        _summary(
            name,
            (rows, by_name[GREY], by_name[ORIGINAL]),
            frechet_distance(features[name], features[ORIGINAL])
            if name in features and len(features[name]) > 1
            else None,
        )
        for name, rows in by_name.items()
    ]


def summarize_groups(rows: Sequence[Row], predictor: str, group: str) -> list[Summary]:
    """One predictor's summary for each "source" or "topic", the largest group first."""
    by_name = _by_predictor(rows)
    triples = list(zip(by_name[predictor], by_name[GREY], by_name[ORIGINAL], strict=True))
    groups: dict[str, list[tuple[Row, Row, Row]]] = {}
    for triple in triples:
        groups.setdefault(getattr(triple[0], group), []).append(triple)
    largest_first = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        _summary(name, tuple(list(series) for series in zip(*members, strict=True)))
        for name, members in largest_first
    ]


def headings() -> list[str]:
    """The columns of every table."""
    return [
        "", "n", "CIEDE2000", "x grey", "PSNR dB", "over grey", "SSIM", "colourfulness",
        "x original", "chroma", "grey", "grey of coloured", "cast a, b", "Frechet",
    ]  # fmt: skip


def cells(summary: Summary) -> list[str]:
    """One summary as text, in the order of `headings`."""
    coloured = summary.grey_share_of_coloured
    return [
        summary.name,
        f"{summary.pictures:,}",
        f"{summary.ciede2000:.2f}",
        f"{summary.ciede2000_to_grey:.3f}",
        f"{summary.psnr:.2f}",
        f"{summary.psnr_gain:+.2f}",
        f"{summary.ssim.value:.4f}",
        f"{summary.colourfulness:.1f}",
        f"{summary.colourfulness_ratio:.2f}",
        f"{summary.chroma:.1f}",
        f"{summary.grey_share.value:.1%}",
        "" if coloured is None else f"{coloured.value:.1%}",
        ", ".join(f"{round(v, 1) + 0.0:+.1f}" for v in summary.cast),  # + 0.0: no "-0.0"
        "" if summary.frechet is None else f"{summary.frechet:.2f}",
    ]


def markdown_table(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> str:
    """A GitHub table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def append_rows(page: Path, rows: Sequence[Sequence[str]]) -> None:
    """Adds rows to the table that ends a page."""
    text = page.read_text(encoding="utf-8").rstrip("\n")
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    page.write_text("\n".join([text, *lines]) + "\n", encoding="utf-8")


def _by_predictor(rows: Sequence[Row]) -> dict[str, list[Row]]:
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row.predictor, []).append(row)
    return by_name


def _summary(
    name: str, series: tuple[list[Row], ...], frechet: float | None = None
) -> Summary:  # fmt: skip
    own, grey, original = series
    grey_ones = [row.chroma < GREY_CHROMA for row in own]
    coloured = [
        is_grey
        for is_grey, truth in zip(grey_ones, original, strict=True)
        if truth.chroma > COLOURED_CHROMA
    ]
    psnr, grey_psnr = _column(own, "psnr"), _column(grey, "psnr")
    return Summary(
        name=name,
        pictures=len(own),
        ciede2000=bootstrap_interval(_column(own, "ciede2000")),
        ciede2000_to_grey=_ratio(own, grey, "ciede2000"),
        psnr=bootstrap_interval(psnr),
        psnr_gain=bootstrap_interval(psnr - grey_psnr),
        ssim=bootstrap_interval(_column(own, "ssim")),
        colourfulness=float(_column(own, "colourfulness").mean()),
        colourfulness_ratio=_ratio(own, original, "colourfulness"),
        chroma=float(_column(own, "chroma").mean()),
        grey_share=wilson_interval(sum(grey_ones), len(own)),
        grey_share_of_coloured=wilson_interval(sum(coloured), len(coloured)) if coloured else None,
        cast=(float(_column(own, "a").mean()), float(_column(own, "b").mean())),
        frechet=frechet,
    )


def _column(rows: Sequence[Row], name: str) -> Array:
    return np.array([getattr(row, name) for row in rows])


def _ratio(rows: Sequence[Row], others: Sequence[Row], name: str) -> Interval:
    pairs = np.stack([_column(rows, name), _column(others, name)], -1)
    return bootstrap_interval(pairs, _ratio_of_means)


def _ratio_of_means(pairs: Array) -> float:
    first, second = pairs.mean(0)
    return float(first / second) if second > 0 else 1.0
