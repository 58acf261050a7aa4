"""Other plausible colourings of a picture, out of the model's own distribution.

A picture is divided into regions of like colour, lightness and place. A variant leans towards one
hue in each of them: the distribution of every place is tilted, p(q) ~ p(q) exp(t . u_q), by one
direction t of the ab plane for the region, so that a shirt is of one colour, while nothing moves
where the model is sure. What a tilt costs is its Kullback-Leibler divergence from the model's own
distribution. Of thousands of combinations, drawn by what their tilts cost and at random, those are
taken that cost least while each is visibly different from all before it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from photochrom.color import FloatArray, ciede2000
from photochrom.decoding import REGRESSION, annealed_mean_of, probabilities
from photochrom.palette import IntArray, Palette
from photochrom.sums import weighted_sums

REGIONS = 4
"""Regions of a picture: more make combinations too many to be met, fewer make tints."""

DIRECTIONS = 8
STRENGTHS = (1.5, 2.5, 4.0)
"""Logits that the most colourful class of a tilt's hue gains."""

TILT_CHROMA = 20.0
"""CIELAB chroma at which half of that is gained: beyond it, more colour is no more preferred."""

WAY = 1 - REGRESSION
"""How far a variant goes from the most likely colours to those of its tilted distribution: as in
the reading, where the regression has its share and does not move."""

APART = 5.8
"""Mean CIEDE2000 difference between any two variants, as far as the picture has it in it."""

COMBINATIONS = 4000
COST_SCALE = 0.1
"""Divergence, in nats a place, at which a region's tilt is drawn e times less often."""

_PLACES, _LIGHTNESS, _CHROMA = (2.0, 3.0), 20.0, 10.0
"""What sets regions apart: a picture's width and height count so much, and so many CIELAB units
count one."""

_SOFTNESS = 0.5
_ROUNDS = 10
_SMALL_SIDE = 32


@dataclass(frozen=True, eq=False)
class _Choices:
    """What can be done in each region; option 0 is to leave it as it is.

    Attributes:
        tilts: (O, 2) directions of the ab plane.
        area: (R,) shares of the picture.
        costs: (R, O) divergence in nats, each region's weighted by its area.
        apart: (R, O, O) CIEDE2000 between what two options make of a region, weighted so, too.
    """

    tilts: FloatArray
    area: FloatArray
    costs: FloatArray
    apart: FloatArray


def departures(
    logits: FloatArray, luminance: FloatArray, palette: Palette, count: int, *, seed: int = 0
) -> list[FloatArray]:
    """How other colourings differ from the most likely one, those that cost least first.

    Args:
        logits: (h, w, Q) as they are read, see `photochrom.decoding.Decoder.rebalanced`.
        luminance: (h, w) 0..100.
        palette: the Q classes.
        count: how many.
        seed: of all chance.

    Returns:
        `count` arrays (h, w, 2) float32, CIELAB units, to be added to the most likely colours.
    """
    likely = annealed_mean_of(logits, palette)
    # the plain mean: where a model is unsure it wavers less over one thing than likely colours do
    regions = divide(weighted_sums(probabilities(logits), palette.centers), luminance)
    step = max(1, min(luminance.shape) // _SMALL_SIDE)
    thin = (slice(None, None, step),) * 2
    choices = _choices(logits[thin], luminance[thin], regions[thin], palette)
    leaning = _leaning(palette)
    found = []
    for chosen in _choose(choices, count, np.random.default_rng(seed)):
        tilt = weighted_sums(weighted_sums(regions, choices.tilts[chosen]), leaning.T)
        found.append(WAY * (annealed_mean_of(logits + tilt, palette) - likely))
    return found


def divide(ab: FloatArray, luminance: FloatArray) -> FloatArray:
    """Soft regions (h, w, R) of a picture, summing to 1 at each place; k-means, without chance.

    Args:
        ab: (h, w, 2) chroma, CIELAB units.
        luminance: (h, w) 0..100.
    """
    height, width = luminance.shape
    y, x = np.mgrid[:height, :width] / max(height, width)
    features = np.stack(
        [ab[..., 0] / _CHROMA, ab[..., 1] / _CHROMA, luminance / _LIGHTNESS,
         x * _PLACES[0], y * _PLACES[1]], -1,
    ).reshape(-1, 5).astype(np.float32)  # fmt: skip
    centres = [features[((features - features.mean(0)) ** 2).sum(1).argmin()]]
    for _ in range(REGIONS - 1):  # the farthest place from all centres so far
        centres.append(features[_squared(features, np.array(centres)).min(1).argmax()])
    middles = np.array(centres)
    for _ in range(_ROUNDS):
        nearest = _squared(features, middles).argmin(1)
        for region in np.unique(nearest):
            middles[region] = features[nearest == region].mean(0)
    regions = probabilities(-_squared(features, middles) / _SOFTNESS)
    return regions.reshape(height, width, REGIONS).astype(np.float32)


def _squared(features: FloatArray, middles: FloatArray) -> FloatArray:
    squares: FloatArray = ((features[:, None] - middles) ** 2).sum(-1)
    return squares


def _leaning(palette: Palette) -> FloatArray:
    """(Q, 2) how much each class gains from a tilt along either axis."""
    chroma = np.hypot(palette.centers[:, 0], palette.centers[:, 1])
    return (palette.centers / (chroma + TILT_CHROMA)[:, None]).astype(np.float32)


@functools.cache
def _tilts() -> FloatArray:
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    around = np.stack([np.cos(angles), np.sin(angles)], -1)
    return np.concatenate([np.zeros((1, 2)), *(s * around for s in STRENGTHS)]).astype(np.float32)


def _choices(
    logits: FloatArray, luminance: FloatArray, regions: FloatArray, palette: Palette
) -> _Choices:
    tilts, leaning, shares = _tilts(), _leaning(palette), probabilities(logits)
    likely = annealed_mean_of(logits, palette)
    colours, costs = [], []
    for tilt in tilts:
        gain = weighted_sums(leaning, tilt[:, None])[:, 0]
        colours.append(likely + WAY * (annealed_mean_of(logits + gain, palette) - likely))
        tilted = shares * np.exp(gain)
        total = tilted.sum(-1)
        costs.append(weighted_sums(tilted, gain[:, None])[..., 0] / total - np.log(total))
    places = luminance.size
    weights = (regions / places).reshape(places, -1).astype(np.float32)
    L = np.broadcast_to(luminance[..., None], (*luminance.shape, 1))
    lab = [np.concatenate([L, ab], -1).reshape(places, 3) for ab in colours]
    options = len(tilts)
    apart = np.zeros((regions.shape[-1], options, options), np.float32)
    for one in range(options - 1):
        others = np.stack(lab[one + 1 :])
        different = ciede2000(np.broadcast_to(lab[one], others.shape), others)
        between = weighted_sums(different, weights)
        apart[:, one, one + 1 :] = between.T
        apart[:, one + 1 :, one] = between.T
    divergences = np.stack(costs).reshape(options, places).astype(np.float32)
    return _Choices(tilts, weights.sum(0), weighted_sums(divergences, weights).T, apart)


def _choose(choices: _Choices, count: int, chance: np.random.Generator) -> IntArray:
    """(count, R) options by region: each combination the cheapest that differs from all before."""
    combinations, costs = _draw(choices, chance)
    regions = np.arange(len(choices.costs))
    chosen = [np.zeros(len(regions), np.int64)]  # the most likely colouring
    nearest = np.full(len(combinations), np.inf)
    for _ in range(count):
        distances = choices.apart[regions, combinations, chosen[-1]].sum(1)
        nearest = np.minimum(nearest, distances)
        far = np.flatnonzero(nearest >= APART)
        best = far[costs[far].argmin()] if len(far) else nearest.argmax()
        chosen.append(combinations[best])
    cost = [choices.costs[regions, one].sum() for one in chosen[1:]]
    return np.stack(chosen[1:])[np.argsort(cost, kind="stable")]


def _draw(choices: _Choices, chance: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Combinations (n, R) and their costs (n,): cheap ones, any, and one tilt for all regions."""
    regions, options = choices.costs.shape
    by_place = choices.costs / choices.area[:, None].clip(1e-6)
    likely = np.cumsum(probabilities(-by_place / COST_SCALE), 1)
    cheap = [np.searchsorted(row, chance.random(COMBINATIONS)) for row in likely]
    drawn = np.concatenate(
        [
            np.stack(cheap, 1).clip(0, options - 1),
            chance.integers(0, options, (COMBINATIONS, regions)),
            np.repeat(np.arange(1, options)[:, None], regions, 1),
        ]
    )
    costs: FloatArray = choices.costs[np.arange(regions), drawn].sum(1)
    return drawn, costs
