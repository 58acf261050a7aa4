"""The plots of a report as SVG, once for light pages and once for dark ones."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from photochrom.calibration import RIGHT_WITHIN
from photochrom.color import Array
from photochrom.evaluation.ab_figure import VIEW_A, VIEW_B, plane_colours
from photochrom.evaluation.judging import AB_CELLS, AB_STEP
from photochrom.metrics import ERROR_THRESHOLDS
from photochrom.palette import AB_MAX, AB_MIN

LEAST_SHARE = 1e-6
"""Colours rarer than this are drawn like it."""

NEARLY_ALL = 0.995
"""Error curves are drawn up to where each of them has so many pixels."""

PALE = 0.18  # opacity of the colours that sRGB has but the pictures have not

_STYLES = ("-", "--", "-.", ":")
_CURVES, _PLANE = (4.6, 3.4), (3.5, 4.2)  # inches; drawn at about 96 pixels each

# left, bottom, width, height as shares; matplotlib's own layout takes as long as the drawing
_CURVE_AXES = (0.125, 0.145, 0.85, 0.835)
_PLANE_AXES, _BAR_AXES = (0.19, 0.265, 0.79, 0.72), (0.19, 0.115, 0.74, 0.022)


@dataclass(frozen=True)
class Theme:
    """Colours of a plot.

    Attributes:
        ink: of text and axes.
        faint: of grids and reference lines.
        series: of curves.
        colours: name of the colour map, its small values near the page's own colour.
    """

    ink: str
    faint: str
    series: tuple[str, ...]
    colours: str


THEMES = {
    "light": Theme(
        "#333a44", "#c9ced6", ("#0b62b0", "#c2410c", "#0f7b5f", "#9333a8", "#8a6d00"), "viridis_r"
    ),
    "dark": Theme(
        "#c4cad3", "#474f5b", ("#6cb2f5", "#ff9a5c", "#4fd1a8", "#dd95ee", "#e5c452"), "viridis"
    ),
}


def draw_error_curves(curves: Mapping[str, Array], theme: Theme) -> str:
    """The share of pixels within each ab distance of the truth, one curve a colorizer.

    Args:
        curves: (151,) shares by label.
        theme: of the page.
    """
    figure = _figure(_CURVES)
    axes = figure.add_axes(_CURVE_AXES)
    for number, (label, curve) in enumerate(curves.items()):
        axes.plot(
            ERROR_THRESHOLDS, curve, label=_plain(label), linewidth=1.9,
            color=theme.series[number % len(theme.series)], linestyle=_STYLES[number % 4],
        )  # fmt: skip
    needed = [int(np.argmax(c >= NEARLY_ALL)) or len(c) - 1 for c in curves.values()]
    axes.set(xlim=(0, max(10, *needed)), ylim=(0, 1.01))
    axes.set(xlabel="distance from the true a, b", ylabel="share of the pixels")
    axes.legend(loc="lower right", frameon=False, labelcolor=theme.ink)
    return _as_svg(figure, theme)


def draw_plane(counts: Array, largest: float, theme: Theme) -> str:
    """Where in the ab plane a colorizer's pixels lie, in log scale.

    Args:
        counts: (64, 64) pixels by a, then b.
        largest: the share that has the strongest colour, equal for plots that are compared.
        theme: of the page.
    """
    from matplotlib.colors import LogNorm

    figure = _figure(_PLANE)
    axes = figure.add_axes(_PLANE_AXES)
    edge = (AB_MIN - 0.5, AB_MAX + 0.5) * 2
    background = plane_colours().copy()
    background[..., 3] *= PALE
    axes.imshow(background.swapaxes(0, 1), extent=edge, origin="lower")
    shares = np.maximum(counts / counts.sum(), LEAST_SHARE * (counts > 0))
    cells = AB_MIN + AB_STEP * np.arange(AB_CELLS + 1)
    heat = axes.pcolormesh(
        cells, cells, np.ma.masked_equal(shares.T, 0), norm=LogNorm(LEAST_SHARE, largest),
        cmap=theme.colours, rasterized=True,
    )  # fmt: skip
    axes.set(xlim=VIEW_A, ylim=VIEW_B, aspect="equal")
    axes.set(xlabel="a: green to red", ylabel="b: blue to yellow")
    bar = figure.colorbar(heat, cax=figure.add_axes(_BAR_AXES), orientation="horizontal")
    bar.minorticks_off()
    bar.set_label("share of the pixels", color=theme.ink)
    bar.outline.set_edgecolor(theme.faint)
    bar.ax.tick_params(colors=theme.ink, which="both")
    return _as_svg(figure, theme)


def draw_reliability(bins: Mapping[str, Array], theme: Theme) -> str:
    """How often colours were right, beside how sure their colorizer was of them.

    Args:
        bins: (10, 3) sums by label, see `judging.reliability`.
        theme: of the page.
    """
    figure = _figure(_CURVES)
    axes = figure.add_axes(_CURVE_AXES)
    axes.plot((0, 1), (0, 1), color=theme.faint, linewidth=1.2, label="as sure as right")
    for number, (label, sums) in enumerate(bins.items()):
        pixels, sure, right = sums[sums[:, 0] > 0].T
        axes.plot(
            sure / pixels, right / pixels, label=_plain(label), linewidth=1.9, marker="o",
            markersize=4, color=theme.series[number % len(theme.series)],
            linestyle=_STYLES[number % 4],
        )  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence")
    axes.set_ylabel(f"share within CIEDE2000 {RIGHT_WITHIN:g}")
    axes.legend(loc="upper left", frameon=False, labelcolor=theme.ink)
    return _as_svg(figure, theme)


def _plain(label: str) -> str:
    """A label that matplotlib neither hides nor reads as mathematics."""
    return label.replace("$", r"\$") if not label.startswith("_") else f" {label}"


def _figure(size: tuple[float, float]) -> Any:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    FigureCanvasSVG(figure)
    return figure


def _as_svg(figure: Any, theme: Theme) -> str:
    import matplotlib

    for axes in figure.axes[:1]:
        axes.set_facecolor("none")
        axes.tick_params(colors=theme.ink)
        axes.xaxis.label.set_color(theme.ink)
        axes.yaxis.label.set_color(theme.ink)
        axes.grid(color=theme.faint, linewidth=0.6, alpha=0.7)
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_edgecolor(theme.faint)
    figure.patch.set_alpha(0)
    buffer = io.StringIO()
    # nothing random or of today, so that equal rows give equal reports
    with matplotlib.rc_context({"svg.hashsalt": "photochrom"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, dpi=144)
    return buffer.getvalue()
