"""Changes of colour carried over a picture's regions, up to their edges.

After Levin, Lischinski and Weiss, "Colorization using optimization", 2004: each pixel's change is
the mean of its neighbours', weighted by how alike their lightness is; known places are hard
values. On its own that colours a few pixels around a small spot, since its influence falls with
the logarithm of the distance, whatever the weights. So there is a weak prior (a screening term).
For spots it comes from the **geodesic distance**, where a step costs the square of its difference
in lightness (after Yatziv and Sapiro, "Fast image and video colorization using chrominance
blending", 2006): within a region, however large, all of the nearest spot's change; behind an edge
none of it.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom.color import Array, FloatArray
from photochrom.errors import MissingDependencyError
from photochrom.palette import IntArray

BoolArray = npt.NDArray[np.bool_]

ALIKE = 5.0
"""Lightness difference, CIELAB units, of neighbours whose tie is weak (exp(-1/2)), and whose step
costs 1."""

REACH, FALL = 1.0, 3.0
"""Geodesic distance at which half of a change is left; the power by which it falls beyond."""

WAY = 0.5
"""What a straight way along two sides of the picture costs, all lightness equal: the nearer of two
spots wins, and a single one still reaches the other end."""

SCREENING = 0.006
"""Weight of the prior within a region, where the tie between two equal neighbours has 1."""

FIRMEST = 1.0
"""Weight of the prior behind an edge: a soft edge is a chain of ties."""

WEAKEST = 1e-4
"""The tie across the strongest edge: nothing is quite cut off."""

_GRAIN = 3  # side of the median filter: single pixels are no edges
_EXACT = 0.1  # CIELAB units: where the iteration stops, as a bound of the mean error
_ROUNDS = 500
_STEPS = 256  # a CIELAB unit: the order in which threads add up must not show in a result


class Regions:
    """A picture's pixels and how closely each is tied to its neighbours.

    Args:
        L: (H, W) lightness 0..100.

    Raises:
        MissingDependencyError: SciPy is not installed.
    """

    def __init__(self, L: FloatArray) -> None:
        smooth = _scipy("ndimage").median_filter(np.asarray(L, np.float64), _GRAIN)
        index = np.arange(L.size).reshape(L.shape)
        one = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
        other = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
        self._shape = L.shape
        self._pairs = one, other
        self._steps = np.abs(smooth.ravel()[one] - smooth.ravel()[other]) / ALIKE

    def nearest(self, spots: IntArray) -> tuple[FloatArray, IntArray]:
        """For each pixel, how much it belongs to the region of the nearest spot, and which it is.

        Args:
            spots: (H, W), the number of the spot that a pixel lies in, or -1; at least one.

        Returns:
            (H, W) shares of 0..1, 1 in the spots, and (H, W) numbers of spots.
        """
        costs = self._sparse(self._steps**2 + WAY / sum(self._shape)).tocsr()
        distance, _, place = _scipy("sparse.csgraph").dijkstra(
            costs, directed=False, indices=np.flatnonzero(spots.ravel() >= 0), min_only=True,
            return_predecessors=True,
        )  # fmt: skip
        share = 1 / (1 + (distance / REACH) ** FALL)
        owner = spots.ravel()[place].reshape(self._shape)
        return share.reshape(self._shape).astype(np.float32), owner

    def balanced(
        self, prior: FloatArray, share: FloatArray, known: BoolArray, change: FloatArray
    ) -> FloatArray:
        """The changes that differ little between like neighbours, and little from the prior.

        They minimise the ties times the squared differences of neighbours, plus the squared
        differences from the prior, weighted by SCREENING / share up to FIRMEST.

        Args:
            prior: (H, W, 2) what pixels should change by, CIELAB units.
            share: (H, W) 0..1, how much they belong to a region that changes.
            known: (H, W) where that is certain.
            change: (H, W, 2) by how much; read where it is known.

        Returns:
            (H, W, 2) float32, the same as `change` where it is known.
        """
        found = np.where(known[..., None], change, prior).astype(np.float64).reshape(-1, 2)
        free = ~known.ravel()
        if free.any():
            hold = np.minimum(SCREENING / np.maximum(share.ravel()[free], 1e-9), FIRMEST)
            found[free] = np.rint(self._solve(found, free, hold) * _STEPS) / _STEPS
        return found.reshape(prior.shape).astype(np.float32)

    def _solve(self, start: Array, free: BoolArray, hold: Array) -> Array:
        sparse, linalg = _scipy("sparse"), _scipy("sparse.linalg")
        ties = self._sparse(np.exp(-(self._steps**2) / 2) + WEAKEST)
        rows = (ties + ties.T).tocsr()[free]
        diagonal = rows.sum(1) + hold
        system = (sparse.diags_array(diagonal) - rows[:, free]).tocsr()
        pulls = hold[:, None] * start[free] + rows[:, ~free] @ start[~free]
        scale = sparse.diags_array(1 / diagonal)
        limit = _EXACT * SCREENING * len(diagonal) ** 0.5
        columns = [
            linalg.cg(system, pull, x0=first, rtol=0, atol=limit, maxiter=_ROUNDS, M=scale)[0]
            for pull, first in zip(pulls.T, start[free].T, strict=True)
        ]
        return np.stack(columns, -1)

    def _sparse(self, values: Array) -> Any:
        pixels = self._shape[0] * self._shape[1]
        return _scipy("sparse").coo_array((values, self._pairs), shape=(pixels, pixels))


def _scipy(part: str) -> Any:
    """A part of SciPy, which only this needs: loaded on first use."""
    try:
        return importlib.import_module(f"scipy.{part}")
    except ImportError as error:
        raise MissingDependencyError(
            'colour hints need SciPy; pip install "photochrom[hints]" brings it'
        ) from error
