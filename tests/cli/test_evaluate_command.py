"""`photochrom evaluate`: a report out of models and pictures, killed and gone on with."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from coloured_pictures import coloured, encoded, save_coloured
from command_line import Run, files_below, start

from photochrom.cli import evaluate as evaluate_command
from photochrom.evaluation.rows import RowFile

PICTURES = 30
REPORT = {"protocol.json", "rows.jsonl", "report.csv", "report.json", "report.html"}


@pytest.fixture
def photos(folder: Path, tiny_model: Path) -> Path:
    shutil.copy(tiny_model, folder / "tiny.onnx")
    return save_coloured(folder / "photos", 4)


COMMAND = ["evaluate", "--models", "tiny.onnx,grey", "--data", "photos", "-o", "out"]
COMMAND += ["--figures", "psnr,ciede2000,ssim", "--size", "40", "--jobs", "1"]


def test_a_report_is_made_and_its_table_shown(run: Run, folder: Path, photos: Path) -> None:
    ran = run(*COMMAND)
    assert ran.code == 0, ran.err
    assert files_below(folder / "out") == REPORT
    assert "4 pictures of photos; tiny, grey, truth" in ran.err
    assert "report: out/report.html" in ran.err
    header, *lines = [line.split() for line in ran.out.splitlines()]
    assert header == ["tiny", "grey", "truth"]
    assert [line[0] for line in lines] == ["psnr", "ssim", "ciede2000"]
    with (folder / "out/report.csv").open(newline="") as file:
        rows = {(row["colorizer"], row["figure"]): row for row in csv.DictReader(file)}
    assert float(rows["truth", "ciede2000"]["value"]) == 0
    shown = float(lines[0][1])
    assert float(rows["tiny", "psnr"]["value"]) == pytest.approx(shown, abs=0.06)
    assert len((folder / "out/rows.jsonl").read_text().splitlines()) == 12


def test_the_same_command_again_measures_nothing(run: Run, folder: Path, photos: Path) -> None:
    assert run(*COMMAND).code == 0
    before = (folder / "out/rows.jsonl").read_bytes()
    ran = run(*COMMAND)
    assert ran.code == 0
    assert "12 of 12 rows are there" in ran.err
    assert (folder / "out/rows.jsonl").read_bytes() == before


def test_another_program_s_pictures_are_judged(run: Run, folder: Path, photos: Path) -> None:
    shutil.copytree(photos, folder / "theirs")
    ran = run(*COMMAND, "--models", "dir:theirs")
    assert ran.code == 0, ran.err
    report = json.loads((folder / "out/report.json").read_text())
    theirs = next(one for one in report["colorizers"] if one["label"] == "theirs")
    assert theirs["figures"]["ciede2000"]["value"] == 0
    assert [one["label"] for one in report["colorizers"]] == ["tiny", "grey", "theirs", "truth"]


def test_pictures_left_out_are_told_and_the_rest_goes_on(
    run: Run, folder: Path, photos: Path
) -> None:
    (photos / "01.png").write_bytes(encoded(coloured(1)[..., 0]))
    (photos / "02.png").write_text("no picture")
    ran = run(*COMMAND)
    assert ran.code == 0
    assert [line.split(": ")[2] for line in ran.complaints] == ["01.png", "02.png"]
    report = json.loads((folder / "out/report.json").read_text())
    assert report["protocol"]["measured"] == 2
    assert len(report["protocol"]["left_out"]) == 2


def wait_for_rows(process: subprocess.Popen[bytes], rows: Path, number: int) -> None:
    deadline = time.monotonic() + 100
    while not rows.exists() or rows.read_bytes().count(b"\n") < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def slow_command(folder: Path) -> list[str]:
    """An evaluation long enough to be stopped in the middle."""
    save_coloured(folder / "many", PICTURES, width=300, height=256)
    return ["evaluate", "--models", "tiny.onnx", "--data", "many", "-o", "out", "--jobs", "1"]


def test_a_killed_run_is_finished_without_repeating_anything(
    run: Run, folder: Path, photos: Path
) -> None:
    command = slow_command(folder)
    rows = folder / "out/rows.jsonl"
    process = start(command, cwd=folder)
    wait_for_rows(process, rows, 8)
    process.kill()
    process.communicate(timeout=60)
    whole = rows.read_bytes()
    assert "report.html" not in files_below(folder / "out")
    first = whole[: whole.rindex(b"\n") + 1]
    measured = first.count(b"\n")
    assert 8 <= measured < 3 * PICTURES
    rows.write_bytes(first + b'{"picture": "29.p')  # as if killed while writing
    ran = run(*command)
    assert ran.code == 0, ran.err
    assert f"{measured} of {3 * PICTURES} rows are there" in ran.err
    finished = rows.read_bytes()
    assert finished.startswith(first)
    assert finished.count(b"\n") == len(RowFile(rows).keys()) == 3 * PICTURES
    assert files_below(folder / "out") == REPORT


def test_ctrl_c_leaves_the_rows_and_says_how_to_go_on(folder: Path, photos: Path) -> None:
    process = start(slow_command(folder), cwd=folder)
    wait_for_rows(process, folder / "out/rows.jsonl", 4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert b"stopped; the same command goes on from here" in errors
    assert len(list(RowFile(folder / "out/rows.jsonl"))) >= 4


def test_lines_tell_how_far_it_is_where_there_is_no_terminal(
    run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate_command, "SECONDS_BETWEEN_LINES", 0)
    ran = run(*COMMAND)
    assert "2 of 12 rows, about " in ran.err
    assert "12 of 12 rows, about 0 s left" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--models", "tinny.onnx"], 1, "tinny.onnx: no such model file"),
        (["--models", "generall"], 1, "did you mean 'general'?"),
        (["--models", "grey"], 2, "grey is named 2 times"),
        (["--models", "notes.onnx"], 1, "not a readable ONNX model file"),
        (["--models", "empty"], 1, "empty: no best.ckpt in this folder"),
        (["--models", "dir:nowhere"], 1, "nowhere: no such folder of output pictures"),
        (["--models", "dir:empty"], 1, "empty: no pictures in this folder of outputs"),
        (["--models", "dir:others"], 1, "no output for 00.png"),
        (["--models", "dir:squeezed"], 1, "40 x 40 pixels, but 00.png has 52 x 40"),
        (["--data", "nowhere"], 1, "nowhere: neither a folder nor a .tar shard"),
        (["--data", "empty"], 1, "empty: no pictures"),
        (["--data", "grey"], 1, "grey: no picture to judge by: 00.png: has no colour"),
        (["--figures", "psnr,psnrr"], 2, "no figure 'psnrr'; there are: mae, "),
        (["--figures", ","], 2, "no figures are named"),
        (["--size", "31"], 2, "size is 31; it must be 32 to 2048"),
        (["--limit", "0"], 2, "limit is 0; it must be at least 1"),
        (["--jobs", "0"], 2, "jobs is 0; it must be at least 1"),
        (["-o", "tiny.onnx"], 1, "tiny.onnx: is a file; give the name of a folder"),
        (["-o", "photos"], 1, "photos: holds files, but no evaluation; use another -o"),
    ],
)
def test_whatever_is_wrong_is_one_line(
    run: Run, folder: Path, photos: Path, arguments: list[str], code: int, told: str
) -> None:
    (folder / "notes.onnx").write_text("no model")
    (folder / "empty").mkdir()
    for name, picture in (("grey", coloured(0)[..., 0]), ("squeezed", coloured(0, 40, 40))):
        (folder / name).mkdir()
        for number in range(4):
            (folder / name / f"{number:02}.png").write_bytes(encoded(picture))
    shutil.copytree(photos, folder / "others")
    for file in (folder / "others").iterdir():
        file.rename(file.with_name(f"result of {file.name}"))
    before = files_below(folder)
    ran = run(*COMMAND, *arguments)
    assert ran.code == code, ran.err
    said = [line for line in ran.complaints if "left out" not in line]
    assert len(said) == 1
    assert told in said[0]
    assert not any(name.endswith("report.html") for name in files_below(folder) - before)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--size", "64"], "at another size (40 there, 64 asked for)"),
        (["--figures", "psnr"], "of other figures"),
        (["--limit", "2"], "of other pictures (4 of photos there, 2 of photos asked for)"),
    ],
)
def test_a_folder_of_another_evaluation_is_refused_unless_forced(
    run: Run, folder: Path, photos: Path, arguments: list[str], told: str
) -> None:
    assert run(*COMMAND).code == 0
    before = {name: (folder / "out" / name).read_bytes() for name in REPORT}
    ran = run(*COMMAND, *arguments)
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert told in ran.complaints[0]
    assert "--force to start anew" in ran.complaints[0]
    assert {name: (folder / "out" / name).read_bytes() for name in REPORT} == before
    assert run(*COMMAND, *arguments, "--force").code == 0


def test_a_missing_part_is_answered_before_anything_is_measured(
    run: Run, folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    ran = run(*COMMAND)
    assert ran.code == 1
    assert 'pip install "photochrom[evaluate]"' in ran.complaints[0]
    assert not (folder / "out").exists()


def test_help_shows_examples_and_needs_no_torch(folder: Path) -> None:
    code = (
        "import sys; from photochrom.cli import main; main(['evaluate', '--help']);"
        "sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0
    assert "photochrom evaluate --models general --data photos-val.tar -o report/" in ran.stdout


def test_judging_a_model_file_needs_no_torch(folder: Path, photos: Path) -> None:
    code = (
        "import sys; from photochrom.cli import main; ok = main(sys.argv[1:]) == 0;"
        "sys.exit(0 if ok and 'torch' not in sys.modules else 1)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *COMMAND], capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
