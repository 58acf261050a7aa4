"""Motion: found where it is known, not believed where there is none, the same on any threads."""

import cv2
import numpy as np
import pytest
from steady_films import noisy, panned, scenery

from photochrom.film.flicker import Flicker, unexplained
from photochrom.film.flow import ALIKE, carry, even_light, find_motion, places

GRID = (24, 32)


def motion(before, now):
    return find_motion(even_light(before), even_light(now), GRID)


@pytest.mark.parametrize("step", [0, 1, 3, 7])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_pan_is_found_to_a_tenth_of_a_grid_step(seed, step):
    before, now = noisy(panned(scenery(seed), 2, step), grain=1)
    found = motion(before, now)
    inner = np.s_[2:-2, 2:-4]
    moved = (found.came_from - places(*GRID))[inner]
    assert np.median(np.abs(moved[..., 0] - step / 4)) < 0.1
    assert np.median(np.abs(moved[..., 1])) < 0.1
    assert found.trust[inner].mean() > 0.85
    assert found.likeness > 0.85


def test_what_comes_into_view_is_not_believed():
    before, now = panned(scenery(0), 2, 8)
    assert motion(before, now).trust[:, -1].max() < 0.5


def test_a_fast_pan_is_found_from_the_common_shift():
    before, now = panned(scenery(3), 2, 40)
    found = motion(before, now)
    assert found.likeness > ALIKE
    moved = (found.came_from - places(*GRID))[4:-4, 2:18]
    assert np.median(moved[..., 0]) == pytest.approx(10, abs=0.3)


@pytest.mark.parametrize("factor", [0.3, 0.6, 1.5])
def test_a_change_of_light_is_no_motion_and_no_other_scene(factor):
    L = panned(scenery(1), 1)[0]
    found = motion(L, (L * factor).clip(0, 100).astype(np.float32))
    assert found.likeness > 0.8
    assert np.abs(found.came_from - places(*GRID)).mean() < 0.1


@pytest.mark.parametrize("other", [5, 6, 7])
def test_two_scenes_are_unlike(other):
    assert motion(panned(scenery(1), 1)[0], panned(scenery(other), 1)[0]).likeness < ALIKE


def test_black_is_like_black_and_unlike_a_picture():
    black = np.zeros((96, 128), np.float32)
    assert motion(black, black).likeness == 1
    assert motion(black, panned(scenery(0), 1)[0]).likeness < 0.2


@pytest.mark.parametrize("threads", [2, 4])
def test_motion_is_the_same_on_any_number_of_threads_which_is_left_as_it_was(threads):
    before, now = noisy(panned(scenery(2), 2, 3), grain=2)
    had = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = motion(before, now)
        cv2.setNumThreads(threads)
        other = motion(before, now)
        assert cv2.getNumThreads() == threads
    finally:
        cv2.setNumThreads(had)
    assert one.came_from.tobytes() == other.came_from.tobytes()
    assert one.trust.tobytes() == other.trust.tobytes()


def test_carrying_moves_planes_by_whole_steps_exactly():
    plane = np.random.default_rng(0).normal(size=(24, 32, 2)).astype(np.float32)
    moved = carry(plane, places(24, 32) + np.float32([3, 0]))
    np.testing.assert_allclose(moved[:, :-3], plane[:, 3:], atol=1e-5)


def test_flicker_is_the_change_that_motion_does_not_explain():
    before = np.zeros((24, 32, 2), np.float32)
    now = before + np.float32([3, 4])
    everywhere = np.ones((24, 32), bool)
    assert unexplained(before, now, places(24, 32), everywhere) == pytest.approx(5)


def test_the_flicker_of_a_film_counts_alternating_colours_and_not_colours_that_move():
    frames = panned(scenery(0), 8, 4)
    colours = [np.stack([L, 50 - L], -1)[2::4, 2::4] / 3 for L in frames]
    steady, unsteady = Flicker(), Flicker()
    for index, (L, ab) in enumerate(zip(frames, colours, strict=True)):
        steady.add(L, ab)
        unsteady.add(L, ab + np.float32(6 * (index % 2)))
    assert unsteady.mean == pytest.approx(6 * 2**0.5, rel=0.35)
    assert steady.mean < unsteady.mean / 3
    assert np.isnan(Flicker().mean)


def test_a_cut_is_no_flicker():
    frames = [panned(scenery(seed), 1)[0] for seed in (1, 5)]
    film = Flicker()
    for index, L in enumerate(frames):
        film.add(L, np.full((24, 32, 2), 30 * index, np.float32))
    assert np.isnan(film.mean)
