"""Scene cuts: found at their first frame; flashes, fades, pans and zooms are none."""

import cv2
import numpy as np
import pytest
from steady_films import HEIGHT, WIDTH, noisy, panned, scenery

from photochrom.film.flow import even_light
from photochrom.film.scenes import INTERRUPTION, SceneWatch, Turn


def scenes(luminances):
    watch = SceneWatch((24, 32))
    return [watch.see(even_light(L)).scene for L in luminances]


@pytest.mark.parametrize("seed", range(6))
def test_a_cut_is_found_at_its_first_frame(seed):
    one, other = (panned(scenery(s), 6) for s in (seed, seed + 20))
    assert scenes(noisy(one + other, grain=2)) == [0] * 6 + [1] * 6


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_flash_returns_to_its_scene(length):
    frames = panned(scenery(0), 12)
    white = [np.full((HEIGHT, WIDTH), 99, np.float32)] * length
    found = scenes(noisy(frames[:6] + white + frames[6:], grain=1))
    assert found[:6] == [0] * 6 and found[6 + length :] == [0] * 6


def test_a_flash_that_leaves_the_picture_visible_is_nothing_at_all():
    frames = panned(scenery(1), 6)
    frames[3] = (frames[3] * 1.6 + 10).clip(0, 100)
    assert set(scenes(frames)) == {0}


def test_a_scene_is_not_taken_up_after_a_long_time():
    one, other = panned(scenery(0), 4), panned(scenery(21), INTERRUPTION + 3)
    assert scenes(one + other + one) == [0] * 4 + [1] * len(other) + [2] * 4


def test_a_cut_during_a_flash_is_a_cut():
    one, other = panned(scenery(0), 4), panned(scenery(22), 4)
    white = [np.full((HEIGHT, WIDTH), 99, np.float32)]
    found = scenes(one + white + other)
    assert len(set(found[:4])) == len(set(found[5:])) == 1
    assert found[0] != found[-1]


def test_a_fade_to_black_has_no_cut_and_the_next_scene_is_another():
    one, other = panned(scenery(2), 16), panned(scenery(23), 16)
    down = [L * np.float32(1 - t / 15) for t, L in enumerate(one)]
    up = [L * np.float32(t / 15) for t, L in enumerate(other)]
    found = scenes(down + up)
    assert set(found[:14]) == {0}
    assert found[-1] != 0 and len(set(found[16 + 5 :])) == 1


@pytest.mark.parametrize("step", [5, 15, 30])
def test_a_pan_has_no_cut(step):
    assert set(scenes(noisy(panned(scenery(4), 4, step), grain=2))) == {0}


def test_a_zoom_has_no_cut():
    wide = scenery(5)[:HEIGHT, :WIDTH]
    frames = []
    for t in range(8):
        h, w = (round(side * 0.95**t) for side in (HEIGHT, WIDTH))
        top, left = (HEIGHT - h) // 2, (WIDTH - w) // 2
        frames.append(cv2.resize(wide[top : top + h, left : left + w], (WIDTH, HEIGHT)))
    assert set(scenes(frames)) == {0}


@pytest.mark.parametrize("seed", range(4))
def test_a_dissolve_ends_a_scene_before_a_second_after_it(seed):
    one, other = (panned(scenery(s), 54, 1) for s in (seed, seed + 20))
    shares = np.linspace(0, 1, 24, dtype=np.float32)
    mixed = [(1 - s) * a + s * b for s, a, b in zip(shares, one[30:], other[:24], strict=True)]
    found = scenes(noisy(one[:30] + mixed + other[24:], grain=1))
    assert set(found[:36]) == {0}
    assert set(found[78:]) == {1}, "one other scene"


def test_a_long_shot_with_something_moving_through_it_is_one_scene():
    frames, thing = panned(scenery(6), 90, 0), scenery(7)[:50, :24]
    for t, L in enumerate(frames):
        L[20:70, t : t + 24] = thing
    assert set(scenes(noisy(frames, grain=1))) == {0}
    assert set(scenes(noisy(panned(scenery(6), 90, 1), grain=1))) == {0}


def test_a_watch_goes_on_from_its_state():
    frames = noisy(panned(scenery(0), 4) + panned(scenery(24), 2) + panned(scenery(0), 2), grain=1)
    whole = SceneWatch((24, 32))
    steps = [whole.see(even_light(L)) for L in frames]
    assert steps[-2].turn is Turn.TAKES_UP
    for stop in range(1, len(frames)):
        first, second = SceneWatch((24, 32)), SceneWatch((24, 32))
        for L in frames[:stop]:
            first.see(even_light(L))
        second.restore(first.state())
        rest = [second.see(even_light(L)) for L in frames[stop:]]
        assert [step.scene for step in rest] == [step.scene for step in steps[stop:]]
