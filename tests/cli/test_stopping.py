"""Stopped in the middle, gently or not: only whole files, and the same command goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from command_line import Run, files_below, make_picture, start
from PIL import Image

from photochrom.cli import colorize as colorize_command

PICTURES = 24


@pytest.fixture
def album(folder: Path) -> Path:
    first = make_picture(folder / "in/00.png", 500, 400).read_bytes()
    for number in range(1, PICTURES):
        (folder / f"in/{number:02}.png").write_bytes(first)
    return folder


def wait_for_results(process: subprocess.Popen[bytes], out: Path, number: int) -> None:
    deadline = time.monotonic() + 60
    while len(visible(out)) < number:
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def visible(out: Path) -> set[str]:
    return {name for name in files_below(out) if not name.startswith(".")}


def check_whole(out: Path) -> dict[str, int]:
    for name in visible(out):
        with Image.open(out / name) as image:
            image.load()
            assert image.size == (500, 400)
    return {name: (out / name).stat().st_mtime_ns for name in visible(out)}


def test_ctrl_c_finishes_what_is_in_hand_and_the_same_command_goes_on(
    colorize: Run, album: Path, tiny_model: Path
) -> None:
    out = album / "out"
    process = start(["in", "-o", "out", "--model", tiny_model, "--jobs", 2])
    wait_for_results(process, out, 3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert b"stopped: " in errors
    assert b"the same command goes on" in errors
    first = check_whole(out)
    assert 3 <= len(first) < PICTURES
    assert visible(out) == files_below(out)
    assert f"stopped: {len(first)} done".encode() in errors
    ran = colorize("in", "-o", "out")
    assert ran.code == 0
    assert f"{PICTURES - len(first)} done, {len(first)} skipped" in ran.err
    assert first.items() <= check_whole(out).items()
    assert len(files_below(out)) == PICTURES


def test_a_killed_run_leaves_only_whole_results(
    colorize: Run, album: Path, tiny_model: Path
) -> None:
    out = album / "out"
    process = start(["in", "-o", "out", "--model", tiny_model, "--jobs", 2])
    wait_for_results(process, out, 2)
    process.kill()
    process.communicate(timeout=60)
    first = check_whole(out)
    assert len(first) < PICTURES
    assert colorize("in", "-o", "out").code == 0
    assert first.items() <= check_whole(out).items()
    assert visible(out) == visible(album / "in")


def test_what_a_killed_run_left_is_removed_once_it_is_old(colorize: Run, folder: Path) -> None:
    make_picture(folder / "in/a.png")
    (folder / "out").mkdir()
    for name in ("old", "young"):
        (folder / f"out/.photochrom-{name}.part").write_bytes(b"half")
    os.utime(folder / "out/.photochrom-old.part", (0, 0))
    assert colorize("in", "-o", "out").code == 0
    assert files_below(folder / "out") == {"a.png", ".photochrom-young.part"}


def test_ctrl_c_while_a_picture_is_told_loses_no_count(
    colorize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        make_picture(folder / f"in/{number}.png")

    class Interrupted(colorize_command.Reporter):
        def tell(self, outcome: object) -> None:
            if not any(self.counts.values()):
                signal.raise_signal(signal.SIGINT)  # its file is written, and not yet counted
            super().tell(outcome)  # type: ignore[arg-type]

    monkeypatch.setattr(colorize_command, "Reporter", Interrupted)
    ran = colorize("in", "-o", "out", "--jobs", 2)
    assert ran.code == 130
    assert f"stopped: {len(files_below(folder / 'out'))} done" in ran.err


def test_ctrl_c_between_pictures_keeps_what_is_done(
    colorize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        make_picture(folder / f"in/{number}.png")
    told = []

    class Stopped(colorize_command.Reporter):
        def tell(self, outcome: object) -> None:
            super().tell(outcome)  # type: ignore[arg-type]
            told.append(outcome)
            if len(told) == 2:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(colorize_command, "Reporter", Stopped)
    ran = colorize("in", "-o", "out", "--jobs", 1)
    assert ran.code == 130
    assert "stopped: 2 done" in ran.err
    assert "same command goes on" in ran.err
    assert files_below(folder / "out") == {"0.png", "1.png"}
