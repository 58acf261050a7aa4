from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.data.decoded import decode_pictures
from photochrom.training.config import load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory):
    """Twenty-four small pictures whose colour follows their lightness: something to learn."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:40, :56] / 40
    for index in range(24):
        angle, phase = rng.uniform(0, 6.28, 2)
        wave = 0.5 + 0.5 * np.sin(3 * (np.cos(angle) * x + np.sin(angle) * y) + phase)
        rgb = np.stack([wave, 0.6 * wave + 0.1, 0.9 - 0.8 * wave], -1)
        Image.fromarray((rgb * 255).astype(np.uint8)).save(folder / f"{index:02d}.png")
    return folder


@pytest.fixture(scope="session")
def pictures(picture_folder, tmp_path_factory):
    return decode_pictures([picture_folder], 48, tmp_path_factory.mktemp("cache"), jobs=1)


@pytest.fixture
def tiny():
    def load(*overrides):
        return load_recipe(RECIPES / "tiny.yaml", overrides)

    return load
