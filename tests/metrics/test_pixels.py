"""Errors of pixels against torch, scikit-image and formulas written out a second time."""

import numpy as np
import pytest
import skimage.metrics
from made_pairs import made_pair

from photochrom import metrics
from photochrom.errors import OptionError


def test_reference_errors_written_out():
    result, truth = np.array([[0.0, 1.0], [4.0, -1.0]]), np.array([[0.0, 3.0], [1.0, 0.0]])
    assert metrics.mean_absolute_error(result, truth) == (0 + 2 + 3 + 1) / 4
    assert metrics.mean_squared_error(result, truth) == (0 + 4 + 9 + 1) / 4
    # d^2 / 2 up to 2, then 2 (d - 1)
    assert metrics.huber_error(result, truth, delta=2) == (0 + 2 + 4 + 0.5) / 4


def test_reference_errors_are_torchs():
    functional = pytest.importorskip("torch.nn.functional")
    torch = pytest.importorskip("torch")
    result, truth = made_pair()
    r, t = torch.from_numpy(result), torch.from_numpy(truth)
    for ours, theirs in [
        (metrics.mean_absolute_error(result, truth), functional.l1_loss(r, t)),
        (metrics.mean_squared_error(result, truth), functional.mse_loss(r, t)),
        (metrics.huber_error(result, truth, delta=0.04), functional.huber_loss(r, t, delta=0.04)),
        (
            metrics.binary_cross_entropy(result, truth),
            functional.binary_cross_entropy(r.clip(1e-7, 1 - 1e-7), t),
        ),
    ]:
        assert ours == pytest.approx(float(theirs))


def test_reference_psnr_is_scikit_images():
    result, truth = made_pair()
    expected = skimage.metrics.peak_signal_noise_ratio(truth, result, data_range=1)
    assert metrics.psnr(result, truth) == pytest.approx(expected)


def test_psnr_is_the_same_in_8_bit_units():
    result, truth = (np.rint(picture * 255).astype(np.uint8) for picture in made_pair())
    in_bytes = metrics.psnr(result, truth, data_range=255)
    assert in_bytes == pytest.approx(metrics.psnr(result / 255, truth / 255))


def test_unsigned_integers_do_not_wrap():
    dark, bright = np.zeros((2, 2), np.uint8), np.full((2, 2), 200, np.uint8)
    assert metrics.mean_absolute_error(dark, bright) == 200
    assert metrics.mean_squared_error(bright, dark) == 40_000


def test_error_for_a_delta_that_is_not_positive():
    with pytest.raises(OptionError, match="delta is 0"):
        metrics.huber_error(np.zeros(2), np.zeros(2), delta=0)


def test_reference_psnr_is_torchmetrics():
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.image")
    result, truth = made_pair()
    r, t = (torch.from_numpy(x).permute(2, 0, 1)[None] for x in (result, truth))
    expected = functional.peak_signal_noise_ratio(r, t, data_range=1.0)
    assert metrics.psnr(result, truth) == pytest.approx(float(expected), abs=1e-4)
