"""Fixtures that run the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import Ran, Run
from PIL import Image

from photochrom.cli import main


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line in this process."""
    monkeypatch.delenv("PHOTOCHROM_DEBUG", raising=False)

    def run_main(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        return Ran(code, captured.out, captured.err)

    return run_main


@pytest.fixture
def colorize(run: Run, tiny_model: Path) -> Run:
    """Runs `colorize` with the tiny model."""
    return lambda *arguments: run("colorize", *arguments, "--model", tiny_model, "--threads", 1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def noise_pictures(folder: Path) -> Path:
    """Sixteen small pictures of random colours in a folder of the current one."""
    generator = np.random.default_rng(0)
    (folder / "pictures").mkdir()
    for number in range(16):
        colours = generator.integers(0, 255, (5, 5, 3), np.uint8)
        Image.fromarray(colours).resize((48, 48)).save(folder / f"pictures/{number}.png")
    return folder / "pictures"
