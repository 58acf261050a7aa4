"""Small surveys that are really made: pictures in colour, a tiny model, results of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, save_coloured
from PIL import Image
from small_surveys import PAIR, SINGLE, Copied

from photochrom.color import lab_to_rgb, rgb_to_lab
from photochrom.survey.create import create_survey
from photochrom.survey.folder import Survey, open_survey
from photochrom.survey.sources import open_sources


@pytest.fixture(scope="session")
def coloured_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen pictures, each of hues of its own."""
    folder = save_coloured(tmp_path_factory.mktemp("data") / "photos", 14)
    for number, file in enumerate(sorted(folder.iterdir())):
        lab = rgb_to_lab(coloured(number))
        turn = 2.4 * number  # radians: neighbours and their neighbours differ
        a, b = lab[..., 1] + 12 * np.cos(turn), lab[..., 2] + 12 * np.sin(turn)
        rgb = lab_to_rgb(np.stack([lab[..., 0], a, b], -1))
        Image.fromarray(np.rint(rgb * 255).astype(np.uint8)).save(file)
    return folder


@pytest.fixture(scope="session")
def made_surveys(
    tmp_path_factory: pytest.TempPathFactory, coloured_folder: Path, tiny_model: Path
) -> Path:
    """A folder with two surveys of the tiny model and of grey: single and pair."""
    folder = tmp_path_factory.mktemp("surveys")
    for name, design in (("single", SINGLE), ("pair", PAIR)):
        sources = open_sources([str(tiny_model), "grey"], threads=1)
        create_survey(folder / name, design, sources, [coloured_folder])
    return folder


@pytest.fixture
def copied(made_surveys: Path, tmp_path: Path) -> Copied:
    def copy(name: str) -> Survey:
        shutil.copytree(made_surveys / name, tmp_path / name)
        return open_survey(tmp_path / name)

    return copy
