"""Steady colours: little flicker, quick at cuts, the same after a stop; key frames hold."""

import itertools

import numpy as np
import pytest
from steady_films import HEIGHT, WIDTH, as_film, colour_all, flicker, noisy, panned, scenery

from photochrom import ColorizeOptions, Colorizer
from photochrom.errors import InputError, OptionError, UnreadableError
from photochrom.film.colours import FrameByFrame
from photochrom.film.keys import KnownColours, key_frame
from photochrom.film.steadiness import SteadyColours, SteadySettings
from photochrom.film.two_passes import TwoPassColours

ONCE = ColorizeOptions(looks=1)
SIZE = ColorizeOptions(size=96)


@pytest.mark.parametrize("kind", [SteadyColours, TwoPassColours])
@pytest.mark.parametrize("seed", [0, 1])
def test_colours_flicker_at_most_a_third_as_much_as_frame_by_frame(colorizer, kind, seed):
    film = as_film(noisy(panned(scenery(seed), 20, 4), grain=3, light=0.08))
    alone = flicker(colour_all(FrameByFrame(colorizer, SIZE), film), 4)
    assert flicker(colour_all(kind(colorizer, SIZE), film), 4) < alone / 3


def test_colours_stay_those_of_the_scene_while_it_moves(colorizer):
    frames = panned(scenery(3), 16, 4)
    steady = colour_all(SteadyColours(colorizer, SIZE), as_film(frames))
    alone = colour_all(FrameByFrame(colorizer, SIZE), as_film(frames))
    inner = np.s_[2:-2, 2:-2]
    apart = np.hypot(*np.moveaxis(steady[-1] - alone[-1], -1, 0))[inner]
    unmoved = np.hypot(*np.moveaxis(alone[0] - alone[-1], -1, 0))[inner]
    assert apart.mean() < unmoved.mean() / 3


def test_a_cut_shows_the_new_scene_in_its_first_frame(colorizer):
    one, other = (panned(scenery(seed), 6) for seed in (0, 20))
    found = colour_all(SteadyColours(colorizer), as_film(one + other))
    fresh = SteadyColours(colorizer).colour(as_film(other)[0])
    np.testing.assert_array_equal(found[6], fresh)


def test_after_a_flash_the_scene_has_its_colours_back(colorizer):
    frames = panned(scenery(0), 12, 0)
    white = [np.full((HEIGHT, WIDTH), 99, np.float32)]
    found = colour_all(SteadyColours(colorizer), as_film(frames[:6] + white + frames[6:]))
    assert np.abs(found[7] - found[5]).mean() < 0.3
    assert np.abs(found[6] - found[5]).mean() > 3


def dissolve(seed):
    """Twelve frames of one scene, 24 that go over into another, and 36 of that one."""
    one, other = (panned(scenery(s), 60, 1) for s in (seed, seed + 20))
    shares = np.linspace(0, 1, 24, dtype=np.float32)
    mixed = [(1 - s) * a + s * b for s, a, b in zip(shares, one[12:], other[:24], strict=False)]
    return as_film(noisy(one[:12] + mixed + other[24:], grain=1))


@pytest.mark.parametrize("seed", [0, 1])
def test_a_second_after_a_dissolve_colours_are_those_of_the_new_scene(colorizer, seed):
    film = dissolve(seed)
    found = colour_all(SteadyColours(colorizer, SIZE), film)
    fresh = colour_all(SteadyColours(colorizer, SIZE), film[36:])
    apart = [
        np.hypot(*np.moveaxis(one - other, -1, 0)).mean()
        for one, other in zip(found[60:], fresh[24:], strict=True)
    ]
    scenes_apart = np.hypot(*np.moveaxis(found[11] - fresh[-1], -1, 0)).mean()
    assert max(apart) < scenes_apart / 4
    steps = [np.hypot(*np.moveaxis(b - a, -1, 0)).mean() for a, b in itertools.pairwise(found)]
    assert max(steps) < scenes_apart / 4, "no jump"


def test_work_that_stops_in_a_dissolve_goes_on_to_the_very_same_bytes(colorizer):
    film = dissolve(0)
    whole = [ab.tobytes() for ab in colour_all(SteadyColours(colorizer, SIZE), film)]
    for stop in (30, 38):
        first, second = SteadyColours(colorizer, SIZE), SteadyColours(colorizer, SIZE)
        colour_all(first, film[:stop])
        second.restore({name: value.copy() for name, value in first.state().items()})
        assert [second.colour(frame).tobytes() for frame in film[stop:]] == whole[stop:]


def test_between_key_looks_the_network_rests(colorizer):
    seen = []
    watched = Colorizer(colorizer.model.path, threads=1)
    own = watched.model.predict
    watched.model.predict = lambda L: (seen.append(1), own(L))[1]
    film = as_film(panned(scenery(1), 19, 1))
    colour_all(SteadyColours(watched, ONCE, SteadySettings(key_every=6)), film)
    assert len(seen) == 4


@pytest.mark.parametrize("kind", [SteadyColours, TwoPassColours])
def test_work_that_was_stopped_goes_on_to_the_very_same_bytes(colorizer, kind):
    one, other = (panned(scenery(seed), 9) for seed in (0, 20))
    white = [np.full((HEIGHT, WIDTH), 99, np.float32)]
    film = as_film(noisy(one[:5] + white + one[5:] + other, grain=1))
    settings = SteadySettings(key_every=2)
    whole = [ab.tobytes() for ab in colour_all(kind(colorizer, SIZE, settings), film)]
    for stop in (1, 6, 7, 12):
        first, second = kind(colorizer, SIZE, settings), kind(colorizer, SIZE, settings)
        if kind is TwoPassColours:
            first.prepare(iter(film))
        for frame in film[:stop]:
            first.colour(frame)
        second.restore({name: value.copy() for name, value in first.state().items()})
        assert [second.colour(frame).tobytes() for frame in film[stop:]] == whole[stop:]


def test_colours_do_not_depend_on_the_number_of_threads(tiny_model):
    film = as_film(noisy(panned(scenery(1), 6), grain=2))
    found = [
        colour_all(SteadyColours(Colorizer(tiny_model, threads=threads), SIZE), film)
        for threads in (1, 2)
    ]
    assert all(np.array_equal(one, other) for one, other in zip(*found, strict=True))


def test_memory_does_not_grow_with_the_film(colorizer):
    colours = SteadyColours(colorizer, SIZE)
    sizes = []
    for frame in as_film(noisy(panned(scenery(1), 60, 2), grain=1)):
        colours.colour(frame)
        sizes.append(sum(value.nbytes for value in colours.state().values()))
    assert sizes[-1] <= sizes[26], "two frames of a second ago and less are all that is kept"


def red(height=HEIGHT, width=WIDTH):
    return np.full((height, width, 3), [200, 60, 60], np.uint8)


RED = np.array([52.0, 32.0])


def test_a_key_frame_holds_from_its_moment_and_ends_with_its_scene(colorizer):
    one, other = panned(scenery(0), 20, 2), panned(scenery(20), 3)
    key = key_frame(red(), 5 / 24, (HEIGHT, WIDTH))
    colours = SteadyColours(colorizer, SIZE, known=KnownColours([key]))
    found = colour_all(colours, as_film(one + other))
    apart = [np.hypot(*np.moveaxis(ab - RED, -1, 0)).mean() for ab in found]
    assert min(apart[:5]) > 30
    assert max(apart[5:20]) < 12
    assert min(apart[20:]) > 30


def test_with_two_passes_a_key_frame_holds_from_the_beginning_of_its_scene(colorizer):
    other, one = panned(scenery(20), 10), panned(scenery(0), 16, 2)
    key = key_frame(red(), 20 / 24, (HEIGHT, WIDTH))
    colours = TwoPassColours(colorizer, SIZE, known=KnownColours([key]))
    found = colour_all(colours, as_film(other + one))
    apart = [np.hypot(*np.moveaxis(ab - RED, -1, 0)).mean() for ab in found]
    assert min(apart[:10]) > 30
    assert max(apart[10:]) < 15


def test_key_frames_that_cannot_be_ones_are_called_by_name(tmp_path):
    with pytest.raises(InputError, match="64 x 96 pixels, not in the shape"):
        key_frame(red(96, 64), 0, (HEIGHT, WIDTH))
    with pytest.raises(InputError, match="has no colour"):
        key_frame(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), 0, (HEIGHT, WIDTH))
    with pytest.raises(OptionError, match="time is -1"):
        key_frame(red(), -1, (HEIGHT, WIDTH))
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(UnreadableError, match=r"no\.png"):
        key_frame(tmp_path / "no.png", 0, (HEIGHT, WIDTH))


@pytest.mark.parametrize(
    ("name", "value"), [("memory", 0.5), ("drift", 2), ("key_every", 0), ("key_every", 241)]
)
def test_settings_outside_their_range_are_refused(name, value):
    with pytest.raises(OptionError, match=name):
        SteadySettings(**{name: value})
