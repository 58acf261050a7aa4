"""The scripts in examples/ do what their first line says."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from command_line import files_below, make_picture

from photochrom import catalog

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def tiny_is_the_default(folder: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "models").mkdir()
    shutil.copy(tiny_model, folder / f"models/{catalog.DEFAULT_MODEL}.onnx")
    monkeypatch.setenv("PHOTOCHROM_MODELS", str(folder / "models"))
    monkeypatch.setattr(catalog, "BUNDLED", {})


def run_example(name: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", [name, *arguments])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def test_one_photograph_is_coloured(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_picture(folder / "photo.jpg")
    run_example("colorize_one.py", monkeypatch, "photo.jpg", "colour.jpg")
    assert (folder / "colour.jpg").exists()
    assert capsys.readouterr().out.startswith("colour.jpg: 48 x 40")


def test_a_folder_is_coloured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_picture(folder / "photos/a.jpg")
    make_picture(folder / "photos/b.jpg")
    run_example("colorize_folder.py", monkeypatch, "photos", "coloured")
    assert files_below(folder / "coloured") == {"a.jpg", "b.jpg"}
