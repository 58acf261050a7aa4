"""`photochrom palette`: a figure of a data set's colours, and its shares as JSON."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Run, files_below
from PIL import Image

RED, GREY = (200, 40, 30), (128, 128, 128)


@pytest.fixture
def data(folder: Path) -> Path:
    """Three pictures, one pixel in six red, all others grey."""
    (folder / "data").mkdir()
    picture = np.full((30, 40, 3), GREY, np.uint8)
    Image.fromarray(picture).save(folder / "data/a.png")
    Image.fromarray(picture).save(folder / "data/b.png")
    picture[:15] = RED
    Image.fromarray(picture).save(folder / "data/c.png")
    return folder / "data"


def test_a_folder_becomes_a_figure(run: Run, folder: Path, data: Path) -> None:
    ran = run("palette", "data", "-o", "out/prior.png")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        "out/prior.png: 3600 pixels of 3 pictures; 2 of the 261 classes of gamut-10 were met"
    ]
    assert files_below(folder / "out") == {"prior.png"}
    with Image.open(folder / "out/prior.png") as figure:
        assert figure.format == "PNG"


@pytest.mark.parametrize(("palette", "classes"), [("gamut-10", 261), ("uniform-20", 400)])
def test_the_shares_come_as_json(
    run: Run, folder: Path, data: Path, palette: str, classes: int
) -> None:
    ran = run("palette", "data", "--palette", palette, "--json")
    told: dict[str, Any] = json.loads(ran.out)
    assert (folder / "prior.png").is_file()
    assert {key: told[key] for key in ("palette", "pictures", "unreadable", "pixels")} == {
        "palette": palette, "pictures": 3, "unreadable": 0, "pixels": 3600,
    }  # fmt: skip
    assert [row["class"] for row in told["classes"]] == list(range(classes))
    assert sum(row["share"] for row in told["classes"]) == pytest.approx(1)
    red, grey = sorted((row for row in told["classes"] if row["pixels"]), key=lambda row: -row["a"])
    assert (red["pixels"], grey["pixels"]) == (600, 3000)
    assert red["share"] == pytest.approx(1 / 6)
    assert (abs(red["a"] - 60.2) < 7, abs(red["b"] - 44.5) < 7) == (True, True)
    assert np.hypot(grey["a"], grey["b"]) < 10


def test_the_same_data_make_the_same_file(run: Run, folder: Path, data: Path) -> None:
    for name, jobs in (("one.png", 1), ("two.png", 3)):
        assert run("palette", "data", "-o", name, "--jobs", jobs).code == 0
    assert (folder / "one.png").read_bytes() == (folder / "two.png").read_bytes()


def test_unreadable_pictures_are_counted_and_some_are_named(
    run: Run, folder: Path, data: Path
) -> None:
    for number in range(5):
        (data / f"bad{number}.jpg").write_text("no")
    ran = run("palette", "data")
    assert ran.code == 0
    assert "5 left out: unreadable (bad0.jpg, bad1.jpg, bad2.jpg, ...)" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere"], 1, "nowhere"),
        (["empty"], 1, "no pictures"),
        (["data", "--palette", "gamut-0"], 2, "gamut-10"),
        (["data", "--palette", "rainbow"], 2, "uniform-N"),
        (["data", "-o", "prior.pdf"], 2, ".png"),
        (["data", "--jobs", "0"], 2, "at least 1"),
    ],
)
def test_a_wrong_command_is_one_line(
    run: Run, folder: Path, data: Path, arguments: list[str], code: int, told: str
) -> None:
    (folder / "empty").mkdir()
    ran = run("palette", *arguments)
    assert ran.code == code
    assert len(ran.complaints) == 1
    assert told in ran.complaints[0]
    assert not (folder / "prior.png").exists()


def test_without_matplotlib_the_install_line_is_told(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_import = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return really_import(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    ran = run("palette", "data")
    assert ran.code == 1
    assert 'pip install "photochrom[train]"' in ran.complaints[0]
