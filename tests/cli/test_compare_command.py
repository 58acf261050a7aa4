"""`photochrom compare`: one sheet of pictures and models, whatever is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import Run, files_below, make_picture
from PIL import Image

from photochrom.cli import main


def make_colours(path: Path, height: int = 64, width: int = 96) -> Path:
    rows, columns = np.mgrid[0:height, 0:width] / 9
    waves = np.stack([np.sin(rows), np.cos(columns), np.sin(rows + columns)], -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((128 + 60 * waves).astype(np.uint8)).save(path)
    return path


def sheet_of(path: Path) -> np.ndarray:
    with Image.open(path) as sheet:
        return np.asarray(sheet.convert("RGB")).astype(int)


@pytest.fixture
def compare(run: Run, tiny_model: Path) -> Run:
    """Runs `compare` with the tiny model on small rows."""
    return lambda *given: run("compare", *given, "--models", f"{tiny_model},grey", "--height", 64)


def test_colour_pictures_get_grey_the_model_and_the_truth(compare: Run, folder: Path) -> None:
    make_colours(folder / "a.png")
    ran = compare("a.png", "-o", "out/sheet.png")
    assert (ran.code, ran.complaints) == (0, [])
    assert ran.err.splitlines() == ["out/sheet.png: 1 pictures; grey, tiny, truth"]
    assert files_below(folder / "out") == {"sheet.png"}
    pixels = sheet_of(folder / "out/sheet.png")
    truth = sheet_of(folder / "a.png")
    height, width = truth.shape[:2]
    places = [
        (row, column)
        for row in range(pixels.shape[0] - height + 1)
        for column in range(pixels.shape[1] - width + 1)
        if np.abs(pixels[row, column] - truth[0, 0]).max() <= 1
        and np.abs(pixels[row : row + height, column : column + width] - truth).max() <= 1
    ]
    [(row, column)] = places
    assert column > pixels.shape[1] / 2
    grey = pixels[row : row + height, : pixels.shape[1] // 3]
    assert np.ptp(grey, axis=-1).max() <= 1


def test_grey_pictures_have_no_truth(compare: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    ran = compare("a.png")
    assert ran.code == 0
    assert "photochrom-compare.png: 1 pictures; grey, tiny" in ran.err
    assert "truth" not in ran.err


@pytest.mark.parametrize("show", ["channels", "random-l", "swap"])
def test_each_way_to_show_makes_the_sheet_longer(compare: Run, folder: Path, show: str) -> None:
    make_colours(folder / "a.png")
    make_picture(folder / "b.png", 60, 90)
    assert compare("a.png", "b.png", "-o", "plain.png").code == 0
    assert compare("a.png", "b.png", "-o", "shown.png", "--show", show).code == 0
    plain, shown = (sheet_of(folder / f"{name}.png").shape for name in ("plain", "shown"))
    assert shown[1] == plain[1]
    rows = 3 if show == "channels" else 1
    assert shown[0] >= plain[0] + 2 * rows * 64


def test_the_same_command_makes_the_same_file(compare: Run, folder: Path) -> None:
    for number in range(5):
        make_colours(folder / f"in/{number}.png", 40 + number, 50)
    shows = [part for show in ("channels", "random-l", "swap") for part in ("--show", show)]
    for name in ("one.png", "two.png"):
        assert compare("in", "-o", name, *shows, "--seed", 7).code == 0
    assert compare("in", "-o", "other.png", *shows, "--seed", 8).code == 0
    one, two, other = ((folder / f"{n}.png").read_bytes() for n in ("one", "two", "other"))
    assert one == two != other


def test_a_folder_of_another_programs_pictures_is_a_column(run: Run, folder: Path) -> None:
    make_colours(folder / "in/a.png")
    negative = 255 - sheet_of(folder / "in/a.png").astype(np.uint8)
    (folder / "theirs").mkdir()
    Image.fromarray(negative).save(folder / "theirs/a.png")
    ran = run("compare", "in", "--models", "dir:theirs", "-o", "sheet.png", "--height", 64)
    assert ran.code == 0
    assert "grey, theirs, truth" in ran.err
    pixels = sheet_of(folder / "sheet.png")
    assert (np.abs(pixels - negative[0, 0]).max(-1) <= 1).any()
    (folder / "theirs/a.png").rename(folder / "theirs/b.png")
    ran = run("compare", "in", "--models", "dir:theirs", "-o", "sheet.png")
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert "a.png" in ran.complaints[0]


@pytest.mark.parametrize("content", [b"", b"dear diary", None])
def test_a_bad_picture_is_one_line_and_the_others_are_shown(
    compare: Run, folder: Path, content: bytes | None
) -> None:
    make_colours(folder / "good.png")
    if content is not None:
        (folder / "bad.jpg").write_bytes(content)
    ran = compare("bad.jpg", "good.png", "-o", "sheet.png")
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert "bad.jpg" in ran.complaints[0]
    assert "sheet.png: 1 pictures" in ran.err


def test_a_picture_that_is_cut_short_is_one_line_too(compare: Run, folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    Image.fromarray(noise).save(folder / "cut.png")
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:60_000])
    make_colours(folder / "good.png")
    ran = compare("cut.png", "good.png", "-o", "sheet.png")
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert "cut.png" in ran.complaints[0]
    assert "unexpected" not in ran.complaints[0]
    assert "1 pictures" in ran.err


def test_without_a_good_picture_there_is_no_sheet(compare: Run, folder: Path) -> None:
    (folder / "bad.jpg").write_text("no")
    ran = compare("bad.jpg", "missing.png", "-o", "sheet.png")
    assert ran.code == 1
    assert len(ran.complaints) == 2
    assert files_below(folder) == {"bad.jpg"}


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--models", ","], 2, "--models"),
        (["--models", "no-such"], 1, "no-such"),
        (["--models", "no-such.onnx"], 1, "no-such.onnx"),
        (["--show", "chanels"], 2, "chanels"),
        (["--show", "swap"], 2, "two pictures"),
        (["--height", "31"], 2, "32 to 2048"),
        (["--height", "2049"], 2, "32 to 2048"),
        (["--seed", "-1"], 2, "at least 0"),
        (["-o", "sheet.txt"], 2, ".png"),
        (["-o", "a.png"], 1, "use another -o"),
    ],
)
def test_a_wrong_command_is_one_line(
    run: Run, folder: Path, arguments: list[str], code: int, told: str
) -> None:
    content = make_colours(folder / "a.png").read_bytes()
    ran = run("compare", "a.png", *arguments)
    assert ran.code == code
    assert len(ran.complaints) == 1
    assert told in ran.complaints[0]
    assert files_below(folder) == {"a.png"}
    assert (folder / "a.png").read_bytes() == content


def test_a_stream_and_an_empty_folder_are_refused(compare: Run, folder: Path) -> None:
    (folder / "empty").mkdir()
    ran = compare("empty")
    assert ran.code == 1
    assert "no pictures in there" in ran.complaints[0]
    ran = compare("-")
    assert ran.code == 2
    assert "standard input" in ran.complaints[0]


def test_more_pictures_than_a_sheet_holds_are_told_before_any_is_coloured(
    run: Run, folder: Path
) -> None:
    for number in range(40):
        make_picture(folder / f"in/{number}.png", 12, 10)
    ran = run("compare", "in", "--models", "no-such", "-o", "sheet.webp", "--height", 500)
    assert ran.code == 2
    assert "fewer pictures" in ran.complaints[0]


def test_results_of_colorize_are_left_out_of_a_folder(compare: Run, folder: Path) -> None:
    make_picture(folder / "in/a.png")
    make_colours(folder / "in/a.color.png")
    assert "1 pictures; grey, tiny\n" in compare("in").err


def test_pictures_of_one_name_in_two_folders_are_both_shown(compare: Run, folder: Path) -> None:
    make_picture(folder / "x/a.png")
    make_picture(folder / "y/a.png", seed=2)
    assert "2 pictures" in compare("x", "y").err


def test_the_help_has_examples(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--help"]) == 0
    assert "--show" in capfd.readouterr().out
