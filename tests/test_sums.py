from __future__ import annotations

import numpy as np
import pytest

from photochrom.sums import sums_along, weighted_sums


@pytest.mark.parametrize(("terms", "columns"), [(313, 2), (4, 2), (2, 313), (7, 7), (1, 1)])
def test_weighted_sums_are_the_matrix_product(terms, columns):
    random = np.random.default_rng(0)
    weights = random.normal(size=(5, 6, terms)).astype(np.float32)
    values = random.normal(size=(terms, columns)).astype(np.float32)
    found = weighted_sums(weights, values)
    assert found.dtype == np.float32
    assert found.shape == (5, 6, columns)
    expected = weights.astype(np.float64) @ values.astype(np.float64)
    assert np.allclose(found, expected, atol=1e-4)


def test_weighted_sums_take_arrays_in_any_memory_order():
    random = np.random.default_rng(1)
    weights, values = random.normal(size=(3, 9)), random.normal(size=(3, 9))
    assert np.allclose(weighted_sums(weights, values.T), weights @ values.T, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_sums_along_an_axis_are_the_product_with_the_weights(axis):
    random = np.random.default_rng(2)
    plane = random.normal(size=(9, 9, 9)).astype(np.float32)
    weights = np.zeros((5, 9), np.float32)
    for row, start in enumerate((0, 0, 3, 6, 8)):  # runs that end at the edge, too
        weights[row, start : start + 3] = random.random(len(weights[row, start : start + 3])) + 0.1
    expected = np.moveaxis(np.tensordot(weights, plane, (1, axis)), 0, axis)
    assert np.allclose(sums_along(weights, plane, axis), expected, atol=1e-5)


def test_a_row_without_weights_sums_to_nothing():
    weights = np.array([[0, 0, 0], [0, 1, 1]], np.float32)
    assert sums_along(weights, np.array([[3.0], [4.0], [5.0]]), 0).tolist() == [[0.0], [9.0]]
