"""What holds for every figure of a result and its truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pairs import made_pair

from photochrom import metrics
from photochrom.errors import OptionError

PAIRED = [
    metrics.mean_absolute_error,
    metrics.mean_squared_error,
    metrics.huber_error,
    metrics.binary_cross_entropy,
    metrics.psnr,
    metrics.ssim,
    metrics.ms_ssim,
    metrics.mean_ciede2000,
    metrics.exact_accuracy,
]
HIGHER_IS_BETTER = (metrics.psnr, metrics.ssim, metrics.ms_ssim, metrics.exact_accuracy)


@pytest.mark.parametrize("metric", PAIRED, ids=lambda metric: metric.__name__)
def test_equal_pictures_are_best(metric):
    result, truth = made_pair(shape=(180, 180, 3))
    best, other = metric(truth, truth), metric(result, truth)
    assert best >= other if metric in HIGHER_IS_BETTER else best < other


@pytest.mark.parametrize("metric", PAIRED, ids=lambda metric: metric.__name__)
@pytest.mark.parametrize("shapes", [((12, 12, 3), (12, 13, 3)), ((0, 12, 3), (0, 12, 3))])
def test_error_for_shapes_that_differ(metric, shapes):
    with pytest.raises(OptionError, match="must be the same"):
        metric(np.zeros(shapes[0]), np.zeros(shapes[1]))


@given(st.floats(0.01, 0.2))
def test_property_more_noise_is_worse(noise):
    _, truth = made_pair()
    disturbance = np.random.default_rng(1).normal(size=truth.shape)
    little, much = truth + noise * disturbance, truth + 2 * noise * disturbance
    for metric in (metrics.mean_absolute_error, metrics.mean_squared_error, metrics.huber_error):
        assert metric(little, truth) < metric(much, truth)
    for metric in (metrics.psnr, metrics.ssim):
        assert metric(little, truth) > metric(much, truth)
