import numpy as np
import pytest

from photochrom.decoding import FULL_REBALANCING, TEMPERATURE, decode, tilted_variants
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


def probabilities(z):
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def chroma(ab):
    return np.hypot(ab[..., 0], ab[..., 1])


def test_vividness_zero_is_the_published_annealed_mean():
    expected = annealed_mean(probabilities(logits()), PALETTE.centers, 0.38)
    found = decode(NOTHING, logits(), PALETTE, 0.0, grey_is_common())
    assert np.abs(found - expected).max() < 0.01


def test_vividness_multiplies_probabilities_by_powers_of_the_rebalancing_weights():
    weights = rebalancing_weights(PALETTE.smooth_prior(grey_is_common()))
    p = probabilities(logits()) * weights ** (FULL_REBALANCING * 0.7)
    p /= p.sum(-1, keepdims=True)
    expected = annealed_mean(p, PALETTE.centers, TEMPERATURE)
    found = decode(NOTHING, logits(), PALETTE, 0.7, grey_is_common())
    assert np.abs(found - expected).max() < 0.01


def test_a_bolder_reading_is_more_colourful():
    # every place takes grey for likely and one colour for less so
    rng = np.random.default_rng(1)
    truth = PALETTE.centers[rng.integers(0, len(PALETTE), (20, 20))]
    distance = ((truth[..., None, :] - PALETTE.centers) ** 2).sum(-1)
    likely_grey = -(PALETTE.centers**2).sum(-1) / 200
    z = np.logaddexp(likely_grey, -distance / 200 - 1.5).astype(np.float32)
    found = [
        chroma(decode(truth * 0, z, PALETTE, v, grey_is_common())).mean()
        for v in np.linspace(0, 1, 6)
    ]
    assert np.all(np.diff(found) > 0)


def test_without_a_prior_every_class_counts_the_same():
    assert np.array_equal(
        decode(NOTHING, logits(), PALETTE, 0.0), decode(NOTHING, logits(), PALETTE, 1.0)
    )


def test_without_a_distribution_the_regression_is_scaled():
    ab = np.array([[[10.0, -20.0]]], np.float32)
    assert decode(ab, None, None, 0.5) == pytest.approx(ab)
    assert decode(ab, None, None, 1.0) == pytest.approx(2 * ab)
    assert decode(ab, None, None, 0.0) == pytest.approx(ab / 2)


def test_variants_differ_where_the_model_is_unsure_and_agree_where_it_is_sure():
    unsure = logits((2, 2), spread=0.3)
    sure = np.full((2, 2, len(PALETTE)), -30, np.float32)
    sure[..., 40] = 30
    for z, differ in ((unsure, True), (sure, False)):
        first, *others = tilted_variants(z, PALETTE, 0.5, 4, grey_is_common())
        apart = [np.abs(first - other).mean() for other in others]
        assert (min(apart) > 3) if differ else (max(apart) < 0.1)


def test_variants_are_finite_and_repeatable():
    one, other = (tilted_variants(logits(spread=40), PALETTE, 1.0, 5) for _ in range(2))
    assert np.isfinite(one).all()
    assert np.array_equal(one, other)
