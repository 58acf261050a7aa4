"""`photochrom demo`: one sheet, from the example pictures or from those that are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from command_line import Run, files_below, make_picture
from PIL import Image

from photochrom.cli.demo import GAP, PANEL
from photochrom.cli.packaged import EXAMPLES, RECIPES, packaged_files


def test_the_examples_are_small_grey_photographs_with_a_stated_licence() -> None:
    files = packaged_files(EXAMPLES, ".jpg")
    sources = files[0].with_name("SOURCES.md").read_text()
    assert len(files) == 6
    assert sum(file.stat().st_size for file in files) < 600_000
    for file in files:
        assert file.name in sources
        with Image.open(file) as image:
            assert max(image.size) <= 900
            assert image.mode == "L"


def test_recipes_are_found() -> None:
    assert "general" in [file.stem for file in packaged_files(RECIPES, ".yaml")]


def test_the_examples_become_one_sheet(run: Run, folder: Path, tiny_model: Path) -> None:
    ran = run("demo", "--model", tiny_model)
    assert ran.code == 0
    assert "photochrom-demo.png: 6 pictures" in ran.err
    assert files_below(folder) == {"photochrom-demo.png"}


def test_the_sheet_shows_before_at_the_left_and_after_at_the_right(
    run: Run, folder: Path, tiny_model: Path
) -> None:
    make_picture(folder / "a.png", PANEL, 300)
    assert run("demo", "a.png", "-o", "sheets/sheet.png", "--model", tiny_model).code == 0
    with Image.open(folder / "sheets/sheet.png") as sheet:
        pixels = np.asarray(sheet).astype(int)
    before = pixels[GAP : GAP + 300, GAP : GAP + PANEL]
    after = pixels[GAP : GAP + 300, -GAP - PANEL : -GAP]
    assert np.ptp(before, axis=-1).max() <= 1
    assert np.ptp(after, axis=-1).mean() > 5
    with Image.open(folder / "a.png") as picture:
        assert np.abs(before[..., 0] - np.asarray(picture)).max() <= 3


def test_a_bad_picture_does_not_spoil_the_sheet(run: Run, folder: Path, tiny_model: Path) -> None:
    make_picture(folder / "a.png")
    (folder / "bad.jpg").write_text("no")
    ran = run("demo", "a.png", "bad.jpg", "-o", "sheet.jpg", "--model", tiny_model)
    assert ran.code == 1
    assert "bad.jpg" in ran.complaints[0]
    assert (folder / "sheet.jpg").exists()


def test_the_sheet_never_replaces_a_picture(run: Run, folder: Path, tiny_model: Path) -> None:
    content = make_picture(folder / "a.png").read_bytes()
    ran = run("demo", "a.png", "-o", "a.png", "--model", tiny_model)
    assert ran.code == 1
    assert (folder / "a.png").read_bytes() == content


def test_a_sheet_is_a_picture_file(run: Run, folder: Path, tiny_model: Path) -> None:
    ran = run("demo", "-o", "sheet.txt", "--model", tiny_model)
    assert ran.code == 2
    assert ".png" in ran.complaints[0]
