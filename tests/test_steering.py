"""Hints on the example photographs, by the bundled model."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import ColorizeOptions, Colorizer, Hint
from photochrom.color import rgb_to_lab
from photochrom.photo import as_photo
from photochrom.steering import (
    MOST_PIXELS,
    WORKING_SIDE,
    sure_by_hints,
    with_hints,
    working_size,
)

PHOTOS = Path(__file__).parent.parent / "examples/photos"


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer(threads=1)


def lab_of(result):
    return rgb_to_lab(result.to_array())


def test_no_hints_give_the_very_same_array_back():
    ab = np.ones((10, 12, 2), np.float32)
    assert with_hints(ab, np.full((40, 48), 50, np.float32), ()) is ab


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_the_working_size_is_bounded_and_never_above_what_the_model_saw(height, width):
    small = working_size(height, width)
    assert 1 <= small[0] <= height and 1 <= small[1] <= width
    assert min(small) <= WORKING_SIDE
    assert small[0] * small[1] <= 1.1 * MOST_PIXELS + sum(small)


def test_a_finer_prediction_keeps_its_size():
    shown = np.full((600, 600), 50, np.float32)
    ab = np.zeros((300, 300, 2), np.float32)
    found = with_hints(ab, shown, [Hint(0.5, 0.5, ab=(20, 10))])
    assert found.shape == (300, 300, 2)
    assert np.allclose(found, (20, 10), atol=2)


CASES = [
    # picture, hint, a place of its region, a place far behind an edge: x, y
    ("rocket", Hint(0.15, 0.2, "#8a4a6a"), (0.35, 0.5), (0.5, 0.7)),
    ("coffee", Hint(0.86, 0.1, "#5a9070"), (0.8, 0.2), (0.42, 0.15)),
    ("cat", Hint(0.33, 0.38, "#50703a", radius=0.03), (0.345, 0.33), (0.9, 0.9)),
]


@pytest.mark.parametrize(("name", "hint", "within", "beyond"), CASES)
def test_a_hint_colours_its_spot_and_its_region_and_stops_at_the_edge(
    colorizer, name, hint, within, beyond
):
    photo = as_photo(PHOTOS / f"{name}.jpg")
    plain = lab_of(colorizer.colorize(photo))
    hinted = lab_of(colorizer.colorize(photo, ColorizeOptions(hints=(hint,))))

    def at(lab, x, y, reach=2):
        row, column = int(y * photo.height), int(x * photo.width)
        around = lab[row - reach : row + reach + 1, column - reach : column + reach + 1, 1:]
        return around.mean((0, 1))

    assert np.hypot(*(hinted[int(hint.y * photo.height), int(hint.x * photo.width), 1:]
                      - hint.wanted)) < 2  # fmt: skip
    before, after = (np.hypot(*(at(lab, *within) - hint.wanted)) for lab in (plain, hinted))
    assert after < 0.7 * before
    assert np.hypot(*(at(hinted, *beyond) - at(plain, *beyond))) < 1
    assert np.abs(hinted[..., 0] - plain[..., 0]).max() < 1


def test_a_hint_far_away_moves_next_to_nothing(colorizer):
    photo = as_photo(PHOTOS / "astronaut.jpg")
    plain = lab_of(colorizer.colorize(photo))
    hint = Hint(0.31, 0.74, "#7080a0")  # on the suit
    hinted = lab_of(colorizer.colorize(photo, ColorizeOptions(hints=(hint,))))
    face = (slice(100, 180), slice(190, 270), slice(1, 3))
    apart = np.hypot(*np.moveaxis(hinted[face] - plain[face], -1, 0))
    assert np.percentile(apart, 95) < 1


def test_variants_and_confidence_go_with_hints(colorizer):
    photo = as_photo(PHOTOS / "rocket.jpg")
    options = ColorizeOptions(hints=(Hint(0.15, 0.2, "#8a4a6a"),))
    for result in colorizer.variants(photo, 2, options):
        spot = lab_of(result)[int(0.2 * photo.height), int(0.15 * photo.width), 1:]
        assert np.hypot(*(spot - options.hints[0].wanted)) < 2
        sure = result.confidence
        assert sure.ndim == 2 and sure.min() >= 0 and sure.max() <= 1


def test_no_hints_give_the_very_same_confidence_back():
    confidence = np.full((10, 12), 0.3, np.float32)
    assert sure_by_hints(confidence, np.full((40, 48), 50, np.float32), ()) is confidence


@given(st.integers(0, 1000), st.sampled_from([(10, 14), (60, 84), (300, 420)]))
@settings(max_examples=12, deadline=None)
def test_confidence_never_falls_by_hints_and_is_whole_in_their_region_alone(seed, size):
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0, 1, size).astype(np.float32)
    shown = np.full((200, 280), 30, np.float32)
    shown[:, 140:] = 75  # another region
    hint = Hint(rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.9), "#4060a0")
    found = sure_by_hints(confidence, shown, [hint])
    assert found.shape == size and found.dtype == np.float32
    assert (found >= confidence - 1e-6).all() and found.max() <= 1 + 1e-6
    half, edge = size[1] // 2, -(-size[1] // 20)
    assert found[:, : half - edge].min() > 0.85
    assert np.abs(found[:, half + edge :] - confidence[:, half + edge :]).max() < 0.02


def test_the_map_of_a_picture_is_sure_where_it_was_hinted(colorizer):
    photo = as_photo(PHOTOS / "rocket.jpg")
    hint = Hint(0.15, 0.2, "#8a4a6a")  # a sky that nobody would expect
    plain = colorizer.colorize(photo).confidence
    hinted = colorizer.colorize(photo, ColorizeOptions(hints=(hint,))).confidence
    sky = slice(0, int(0.4 * len(plain))), slice(0, int(0.3 * plain.shape[1]))
    assert hinted[sky].mean() > 0.9 > plain[sky].mean()
    place = int(hint.y * len(plain)), int(hint.x * plain.shape[1])
    assert hinted[place] > 0.95
    assert (hinted < 0.5).mean() <= (plain < 0.5).mean()
