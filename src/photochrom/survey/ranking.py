"""Who wins how easily, from pairs: the model of Bradley and Terry 1952.

The first wins with probability p1 / (p1 + p2), where p are the strengths of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from photochrom.errors import OptionError
from photochrom.statistics import Interval

FloatArray = npt.NDArray[np.float64]

PRIOR_WINS = 0.5
"""Added for both sides of each pair that met, so that who never lost has a finite strength."""

_ROUNDS = 10_000
_CONVERGED = 1e-10  # largest relative change of a strength in a round


@dataclass(frozen=True)
class Ranked:
    """One version in a ranking.

    Attributes:
        name: of the model, or "real".
        strength: log odds, natural logarithm, of winning against one of strength 0; its interval
            is a bootstrap over participants.
        wins: how often it was chosen.
        shown: how often it could have been.
    """

    name: str
    strength: Interval
    wins: int
    shown: int


def bradley_terry(wins: npt.ArrayLike, *, prior: float = 0.0) -> FloatArray:
    """The most likely strengths of k versions, as log odds with mean 0.

    Found by the MM algorithm of Hunter 2004, "MM algorithms for generalized Bradley-Terry models",
    equation 3.

    Args:
        wins: (..., k, k) how often row was chosen over column; leading axes are separate tables.
        prior: wins added for both sides of every pair that met.

    Returns:
        (..., k). The difference of two is the logarithm of the odds between them.

    Raises:
        OptionError: a table of another shape or below 0, or one in which some versions never lost
            to (or never met) the others, so that no finite strengths are the most likely.
    """
    table = np.asarray(wins, dtype=np.float64)
    if table.ndim < 2 or table.shape[-1] != table.shape[-2] or (table < 0).any():
        raise OptionError(f"wins of shape {table.shape}; (k, k) numbers of 0 or more would work")
    met = table + np.swapaxes(table, -1, -2) > 0
    table = (table + prior * met) * ~np.eye(table.shape[-1], dtype=bool)
    if not is_comparable(table).all():
        raise OptionError(
            "some versions never lost to the others, or never met them; more votes, or a prior "
            "above 0 where all have met, would work"
        )
    games, total = table + np.swapaxes(table, -1, -2), table.sum(axis=-1)
    strength = np.ones(table.shape[:-1])
    for _ in range(_ROUNDS):
        pairs = strength[..., :, None] + strength[..., None, :]
        updated = total / (games / pairs).sum(axis=-1)
        updated /= np.exp(np.log(updated).mean(axis=-1, keepdims=True))
        change = np.abs(updated / strength - 1).max(initial=0)
        strength = updated
        if change < _CONVERGED:
            break
    return np.log(strength)


def is_comparable(wins: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """(...) whether every version of (..., k, k) won, over some others, against every other.

    It is the condition of Ford 1957 for finite strengths.
    """
    reached = np.where(np.asarray(wins) > 0, 1.0, 0.0)
    reached += np.eye(reached.shape[-1])
    for _ in range(reached.shape[-1].bit_length()):
        # each product doubles the length of the chains of wins that are followed
        reached = np.minimum(reached @ reached, 1.0)
    return np.asarray((reached > 0).all(axis=(-2, -1)))


def rank(
    names: tuple[str, ...],
    wins: npt.NDArray[np.float64],
    *,
    base: str | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Ranked, ...]:
    """The versions by strength, the strongest first, with bootstrap intervals.

    Args:
        names: k of them.
        wins: (n, k, k), for each of n participants how often row was chosen over column.
        base: the version that has strength 0; None gives the mean strength 0.
        resamples: how many samples of n participants are drawn, with replacement.
        seed: the same seed gives the same intervals.

    Returns:
        Nothing for a single participant, or where some versions have not met the others, even
        over third ones.
    """
    together = wins.sum(axis=0)
    if len(wins) < 2 or not is_comparable(together + together.T):
        return ()
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(wins), np.full(len(wins), 1 / len(wins)), size=resamples)
    tables = np.tensordot(drawn, wins, axes=1)  # (resamples, k, k)
    # a resample in which somebody met nobody says nothing of strengths
    tables = tables[is_comparable(tables + np.swapaxes(tables, -1, -2))]
    if len(tables) == 0:
        return ()
    middle = _based(bradley_terry(together, prior=PRIOR_WINS), names, base)
    spread = _based(bradley_terry(tables, prior=PRIOR_WINS), names, base)
    low, high = np.quantile(spread, [0.025, 0.975], axis=0)
    ranked = [
        Ranked(
            name, Interval(float(middle[i]), float(low[i]), float(high[i])),
            int(together[i].sum()), int(together[i].sum() + together[:, i].sum()),
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
    return tuple(sorted(ranked, key=lambda one: -one.strength.value))


def _based(strengths: FloatArray, names: tuple[str, ...], base: str | None) -> FloatArray:
    if base is None:
        return strengths
    return strengths - strengths[..., names.index(base), None]
