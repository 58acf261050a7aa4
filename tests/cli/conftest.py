"""Fixtures that run the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Ran, Run

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
