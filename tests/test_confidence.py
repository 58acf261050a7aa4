import numpy as np
import pytest

from photochrom.calibration import Calibration
from photochrom.color import ciede2000
from photochrom.confidence import confidence_map, expected_error, unsure_in_words
from photochrom.decoding import probabilities
from photochrom.palette import gamut_palette

PALETTE = gamut_palette(10)


def random(shape, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (*shape, len(PALETTE))).astype(np.float32)
    ab = rng.uniform(-40, 40, (*shape, 2)).astype(np.float32)
    return logits, ab, rng.uniform(10, 90, shape).astype(np.float32)


def test_the_expected_error_is_the_mean_over_all_classes_by_their_probability():
    logits, ab, L = random((2, 3))
    found = expected_error(logits, ab, L, PALETTE)
    for place in np.ndindex(2, 3):
        shown = np.array([L[place], *ab[place]])
        expected = sum(
            share * ciede2000(shown, np.array([L[place], *centre]))
            for share, centre in zip(probabilities(logits[place]), PALETTE.centers, strict=True)
        )
        assert found[place] == pytest.approx(float(expected), rel=1e-4)


def test_a_certain_model_that_shows_its_colour_expects_no_error():
    logits = np.full((2, 2, len(PALETTE)), -60, np.float32)
    logits[..., 77] = 60
    ab = np.broadcast_to(PALETTE.centers[77], (2, 2, 2)).astype(np.float32)
    assert expected_error(logits, ab, np.full((2, 2), 50, np.float32), PALETTE).max() < 1e-3


def test_the_map_is_as_large_as_the_colours_however_few_places_are_judged(monkeypatch):
    logits, ab, L = random((40, 60))
    calibration = Calibration((0.0,), (0.0, 100.0), (1.0, 0.0))
    whole = confidence_map(logits, ab, L, PALETTE, calibration)
    assert whole == pytest.approx(1 - expected_error(logits, ab, L, PALETTE) / 100, abs=1e-5)
    monkeypatch.setattr("photochrom.confidence.PLACES", 600)
    fewer = confidence_map(logits, ab, L, PALETTE, calibration)
    assert fewer.shape == (40, 60)
    assert fewer.mean() == pytest.approx(whole.mean(), abs=0.05)


@pytest.mark.parametrize(
    ("confidence", "told"),
    [([0.2, 0.4, 0.6, 0.8], "50 %"), ([0.9] * 4, "0 %"), ([0.9] * 999 + [0.1], "less than 1 %")],
)
def test_words_tell_the_share_below_even_odds(confidence, told):
    assert f"in {told} of the picture" in unsure_in_words(np.array(confidence))
