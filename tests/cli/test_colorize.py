"""`photochrom colorize` in this process: where results go, what is skipped, what is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from command_line import Run, files_below, make_picture
from PIL import Image
from tiny_model import write_tiny_model

from photochrom.cli.colorize import _share_cores
from photochrom.cli.requests import Request
from photochrom.color import rgb_to_lab


def is_coloured(path: Path) -> bool:
    with Image.open(path) as image:
        return float(np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=-1).mean()) > 5


def test_a_result_lies_beside_its_picture(colorize: Run, folder: Path) -> None:
    before = make_picture(folder / "photo.jpg").read_bytes()
    ran = colorize("photo.jpg")
    assert ran.code == 0
    assert is_coloured(folder / "photo.color.jpg")
    assert (folder / "photo.jpg").read_bytes() == before
    assert files_below(folder) == {"photo.jpg", "photo.color.jpg"}
    assert "photo.jpg -> photo.color.jpg" in ran.err
    assert "1 done" in ran.err
    assert ran.out == ""


def test_the_short_form_colours(run: Run, tiny_model: Path, folder: Path) -> None:
    make_picture(folder / "photo.png")
    assert run("photo.png", "--model", tiny_model).code == 0
    assert run("--model", tiny_model, "--suffix", ".again", "photo.png").code == 0
    assert files_below(folder) == {"photo.png", "photo.color.png", "photo.again.png"}


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_the_format_is_kept(colorize: Run, folder: Path, name: str) -> None:
    make_picture(folder / name)
    assert colorize(name, "-o", "out").code == 0
    with Image.open(folder / name) as old, Image.open(folder / "out" / name) as new:
        assert new.format == old.format
        assert new.size == old.size


@pytest.mark.parametrize("name", ["x.jpg", "x.png", "x.tiff", "x.webp"])
def test_the_output_file_names_the_format(colorize: Run, folder: Path, name: str) -> None:
    make_picture(folder / "a.png")
    assert colorize("a.png", "-o", name).code == 0
    expected = {".jpg": "JPEG", ".png": "PNG", ".tiff": "TIFF", ".webp": "WEBP"}
    with Image.open(folder / name) as image:
        assert image.format == expected[Path(name).suffix]


def test_a_wrong_extension_does_not_spread(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png").rename(folder / "a.jpg")
    assert colorize("a.jpg").code == 0
    with Image.open(folder / "a.color.png") as image:
        assert image.format == "PNG"


def test_a_tree_is_walked_and_kept(colorize: Run, folder: Path) -> None:
    for name in ("in/b.jpg", "in/x/a.png", "in/x/y/c.tif", "in/.hidden/d.jpg", "in/.e.jpg"):
        make_picture(folder / name)
    (folder / "in/notes.txt").write_text("not a picture")
    ran = colorize("in", "-o", "out")
    assert ran.code == 0
    assert files_below(folder / "out") == {"b.jpg", "x/a.png", "x/y/c.tif"}
    assert "3 done" in ran.err


def test_a_second_run_skips_what_is_there_and_overwrite_does_it_again(
    colorize: Run, folder: Path
) -> None:
    make_picture(folder / "in/a.png")
    make_picture(folder / "in/b.png")
    colorize("in", "-o", "out")
    (folder / "out/b.png").unlink()
    kept = (folder / "out/a.png").stat().st_mtime_ns
    ran = colorize("in", "-o", "out")
    assert "1 done, 1 skipped" in ran.err
    assert (folder / "out/a.png").stat().st_mtime_ns == kept
    ran = colorize("in", "-o", "out", "--overwrite", "--saturation", 2)
    assert "2 done" in ran.err
    assert "skipped" not in ran.err
    assert (folder / "out/a.png").stat().st_mtime_ns != kept


def test_a_folder_beside_itself_never_colours_its_results(colorize: Run, folder: Path) -> None:
    make_picture(folder / "in/a.png")
    colorize("in")
    ran = colorize("in")
    assert files_below(folder / "in") == {"a.png", "a.color.png"}
    assert "0 done, 1 skipped" in ran.err


def test_a_second_run_of_a_shell_pattern_leaves_results_out(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    colorize("a.png")
    ran = colorize("a.color.png", "a.png")
    assert ran.code == 0
    assert "a.color.png: left out" in ran.err
    assert files_below(folder) == {"a.png", "a.color.png"}


def test_an_output_folder_inside_the_input_is_not_coloured_again(
    colorize: Run, folder: Path
) -> None:
    make_picture(folder / "in/a.png")
    for _ in range(2):
        assert colorize("in", "-o", "in/out").code == 0
    assert files_below(folder / "in") == {"a.png", "out/a.png"}


def test_names_that_collide_are_told_apart(colorize: Run, folder: Path) -> None:
    make_picture(folder / "in/a.jpg")
    make_picture(folder / "in/a.tif")
    assert colorize("in", "-o", "out", "--format", "png").code == 0
    assert files_below(folder / "out") == {"a.jpg.png", "a.tif.png"}


def test_variants_differ_and_the_first_is_the_most_likely(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    colorize("a.png", "-o", "one.png")
    assert colorize("a.png", "--variants", 3).code == 0
    names = [f"a.color-{n}.png" for n in (1, 2, 3)]
    assert files_below(folder) == {"a.png", "one.png", "a.color-all.png", *names}
    contents = [np.asarray(Image.open(folder / name)) for name in names]
    assert (contents[0] == np.asarray(Image.open(folder / "one.png"))).all()
    assert (contents[0] != contents[1]).any()
    assert (contents[1] != contents[2]).any()


def test_the_seed_of_variants_leaves_the_first_and_changes_the_others(
    colorize: Run, folder: Path
) -> None:
    make_picture(folder / "a.png")
    for seed in (1, 1, 2):
        colorize("a.png", "-o", f"{seed}.png", "--variants", 3, "--seed", seed, "--overwrite")
    one, other = ([(folder / f"{seed}-{n}.png").read_bytes() for n in (1, 2, 3)] for seed in (1, 2))
    assert one[0] == other[0]
    assert one[1:] != other[1:]


def test_a_hue_guard_takes_the_colour_out_of_its_hues(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    colorize("a.png", "-o", "plain.png")
    ran = colorize("a.png", "-o", "guarded.png", "--hue-guard", "0-180:0", "--hue-guard", "red")
    assert ran.code == 0, ran.err
    plain, guarded = (
        rgb_to_lab(np.asarray(Image.open(folder / name).convert("RGB")))[..., 2]
        for name in ("plain.png", "guarded.png")
    )
    assert plain.max() > 10
    assert guarded.max() < 0.4 * plain.max()
    assert guarded.min() == pytest.approx(plain.min(), abs=2)


def test_a_confidence_map_needs_a_calibrated_model(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    ran = colorize("a.png", "--confidence", "sure.png")
    assert ran.code == 2
    assert "--calibrate" in ran.err
    assert files_below(folder) == {"a.png"}


def test_a_missing_variant_is_made_again_without_touching_the_others(
    colorize: Run, folder: Path
) -> None:
    make_picture(folder / "a.png")
    colorize("a.png", "--variants", 2)
    kept = (folder / "a.color-1.png").stat().st_mtime_ns
    (folder / "a.color-2.png").unlink()
    assert colorize("a.png", "--variants", 2).code == 0
    assert (folder / "a.color-1.png").stat().st_mtime_ns == kept
    assert (folder / "a.color-2.png").exists()


def test_json_has_one_line_a_picture(colorize: Run, folder: Path) -> None:
    for name in ("in/a.png", "in/b.png", "in/c.png"):
        make_picture(folder / name)
    (folder / "in/b.png").write_bytes(b"")
    colorize("in/a.png", "-o", "out/a.png")
    ran = colorize("in", "missing.jpg", "-o", "out", "--json")
    rows = {Path(row["input"]).name: row for row in map(json.loads, ran.out.splitlines())}
    assert ran.code == 1
    assert {name: row["status"] for name, row in rows.items()} == {
        "a.png": "skipped", "b.png": "failed", "c.png": "done", "missing.jpg": "failed",
    }  # fmt: skip
    done = rows["c.png"]
    assert Path(done["output"]) == Path("out/c.png")
    assert (done["width"], done["height"], done["model"]) == (48, 40, "tiny")
    assert done["mean_chroma"] > 5
    assert done["seconds"] > 0
    assert done["reason"] is None
    assert "empty" in rows["b.png"]["reason"]
    assert set(done) == {
        "input", "output", "status", "reason", "width", "height", "model", "mean_chroma", "seconds",
    }  # fmt: skip


def test_json_names_every_variant(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    row = json.loads(colorize("a.png", "--variants", 2, "--json").out)
    assert row["outputs"] == ["a.color-1.png", "a.color-2.png"]
    assert row["output"] == "a.color-1.png"


def test_several_at_once_give_what_one_at_a_time_gives(colorize: Run, folder: Path) -> None:
    for number in range(8):
        make_picture(folder / f"in/{number}.png", seed=number)
    assert colorize("in", "-o", "one", "--jobs", 1).code == 0
    assert colorize("in", "-o", "four", "--jobs", 4).code == 0
    for number in range(8):
        name = f"{number}.png"
        same = [np.asarray(Image.open(folder / place / name)) for place in ("one", "four")]
        assert (same[0] == same[1]).all()


def test_a_grey_result_is_warned_of_once_a_picture(
    run: Run, tiny_model: Path, folder: Path
) -> None:
    write_tiny_model(folder / "grey.onnx", with_logits=False, chroma=1)
    for name in ("in/a.png", "in/b.png"):
        make_picture(folder / name)
    ran = run("colorize", "in", "-o", "out", "--model", "grey.onnx")
    assert ran.code == 0
    assert [line.split(":")[1] for line in ran.complaints] == [" warning", " warning"]
    assert sum("a.png" in line for line in ran.complaints) == 1


def test_a_large_batch_tells_the_summary_only(
    colorize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photochrom.cli.report.FEW", 1)
    for number in range(3):
        make_picture(folder / f"in/{number}.png")
    ran = colorize("in", "-o", "out")
    assert ran.err.count("->") == 0
    assert "3 done" in ran.err


def test_progress_lines_tell_rate_and_time_left(
    colorize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photochrom.cli.report.FEW", 1)
    monkeypatch.setattr("photochrom.cli.report.SECONDS_BETWEEN_LINES", 0)
    for number in range(3):
        make_picture(folder / f"in/{number}.png")
    ran = colorize("in", "-o", "out")
    assert "2 of 3, " in ran.err
    assert "a second, 0:00:0" in ran.err


def test_cores_are_shared_between_pictures_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert _share_cores(Request(("a",)), 100) == (4, 4)
    assert _share_cores(Request(("a",)), 1) == (1, 16)
    assert _share_cores(Request(("a",), jobs=8), 100) == (8, 2)
    assert _share_cores(Request(("a",), jobs=32, threads=3), 100) == (32, 3)
    assert _share_cores(Request(("a",)), 0) == (1, 16)


def test_stripped_results_bear_no_metadata_and_marked_ones_a_note(
    colorize: Run, folder: Path
) -> None:
    make_picture(folder / "a.jpg")
    colorize("a.jpg", "-o", "marked.jpg")
    colorize("a.jpg", "-o", "plain.jpg", "--strip", "--no-mark")
    assert (folder / "plain.jpg").stat().st_size < (folder / "marked.jpg").stat().st_size


def test_quality_and_vividness_reach_the_picture(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.jpg", 200, 160)
    colorize("a.jpg", "-o", "low.jpg", "--quality", 20)
    colorize("a.jpg", "-o", "high.jpg", "--quality", 95)
    assert (folder / "low.jpg").stat().st_size < (folder / "high.jpg").stat().st_size
    for vividness in (0, 1):
        colorize("a.jpg", "-o", f"{vividness}.png", "--vividness", vividness)
    assert (folder / "0.png").read_bytes() != (folder / "1.png").read_bytes()


def test_a_file_name_with_odd_characters_stays_on_one_line(colorize: Run, folder: Path) -> None:
    name = "a [bold]\n\x1b[31m.png"
    make_picture(folder / name)
    ran = colorize(name)
    assert ran.code == 0
    assert "a [bold]\\n\\x1b[31m.png -> " in ran.err
    assert (folder / "a [bold]\n\x1b[31m.color.png").exists()


def test_a_folder_inside_which_nothing_is_a_picture_is_an_error(
    colorize: Run, folder: Path
) -> None:
    (folder / "in").mkdir()
    (folder / "in/notes.txt").write_text("x")
    ran = colorize("in")
    assert ran.code == 1
    assert ran.complaints[0].startswith("photochrom: in: no pictures in there")


def test_an_avif_stays_one(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.avif")
    assert colorize("a.avif").code == 0
    with Image.open(folder / "a.color.avif") as image:
        assert image.format == "AVIF"
    assert colorize("a.avif", "-o", "b.avif").code == 2
