"""Figures of colour against scikit-image and formulas written out a second time."""

import itertools
import math

import numpy as np
import pytest
import skimage.color
from made_pairs import made_pair

from photochrom import metrics
from photochrom.color import rgb_to_lab
from photochrom.errors import OptionError
from photochrom.palette import gamut_palette, uniform_palette


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


def test_colourfulness_ratio_is_to_the_truths_and_silent_where_that_has_none():
    _, truth = made_pair()
    coloured = np.clip(truth * [1.0, 0.5, 0.2], 0, 1)
    assert metrics.colourfulness_ratio(coloured, coloured) == 1
    half = coloured.mean(-1, keepdims=True) + (coloured - coloured.mean(-1, keepdims=True)) / 2
    assert metrics.colourfulness_ratio(half, coloured) == pytest.approx(1 / 2)
    grey = np.repeat(truth[..., :1], 3, axis=-1)
    assert metrics.colourfulness_ratio(grey, coloured) == pytest.approx(0, abs=1e-9)
    assert math.isnan(metrics.colourfulness_ratio(coloured, grey))


def test_reference_cumulative_errors_counted_one_by_one():
    rng = np.random.default_rng(0)
    ab, truth = rng.integers(-90, 90, (2, 9, 11, 2)).astype(float)
    ab[3:] += rng.random((6, 11, 2))
    ab[0, :4] = truth[0, :4] + [[0, 0], [3, 4], [0, 150], [200, 0]]  # on thresholds and beyond all
    weights = rng.uniform(0, 2, (9, 11))
    for each in (None, weights):
        counted = np.ones((9, 11)) if each is None else each
        apart = np.sqrt(((ab - truth) ** 2).sum(-1))
        shares = [counted[apart <= limit].sum() / counted.sum() for limit in range(151)]
        np.testing.assert_allclose(metrics.cumulative_errors(ab, truth, each), shares, atol=1e-6)
        area = sum((a + b) / 2 for a, b in itertools.pairwise(shares)) / 150
        assert metrics.cumulative_error_area(ab, truth, each) == pytest.approx(area, abs=1e-6)


def test_known_areas_under_the_cumulative_errors():
    # whole numbers, so that distances are exact
    truth = np.random.default_rng(0).integers(-50, 50, (20, 20, 2)).astype(float)
    near, far = truth + np.array([18, 24]), truth + np.array([0, 400])
    assert metrics.cumulative_error_area(truth, truth) == 1
    assert metrics.cumulative_error_area(far, truth) == 0
    # all pixels 30 units off: nothing up to 29, everything from 30 on, half a step between
    assert metrics.cumulative_error_area(near, truth) == pytest.approx(120.5 / 150)


def test_rebalancing_makes_rare_colours_count():
    truth = np.zeros((10, 10, 2))
    truth[0, 0] = [60, 40]
    palette = gamut_palette()
    weights = (1 / palette.prior(truth).clip(1e-9))[palette.encode(truth)]
    grey = np.zeros_like(truth)
    plain = metrics.cumulative_error_area(grey, truth)
    rebalanced = metrics.cumulative_error_area(grey, truth, weights)
    of_the_rare = metrics.cumulative_error_area(grey[:1, :1], truth[:1, :1])
    assert plain == pytest.approx(0.99 + 0.01 * of_the_rare)
    assert rebalanced == pytest.approx(0.5 + 0.5 * of_the_rare)


@pytest.mark.parametrize("weights", [np.ones((4, 5)), np.zeros((4, 4))])
def test_error_for_weights_that_do_not_fit(weights):
    with pytest.raises(OptionError, match=r"\(4, 4\) and above 0 are needed"):
        metrics.cumulative_errors(np.zeros((4, 4, 2)), np.zeros((4, 4, 2)), weights)


def test_luminance_change_is_nought_until_a_pixel_moves():
    source = np.random.default_rng(0).uniform(0, 100, (10, 10)).astype(np.float32)
    assert metrics.luminance_change(source, source) == (0, 0)
    moved = source.copy()
    moved[3, 4] -= 5
    assert metrics.luminance_change(moved, source) == pytest.approx((0.05, 5), rel=1e-5)


def test_luminance_change_of_8_bit_rounding_is_below_half_a_level():
    rgb, _ = made_pair()
    rounded = np.rint(rgb * 255) / 255
    change = metrics.luminance_change(rgb_to_lab(rounded)[..., 0], rgb_to_lab(rgb)[..., 0])
    assert 0 < change.mean < change.largest < 0.5
