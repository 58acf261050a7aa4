"""Bradley-Terry against published coefficients, a brute-force likelihood and known strengths."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from photochrom.errors import OptionError
from photochrom.survey.ranking import bradley_terry, is_comparable, rank

# Agresti 1990, "Categorical Data Analysis", table 10.10: American League baseball 1987
BASEBALL = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ]
)
MILWAUKEE_TO_BALTIMORE = [1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0]


def log_likelihood(strengths: np.ndarray, wins: np.ndarray) -> float:
    total = 0.0
    for i in range(len(wins)):
        for j in range(len(wins)):
            if i != j:
                total -= wins[i, j] * np.log1p(np.exp(strengths[j] - strengths[i]))
    return total


def most_likely(wins: np.ndarray) -> np.ndarray:
    found = scipy.optimize.minimize(
        lambda rest: -log_likelihood(np.append(rest, 0), wins), np.zeros(len(wins) - 1), tol=1e-10
    )
    strengths = np.append(found.x, 0)
    return strengths - strengths.mean()


def simulated(strengths: np.ndarray, games: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    wins = np.zeros((len(strengths),) * 2)
    for i in range(len(strengths)):
        for j in range(i):
            wins[i, j] = rng.binomial(games, 1 / (1 + np.exp(strengths[j] - strengths[i])))
            wins[j, i] = games - wins[i, j]
    return wins


def test_reference_coefficients_of_the_baseball_season():
    strengths = bradley_terry(BASEBALL)
    assert strengths - strengths[-1] == pytest.approx(MILWAUKEE_TO_BALTIMORE, abs=6e-4)


@pytest.mark.parametrize("seed", range(5))
def test_reference_is_the_maximum_of_the_likelihood(seed):
    rng = np.random.default_rng(seed)
    wins = rng.integers(1, 20, (4, 4)) * ~np.eye(4, dtype=bool)
    wins[0, 3] = wins[3, 0] = 0  # a pair that never met
    assert bradley_terry(wins) == pytest.approx(most_likely(wins), abs=1e-5)


def test_reference_the_prior_is_that_many_more_wins():
    wins = np.array([[0, 9, 0], [0, 0, 4], [0, 2, 0]])
    added = wins + 0.5 * np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert bradley_terry(wins, prior=0.5) == pytest.approx(most_likely(added), abs=1e-5)


def test_two_are_apart_by_the_logarithm_of_their_odds():
    first, second = bradley_terry([[0, 30], [10, 0]])
    assert first - second == pytest.approx(np.log(3))


def test_known_strengths_come_back():
    strengths = np.array([0.9, 0.3, 0.0, -0.4, -0.8])
    found = bradley_terry(simulated(strengths, 20_000, seed=3))
    assert found == pytest.approx(strengths, abs=0.03)


def test_tables_side_by_side_are_solved_each_for_itself():
    tables = np.stack([BASEBALL, BASEBALL.T, BASEBALL + 1])
    together = bradley_terry(tables)
    for table, strengths in zip(tables, together, strict=True):
        assert strengths == pytest.approx(bradley_terry(table), abs=1e-8)
    assert together[1] == pytest.approx(-together[0], abs=1e-8)


@pytest.mark.parametrize(
    ("wins", "comparable"),
    [
        ([[0, 1], [1, 0]], True),
        ([[0, 1], [0, 0]], False),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], True),
        ([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], False),
        ([[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]], True),
    ],
)
def test_finite_strengths_need_a_chain_of_wins_both_ways(wins, comparable):
    assert is_comparable(wins) == comparable


@pytest.mark.parametrize("wins", [[[0, 5], [0, 0]], [[0, 0], [0, 0]]])
def test_error_where_no_strength_is_the_most_likely(wins):
    with pytest.raises(OptionError, match="never lost"):
        bradley_terry(wins)


@pytest.mark.parametrize("wins", [[1, 2], [[1, 2, 3]], [[0, -1], [1, 0]]])
def test_error_for_what_is_no_table(wins):
    with pytest.raises(OptionError, match="would work"):
        bradley_terry(wins)


def test_a_ranking_is_in_order_with_its_base_at_zero():
    strengths = np.array([0.0, 1.0, -1.0])
    people = np.stack([simulated(strengths, 10, seed) for seed in range(30)])
    ranking = rank(("real", "good", "poor"), people, base="real")
    assert [one.name for one in ranking] == ["good", "real", "poor"]
    assert ranking[1].strength.value == ranking[1].strength.low == 0
    assert [one.strength.value for one in ranking] == pytest.approx([1, 0, -1], abs=0.25)
    assert sum(one.wins for one in ranking) == 30 * 30
    assert {one.shown for one in ranking} == {30 * 20}


def test_who_never_lost_has_a_finite_strength_in_a_ranking():
    people = np.zeros((6, 2, 2))
    people[:, 0, 1] = 5
    first, second = rank(("a", "b"), people)
    assert first.strength.value == pytest.approx(np.log(30.5 / 0.5) / 2)
    assert second.strength.value < first.strength.value < 10


def test_there_is_no_ranking_where_some_never_met_or_one_person_answered():
    people = np.zeros((3, 3, 3))
    people[:, 0, 1] = people[:, 1, 0] = 2
    assert rank(("a", "b", "c"), people) == ()
    assert rank(("a", "b"), np.ones((1, 2, 2))) == ()


def test_coverage_of_the_intervals_of_strengths():
    strengths, held = np.array([0.4, 0.0, -0.4]), 0
    for seed in range(200):
        rng = np.random.default_rng(1000 + seed)
        people = np.stack([simulated(strengths, 4, int(rng.integers(2**32))) for _ in range(40)])
        ranking = rank(("a", "b", "c"), people, base="b", resamples=200, seed=seed)
        strength = next(one.strength for one in ranking if one.name == "a")
        held += strength.low <= 0.4 <= strength.high
    # 95 % less about 1.5 points for 40 people; three standard errors of 200 trials are 5 points
    assert 0.885 < held / 200 < 0.99
