"""The solver against a direct solution, and the geodesic regions by hand."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import linalg

from photochrom.spreading import ALIKE, FIRMEST, SCREENING, WEAKEST, Regions


def picture(height=24, width=30):
    rows, columns = np.mgrid[:height, :width]
    return (50 + 30 * np.sign(columns - width // 2) + 0.3 * rows).astype(np.float32)


def direct(L, prior, share, known, change):
    """The same minimum, by elimination, from the sum that is written in the docstring."""
    height, width = L.shape
    n, terms = L.size, []
    smooth = np.sort(
        [np.roll(np.pad(L.astype(float), 1, "symmetric"), (y, x), (0, 1))[1:-1, 1:-1]
         for y in (-1, 0, 1) for x in (-1, 0, 1)], 0,
    )[4]  # fmt: skip
    for y in range(height):
        for x in range(width):
            for v, u in ((y + 1, x), (y, x + 1)):
                if v < height and u < width:
                    step = (smooth[y, x] - smooth[v, u]) / ALIKE
                    terms.append((y * width + x, v * width + u, np.exp(-(step**2) / 2) + WEAKEST))
    one, other, ties = (np.array(column) for column in zip(*terms, strict=True))
    W = sparse.coo_matrix((ties, (one, other)), (n, n)).tocsr()
    W = W + W.T
    hold = np.minimum(SCREENING / share.ravel(), FIRMEST)
    A = sparse.diags(np.asarray(W.sum(1)).ravel() + hold) - W
    flat, target, result = known.ravel(), prior.reshape(n, 2).astype(float), np.zeros((n, 2))
    result[flat] = change.reshape(n, 2)[flat]
    right = hold[~flat, None] * target[~flat] + W[~flat][:, flat] @ result[flat]
    result[~flat] = linalg.spsolve(A.tocsc()[~flat][:, ~flat], right)
    return result.reshape(prior.shape)


def test_the_solver_finds_the_minimum_that_elimination_finds():
    L, rng = picture(), np.random.default_rng(0)
    prior = rng.uniform(-20, 20, (24, 30, 2)).astype(np.float32)
    known = np.zeros(L.shape, bool)
    known[5:8, 4:7] = True
    change = np.full((24, 30, 2), (40, -30), np.float32)
    share = rng.uniform(0.001, 1, L.shape).astype(np.float32)
    found = Regions(L).balanced(prior, share, known, change)
    assert np.abs(found - direct(L, prior, share, known, change)).max() < 0.3
    assert np.array_equal(found[known], change[known])


def test_the_same_comes_out_every_time():
    L = picture()
    prior = np.random.default_rng(1).uniform(-20, 20, (24, 30, 2)).astype(np.float32)
    known = np.zeros(L.shape, bool)
    one, other = (Regions(L).balanced(prior, np.ones_like(L), known, prior) for _ in range(2))
    assert np.array_equal(one, other)


def test_where_all_is_known_nothing_is_solved():
    change = np.random.default_rng(2).normal(size=(5, 6, 2)).astype(np.float32)
    known = np.ones((5, 6), bool)
    found = Regions(picture(5, 6)).balanced(0 * change, np.ones((5, 6)), known, change)
    assert np.array_equal(found, change)


@pytest.mark.parametrize("shape", [(40, 40), (30, 400)])
def test_a_region_belongs_to_its_spot_to_the_last_corner_and_nothing_behind_the_edge(shape):
    L = picture(*shape)
    spots = np.full(shape, -1)
    spots[0, 0] = 0
    share, nearest = Regions(L).nearest(spots)
    middle = shape[1] // 2
    assert share[:, : middle - 1].min() > 0.8 and share[0, 0] == 1
    assert share[:, middle + 2 :].max() < 0.02
    assert (nearest == 0).all()


def test_each_pixel_belongs_to_the_spot_on_its_side_of_the_edge_even_if_another_is_nearer():
    L = picture(20, 60)
    spots = np.full((20, 60), -1)
    spots[10, 0], spots[10, 33] = 0, 1
    nearest = Regions(L).nearest(spots)[1]
    assert (nearest[:, :29] == 0).all() and (nearest[:, 32:] == 1).all()
