"""`photochrom colorize --hints` and `--reference`: the same as the library gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Run, files_below, make_picture
from PIL import Image

from photochrom import ColorizeOptions, Colorizer
from photochrom.hints import Hint, write_hints


def make_colour_picture(path: Path) -> Path:
    """A picture of red and blue stripes, light and dark."""
    rgb = np.full((96, 128, 3), (200, 40, 30), np.uint8)
    rgb[:, ::16] = rgb[:, 1::16] = (20, 60, 150)
    rgb[48:] //= 2
    Image.fromarray(rgb).save(path)
    return path


def test_hints_from_a_file_give_what_the_library_gives(
    colorize: Run, folder: Path, tiny_model: Path
) -> None:
    make_picture(folder / "a.png")
    hints = (Hint(0.2, 0.3, "#a04040"), Hint(0.9, 0.9, keep=True))
    write_hints(hints, folder / "hints.json")
    assert colorize("a.png", "-o", "out.png", "--hints", "hints.json").code == 0
    assert colorize("a.png", "-o", "plain.png").code == 0
    result = Colorizer(tiny_model, threads=1).colorize("a.png", ColorizeOptions(hints=hints))
    assert (folder / "out.png").read_bytes() == result.to_bytes()
    assert (folder / "out.png").read_bytes() != (folder / "plain.png").read_bytes()


def test_hints_go_with_variants_and_a_folder_of_one_picture(colorize: Run, folder: Path) -> None:
    make_picture(folder / "in/a.png")
    write_hints([Hint(0.2, 0.3, "#a04040")], folder / "hints.json")
    ran = colorize("in", "-o", "out", "--hints", "hints.json", "--variants", 2)
    assert ran.code == 0
    assert files_below(folder / "out") == {"a-1.png", "a-2.png", "a-all.png"}


@pytest.mark.parametrize("named", [["in"], ["in/a.png", "in/b.png"]])
def test_hints_for_several_photographs_are_refused(
    colorize: Run, folder: Path, named: list[str]
) -> None:
    for name in ("in/a.png", "in/b.png"):
        make_picture(folder / name)
    write_hints([Hint(0.2, 0.3, "#a04040")], folder / "hints.json")
    ran = colorize(*named, "-o", "out", "--hints", "hints.json")
    assert ran.code == 2
    assert ran.complaints == [
        "photochrom: --hints: 2 photographs are named, but hints belong to one; "
        "colour that one alone"
    ]
    assert not (folder / "out").exists()


def test_a_wrong_file_of_hints_is_a_one_line_error_before_any_work(
    colorize: Run, folder: Path
) -> None:
    make_picture(folder / "a.png")
    content = {"photochrom_hints": 1, "hints": [{"x": 2, "y": 0, "color": "#000000"}]}
    (folder / "h.json").write_text(json.dumps(content))
    ran = colorize("a.png", "--hints", "h.json")
    assert ran.code == 2
    assert ran.complaints == ["photochrom: h.json: hint 1: x is 2; it must lie in 0 to 1"]
    assert colorize("a.png", "--hints", "nowhere.json").code != 0
    assert files_below(folder) == {"a.png", "h.json"}


def test_a_reference_gives_what_the_library_gives_for_every_picture(run: Run, folder: Path) -> None:
    make_picture(folder / "in/a.png", 96, 80)
    make_picture(folder / "in/b.png", 96, 80, seed=3)
    reference = make_colour_picture(folder / "postcard.png")
    ran = run("colorize", "in", "-o", "out", "--reference", reference, "--threads", 1)
    assert ran.code == 0
    colorizer = Colorizer(threads=1)
    for name in ("a.png", "b.png"):
        result = colorizer.colorize(f"in/{name}", ColorizeOptions(reference=reference))
        assert (folder / "out" / name).read_bytes() == result.to_bytes()


def test_a_reference_that_cannot_serve_stops_the_whole_run(
    run: Run, colorize: Run, folder: Path
) -> None:
    make_picture(folder / "a.png")
    make_picture(folder / "grey.png")
    ran = run("colorize", "a.png", "--reference", "grey.png", "--threads", 1)
    assert ran.code == 2
    assert "grey.png: a reference must be in colour" in ran.complaints[0]
    make_colour_picture(folder / "postcard.png")
    ran = colorize("a.png", "--reference", "postcard.png")  # the tiny model
    assert ran.code != 0 and "has no features to match a reference" in ran.complaints[0]
    assert files_below(folder) == {"a.png", "grey.png", "postcard.png"}
