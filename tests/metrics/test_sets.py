"""Figures of sets against scipy, torchmetrics and counting."""

import math

import numpy as np
import pytest
import scipy.linalg

from photochrom import metrics
from photochrom.errors import OptionError


def test_reference_frechet_distance_through_sqrtm():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(300, 12)) @ rng.normal(size=(12, 12))
    two = rng.normal(0.5, 1, size=(200, 12)) @ rng.normal(size=(12, 12))
    c1, c2 = np.cov(one, rowvar=False), np.cov(two, rowvar=False)
    root = scipy.linalg.sqrtm(c1 @ c2).real
    apart = one.mean(0) - two.mean(0)
    expected = apart @ apart + np.trace(c1 + c2 - 2 * root)
    assert metrics.frechet_distance(one, two) == pytest.approx(expected, rel=1e-6)
    assert metrics.frechet_distance(two, one) == pytest.approx(expected, rel=1e-6)


def test_reference_frechet_distance_in_one_dimension():
    one, two = np.array([[0.0], [2.0]]), np.array([[3.0], [9.0]])
    expected = (1 - 6) ** 2 + (math.sqrt(2) - math.sqrt(18)) ** 2
    assert metrics.frechet_distance(one, two) == pytest.approx(expected)


def test_frechet_distance_with_fewer_pictures_than_features():
    features = np.random.default_rng(0).normal(size=(20, 64)).astype(np.float32)
    assert metrics.frechet_distance(features, features) == pytest.approx(0, abs=1e-4)
    moved = features + np.float32(0.5)
    assert metrics.frechet_distance(features, moved) == pytest.approx(64 * 0.25, rel=1e-3)


@pytest.mark.parametrize("shapes", [((1, 4), (5, 4)), ((5, 4), (5, 3)), ((5,), (5,))])
def test_error_for_features_that_do_not_fit(shapes):
    with pytest.raises(OptionError, match="2 or more"):
        metrics.frechet_distance(np.zeros(shapes[0]), np.zeros(shapes[1]))


def test_reference_mean_iou_counted_one_by_one():
    rng = np.random.default_rng(0)
    truths = [rng.integers(0, 4, (9, 7)) for _ in range(3)]
    results = [np.where(rng.random(t.shape) < 0.3, 5, t) for t in truths]  # 4 occurs nowhere
    result, truth = np.stack(results), np.stack(truths)
    scores = []
    for label in (0, 1, 2, 3, 5):
        found, right = result == label, truth == label
        scores.append((found & right).sum() / (found | right).sum())
    assert metrics.mean_iou(results, truths) == pytest.approx(np.mean(scores))
    assert metrics.mean_iou(truths, results) == pytest.approx(np.mean(scores))


def test_reference_mean_iou_is_torchmetrics_jaccard_index():
    torch = pytest.importorskip("torch")
    classification = pytest.importorskip("torchmetrics.functional.classification")
    rng = np.random.default_rng(1)
    truth, result = rng.integers(0, 6, (2, 40, 40)).astype(np.uint8)
    expected = classification.multiclass_jaccard_index(
        torch.from_numpy(result).int(), torch.from_numpy(truth).int(), num_classes=6
    )
    assert metrics.mean_iou([result], [truth]) == pytest.approx(float(expected), abs=1e-6)


def test_maps_of_different_pictures_may_differ_in_size():
    maps = [np.zeros((3, 4), np.uint8), np.full((5, 2), 255, np.uint8)]
    assert metrics.mean_iou(maps, maps) == 1
    assert metrics.mean_iou(maps[:1], [np.ones((3, 4), np.uint8)]) == 0


def test_agreement_is_the_share_of_equal_labels():
    labels = [np.array([n]) for n in (1, 2, 3, 4)]
    assert metrics.agreement(labels, labels) == 1
    assert metrics.agreement(labels, [np.array([n]) for n in (1, 9, 9, 4)]) == 1 / 2


@pytest.mark.parametrize("figure", [metrics.mean_iou, metrics.agreement])
@pytest.mark.parametrize(
    ("results", "truths"),
    [([], []), ([np.zeros(2)], []), ([np.zeros((2, 2), int)], [np.zeros((2, 3), int)])],
)
def test_error_for_results_without_their_truth(figure, results, truths):
    with pytest.raises(OptionError, match="must have a truth of its own shape"):
        figure(results, truths)
