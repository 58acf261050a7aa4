"""Weighted sums that come out the same, bit by bit, however many threads there are.

A matrix product of NumPy goes to BLAS, which shares large ones out among the cores and then adds in
another order: results would differ in the last digit between one machine's settings and another's.
What a picture's colours depend on is therefore added up here, in one order.
"""

from __future__ import annotations

import numpy as np

from photochrom.color import Array, FloatArray


def weighted_sums(weights: Array, values: Array) -> FloatArray:
    """The matrix product of weights and values.

    Args:
        weights: (..., K).
        values: (K, C).

    Returns:
        (..., C) float32.
    """
    terms, columns = values.shape
    weights = np.asarray(weights, np.float32)
    # einsum without optimize never calls BLAS; its inner loop should be the longer one
    if columns < terms:
        turned = np.ascontiguousarray(values.T, np.float32)
        found = np.einsum("...k,ck->...c", weights, turned)
    else:
        found = np.einsum("...k,kc->...c", weights, np.ascontiguousarray(values, np.float32))
    return np.asarray(found, np.float32)


def sums_along(weights: FloatArray, plane: Array, axis: int) -> FloatArray:
    """An array with one axis resampled: each sample of the result is a sum over its neighbours.

    As costly as there are weights that are not zero, not as many as there are.

    Args:
        weights: (M, N), in each row zero outside one run of neighbours.
        plane: any shape, N along the axis.
        axis: which one.

    Returns:
        float32 with M along the axis.
    """
    samples, inputs = weights.shape
    used = weights != 0
    first = used.argmax(1)
    longest = int((inputs - used[:, ::-1].argmax(1) - first).max())
    shape = [1] * plane.ndim
    shape[axis] = samples
    found = np.zeros([*plane.shape[:axis], samples, *plane.shape[axis + 1 :]], np.float32)
    for step in range(longest):
        place = first + step
        inside = np.minimum(place, inputs - 1)
        share = np.where(place < inputs, weights[np.arange(samples), inside], 0)
        part = np.asarray(plane.take(inside, axis), np.float32)
        part *= share.astype(np.float32).reshape(shape)
        found += part
    return found
