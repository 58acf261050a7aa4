"""Bleeding and inconsistency on pictures made to have those faults, and written out again."""

import math

import numpy as np
import pytest

from photochrom import metrics
from photochrom.errors import OptionError
from photochrom.metrics.faults import REGION_SIDE, REGION_SPREAD

RED, BLUE = (50.0, 30.0), (5.0, -45.0)
EDGE = 40


def two_things(colours_end: int = EDGE, fade: int = 0) -> np.ndarray:
    """A dark red thing left of a light blue one, CIELAB (60, 80, 3).

    The luminance changes at column `EDGE`; the colour at `colours_end`, over `fade` columns.
    """
    columns = np.arange(80)
    lightness = np.where(columns < EDGE, 35.0, 70.0)
    blue = np.clip((columns - colours_end + fade / 2 + 0.5) / max(fade, 1), 0, 1)
    if not fade:
        blue = (columns >= colours_end).astype(float)
    ab = np.outer(1 - blue, RED) + np.outer(blue, BLUE)
    return np.broadcast_to(np.column_stack([lightness, ab]), (60, 80, 3)).copy()


def blotched(strength: float, lightness_noise: float = 0.0) -> np.ndarray:
    """A patch (60, 80, 3) of L 50 whose colour comes and goes in waves."""
    rows, columns = np.mgrid[:60, :80]
    waves = np.sin(rows / 4) * np.sin(columns / 4)
    noise = np.random.default_rng(0).normal(0, 1, waves.shape) * lightness_noise
    return np.stack([50 + noise, 20 + strength * waves, 10 - strength * waves], -1)


def test_a_colour_that_ends_at_its_edge_does_not_bleed():
    assert metrics.bleeding(two_things()) == 0


def test_a_colour_that_ends_beside_its_edge_bleeds_wholly():
    for columns_over in (-6, -1, 1, 6):
        assert metrics.bleeding(two_things(EDGE + columns_over)) == 1


def test_the_further_a_colour_fades_over_its_edge_the_more_it_bleeds():
    scores = [metrics.bleeding(two_things(fade=fade)) for fade in (0, 2, 4, 8, 16)]
    assert scores == sorted(scores)
    assert len(set(scores)) == len(scores)
    # of a fade over 16 columns one step lies on the edge
    assert scores[-1] == pytest.approx(15 / 16, abs=0.01)


def test_bleeding_does_not_depend_on_how_strong_the_colours_are():
    picture = two_things(fade=4)
    muted = picture * [1, 0.3, 0.3]
    assert metrics.bleeding(muted) == pytest.approx(metrics.bleeding(picture))


def test_reference_bleeding_counted_pair_by_pair():
    lab = np.random.default_rng(0).uniform([40, -20, -20], [44, 20, 20], (9, 12, 3))
    flat, total = 0.0, 0.0
    for y in range(9):
        for x in range(12):
            for other in ((y, x + 1), (y + 1, x)):
                if other[0] < 9 and other[1] < 12:
                    dL, da, db = lab[other] - lab[y, x]
                    total += math.hypot(da, db)
                    flat += math.hypot(da, db) * (abs(dL) < 1)
    assert metrics.bleeding(lab) == pytest.approx(flat / total)
    assert metrics.bleeding(lab.astype(np.float32)) == pytest.approx(flat / total, rel=1e-5)


def test_a_grey_picture_and_one_tint_have_no_chroma_that_could_bleed():
    picture = two_things()
    assert math.isnan(metrics.bleeding(picture * [1, 0, 0]))
    assert math.isnan(metrics.bleeding(picture * [1, 0, 0] + [0, 12, 5]))


def test_a_patch_of_one_colour_is_consistent_and_blotches_are_not():
    scores = [metrics.inconsistency(blotched(strength)) for strength in (0, 3, 6, 12)]
    assert scores[0] == pytest.approx(0, abs=1e-6)
    assert scores == sorted(scores)
    assert scores[3] == pytest.approx(4 * scores[1])
    assert metrics.inconsistency(blotched(12) * [1, 0, 0]) == 0


def test_two_things_of_one_colour_each_are_consistent_since_an_edge_parts_them():
    assert metrics.inconsistency(two_things()) == pytest.approx(0, abs=1e-6)
    assert metrics.inconsistency(two_things(EDGE + 6)) > 1


def test_colours_of_a_rough_luminance_are_no_inconsistency():
    assert math.isnan(metrics.inconsistency(blotched(12, lightness_noise=20)))


def test_reference_inconsistency_window_by_window():
    rng = np.random.default_rng(0)
    lab = rng.normal([50, 10, -10], [1, 4, 6], (24, 30, 3))
    lab[:, 20:, 0] += np.linspace(0, 40, 10)
    spreads = []
    for y in range(24 - REGION_SIDE + 1):
        for x in range(30 - REGION_SIDE + 1):
            window = lab[y : y + REGION_SIDE, x : x + REGION_SIDE].reshape(-1, 3)
            if window[:, 0].std() < REGION_SPREAD:
                spreads.append(math.sqrt(window[:, 1].var() + window[:, 2].var()))
    assert 0 < len(spreads) < 8 * 14
    expected = pytest.approx(np.mean(spreads), rel=1e-5)
    assert metrics.inconsistency(lab) == expected
    assert metrics.inconsistency(lab.astype(np.float32)) == expected


@pytest.mark.parametrize(
    ("fault", "shape"),
    [
        (metrics.bleeding, (1, 9, 3)),
        (metrics.bleeding, (9, 9, 2)),
        (metrics.inconsistency, (16, 40, 3)),
        (metrics.inconsistency, (40, 40)),
    ],
)
def test_error_for_a_picture_too_small_or_of_another_kind(fault, shape):
    with pytest.raises(OptionError, match=r"at least \d+ x"):
        fault(np.zeros(shape))
