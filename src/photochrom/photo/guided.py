"""Small chroma planes carried to full size along the edges of the lightness.

The chroma is enlarged by cubic interpolation, then follows the lightness detail it lacks:
``ab = up(ab) + A (L - up(small L))``, where A is the slope of the local regression of ab on L. A
slope counts by how well it explains the chroma (squared correlation): an edge where lightness and
colour change together carries over, texture of one colour does not. Last, back-projection makes the
area average of the result equal the chroma that came in.

After He, Sun and Tang, "Guided image filtering", 2013; He and Sun, "Fast guided filter", 2015; and
Irani and Peleg, "Improving resolution by image registration", 1991 (back-projection).
"""

from __future__ import annotations

import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.sums import sums_along

GUIDE_FACTOR = 4
"""The guide has this many times the height and width of the chroma planes."""

GUIDE_LIMIT = 2048
"""No side of the guide is longer than this, or than the chroma planes where they are longer."""

_NOISE = 75.0  # L^2: lightness variance that means nothing (grain, paper, film)
_CHROMA_NOISE = 1.0  # ab^2, likewise


def guide_size(chroma: tuple[int, int], picture: tuple[int, int]) -> tuple[int, int]:
    """The (height, width) that guided_planes wants its guide to have.

    Args:
        chroma: (h, w) of the chroma planes.
        picture: (H, W) of the full-size picture.
    """
    height, width = (
        min(side * GUIDE_FACTOR, max(side, min(GUIDE_LIMIT, full)))
        for side, full in zip(chroma, picture, strict=True)
    )
    return height, width


def guided_planes(ab: FloatArray, guide: FloatArray) -> FloatArray:
    """Slopes and offsets from which full-size chroma follows as ``slope * L + offset``.

    Args:
        ab: (h, w, 2), CIELAB units.
        guide: (H, W) lightness 0..100 of the same picture, H >= h and W >= w.

    Returns:
        (H, W, 4) float32: slope of a, slope of b, offset of a, offset of b.
    """
    (h, w), (H, W) = ab.shape[:2], guide.shape
    small_L = area_resize(guide, h, w)
    slope = enlarge(local_slopes(ab, small_L), H, W, cubic=False)
    detail = (guide - enlarge(small_L, H, W))[..., None]
    chroma = enlarge(ab, H, W) + slope * detail
    for _ in range(2):  # the second round halves what the first left; a third does nothing
        chroma = chroma + enlarge(ab - area_resize(chroma, h, w), H, W)
    return np.concatenate([slope, chroma - slope * guide[..., None]], axis=-1).astype(np.float32)


def upsample_chroma(ab: FloatArray, L: FloatArray) -> FloatArray:
    """Small chroma planes at the size of a lightness that fits in memory: what measuring needs.

    Args:
        ab: (h, w, 2), CIELAB units.
        L: (H, W) lightness 0..100 of the same picture.

    Returns:
        (H, W, 2) float32, what merge_chroma puts on a photograph before it is fitted to the gamut.
    """
    ab = area_resize(ab, min(ab.shape[0], L.shape[0]), min(ab.shape[1], L.shape[1]))
    guide = area_resize(L, *guide_size((ab.shape[0], ab.shape[1]), (L.shape[0], L.shape[1])))
    planes = enlarge(guided_planes(ab, guide), *L.shape, cubic=False)
    return planes[..., :2] * L[..., None] + planes[..., 2:]


def area_resize(plane: Array, height: int, width: int) -> FloatArray:
    """The plane at another size, each sample the average of the area it covers.

    Args:
        plane: (H, W) or (H, W, C).
        height: rows of the result.
        width: columns of the result.

    Returns:
        (height, width) or (height, width, C) float32.
    """
    rows = area_weights(plane.shape[0], height)
    columns = area_weights(plane.shape[1], width)
    return resample(plane, rows, columns)


def enlarge(plane: Array, height: int, width: int, *, cubic: bool = True) -> FloatArray:
    """The plane at a larger size, by Catmull-Rom or linear interpolation.

    Args:
        plane: (H, W) or (H, W, C).
        height: rows of the result.
        width: columns of the result.
        cubic: False for linear interpolation, which never overshoots.

    Returns:
        (height, width) or (height, width, C) float32.
    """
    rows = _interpolation_weights(plane.shape[0], height, cubic)
    columns = _interpolation_weights(plane.shape[1], width, cubic)
    return resample(plane, rows, columns)


def fit_to(plane: Array, height: int, width: int, *, cubic: bool = True) -> FloatArray:
    """The plane at any size: averaged where it becomes smaller, interpolated where larger.

    Args:
        plane: (H, W) or (H, W, C).
        height: rows of the result.
        width: columns of the result.
        cubic: as of `enlarge`.

    Returns:
        (height, width) or (height, width, C) float32.
    """
    own = min(height, plane.shape[0]), min(width, plane.shape[1])
    small = area_resize(plane, *own)
    return small if own == (height, width) else enlarge(small, height, width, cubic=cubic)


def area_weights(size: float, samples: int, *, inputs: int | None = None) -> FloatArray:
    """How much each input sample counts in each output sample.

    Args:
        size: the length of the axis, in input samples; the last input may be part of one.
        samples: how many the result has.
        inputs: how many input samples there are, when not size itself.

    Returns:
        (samples, inputs) float32, rows that sum to 1.
    """
    inputs = int(size) if inputs is None else inputs
    edges = np.linspace(0, size, samples + 1)
    start = np.arange(inputs)
    upper = np.minimum(edges[1:, None], np.minimum(start + 1, size))
    overlap = (upper - np.maximum(edges[:-1, None], start)).clip(0)
    weights: FloatArray = (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights


def resample(plane: Array, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """The plane by the weights of its input samples along either side.

    Args:
        plane: (H, W) or (H, W, C).
        rows: (h, H), as `area_weights` gives them.
        columns: (w, W).

    Returns:
        (h, w) or (h, w, C) float32.
    """
    return sums_along(columns, sums_along(rows, plane, 0), 1)


def _interpolation_weights(size: int, samples: int, cubic: bool) -> FloatArray:
    position = (np.arange(samples) + 0.5) * size / samples - 0.5  # centres on centres
    taps = np.floor(position)[:, None] + np.arange(-1, 3)
    d = np.abs(position[:, None] - taps)
    if cubic:
        near, far = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
        weight = np.where(d <= 1, near, np.where(d < 2, far, 0))
    else:
        weight = (1 - d).clip(0)
    weights = np.zeros((samples, size), dtype=np.float32)
    taps = taps.clip(0, size - 1).astype(int)
    np.add.at(weights, (np.arange(samples)[:, None], taps), weight)
    return weights


def local_slopes(ab: FloatArray, L: FloatArray) -> FloatArray:
    """The slope of ab on L around each sample, weighed by squared correlation, (h, w, 2)."""
    guide: FloatArray = L[..., None]
    mean_L, mean_ab = _box(guide), _box(ab)
    variance = (_box(guide * guide) - mean_L**2).clip(0) + _NOISE
    spread = (_box(ab * ab) - mean_ab**2).clip(0) + _CHROMA_NOISE
    covariance = _box(guide * ab) - mean_L * mean_ab
    slope: FloatArray = _box(covariance**3 / (variance**2 * spread))
    return slope


def _box(plane: Array) -> FloatArray:
    """The 3 x 3 mean around each sample, edges repeated."""
    padded = np.pad(plane, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    mean: FloatArray = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
    return mean
