import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import write_tiny_model

from photochrom import Colorizer
from photochrom.color import rgb_to_lab
from photochrom.errors import OptionError
from photochrom.palette import gamut_palette
from photochrom.suggestions import ALIKE, suggest_colors

PALETTE = gamut_palette(10)


def lab_of(color):
    return rgb_to_lab(np.frombuffer(bytes.fromhex(color[1:]), np.uint8))


def peaks(*colours):
    """Logits with these shares at the classes nearest to these colours."""
    shares = np.full(len(PALETTE), 1e-6, np.float32)
    for ab, share in colours:
        shares[PALETTE.encode(np.float32(ab))] = share
    return np.log(shares)


def test_each_colour_the_model_thinks_of_is_suggested_with_its_share():
    found = suggest_colors(peaks(((40, 30), 0.6), ((0, -40), 0.3), ((0, 0), 0.1)), PALETTE, 50.0)
    assert [one.share for one in found] == pytest.approx([0.6, 0.3, 0.1], abs=1e-3)
    for one, ab in zip(found, [(40, 30), (0, -40), (0, 0)], strict=True):
        assert lab_of(one.color) == pytest.approx((50, *ab), abs=1.0)


def test_colours_that_look_alike_are_one_suggestion_and_their_shares_add_up():
    found = suggest_colors(peaks(((60, 40), 0.4), ((60, 50), 0.3), ((0, -40), 0.3)), PALETTE, 50.0)
    assert [one.share for one in found] == pytest.approx([0.7, 0.3], abs=1e-3)


@given(st.integers(0, 1000), st.floats(0, 100))
def test_suggestions_are_few_distinct_and_of_the_spot_s_own_lightness(seed, lightness):
    logits = np.random.default_rng(seed).normal(0, 3, len(PALETTE)).astype(np.float32)
    found = suggest_colors(logits, PALETTE, lightness)
    assert 1 <= len(found) <= 8
    assert sum(one.share for one in found) <= 1.001
    shares = [one.share for one in found]
    assert shares == sorted(shares, reverse=True)
    assert len({one.color for one in found}) == len(found)
    assert all(abs(lab_of(one.color)[0] - lightness) < 1 for one in found)
    assert ALIKE > 0


def test_a_colorizer_suggests_what_it_would_have_coloured_the_spot(tiny_model):
    colorizer = Colorizer(tiny_model, threads=1)
    picture = np.full((64, 64), 150, np.uint8)
    picture[:, 32:] = 60
    seen = colorizer.see(rgb_to_lab(np.repeat(picture[..., None], 3, -1))[..., 0])
    ab = colorizer.read(seen)[0]
    for x, column in ((0.1, 1), (0.99, -1), (1.0, -1)):
        best = colorizer.suggest(seen, x, 0.5)[0]
        own = ab[8, column]
        hue = np.arctan2(*lab_of(best.color)[:0:-1]) - np.arctan2(own[1], own[0])
        assert abs(np.angle(np.exp(1j * hue))) < 0.5
    with pytest.raises(OptionError, match=r"x is 1\.2; it must lie in 0 to 1"):
        colorizer.suggest(seen, 1.2, 0.5)


def test_a_model_with_one_answer_suggests_nothing(tmp_path):
    write_tiny_model(tmp_path / "sure.onnx", with_logits=False)
    colorizer = Colorizer(tmp_path / "sure.onnx", threads=1)
    seen = colorizer.see(np.full((64, 64), 50, np.float32))
    assert colorizer.suggest(seen, 0.5, 0.5) == []
