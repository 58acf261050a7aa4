"""Intervals against published values, against scipy, and by how often they hold the truth."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import OptionError
from photochrom.statistics import bootstrap_interval, paired_bootstrap, wilson_interval


def ratio_of_means(rows: np.ndarray) -> float:
    return float(rows[:, 0].mean() / rows[:, 1].mean())


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_reference_wilson(successes, n, low, high):
    interval = wilson_interval(successes, n)
    assert interval.value == successes / n
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_reference_wilson_is_scipys(level):
    expected = scipy.stats.binomtest(17, 60).proportion_ci(level, method="wilson")
    interval = wilson_interval(17, 60, level=level)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_property_wilson_holds_the_share_and_is_symmetric(counts):
    successes, n = counts
    interval = wilson_interval(successes, n)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    mirrored = wilson_interval(n - successes, n)
    assert mirrored.high == pytest.approx(1 - interval.low)


def test_coverage_of_wilson_is_the_level_on_average():
    n, shares = 40, np.linspace(0.05, 0.95, 37)
    intervals = [wilson_interval(k, n) for k in range(n + 1)]
    coverage = [
        sum(
            scipy.stats.binom.pmf(k, n, share)
            for k, interval in enumerate(intervals)
            if interval.low <= share <= interval.high
        )
        for share in shares
    ]
    assert np.mean(coverage) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_error_for_impossible_counts(successes, n):
    with pytest.raises(OptionError, match=f"{successes} of {n}"):
        wilson_interval(successes, n)


def test_reference_bootstrap_is_scipys_percentile_method():
    values = np.random.default_rng(1).gamma(2, size=200)
    expected = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    interval = bootstrap_interval(values, resamples=5000)
    assert interval.value == values.mean()
    tolerance = 0.06 * (expected.high - expected.low)
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=tolerance)


def test_reference_bootstrap_of_a_mean_is_two_standard_errors_wide():
    values = np.random.default_rng(3).normal(10, 2, 1000)
    interval = bootstrap_interval(values)
    error = 2 * 1.96 * values.std() / math.sqrt(1000)
    assert interval.high - interval.low == pytest.approx(error, rel=0.05)


def test_coverage_of_the_bootstrap():
    rng = np.random.default_rng(4)
    held = 0
    for trial in range(300):
        interval = bootstrap_interval(rng.exponential(size=60), resamples=300, seed=trial)
        held += interval.low <= 1 <= interval.high
    # 95 % less about 2 points for a skewed sample of 60; four standard errors of 300 trials
    assert 0.88 < held / 300 < 0.98


def test_rows_are_drawn_together():
    original = np.random.default_rng(5).uniform(10, 40, 50)
    rows = np.stack([original * 0.8, original], -1)
    interval = bootstrap_interval(rows, ratio_of_means, resamples=100)
    assert (interval.low, interval.value, interval.high) == pytest.approx((0.8, 0.8, 0.8))


def test_bootstrap_with_another_statistic():
    interval = bootstrap_interval([1.0, 2.0, 3.0, 100.0, 2.0], np.median, resamples=200)
    assert interval.value == 2
    assert 1 <= interval.low <= 2 <= interval.high <= 100


def test_determinism_by_seed():
    values = np.random.default_rng(6).normal(size=30)
    assert bootstrap_interval(values, seed=7) == bootstrap_interval(values, seed=7)
    assert bootstrap_interval(values, seed=7) != bootstrap_interval(values, seed=8)


def test_a_higher_level_is_wider():
    values = np.random.default_rng(7).normal(size=50)
    narrow, wide = (bootstrap_interval(values, level=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_one_value_is_its_own_interval():
    interval = bootstrap_interval([3.0], resamples=10)
    assert (interval.low, interval.value, interval.high) == (3, 3, 3)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, "at least one"),
        (3.0, {}, "at least one"),
        ([1.0, math.nan], {}, "1 values not finite"),
        ([1.0, math.inf], {}, "1 values not finite"),
        ([1.0], {"level": 1.0}, "level is 1.0"),
        ([1.0], {"level": 95}, "level is 95"),
        ([1.0], {"resamples": 0}, "resamples is 0"),
    ],
)
def test_error_says_what_would_work(values, options, message):
    with pytest.raises(OptionError, match=message):
        bootstrap_interval(values, **options)


def test_pairs_show_what_separate_intervals_hide():
    rng = np.random.default_rng(8)
    easy = rng.normal(20, 8, 200)
    first, second = easy + rng.normal(0, 0.5, 200), easy + 0.3 + rng.normal(0, 0.5, 200)
    assert bootstrap_interval(first).high > bootstrap_interval(second).low
    comparison = paired_bootstrap(first, second)
    assert comparison.difference.value == pytest.approx((first - second).mean())
    assert comparison.difference.high < 0
    assert comparison.p_value < 0.01
    assert comparison.wins < 0.5


def test_reference_p_value_is_near_the_t_tests():
    rng = np.random.default_rng(9)
    first, second = rng.normal(size=150), rng.normal(0.12, 1, 150)
    expected = scipy.stats.ttest_rel(first, second).pvalue
    assert 0.05 < expected < 0.9
    assert paired_bootstrap(first, second, resamples=4000).p_value == pytest.approx(
        expected, abs=0.03
    )


def test_equal_series_have_no_difference():
    comparison = paired_bootstrap([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], resamples=50)
    assert comparison.difference.value == 0
    assert comparison.p_value == 1
    assert comparison.wins == 0.5


def test_exchanging_the_series_mirrors_the_answer():
    rng = np.random.default_rng(10)
    first, second = rng.normal(size=(2, 40))
    forth, back = paired_bootstrap(first, second), paired_bootstrap(second, first)
    assert forth.difference.low == pytest.approx(-back.difference.high)
    assert forth.p_value == back.p_value
    assert forth.wins == 1 - back.wins


@pytest.mark.parametrize("second", [[1.0], [[1.0, 2.0]]])
def test_error_for_series_that_do_not_pair(second):
    with pytest.raises(OptionError, match="same"):
        paired_bootstrap([1.0, 2.0], second)


def test_an_interval_prints_itself():
    assert f"{wilson_interval(5, 10):.1f}" == "0.5 [0.2, 0.8]"
    assert f"{wilson_interval(5, 10)}" == "0.50 [0.24, 0.76]"
