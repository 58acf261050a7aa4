import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.decoding import BOLDEST, decode, temperature_of, tilted_variants
from photochrom.palette import annealed_mean, gamut_palette

PALETTE = gamut_palette(10)


def logits(shape=(3, 4), spread=2.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, spread, (*shape, len(PALETTE))).astype(np.float32)


def chroma(ab):
    return np.hypot(ab[..., 0], ab[..., 1])


@given(st.floats(0, 1))
def test_decoding_is_the_annealed_mean_at_the_vividness_temperature(vividness):
    z = logits()
    probabilities = np.exp(z - z.max(-1, keepdims=True))
    probabilities /= probabilities.sum(-1, keepdims=True)
    expected = annealed_mean(probabilities, PALETTE.centers, temperature_of(vividness))
    found = decode(np.zeros((3, 4, 2), np.float32), z, PALETTE, vividness)
    assert np.abs(found - expected).max() < 0.05


def test_vividness_runs_from_the_mean_to_nearly_the_mode():
    assert temperature_of(0) == 1
    assert temperature_of(1) == pytest.approx(BOLDEST)
    z = logits(spread=3)
    mode = PALETTE.centers[z.argmax(-1)]
    nothing = np.zeros((3, 4, 2), np.float32)
    distance = [np.abs(decode(nothing, z, PALETTE, v) - mode).mean() for v in (0, 0.5, 1)]
    assert distance[0] > distance[1] > distance[2]


def test_a_bolder_reading_is_more_colourful():
    nothing = np.zeros((20, 20, 2), np.float32)
    z = logits((20, 20), spread=1.5)
    means = [chroma(decode(nothing, z, PALETTE, v)).mean() for v in np.linspace(0, 1, 6)]
    assert np.all(np.diff(means) > 0)


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
        first, *others = tilted_variants(z, PALETTE, 0.5, 4)
        apart = [np.abs(first - other).mean() for other in others]
        assert (min(apart) > 3) if differ else (max(apart) < 0.1)


def test_variants_are_finite_and_repeatable():
    one, other = (tilted_variants(logits(spread=40), PALETTE, 1.0, 5) for _ in range(2))
    assert np.isfinite(one).all()
    assert np.array_equal(one, other)
