"""SSIM and MS-SSIM against scikit-image and torchmetrics."""

import functools

import numpy as np
import pytest
import skimage.metrics
from made_pairs import made_pair

from photochrom import metrics
from photochrom.errors import OptionError
from photochrom.metrics.structure import MS_SSIM_WEIGHTS

torch = pytest.importorskip("torch")
functional = pytest.importorskip("torchmetrics.functional.image")

SSIM_AS_PUBLISHED = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


def as_batch(picture: np.ndarray) -> "torch.Tensor":
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


def whole_windows(full: "torch.Tensor") -> "torch.Tensor":
    """The mean of a map without the border where windows were completed by mirroring."""
    return full[..., 5:-5, 5:-5].mean()


@pytest.mark.parametrize("shape", [(48, 61, 3), (11, 11, 3), (11, 40, 1), (37, 33)])
def test_reference_ssim_is_scikit_images(shape):
    result, truth = made_pair(shape=(*shape, 1)[:3])
    result, truth = result.reshape(shape), truth.reshape(shape)
    axis = -1 if len(shape) == 3 else None
    expected = skimage.metrics.structural_similarity(
        truth, result, data_range=1, channel_axis=axis, **SSIM_AS_PUBLISHED
    )
    assert metrics.ssim(result, truth) == pytest.approx(expected, abs=1e-9)
    single = metrics.ssim(result.astype(np.float32), truth.astype(np.float32))
    assert single == pytest.approx(expected, abs=1e-6)


def test_reference_ssim_is_torchmetrics():
    result, truth = made_pair()
    # torchmetrics' own mean counts windows over a mirrored border too; its map holds ours
    _, full = functional.structural_similarity_index_measure(
        as_batch(result), as_batch(truth), data_range=1.0, return_full_image=True
    )
    assert metrics.ssim(result, truth) == pytest.approx(float(whole_windows(full)), abs=1e-6)


def test_ssim_of_8_bit_values():
    result, truth = (np.rint(picture * 255).astype(np.uint8) for picture in made_pair())
    in_bytes = metrics.ssim(result, truth, data_range=255)
    assert in_bytes == pytest.approx(metrics.ssim(result / 255, truth / 255), abs=1e-6)


def test_error_for_a_picture_smaller_than_the_window():
    small = np.zeros((10, 40, 3))
    with pytest.raises(OptionError, match="11 x 11"):
        metrics.ssim(small, small)


def test_reference_ms_ssim_is_torchmetrics_scale_by_scale():
    result, truth = made_pair(shape=(181, 240, 3))
    r, t = as_batch(result), as_batch(truth)
    expected = 1.0
    for scale, weight in enumerate(MS_SSIM_WEIGHTS):
        measure = functools.partial(
            functional.structural_similarity_index_measure, r, t, data_range=1.0
        )
        if scale < 4:
            _, factor = measure(return_contrast_sensitivity=True)
        else:
            # its own MS-SSIM counts windows over a mirrored border at the last scale
            factor = whole_windows(measure(return_full_image=True)[1])
        expected *= float(factor) ** weight
        r, t = (torch.nn.functional.avg_pool2d(x, 2) for x in (r, t))
    assert metrics.ms_ssim(result, truth) == pytest.approx(expected, abs=1e-6)
    single = metrics.ms_ssim(result.astype(np.float32), truth.astype(np.float32))
    assert single == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("shape", [(256, 256), (190, 301)])
def test_ms_ssim_differs_from_torchmetrics_own_by_its_border_alone(shape):
    result, truth = made_pair(shape=(*shape, 3))
    expected = functional.multiscale_structural_similarity_index_measure(
        as_batch(result), as_batch(truth), data_range=1.0
    )
    assert metrics.ms_ssim(result, truth) == pytest.approx(float(expected), abs=2e-3)


def test_ms_ssim_forgives_fine_noise_that_ssim_does_not():
    _, truth = made_pair(shape=(180, 180, 3))
    noisy = truth + np.random.default_rng(1).normal(0, 0.05, truth.shape)
    assert metrics.ssim(noisy, truth) < metrics.ms_ssim(noisy, truth) < 1


def test_ms_ssim_of_opposite_structure_is_nought_and_never_not_a_number():
    _, truth = made_pair(shape=(180, 180, 3))
    assert metrics.ms_ssim(1 - truth, truth) == 0


def test_ms_ssim_of_one_plane_and_of_8_bit_values():
    result, truth = (np.rint(x * 255).astype(np.uint8) for x in made_pair(shape=(180, 190, 3)))
    in_bytes = metrics.ms_ssim(result, truth, data_range=255)
    assert in_bytes == pytest.approx(metrics.ms_ssim(result / 255, truth / 255), abs=1e-5)
    plane = metrics.ms_ssim(result[..., 0], truth[..., 0], data_range=255)
    assert plane == metrics.ms_ssim(result[..., :1], truth[..., :1], data_range=255)


def test_error_for_a_picture_without_a_window_at_the_coarsest_scale():
    assert metrics.MS_SSIM_SMALLEST == 176
    least = np.zeros((176, 176))
    assert metrics.ms_ssim(least, least) == 1
    with pytest.raises(OptionError, match="175 x 400 pixels; MS-SSIM needs 176 x 176"):
        metrics.ms_ssim(np.zeros((175, 400)), np.zeros((175, 400)))
