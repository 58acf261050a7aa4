"""What a film is made of."""

from __future__ import annotations

import numpy as np
import pytest
from made_of_photographs import Made, make_film
from steady_films import HEIGHT, WIDTH, as_film, panned, scenery

from photochrom import ColorizeOptions
from photochrom.film import film_scenes, film_stats
from photochrom.film.scene_list import scenes_of
from photochrom.film.stats import measured_rate


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi"])
def test_frames_are_counted(name, tmp_path):
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    found = film_stats(make_film(tmp_path / name, Made(codec, frames=31)))
    assert found.frames == 31
    assert found.seconds == pytest.approx(31 / 25, abs=0.01)
    assert not found.variable
    assert [track.split(",")[0] for track in found.tracks] == ["video", "audio"]


def test_a_variable_frame_rate_is_seen(tmp_path):
    stamps = np.cumsum([0, 40, 40, 400, 40, 40, 40, 80]).tolist()
    found = film_stats(make_film(tmp_path / "film.mp4", Made(frames=8, stamps=stamps)))
    assert found.variable
    assert (found.shortest, found.longest) == pytest.approx((0.04, 0.4))


def test_turns_aspect_fields_and_chapters(tmp_path):
    made = Made(rotation=90, height=96, chapters=[(0, 0.5, "one")],
                options={"x264-params": "interlaced=1:tff=1"})  # fmt: skip
    found = film_stats(make_film(tmp_path / "film.mov", made))
    assert found.film.turns == 1
    assert found.film.display_size == (96, 96)
    assert found.film.fields == "top field first"
    assert found.chapters == 1


def test_scenes_are_listed_and_a_flash_is_none(tmp_path, colorizer):
    made = Made(frames=40, events=[(14, "cut"), (25, "flash"), (32, "cut")])
    path = make_film(tmp_path / "film.mp4", made)
    found = film_scenes(path, colorizer, ColorizeOptions(size=72))
    assert [scene.frames for scene in found] == [14, 18, 8]
    starts = [scene.start for scene in found]
    assert starts == pytest.approx([0, 14 / 25, 32 / 25])
    assert [scene.end for scene in found] == pytest.approx([*starts[1:], 40 / 25])


def test_a_scene_that_is_interrupted_is_listed_as_one():
    one, other = (panned(scenery(seed), 9) for seed in (0, 20))
    white = [np.full((HEIGHT, WIDTH), 99, np.float32)] * 2
    found = scenes_of(as_film(one[:4] + white + one[4:] + other))
    assert [scene.frames for scene in found] == [11, 9]


def test_the_rate_is_measured(tmp_path, colorizer):
    film = film_stats(make_film(tmp_path / "film.mp4")).film
    assert measured_rate(film, colorizer, ColorizeOptions()) > 0
