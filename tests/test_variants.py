import itertools

import numpy as np
import pytest

from photochrom.color import ciede2000
from photochrom.decoding import annealed_mean_of
from photochrom.palette import gamut_palette
from photochrom.variants import APART, departures, divide

PALETTE = gamut_palette(10)


def around(*colours, sigma=14.0):
    """Logits of a distribution with these colours as equally likely modes."""
    squared = ((PALETTE.centers[:, None] - np.array(colours)) ** 2).sum(-1)
    return np.logaddexp.reduce(-squared / (2 * sigma**2), axis=1).astype(np.float32)


def variants(logits, luminance, count, seed=0):
    """The most likely colouring, and `count` others."""
    likely = annealed_mean_of(logits, PALETTE)
    return [likely, *(likely + d for d in departures(logits, luminance, PALETTE, count, seed=seed))]


@pytest.fixture
def scene():
    """Grass below, which is surely green; a shirt that may be of any colour; a sky, blue or not."""
    logits = np.empty((24, 32, len(PALETTE)), np.float32)
    logits[:] = 3 * around((0, -25), (5, 12))
    logits[14:] = 40 * around((-35, 35))
    logits[6:18, 10:22] = 1.5 * around((45, 25), (-30, 20), (10, -45), (0, 0))
    luminance = np.full((24, 32), 75, np.float32)
    luminance[14:] = 45
    luminance[6:18, 10:22] = 60
    return logits, luminance


def lab(ab, luminance):
    return np.concatenate([luminance[..., None], ab], -1)


def test_every_two_differ_visibly_and_not_by_a_tint(scene):
    logits, luminance = scene
    found = variants(logits, luminance, 4)
    for one, other in itertools.combinations(found, 2):
        assert ciede2000(lab(one, luminance), lab(other, luminance)).mean() > 0.7 * APART
        difference = (one - other).reshape(-1, 2)
        rms = np.sqrt((difference**2).sum(1).mean())
        assert np.sqrt(difference.var(0).sum()) > 0.4 * rms


def test_what_the_model_is_sure_of_stays_and_a_shirt_is_of_one_colour(scene):
    logits, luminance = scene
    first, *others = variants(logits, luminance, 4)
    for other in others:
        assert np.abs(other[20:, :8] - first[20:, :8]).max() < 12
        shirt = other[8:16, 12:20].reshape(-1, 2)
        assert shirt.std(0).max() < 6
    shirts = [one[8:16, 12:20].mean((0, 1)) for one in (first, *others)]
    assert max(np.hypot(*(a - b)) for a, b in itertools.combinations(shirts, 2)) > 15


def test_the_seed_decides_and_nothing_else_does(scene):
    one, again, other = (variants(*scene, 3, seed=seed) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(one[1:], other[1:], strict=True))


def test_a_model_that_is_sure_of_everything_still_gives_as_many_as_asked():
    logits = np.broadcast_to(60 * around((20, 20)), (5, 7, len(PALETTE)))
    found = variants(np.ascontiguousarray(logits), np.full((5, 7), 50, np.float32), 3)
    assert len(found) == 4
    assert np.isfinite(found).all()


def test_regions_share_every_place_among_them():
    rng = np.random.default_rng(0)
    ab, luminance = rng.normal(0, 20, (9, 12, 2)), rng.uniform(0, 100, (9, 12))
    regions = divide(ab.astype(np.float32), luminance.astype(np.float32))
    assert regions.sum(-1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (8, 1)])
def test_strips_and_single_places_have_variants_too(size):
    logits = np.random.default_rng(0).normal(0, 2, (*size, len(PALETTE))).astype(np.float32)
    assert len(variants(logits, np.full(size, 50, np.float32), 3)) == 4
