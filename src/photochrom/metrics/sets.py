"""Figures of whole sets, from what a network saw in each picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from photochrom.color import Array
from photochrom.errors import OptionError


def frechet_distance(features: Array, other: Array) -> float:
    """The Frechet distance of two sets of features seen as Gaussians; 0 for equal mean and spread.

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)), Dowson and Landau 1982, used for pictures by
    Heusel et al. 2017; population of rows, covariances with n - 1.

    Args:
        features: (n, d), n pictures of one set, at least 2.
        other: (m, d), the other set, in the same feature space.

    Inadequate: it compares crowds, not pictures; the value belongs to its feature space and its
    number of pictures (biased upwards, the more so the fewer), and no other may be set beside it.
    """
    one, two = np.asarray(features, np.float64), np.asarray(other, np.float64)
    if (
        one.ndim != 2
        or two.ndim != 2
        or one.shape[1] != two.shape[1]
        or min(len(one), len(two)) < 2
    ):
        raise OptionError(f"shapes {one.shape} and {two.shape}; two of (2 or more, d) are needed")
    apart = one.mean(0) - two.mean(0)
    # C = A^T A; the eigenvalues of C1 C2 are the squared singular values of A1 A2^T, and these
    # are found without a (d, d) matrix where pictures are fewer than features
    first, second = ((rows - rows.mean(0)) / np.sqrt(len(rows) - 1) for rows in (one, two))
    across = np.linalg.qr(first).R @ np.linalg.qr(second).R.T
    shared = np.linalg.svd(across, compute_uv=False).sum()
    return float(max(0.0, apart @ apart + (first**2).sum() + (second**2).sum() - 2 * shared))


def mean_iou(results: Sequence[Array], truths: Sequence[Array]) -> float:
    """The mean over classes of intersection over union, 0..1, 1 for equal maps.

    A class's pixels are counted over the whole set (Everingham et al. 2010, Long et al. 2015); it
    takes part if it occurs in any map of either side.

    Args:
        results: maps (h, w) of class numbers, one for each picture.
        truths: their mates, in the same order and shape; here what the same network saw in the
            true pictures.

    Inadequate: it judges by the network's eyes, which look at structure before colour, and where
    the network is wrong about the truth, being wrong alike counts as right.
    """
    _check_mates(results, truths)
    classes = 1 + max(int(np.max(each)) for maps in (results, truths) for each in maps)
    counts = np.zeros((classes, classes), np.int64)  # truth, result
    for result, truth in zip(results, truths, strict=True):
        pairs = truth.astype(np.int64) * classes + result
        counts += np.bincount(pairs.ravel(), minlength=classes**2).reshape(counts.shape)
    shared = counts.diagonal()
    either = counts.sum(0) + counts.sum(1) - shared
    return float((shared[either > 0] / either[either > 0]).mean())


def agreement(results: Sequence[Array], truths: Sequence[Array]) -> float:
    """The share, 0..1, of pictures whose label (any shape) is its mate's.

    Inadequate: shapes and texture tell most labels without colour; grey agrees often.
    """
    _check_mates(results, truths)
    return float(np.mean([np.array_equal(r, t) for r, t in zip(results, truths, strict=True)]))


def _check_mates(results: Sequence[Array], truths: Sequence[Array]) -> None:
    if not results or [np.shape(each) for each in results] != [np.shape(each) for each in truths]:
        raise OptionError(
            f"{len(results)} results and {len(truths)} truths; at least one is needed, and each "
            "must have a truth of its own shape"
        )
