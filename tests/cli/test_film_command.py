"""`photochrom film`, and films named to `photochrom colorize`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import files_below, make_picture
from made_of_photographs import Made, make_film, shown

from photochrom.cli.film_inputs import is_film
from photochrom.cli.film_times import duration, parse_time
from photochrom.errors import OptionError


@pytest.fixture
def film(folder):
    return make_film(folder / "film.mp4", Made(frames=12))


def test_a_film_among_photographs_is_coloured_beside_it(film, folder, colorize):
    make_picture(folder / "photo.png")
    ran = colorize("photo.png", "film.mp4")
    assert ran.code == 0
    assert files_below(folder) == {"film.mp4", "film.color.mp4", "photo.png", "photo.color.png"}
    assert len(shown(folder / "film.color.mp4").times) == 12
    assert np.ptp(shown(folder / "film.color.mp4").chroma[0][0]) > 20


def test_the_short_form_colours_a_film_and_skips_it_the_next_time(film, folder, run, tiny_model):
    assert run("film.mp4", "--model", tiny_model).code == 0
    before = (folder / "film.color.mp4").stat().st_mtime_ns
    ran = run("film.mp4", "--model", tiny_model)
    assert ran.code == 0
    assert "is there already; --overwrite" in ran.err
    assert (folder / "film.color.mp4").stat().st_mtime_ns == before


def test_a_preview_is_short_and_called_so(film, folder, run, tiny_model):
    ran = run("film", "colorize", "film.mp4", "--preview", "0.2s", "--model", tiny_model)
    assert ran.code == 0
    assert len(shown(folder / "film.preview.mp4").times) == 5


def test_every_option_has_its_effect(film, folder, run, tiny_model):
    ran = run(
        "film", "colorize", "film.mp4", "-o", "sub/part.mkv", "--model", tiny_model, "--codec",
        "ffv1", "--from", "0.08", "--to", "0:00.32", "--frame-by-frame", "--saturation", 0,
        "--hue-guard", "violet", "--vividness", 1, "--looks", 2, "--size", 48, "--no-mark",
        "--threads", 1, "--jobs", 2, "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    (row,) = map(json.loads, ran.out.splitlines())
    assert (row["status"], row["frames"], row["output"]) == ("done", 6, "sub/part.mkv")
    found = shown(folder / "sub" / "part.mkv")
    assert found.stream["codec"] == "ffv1"
    assert all((plane == 128).all() for plane in found.chroma[0]), "no saturation, no colour"


def test_key_frames_give_their_scene_their_colours(film, folder, run, tiny_model):
    from PIL import Image

    Image.new("RGB", (96, 72), (200, 60, 40)).save(folder / "red.png")
    ran = run("film", "colorize", "film.mp4", "--key-frame", "0=red.png", "--codec", "ffv1",
              "-o", "red.mkv", "--model", tiny_model)  # fmt: skip
    assert ran.code == 0, ran.err
    red = np.mean([v.mean() for _, v in shown(folder / "red.mkv").chroma[:3]])
    assert red > 140
    wrong = run("film", "colorize", "film.mp4", "--key-frame", "red.png", "-o", "x.mkv")
    assert (wrong.code, len(wrong.complaints)) == (2, 1)
    assert "write TIME=PICTURE" in wrong.err


def test_two_passes_colour_every_frame(film, folder, run, tiny_model):
    ran = run("film", "colorize", "film.mp4", "--two-passes", "--model", tiny_model)
    assert ran.code == 0, ran.err
    assert len(shown(folder / "film.color.mp4").times) == 12


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("film", "colorize", "nowhere.mp4"), 1, "nowhere.mp4: cannot be opened (No such file"),
        (("nowhere.mp4",), 2, "nowhere.mp4"),
        (("colorize", "nowhere.mp4"), 1, "nowhere.mp4: cannot be opened"),
        (("colorize", "film.mp4", "--variants", "3"), 2, "for photographs, not for films"),
        (("colorize", "film.mp4", "--quality", "80"), 2, "--codec --crf"),
        (("film", "colorize", "film.mp4", "-o", "out.xyz"), 2, "known are .mp4"),
        (("film", "colorize", "film.mp4", "film.mp4", "-o", "one.mp4"), 2, "use a folder"),
        (("film", "colorize", "film.mp4", "--from", "soon"), 2, "write a time as"),
        (("film", "colorize", "film.mp4", "--frame-by-frame", "--every", "5"), 2, "do not go"),
        (("film", "colorize", "film.mp4", "--preview", "1s", "--to", "3"), 2, "give one of them"),
        (("film", "colorize", "film.mp4", "-o", "-"), 2, "`film pipe`"),
        (("film", "stats", "odd.mp4"), 1, "odd.mp4: is no film"),
        (("film", "pipe", "--size", "big"), 2, "must be WIDTHxHEIGHT"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(arguments, code, message, film, folder, run):
    (folder / "odd.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42")
    ran = run(*arguments)
    assert ran.code == code
    assert message in ran.err
    assert len(ran.complaints) == 1
    assert not list(folder.glob(".photochrom*"))


def test_one_bad_film_does_not_stop_the_others(film, folder, run, tiny_model):
    (folder / "bad.mp4").write_bytes(b"nothing")
    ran = run("film", "colorize", "bad.mp4", "film.mp4", "--model", tiny_model, "--json")
    assert ran.code == 1
    assert [json.loads(line)["status"] for line in ran.out.splitlines()] == ["failed", "done"]


def test_stats_are_told_in_words_and_in_json(film, run, tiny_model):
    ran = run("film", "stats", "film.mp4", "--model", tiny_model)
    assert ran.code == 0
    assert "frames:          12" in ran.out
    assert "25.000 a second" in ran.out
    row = json.loads(run("film", "stats", "film.mp4", "--model", tiny_model, "--json").out)
    assert (row["frames"], row["variable"], row["interlaced"]) == (12, False, "no")
    assert row["scenes"] == [{"start": 0.0, "end": pytest.approx(0.48), "frames": 12}]
    assert "scenes:          1  0:00:00.00 to 0:00:00.48, 12 frames" in ran.out
    fast = run("film", "stats", "film.mp4", "--model", tiny_model, "--json", "--no-scenes")
    assert "scenes" not in json.loads(fast.out)


def test_a_folder_gives_its_films_and_its_photographs(folder, colorize):
    (folder / "in/sub").mkdir(parents=True)
    make_film(folder / "in/sub/one.mp4", Made(frames=2))
    make_film(folder / "in/two.avi", Made("mpeg4", frames=2))
    make_picture(folder / "in/photo.png")
    (folder / "in/program.ts").write_text("let film: number = 1;\n" * 20)
    ran = colorize("in", "-o", "out")
    assert ran.code == 0, ran.err
    made = {"out/sub/one.mp4", "out/two.mkv", "out/photo.png"}
    assert {name for name in files_below(folder) if name.startswith("out")} == made
    assert colorize("in").code == 0
    beside = {"in/sub/one.color.mp4", "in/two.color.mkv", "in/photo.color.png"}
    assert beside < files_below(folder)
    before = files_below(folder)
    assert colorize("in").code == 0
    assert files_below(folder) == before, "results are not coloured again"


def test_a_folder_of_films_goes_on_past_bad_ones(folder, run, tiny_model):
    (folder / "in").mkdir()
    (folder / "in/bad.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42")
    make_film(folder / "in/good.mp4", Made(frames=2))
    ran = run("film", "colorize", "in", "--model", tiny_model, "--json")
    assert ran.code == 1
    rows = {Path(row["input"]).name: row["status"] for row in map(json.loads, ran.out.splitlines())}
    assert rows == {"bad.mp4": "failed", "good.mp4": "done"}
    (folder / "empty").mkdir()
    assert "no films in there" in run("film", "colorize", "empty", "--model", tiny_model).err


def test_films_of_one_name_keep_their_results_apart(folder, run, tiny_model):
    (folder / "in").mkdir()
    make_film(folder / "in/a.mkv", Made(frames=2, sound=False))
    make_film(folder / "in/a.avi", Made("mpeg4", frames=2, sound=False))
    ran = run("film", "colorize", "in", "-o", "out", "--model", tiny_model)
    assert ran.code == 0, ran.err
    assert {"out/a.mkv", "out/a.avi.mkv"} <= files_below(folder)
    wrong = run("film", "colorize", "in", "-o", "in", "--model", tiny_model)
    assert (wrong.code, len(wrong.complaints)) == (2, 1)
    assert "would take the place of a film" in wrong.err


def test_options_of_photographs_leave_a_folder_s_films_out(film, folder, colorize):
    make_picture(folder / "in/photo.png")
    film.rename(folder / "in/film.mp4")
    ran = colorize("in", "-o", "out", "--format", "jpeg")
    assert ran.code == 0
    assert "in: films in there are left out: --format and --quality" in ran.err
    assert {n for n in files_below(folder) if n.startswith("out")} == {"out/photo.jpg"}


def test_a_reference_that_cannot_be_one_is_told_of_before_any_film(film, folder, run):
    make_picture(folder / "grey.png")
    ran = run("film", "colorize", "film.mp4", "--reference", "grey.png", "--model", "general")
    assert (ran.code, len(ran.complaints)) == (2, 1)
    assert "a reference must be in colour" in ran.err
    assert files_below(folder) == {"film.mp4", "grey.png"}


def test_raw_frames_go_through_a_pipe(tiny_model):
    grey = np.random.default_rng(0).integers(0, 255, (3, 40, 64)).astype(np.uint8)
    command = [sys.executable, "-m", "photochrom", "film", "pipe", "--size", "64x40", "--model",
               str(tiny_model), "--threads", "1", "--frame-by-frame"]  # fmt: skip
    ran = subprocess.run(command, input=grey.tobytes(), capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stderr.decode().strip() == "3 frames, yuv420p"
    made = np.frombuffer(ran.stdout, np.uint8).reshape(3, -1)
    assert np.array_equal(made[:, : 40 * 64], grey.reshape(3, -1))


def test_films_are_known_by_content_before_their_name(film, folder):
    picture = make_picture(folder / "photo.png")
    disguised = folder / "photo.mp4"
    picture.rename(disguised)
    assert is_film(film)
    assert not is_film(disguised)
    assert is_film(film.rename(folder / "film.bin"))
    assert is_film(Path("nowhere.mkv"))
    assert not is_film(folder)
    assert not is_film(Path("nowhere.jpg"))


def test_times_are_read_and_told():
    read = {"90": 90, "10s": 10, "1.5m": 90, "2 min": 120, "1h": 3600, "1:30": 90,
            "1:01:02.5": 3662.5, "0:00.25": 0.25}  # fmt: skip
    assert {text: parse_time("x", text) for text in read} == read
    assert parse_time("x", None) is None
    for text in ("", "1:2:3:4", "-3", "ten"):
        with pytest.raises(OptionError, match="write a time"):
            parse_time("x", text)
    assert duration(3723.4) == "1:02:03"
