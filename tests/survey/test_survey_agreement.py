"""Krippendorff's alpha against the examples he computes by hand, and a direct definition."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from photochrom.errors import OptionError
from photochrom.survey.agreement import krippendorff_alpha

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", sections A, B and C
BINARY = ["0100000010", "1110010000"]
TWO_OBSERVERS = ["aabbdcccedda", "babbbccceddd"]
FOUR_WITH_GAPS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def counts_of(observers) -> np.ndarray:
    values = sorted({value for row in observers for value in row if value is not None})
    return np.array(
        [
            [sum(row[unit] == value for row in observers) for value in values]
            for unit in range(len(observers[0]))
        ]
    )


@pytest.mark.parametrize(
    ("observers", "alpha"),
    [(BINARY, 0.095), (TWO_OBSERVERS, 0.692), (FOUR_WITH_GAPS, 0.743)],
)
def test_reference_examples_of_krippendorff(observers, alpha):
    assert krippendorff_alpha(counts_of(observers)) == pytest.approx(alpha, abs=6e-4)


def test_reference_is_one_less_observed_over_expected_disagreement():
    rng = np.random.default_rng(0)
    units = [rng.integers(0, 3, rng.integers(2, 6)).tolist() for _ in range(15)]
    every = [value for unit in units for value in unit]
    observed = sum(
        sum(x != y for x, y in permutations(unit, 2)) / (len(unit) - 1) for unit in units
    ) / len(every)
    expected = sum(x != y for x, y in permutations(every, 2)) / (len(every) * (len(every) - 1))
    counts = [[unit.count(value) for value in range(3)] for unit in units]
    assert krippendorff_alpha(counts) == pytest.approx(1 - observed / expected)


def test_full_agreement_is_one_and_chance_about_zero():
    assert krippendorff_alpha([[5, 0], [0, 5], [3, 0]]) == 1
    counts = np.random.default_rng(1).multinomial(8, [0.3, 0.7], size=2000)
    assert krippendorff_alpha(counts) == pytest.approx(0, abs=0.01)


def test_things_that_one_person_judged_say_nothing():
    counts = [[4, 1], [0, 5], [2, 2]]
    assert krippendorff_alpha([*counts, [1, 0], [0, 0]]) == krippendorff_alpha(counts)


@pytest.mark.parametrize("counts", [[[1, 0], [0, 1]], [[5, 0], [3, 0]], np.zeros((0, 2))])
def test_it_is_undefined_without_comparison_or_difference(counts):
    assert krippendorff_alpha(counts) is None


@pytest.mark.parametrize("counts", [[1, 2], [[1, -1]]])
def test_error_for_what_is_no_table(counts):
    with pytest.raises(OptionError, match="would work"):
        krippendorff_alpha(counts)
