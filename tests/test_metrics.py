"""Figures against scikit-image, torchmetrics, scipy and formulas written out a second time."""

import math

import numpy as np
import pytest
import scipy.linalg
import skimage.color
import skimage.metrics
from hypothesis import given
from hypothesis import strategies as st

from photochrom import metrics
from photochrom.color import rgb_to_lab
from photochrom.errors import OptionError
from photochrom.palette import uniform_palette

PAIRED = [
    metrics.mean_absolute_error,
    metrics.mean_squared_error,
    metrics.huber_error,
    metrics.binary_cross_entropy,
    metrics.psnr,
    metrics.ssim,
    metrics.mean_ciede2000,
    metrics.exact_accuracy,
]
SSIM_AS_PUBLISHED = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


def made_pair(seed: int = 0, shape: tuple[int, ...] = (48, 61, 3)) -> tuple[np.ndarray, np.ndarray]:
    """A smooth made picture and a noisy, shifted copy, sRGB 0..1."""
    rng = np.random.default_rng(seed)
    waves = np.add.outer(np.sin(np.arange(shape[0]) / 7), np.cos(np.arange(shape[1]) / 5)) / 4
    truth = (0.5 + waves[..., None] + rng.normal(0, 0.02, shape)).clip(0, 1)
    result = (0.9 * truth + 0.03 + rng.normal(0, 0.05, shape)).clip(0, 1)
    return result, truth


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


def test_reference_ssim_and_psnr_are_torchmetrics():
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.image")
    result, truth = made_pair()
    r, t = (torch.from_numpy(x).permute(2, 0, 1)[None] for x in (result, truth))
    # torchmetrics' own mean counts windows over a mirrored border too; its map holds ours
    _, full = functional.structural_similarity_index_measure(
        r, t, data_range=1.0, return_full_image=True
    )
    whole_windows = float(full[..., 5:-5, 5:-5].mean())
    assert metrics.ssim(result, truth) == pytest.approx(whole_windows, abs=1e-6)
    expected = functional.peak_signal_noise_ratio(r, t, data_range=1.0)
    assert metrics.psnr(result, truth) == pytest.approx(float(expected), abs=1e-4)


def test_ssim_of_8_bit_values():
    result, truth = (np.rint(picture * 255).astype(np.uint8) for picture in made_pair())
    in_bytes = metrics.ssim(result, truth, data_range=255)
    assert in_bytes == pytest.approx(metrics.ssim(result / 255, truth / 255), abs=1e-6)


def test_error_for_a_picture_smaller_than_the_window():
    small = np.zeros((10, 40, 3))
    with pytest.raises(OptionError, match="11 x 11"):
        metrics.ssim(small, small)


def test_reference_mean_ciede2000_is_scikit_images():
    result, truth = (rgb_to_lab(picture) for picture in made_pair())
    expected = skimage.color.deltaE_ciede2000(truth, result).mean()
    assert metrics.mean_ciede2000(result, truth) == pytest.approx(expected)


def test_reference_colourfulness_written_out():
    rgb, _ = made_pair(shape=(5, 6, 3))
    rg, yb = [], []
    for r, g, b in (rgb * 255).reshape(-1, 3):
        rg.append(r - g)
        yb.append((r + g) / 2 - b)
    spread = math.sqrt(np.var(rg) + np.var(yb))
    expected = spread + 0.3 * math.sqrt(np.mean(rg) ** 2 + np.mean(yb) ** 2)
    assert metrics.colourfulness(rgb) == pytest.approx(expected)
    assert metrics.colourfulness(rgb.astype(np.float32)) == pytest.approx(expected, rel=1e-5)


def test_colourfulness_takes_signed_opponents():
    halves = np.zeros((2, 2, 3))
    halves[0], halves[1] = (1, 0, 0), (0, 1, 0)
    # rg is +255 and -255: its spread is 255; absolute opponents would have none
    assert metrics.colourfulness(halves) == pytest.approx(255 + 0.3 * 127.5)


def test_grey_has_no_colourfulness_and_no_chroma():
    grey = np.repeat(np.random.default_rng(0).random((20, 20, 1)), 3, axis=-1)
    assert metrics.colourfulness(grey) == pytest.approx(0, abs=1e-6)
    assert metrics.mean_chroma(rgb_to_lab(grey)[..., 1:]) < 0.01


def test_reference_mean_chroma():
    assert metrics.mean_chroma(np.array([[[3.0, 4.0], [0.0, -1.0]]])) == 3


def test_reference_accuracies_of_s1():
    truth = np.array([[0.4, 0.0], [10.0, 10.0], [-20.0, 60.0], [127.0, 127.0]])
    result = np.array([[0.0, 0.0], [10.4, 9.6], [-20.0, 61.0], [120.0, 120.0]])
    assert metrics.exact_accuracy(result, truth) == 2 / 4
    assert metrics.bin_accuracy(result, truth, uniform_palette()) == 4 / 4
    assert metrics.bin_accuracy(-result, truth, uniform_palette()) == 1 / 4


def test_chance_of_s1s_accuracies():
    rng = np.random.default_rng(0)
    truth, result = rng.uniform(-128, 127, (2, 400_000, 2))
    assert metrics.bin_accuracy(result, truth, uniform_palette()) == pytest.approx(1 / 400, rel=0.1)
    expected = 400_000 * metrics.CHANCE_EXACT
    assert 400_000 * metrics.exact_accuracy(result, truth) == pytest.approx(expected, abs=12)


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


@pytest.mark.parametrize("metric", PAIRED, ids=lambda metric: metric.__name__)
def test_equal_pictures_are_best(metric):
    result, truth = made_pair()
    best, other = metric(truth, truth), metric(result, truth)
    better_when_higher = metric in (metrics.psnr, metrics.ssim, metrics.exact_accuracy)
    assert best >= other if better_when_higher else best < other


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


def test_unsigned_integers_do_not_wrap():
    dark, bright = np.zeros((2, 2), np.uint8), np.full((2, 2), 200, np.uint8)
    assert metrics.mean_absolute_error(dark, bright) == 200
    assert metrics.mean_squared_error(bright, dark) == 40_000


def test_error_for_a_delta_that_is_not_positive():
    with pytest.raises(OptionError, match="delta is 0"):
        metrics.huber_error(np.zeros(2), np.zeros(2), delta=0)


@pytest.mark.parametrize("name", metrics.PICTURE_METRICS)
def test_picture_metrics_give_a_number_and_know_what_is_better(name):
    metric = metrics.PICTURE_METRICS[name]
    result, truth = (picture.astype(np.float32) for picture in made_pair())
    own, other = metric.function(truth, truth), metric.function(result, truth)
    assert isinstance(other, float)
    assert math.isfinite(other)
    assert {"lower": own < other, "higher": own > other, "truth": own != other}[metric.better]
    assert metric.unit
