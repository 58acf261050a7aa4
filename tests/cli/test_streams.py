"""Pictures through standard input and output: only picture bytes go there."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command_line import Run, make_picture, start
from PIL import Image


def test_a_picture_goes_in_one_side_and_out_of_the_other(tiny_model: Path, folder: Path) -> None:
    content = make_picture(folder / "a.jpg").read_bytes()
    process = start(["-", "--model", tiny_model], stdin=subprocess.PIPE)
    out, errors = process.communicate(content, timeout=60)
    assert process.returncode == 0, errors
    with Image.open(io.BytesIO(out)) as image:
        assert (image.format, image.size) == ("JPEG", (48, 40))
        assert np.ptp(np.asarray(image).astype(int), axis=-1).mean() > 5
    assert b"1 done" in errors
    assert os.listdir(folder) == ["a.jpg"]  # noqa: PTH208


def test_a_bad_stream_is_one_line_and_no_bytes(tiny_model: Path, folder: Path) -> None:
    process = start(["-", "-o", "-", "--model", tiny_model], stdin=subprocess.PIPE)
    out, errors = process.communicate(b"dear diary", timeout=60)
    assert process.returncode == 1
    assert out == b""
    assert errors.count(b"photochrom: stdin: ") == 1
    assert b"Traceback" not in errors


def test_a_reader_that_leaves_early_is_no_traceback(tiny_model: Path, folder: Path) -> None:
    make_picture(folder / "a.png", 600, 600)
    process = start(["a.png", "-o", "-", "--format", "tiff", "--model", tiny_model])
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1
    assert b"Traceback" not in errors
    assert b"Exception ignored" not in errors


class FakeInput:
    """Standard input that holds a picture."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        return False


def test_a_stream_can_become_a_file(
    colorize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make_picture(folder / "a.png").read_bytes()
    monkeypatch.setattr("sys.stdin", FakeInput(content))
    ran = colorize("-", "-o", "out.webp", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["input"] == "-"
    with Image.open(folder / "out.webp") as image:
        assert image.format == "WEBP"


def test_json_and_a_picture_do_not_share_standard_output(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png")
    ran = colorize("a.png", "-o", "-", "--json")
    assert ran.code == 2
    assert ran.out == ""
    assert "--json" in ran.complaints[0]


def test_a_file_called_minus_is_a_file(colorize: Run, folder: Path) -> None:
    make_picture(folder / "a.png").rename(folder / "-")
    assert colorize("./-").code == 0
    assert (folder / "-.color.png").exists()


@pytest.mark.parametrize("output", [(), ("-o", "-")])
def test_a_terminal_gets_no_picture(tiny_model: Path, folder: Path, output: tuple[str]) -> None:
    content = make_picture(folder / "a.png").read_bytes()
    ours, theirs = pty.openpty()
    process = start(["-", *output, "--model", tiny_model], stdin=subprocess.PIPE, stdout=theirs)
    _, errors = process.communicate(content, timeout=60)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 2
    assert errors.count(b"\n") == 1
    assert b"terminal" in errors


def test_nothing_is_read_from_a_terminal(
    colorize: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeInput, "isatty", lambda _: True)
    monkeypatch.setattr("sys.stdin", FakeInput(b""))
    ran = colorize("-", "-o", "a.png")
    assert ran.code == 2
    assert "pipe one in" in ran.complaints[0]
