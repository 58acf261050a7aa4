"""Two faults of colorizers that need no truth to be seen, defined by us: bleeding, inconsistency.

Both look at one CIELAB picture alone, and both depend on its size in pixels: compare pictures of
one size only. Photographs themselves do not score 0; read a result beside its truth.
"""

from __future__ import annotations

import numpy as np

from photochrom.color import Array
from photochrom.errors import OptionError

FLAT_STEP = 1.0
"""|dL| between neighbours below which luminance shows no edge, CIELAB units."""

FAINT_STEP = 0.05
"""Mean |d ab| between neighbours below which a picture has no chroma that could bleed."""

REGION_SIDE = 17
REGION_SPREAD = 2.0
"""A window of 17 x 17 pixels whose L has a standard deviation below 2 is one region."""


def bleeding(lab: Array) -> float:
    """The share, 0..1, of a picture's chroma change that happens where luminance has no edge.

    Over all pairs of neighbours (one to the right, one below), with c = |d ab| and l = |d L|:
    the sum of c where l < `FLAT_STEP`, over the sum of c. Colours that change with the luminance,
    as at the outline of a thing, score 0; colours that leak over an outline, end beside it or
    fade away score towards 1. Stronger or weaker colours of the same picture score the same.

    Args:
        lab: (H, W, 3) CIELAB, at least 2 x 2.

    Returns:
        NaN for a picture whose chroma hardly changes, grey ones among them (mean c below
        `FAINT_STEP`).

    Inadequate: edges of equal luminance and soft shades are counted although they are right, so
    that photographs score about 0.23 at 256 pixels; one tint over all is not seen.
    """
    _check(lab, 2)
    chroma, lightness = [], []
    for axis in (0, 1):
        steps = np.diff(lab, axis=axis).reshape(-1, 3)
        lightness.append(np.abs(steps[:, 0]))
        chroma.append(np.hypot(steps[:, 1], steps[:, 2]))
    change, edge = np.concatenate(chroma), np.concatenate(lightness)
    total = change.sum(dtype=np.float64)
    if total < FAINT_STEP * len(change):
        return float("nan")
    return float(change[edge < FLAT_STEP].sum(dtype=np.float64) / total)


def inconsistency(lab: Array) -> float:
    """The mean spread of chroma inside regions of one luminance, CIELAB units; 0 for one colour.

    A region is any window of `REGION_SIDE` squared whose L has a standard deviation below
    `REGION_SPREAD`; its spread is sqrt(var a + var b), variances over its pixels.

    Args:
        lab: (H, W, 3) CIELAB, at least 17 x 17.

    Returns:
        NaN for a picture without such a region.

    Inadequate: two things of one luminance and two colours count as one blotched thing (about
    1.5 in photographs at 256 pixels); muted colours score better, grey perfectly, and blotches
    much larger than a window are not seen.
    """
    _check(lab, REGION_SIDE)
    variances = [_window_variances(lab[..., channel]) for channel in range(3)]
    region = variances[0] < REGION_SPREAD**2
    if not region.any():
        return float("nan")
    return float(np.sqrt(variances[1][region] + variances[2][region]).mean())


def _window_variances(plane: Array) -> Array:
    """The population variance in each window: (H, W) -> (H - 16, W - 16)."""
    # about the plane's mean: squares of large numbers would lose the small differences
    centred = plane.astype(np.float64) - plane.mean(dtype=np.float64)
    count = REGION_SIDE**2
    mean = _window_sums(centred) / count
    variances: Array = (_window_sums(centred**2) / count - mean**2).clip(0)
    return variances


def _window_sums(plane: Array) -> Array:
    sums = np.pad(plane.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    side = REGION_SIDE
    windows: Array = (
        sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    )
    return windows


def _check(lab: Array, smallest: int) -> None:
    if lab.ndim != 3 or lab.shape[2] != 3 or min(lab.shape[:2]) < smallest:
        raise OptionError(
            f"a picture of shape {lab.shape}; (H, W, 3) of at least {smallest} x {smallest} pixels "
            "is needed"
        )
