"""A reference picture's colours in a film, with the bundled model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from steady_films import as_film, colour_all, flicker, noisy, panned

from photochrom import ColorizeOptions, Colorizer
from photochrom.color import rgb_to_lab
from photochrom.film import FrameByFrame, SteadyColours
from photochrom.film.colorize import colour_print

PHOTO = Path(__file__).parents[2] / "examples" / "photos" / "coffee.jpg"


@pytest.fixture(scope="module")
def general():
    return Colorizer("general", threads=1)


@pytest.fixture
def pictures(tmp_path):
    """The lightness of a photograph, and the same photograph toned blue as a reference."""
    grey = Image.open(PHOTO).convert("L").resize((260, 160))
    L = np.ascontiguousarray(rgb_to_lab(np.asarray(grey.convert("RGB")))[..., 0], np.float32)
    toned(grey, "blue").save(tmp_path / "reference.png")
    return L, tmp_path / "reference.png"


def toned(grey, colour):
    """A grey picture from black over a colour to white."""
    return ImageOps.colorize(grey, "black", "white", mid=colour)


def test_a_film_takes_over_the_colours_of_a_reference_and_stays_steady(general, pictures):
    L, blue = pictures
    film = as_film(noisy(panned(L, 8, 4, top=30), grain=2, light=0.05))
    options = ColorizeOptions(size=96, looks=1, reference=blue)
    plain = colour_all(SteadyColours(general, ColorizeOptions(size=96, looks=1)), film)
    steady = colour_all(SteadyColours(general, options), film)
    alone = colour_all(FrameByFrame(general, options), film)
    assert (
        np.mean([ab[..., 1].mean() for ab in steady])
        < np.mean([ab[..., 1].mean() for ab in plain]) - 3
    ), "bluer"
    assert flicker(steady, 4) < flicker(alone, 4) / 2


def test_work_on_one_reference_is_not_gone_on_with_another_of_its_name(general, pictures):
    _, blue = pictures
    options = ColorizeOptions(reference=blue)
    before = colour_print(general, options)
    assert colour_print(general, options) == before
    toned(Image.open(PHOTO).convert("L"), "green").save(blue)
    assert colour_print(general, options) != before
    assert colour_print(general, ColorizeOptions()) is None
