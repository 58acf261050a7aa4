"""`photochrom sweep`: a grid in, a table out; stopped, shared and failing sweeps."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Run, start
from filelock import FileLock
from PIL import Image

from photochrom.training import sweep as sweep_module

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


@pytest.fixture
def pictures(folder: Path, noise_pictures: Path) -> Path:
    shutil.copy(TINY, folder / "small.yaml")
    return noise_pictures


COMMAND = ["sweep", "small.yaml", "--data", "pictures", "--device", "cpu", "--threads", "1"]
COMMAND += ["--set", "schedule.steps_per_epoch=1", "--set", "schedule.epochs=1"]
RATES = ["--grid", "optim.lr=1e-3,1e-2"]
BATCHES = ["--grid", "data.batch=4,8"]


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_grid_becomes_a_table_a_file_and_a_plot(run: Run, folder: Path, pictures: Path) -> None:
    ran = run(*COMMAND, *RATES)
    assert ran.code == 0, ran.err
    assert "16 pictures, 2 points; sweep folder runs/sweep-small" in ran.err
    assert "lr-0.001: training; 0 of 2 points are done" in ran.err
    header, *rows = [line.split() for line in ran.out.splitlines()]
    assert header == ["lr", "ciede2000_ratio", "chroma_ratio", "loss", "epoch", "minutes"]
    written = table(folder / "runs/sweep-small")
    for row, saved in zip(rows, written, strict=True):
        figures = (saved[name] for name in ("ciede2000_ratio", "chroma_ratio", "loss"))
        assert row[0] == saved["optim.lr"]
        assert row[1:4] == [f"{float(figure):.4f}" for figure in figures]
        assert (folder / "runs/sweep-small" / saved["folder"] / "best.ckpt").is_file()
    assert float(written[0]["ciede2000_ratio"]) <= float(written[1]["ciede2000_ratio"])
    with Image.open(folder / "runs/sweep-small/sweep.png") as plot:
        assert plot.width > 300
    again = run(*COMMAND, *RATES)
    assert again.code == 0
    assert again.out == ran.out
    assert "training" not in again.err


def test_a_point_that_fails_makes_the_exit_code_1(run: Run, folder: Path, pictures: Path) -> None:
    command = [*COMMAND, "--set", "optim.warmup_steps=0", "--set", "optim.clip_norm=1e30"]
    command += ["--set", "schedule.steps_per_epoch=3", "--grid", "optim.lr=1e30,1e-3"]
    for expected in ("the sweep goes on", "tried again once its folder is deleted"):
        ran = run(*command, "--run", "out")
        assert ran.code == 1
        assert expected in ran.err
        assert len(ran.complaints) == 1
        assert "lr-1e+30: failed: the loss is not a number" in ran.complaints[0]
        assert [line.split()[:2] for line in ran.out.splitlines()[2:]] == [["1e+30", "failed"]]
    assert "not a number" in table(folder / "out")[1]["error"]


def test_ctrl_c_in_a_sweep_says_how_to_go_on(
    run: Run, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sweep_module, "train", stop)
        ran = run(*COMMAND, *RATES)
    assert ran.code == 130
    assert "the same command goes on" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["tiny", "--data", "x"], 2, "no grid"),
        (["tiny", *RATES], 2, "--data"),
        ([*RATES, "--data", "x"], 2, "RECIPE"),
        (["tinny", *RATES, "--data", "x"], 1, "did you mean 'tiny'?"),
        (["tiny", "--data", "x", "--grid", "optim.lr"], 2, "KEY=VALUE,VALUE"),
        (["tiny", "--data", "x", "--grid", "optim.lrr=1,2"], 1, "did you mean 'optim.lr'?"),
        (["tiny", "--data", "x", *RATES, "--grid", "data.batch=4,0"], 1, "data.batch"),
        (["tiny", "--data", "x", *RATES, "--set", "optim.lr=1"], 2, "given twice"),
        (["tiny", "--data", "x", *RATES, "--threads", "0"], 2, "at least 1"),
        (["tiny", "--data", "x", *RATES], 1, "x: neither a folder nor a .tar shard"),
    ],
)
def test_what_is_wrong_with_a_sweep_is_one_line_before_anything_is_trained(
    run: Run, folder: Path, arguments: list[str], code: int, told: str
) -> None:
    ran = run("sweep", *arguments)
    assert ran.code == code
    assert len(ran.complaints) == 1
    assert told in ran.complaints[0]
    assert not list(folder.rglob("study.db"))


def test_a_changed_grid_is_refused(run: Run, pictures: Path) -> None:
    assert run(*COMMAND, "--grid", "data.batch=4").code == 0
    ran = run(*COMMAND, *BATCHES)
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert "holds a sweep with another grid (data.batch=4)" in ran.complaints[0]
    assert "another --run folder" in ran.complaints[0]


def test_a_missing_optuna_is_answered_with_the_install_line(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    ran = run("sweep", "tiny", "--data", "x", *RATES)
    assert ran.code == 1
    assert 'needs optuna, which is not installed: pip install "photochrom[train]"' in ran.err


@pytest.mark.parametrize(
    "argument", ["sweep --help", "train --recipe tiny --data x", "export x -o m.onnx"]
)
def test_other_commands_do_not_load_optuna(folder: Path, argument: str) -> None:
    code = (
        "import sys; from photochrom.cli import main; main(sys.argv[1:]);"
        "sys.exit('optuna' in sys.modules)"
    )
    command = [sys.executable, "-c", code, *argument.split()]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0
    assert "--help" in ran.stdout or "neither a folder" in ran.stderr or "no such" in ran.stderr


def lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    assert process.stderr
    for line in process.stderr:
        yield line.decode().strip()


@pytest.mark.slow
def test_two_processes_share_the_points_and_train_none_twice(folder: Path, pictures: Path) -> None:
    command = [*COMMAND, *RATES, *BATCHES, "--run", "out", "--cache", "cache"]
    (folder / "cache").mkdir()
    with FileLock(folder / "cache/decoding.lock"):
        both = [start(command, cwd=folder) for _ in range(2)]
        for process in both:  # both have come to the point where pictures are decoded
            assert any("decoding" in line for line in lines(process))
    told = [list(lines(process)) for process in both]
    tables = [process.communicate(timeout=100)[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    begun = [[line.split(":")[0] for line in own if ": training" in line] for own in told]
    assert sorted(begun[0] + begun[1]) == [
        "batch-4_lr-0.001", "batch-4_lr-0.01", "batch-8_lr-0.001", "batch-8_lr-0.01",
    ]  # fmt: skip
    assert all(begun)
    assert not any("going on" in line for own in told for line in own)
    rows = table(folder / "out")
    assert all(row["ciede2000_ratio"] and row["minutes"] for row in rows)
    assert len(rows) == 4
    # who was last has all of them; the other says if something was still missing
    assert any("unfinished" not in shown for shown in tables)
    for shown, own in zip(tables, told, strict=True):
        assert ("unfinished" in shown) == any("still with other processes" in line for line in own)


@pytest.mark.slow
def test_a_killed_process_s_point_goes_on_from_its_checkpoint(
    run: Run, folder: Path, pictures: Path
) -> None:
    command = [*COMMAND, "--grid", "data.batch=4", "--set", "schedule.epochs=6", "--run", "out"]
    process = start(command, cwd=folder)
    last = folder / "out/batch-4/last.ckpt"
    deadline = time.monotonic() + 100
    while not last.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=60)
    ran = run(*command)
    assert ran.code == 0, ran.err
    assert "batch-4: going on from its checkpoint" in ran.err
    assert "epoch 6," in ran.err
    assert "epoch 1," not in ran.err
