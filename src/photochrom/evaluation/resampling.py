"""Many means resampled at once, from the same draws: what a table and all its pairs need.

`photochrom.statistics` draws anew for each series. Here every column sees the same pictures in each
resample, so that the difference of two columns' resampled means is a paired bootstrap, free of
charge. Values and seeds are the same: the results equal `bootstrap_interval`'s and
`paired_bootstrap`'s to rounding.
"""

from __future__ import annotations

import numpy as np

from photochrom.color import Array
from photochrom.statistics import Interval, PairedComparison

LEVEL = 0.95
RESAMPLES = 2000
_COUNTS_AT_ONCE = 4_000_000


def resampled_means(values: Array, *, resamples: int = RESAMPLES, seed: int = 0) -> Array:
    """(resamples, k) means of n rows drawn with replacement, of values (n, k), all finite."""
    rng, n = np.random.default_rng(seed), len(values)
    block = max(1, _COUNTS_AT_ONCE // n)
    means = np.empty((resamples, values.shape[1]))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = rng.integers(n, size=(size, n)) + np.arange(size)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        means[start : start + size] = counts @ values / n
    return means


def interval_of(value: float, drawn: Array) -> Interval:
    """A value with the percentile interval of its resampled ones (resamples,)."""
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high), LEVEL)


def comparison_of(first: Array, second: Array, drawn: Array) -> PairedComparison:
    """Two series (n,) of the same pictures, and the resampled means of their difference."""
    apart = first - second
    value = float(apart.mean())
    beyond = int((np.abs(drawn - value) >= abs(value)).sum())
    wins = float(np.mean((apart > 0) + 0.5 * (apart == 0)))
    return PairedComparison(interval_of(value, drawn), (beyond + 1) / (len(drawn) + 1), wins)
