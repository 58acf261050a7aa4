"""How far raters agree beyond chance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from photochrom.errors import OptionError


def krippendorff_alpha(counts: npt.ArrayLike) -> float | None:
    """Krippendorff's alpha for nominal answers: 1 for full agreement, 0 for chance, below for less.

    It takes any number of raters, each of whom may have judged some of the things only
    (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability").

    Args:
        counts: (units, answers) how many raters gave each answer to each thing.

    Returns:
        Alpha, at most 1; None where nobody judged what another did, or all gave one same answer
        throughout, of which nothing follows.

    Raises:
        OptionError: counts of another shape, or below 0.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or (table < 0).any():
        raise OptionError(
            f"counts of shape {table.shape}; (units, answers) of 0 or more would work"
        )
    raters = table.sum(axis=1)
    table, raters = table[raters > 1], raters[raters > 1]
    total = raters.sum()
    if total == 0:
        return None
    # ordered pairs of different answers: within each unit, and among all answers together
    observed = ((raters**2 - (table**2).sum(axis=1)) / (raters - 1)).sum() / total
    expected = (total**2 - (table.sum(axis=0) ** 2).sum()) / (total * (total - 1))
    return None if expected == 0 else float(1 - observed / expected)
