"""What is burnt in: found where the scene moves and where digits tick; scenery is left alone."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from steady_films import as_film, noisy, panned, scenery

from photochrom import ColorizeOptions
from photochrom.film.burnt_in import BurntIn
from photochrom.film.flow import even_light
from photochrom.film.scenes import SceneWatch
from photochrom.film.steadiness import SteadyColours, SteadySettings

GRID = (48, 64)
BOX = (8, 6, 150, 17)  # left, top, right, bottom of the stamp


def stamp(second: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """L and opacity of white writing on a black bar, small as in a film of 480 rows."""
    layers = []
    for ink in (255, None):
        image = Image.new("L", (width * 4, height * 4), 0)
        draw = ImageDraw.Draw(image)
        draw.rectangle([side * 4 for side in BOX], fill=0 if ink else 255)
        text = f"CAM 3 1987-04-12 21:30:{second % 60:02}"
        draw.text((40, 26), text, font=ImageFont.load_default(size=40), fill=255)
        layers.append(np.asarray(image.resize((width, height), Image.BOX), np.float32) / 255)
    return layers[0] * 100, layers[1]


def stamped(frames: list[np.ndarray], rate: int = 24) -> list[np.ndarray]:
    """The frames with a clock that ticks."""
    found = []
    for index, L in enumerate(frames):
        ink, opacity = stamp(index // rate, *L.shape)
        found.append((L * (1 - opacity) + ink * opacity).astype(np.float32))
    return found


def overlays(frames, grid=GRID):
    watch, burnt_in = SceneWatch(grid), BurntIn()
    found = []
    for L in frames:
        overlay = burnt_in.see(L, watch.see(even_light(L)).motion, grid)
        found.append(np.zeros(grid) if overlay is None else overlay)
    return found


def large(frames):
    """Windows of 192 x 256 of the same kind."""
    return [np.kron(L, np.ones((2, 2), np.float32)) for L in frames]


def inside(overlay):
    """Mean over the writing's cells, and over those well away from it."""
    away = overlay.copy()
    away[:7, :42] = 0
    return overlay[2:4, 3:30].mean(), away.mean()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_stamp_on_a_moving_scene_is_found_within_a_second(seed):
    frames = noisy(large(panned(scenery(seed), 24, 2)), grain=1.5, seed=seed)
    written, away = inside(overlays(stamped(frames))[-1])
    assert written > 0.8
    assert away < 0.03


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_clock_in_a_shot_that_never_moves_is_found_at_its_first_tick(seed):
    still = noisy(large(panned(scenery(seed), 1) * 36), grain=1)
    found = overlays(noisy(stamped(still), grain=0.7))
    assert inside(found[22])[1] == 0
    written, away = inside(found[-1])
    assert written > 0.8
    assert away < 0.05


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_scene_without_writing_keeps_its_colours(seed):
    moving = noisy(large(panned(scenery(seed), 24, 2)), grain=2)
    still = noisy(large(panned(scenery(seed + 9), 1) * 12), grain=2)
    assert max(overlay.mean() for overlay in overlays(moving + still)) < 0.01


def test_a_stamp_stays_found_over_a_cut():
    frames = large(panned(scenery(0), 24, 2) + panned(scenery(20), 2, 2))
    assert inside(overlays(stamped(frames))[-1])[0] > 0.8


def test_the_clock_gets_no_colour_and_gives_none_away(colorizer):
    frames = noisy(large(panned(scenery(1), 30, 2)), grain=1)
    film = as_film(stamped(frames))
    options = ColorizeOptions(size=192)
    coloured = SteadyColours(colorizer, options)
    plain = SteadyColours(colorizer, options, SteadySettings(burnt_in=False))
    found = [coloured.colour(frame) for frame in film][-1]
    without = [plain.colour(frame) for frame in film][-1]
    assert np.hypot(*np.moveaxis(found[2:4, 3:30], -1, 0)).mean() < 3
    assert np.hypot(*np.moveaxis(without[2:4, 3:30], -1, 0)).mean() > 10
    np.testing.assert_allclose(found[10:], without[10:], atol=1)


def test_what_was_found_goes_on_from_a_state():
    frames = stamped(large(panned(scenery(0), 14, 2)))
    watch = SceneWatch(GRID)
    steps = [watch.see(even_light(L)).motion for L in frames]
    whole, first, second = BurntIn(), BurntIn(), BurntIn()
    expected = [whole.see(L, motion, GRID) for L, motion in zip(frames, steps, strict=True)]
    for L, motion in zip(frames[:8], steps[:8], strict=True):
        first.see(L, motion, GRID)
    second.restore({name: value.copy() for name, value in first.state().items()})
    rest = [second.see(L, motion, GRID) for L, motion in zip(frames[8:], steps[8:], strict=True)]
    assert rest[-1] is not None
    np.testing.assert_array_equal(rest[-1], expected[-1])
