"""Errors of pixel against pixel, in any unit."""

from __future__ import annotations

import numpy as np

from photochrom.color import Array
from photochrom.errors import OptionError


def mean_absolute_error(result: Array, truth: Array) -> float:
    """The mean of |result - truth| over pixels and channels; 0 is best, any shape and unit.

    Inadequate: it assumes one right answer for each pixel and is least for the median of all
    plausible colours, which is brownish grey.
    """
    return float(np.abs(difference(result, truth)).mean())


def mean_squared_error(result: Array, truth: Array) -> float:
    """The mean of (result - truth)^2 over pixels and channels; 0 is best, any shape, unit squared.

    Inadequate: it assumes one right answer for each pixel and is least for the mean of all
    plausible colours, which is muted.
    """
    return float(np.square(difference(result, truth)).mean())


def huber_error(result: Array, truth: Array, *, delta: float = 1.0) -> float:
    """The mean Huber loss: d^2 / 2 up to `delta`, then delta (|d| - delta / 2); 0 is best.

    Huber 1964. Inadequate: as the mean absolute error, and the figure depends on `delta`.
    """
    if not delta > 0:
        raise OptionError(f"delta is {delta}; it must be above 0")
    apart = np.abs(difference(result, truth))
    inner = np.minimum(apart, delta)
    return float((inner * (apart - inner / 2)).mean())


def binary_cross_entropy(result: Array, truth: Array) -> float:
    """The mean of -t log r - (1 - t) log(1 - r), both 0..1, any shape, in nats.

    Its least value is the truth's own entropy, not 0; r is kept 1e-7 away from 0 and 1.
    Inadequate: it reads a channel's value as a probability, which it is not.
    """
    difference(result, truth)
    r = np.clip(result, 1e-7, 1 - 1e-7)
    return float(-(truth * np.log(r) + (1 - truth) * np.log1p(-r)).mean())


def psnr(result: Array, truth: Array, *, data_range: float = 1.0) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(range^2 / mean squared error); equal gives inf.

    Args:
        result: any shape, by custom sRGB (H, W, 3) in 0..1.
        truth: the same shape and unit.
        data_range: largest possible value: 1 for 0..1, 255 for 8-bit values.

    Inadequate: inherits the one right answer of the squared error, and a colorizer that keeps
    the luminance scores above 20 dB without any colour at all.
    """
    error = mean_squared_error(result, truth)
    return float(10 * np.log10(data_range**2 / error)) if error > 0 else float("inf")


def difference(result: Array, truth: Array) -> Array:
    """The result minus the truth as floats, any shape.

    Raises:
        OptionError: shapes that differ, or nothing in them.
    """
    if result.shape != truth.shape or result.size == 0:
        raise OptionError(f"shapes {result.shape} and {truth.shape}; both must be the same")
    if np.issubdtype(result.dtype, np.floating) and np.issubdtype(truth.dtype, np.floating):
        apart: Array = result - truth
        return apart
    # unsigned integers would wrap around
    return result.astype(np.float64) - truth.astype(np.float64)
