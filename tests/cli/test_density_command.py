"""`photochrom density`: an autoencoder fitted to pictures, as `evaluate` takes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, encoded, save_coloured
from command_line import Run, files_below

from photochrom.evaluation.density import load_density

COMMAND = ["density", "photos", "-o", "fits/photos.pt", "--size", "16", "--steps", "2"]
COMMAND += ["--device", "cpu", "--threads", "1"]


@pytest.fixture
def photos(folder: Path) -> Path:
    return save_coloured(folder / "photos", 5)


def test_a_folder_becomes_a_fit(run: Run, folder: Path, photos: Path) -> None:
    before = files_below(folder)
    ran = run(*COMMAND)
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert files_below(folder) - before == {"fits/photos.pt"}
    fitted = load_density(folder / "fits/photos.pt")
    assert fitted.config.size == 16
    assert fitted.fitted_to == "photos, 5 pictures, 2 steps"
    assert np.isfinite(fitted.expected)
    assert ran.err.splitlines() == [
        "fits/photos.pt: fitted to photos, 5 pictures, 2 steps; their mean KL is "
        f"{fitted.expected:.1f} nats"
    ]


def test_the_seed_decides_the_fit(run: Run, folder: Path, photos: Path) -> None:
    expected = []
    for seed in (3, 3, 4):
        assert run(*COMMAND, "--seed", seed, "--cache", "kept").code == 0
        expected.append(load_density(folder / "fits/photos.pt").expected)
    assert expected[0] == expected[1] != expected[2]
    assert len(list((folder / "kept").glob("*.lab"))) == 1


def test_pictures_without_colour_are_left_out_and_counted(
    run: Run, folder: Path, photos: Path
) -> None:
    for name in ("01.png", "03.png"):
        (photos / name).write_bytes(encoded(coloured(0)[..., 0]))
    ran = run(*COMMAND)
    assert "2 left out: grey or of one tint" in ran.err
    assert load_density(folder / "fits/photos.pt").fitted_to.startswith("photos, 3 pictures")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere"], 1, "nowhere: neither a folder nor a .tar shard"),
        (["grey"], 1, "0 of 2 pictures have colour; a fit needs 2"),
        (["photos", "--size", "40"], 2, "size is 40; it must be a multiple of 16"),
        (["photos", "--steps", "0"], 2, "steps is 0; it must be at least 1"),
        (["photos", "-o", "photos"], 1, "photos: is a folder; give the name of a file"),
    ],
)
def test_a_wrong_command_is_one_line(
    run: Run, folder: Path, photos: Path, arguments: list[str], code: int, told: str
) -> None:
    (folder / "grey").mkdir()
    for number in range(2):
        (folder / f"grey/{number}.png").write_bytes(encoded(coloured(number)[..., 0]))
    before = files_below(folder)
    ran = run("density", *arguments, "--device", "cpu")
    assert ran.code == code
    assert len(ran.complaints) == 1
    assert told in ran.complaints[0]
    assert files_below(folder) == before
