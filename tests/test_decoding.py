import numpy as np
import pytest

from photochrom.calibration import Calibration
from photochrom.decoding import TEMPERATURE, Decoder, probabilities
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


def chroma(ab):
    return np.hypot(ab[..., 0], ab[..., 1])


def test_vividness_zero_is_the_published_annealed_mean():
    expected = annealed_mean(probabilities(logits()), PALETTE.centers, 0.38)
    found = Decoder(PALETTE, grey_is_common()).decode(NOTHING, logits(), 0.0)
    assert np.abs(found - expected).max() < 0.01


def test_vividness_multiplies_probabilities_by_powers_of_the_rebalancing_weights():
    weights = rebalancing_weights(PALETTE.smooth_prior(grey_is_common()))
    p = probabilities(logits()) * weights ** (0.8 * 0.7)
    p /= p.sum(-1, keepdims=True)
    expected = annealed_mean(p, PALETTE.centers, TEMPERATURE)
    found = Decoder(PALETTE, grey_is_common()).decode(NOTHING, logits(), 0.7)
    assert np.abs(found - expected).max() < 0.01


def test_a_bolder_reading_is_more_colourful():
    # every place takes grey for likely and one colour for less so
    rng = np.random.default_rng(1)
    truth = PALETTE.centers[rng.integers(0, len(PALETTE), (20, 20))]
    distance = ((truth[..., None, :] - PALETTE.centers) ** 2).sum(-1)
    likely_grey = -(PALETTE.centers**2).sum(-1) / 200
    z = np.logaddexp(likely_grey, -distance / 200 - 1.5).astype(np.float32)
    found = [
        chroma(Decoder(PALETTE, grey_is_common()).decode(truth * 0, z, v)).mean()
        for v in np.linspace(0, 1, 6)
    ]
    assert np.all(np.diff(found) > 0)


def test_without_a_prior_every_class_counts_the_same():
    plain = Decoder(PALETTE)
    assert np.array_equal(
        plain.decode(NOTHING, logits(), 0.0), plain.decode(NOTHING, logits(), 1.0)
    )


def test_without_a_distribution_the_regression_is_scaled():
    ab = np.array([[[10.0, -20.0]]], np.float32)
    regression = Decoder(None)
    assert regression.decode(ab, None, 0.5) == pytest.approx(ab)
    assert regression.decode(ab, None, 1.0) == pytest.approx(2 * ab)
    assert regression.decode(ab, None, 0.0) == pytest.approx(ab / 2)


def test_a_calibration_says_how_bold_a_vividness_is():
    calibration = Calibration((-0.2, 0.3, 1.0))
    calibrated = Decoder(PALETTE, grey_is_common(), calibration)
    assert [calibrated.boldness(v) for v in (0, 0.25, 0.5, 0.75, 1)] == pytest.approx(
        [-0.2, 0.05, 0.3, 0.65, 1.0]
    )
    other = Decoder(PALETTE, grey_is_common(), Calibration((0.3,)))
    assert np.array_equal(
        calibrated.decode(NOTHING, logits(), 0.5), other.decode(NOTHING, logits(), 0.9)
    )
    assert Decoder(None, None, calibration).decode(NOTHING + 1, None, 1.0) == pytest.approx(2)
