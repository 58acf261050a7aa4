import numpy as np
import pytest

from photochrom.calibration import Calibration
from photochrom.decoding import REBALANCING, TEMPERATURE, Decoder, probabilities, spread_of
from photochrom.palette import annealed_mean, gamut_palette, rebalancing_weights

PALETTE = gamut_palette(10)
NOTHING = np.zeros((3, 4, 2), np.float32)


def logits(shape=(3, 4), spread=2.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, spread, (*shape, len(PALETTE))).astype(np.float32)


def grey_is_common():
    """A prior that falls with chroma, as that of photographs does."""
    prior = np.exp(-np.hypot(*PALETTE.centers.T) / 8)
    return (prior / prior.sum()).astype(np.float32)


def expected_mean(prior=None):
    """The annealed mean of the rebalanced distribution, by the palette's own functions."""
    p = probabilities(logits())
    if prior is not None:
        p = p * rebalancing_weights(PALETTE.smooth_prior(prior)) ** REBALANCING
    return annealed_mean(p / p.sum(-1, keepdims=True), PALETTE.centers, TEMPERATURE)


def bolder():
    """What the spread of the colours multiplies chroma by, place by place, with plain loops."""
    found = np.zeros((3, 4, 1))
    for place in np.ndindex(3, 4):
        p, c = probabilities(logits())[place].astype(np.float64), PALETTE.centers
        mean = sum(p[q] * c[q] for q in range(len(p)))
        found[place] = (sum(p[q] * ((c[q] - mean) ** 2).sum() for q in range(len(p)))) ** 0.5
    return (found / 18) ** (1 / 3)


def test_a_distribution_is_read_with_the_regression_as_an_equal_and_bolder_where_it_is_wide():
    ab = np.random.default_rng(1).normal(0, 20, (3, 4, 2)).astype(np.float32)
    found = Decoder(PALETTE, grey_is_common()).plain(ab, logits())
    mixed = (ab + expected_mean(grey_is_common())) / 2
    assert np.ptp(bolder()) > 0.1
    assert np.abs(found - mixed * bolder()).max() < 0.01


def test_the_spread_of_two_equal_colours_is_half_of_what_lies_between_them():
    z = np.full((1, 1, len(PALETTE)), -60, np.float32)
    assert spread_of(np.where(np.arange(len(PALETTE)) == 7, 60, z), PALETTE) < 0.01
    z[..., [3, 100]] = 0
    apart = np.hypot(*(PALETTE.centers[3] - PALETTE.centers[100]))
    assert spread_of(z, PALETTE) == pytest.approx(apart / 2, rel=1e-4)


def test_what_would_stay_nearly_grey_is_lifted_up_to_three_times():
    quiet = PALETTE.centers[np.hypot(*PALETTE.centers.T).argmin()]
    z = np.full((2, 2, len(PALETTE)), -60, np.float32)
    z[..., np.hypot(*PALETTE.centers.T).argmin()] = 60
    assert np.hypot(*quiet) < 1e-6
    for chroma, expected in ((0.5, 0.375), (2.0, 1.5), (5.0, 3.3), (13.2, 3.3), (40.0, 10.0)):
        ab = np.zeros((2, 2, 2), np.float32)
        ab[..., 0] = chroma  # half of it counts, and half of that where there is one colour only
        found = Decoder(PALETTE).plain(ab, z)
        assert np.hypot(*found[0, 0]) == pytest.approx(expected, abs=1e-4)


def test_without_a_prior_every_class_counts_the_same():
    found = Decoder(PALETTE).plain(NOTHING, logits())
    assert np.abs(found - expected_mean() / 2 * bolder()).max() < 0.01


def test_without_a_distribution_the_regression_is_scaled():
    ab = np.array([[[10.0, -20.0]]], np.float32)
    regression = Decoder(None)
    assert regression.decode(ab, None, 0.5) == pytest.approx(ab)
    assert regression.decode(ab, None, 1.0) == pytest.approx(2 * ab)
    assert regression.decode(ab, None, 0.0) == pytest.approx(ab / 2)


def test_a_calibration_says_what_a_vividness_multiplies_chroma_by():
    calibrated = Decoder(PALETTE, grey_is_common(), Calibration((-1.0, 0.0, 1.0)))
    assert [calibrated.factor(v) for v in (0, 0.25, 0.5, 0.75, 1)] == pytest.approx(
        [0.5, 2**-0.5, 1.0, 2**0.5, 2.0]
    )
    plain = calibrated.plain(NOTHING + 3, logits())
    assert calibrated.decode(NOTHING + 3, logits(), 1.0) == pytest.approx(2 * plain)
