"""`photochrom models`: what it says is what the catalogue and the files say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import Run

from photochrom import catalog
from photochrom.runtime import file_sha256


@pytest.fixture
def shelf(folder: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of models that holds the tiny one."""
    shutil.copy(tiny_model, folder / "tiny.onnx")
    monkeypatch.setenv("PHOTOCHROM_MODELS", str(folder))
    return folder


def test_the_list_names_licence_and_training_pictures(run: Run, shelf: Path) -> None:
    ran = run("models", "list")
    assert ran.code == 0
    line = next(line for line in ran.out.splitlines() if line.startswith("tiny"))
    assert "CC0-1.0" in line
    assert "nothing" in line
    assert "x 1" in line
    assert " kB " in line
    auto = next(line for line in ran.out.splitlines() if line.startswith("auto"))
    assert "default" in auto and " MB " in auto


def test_the_list_as_json(run: Run, shelf: Path) -> None:
    rows = [json.loads(line) for line in run("models", "list", "--json").out.splitlines()]
    row = next(row for row in rows if row["name"] == "tiny")
    assert row["sha256"] == file_sha256(shelf / "tiny.onnx")
    assert (row["bundled"], row["licence"]) == (False, "CC0-1.0")
    assert row["figures"] == {"x": 1}


def test_one_model_tells_all_it_knows(run: Run, shelf: Path) -> None:
    ran = run("models", "show", "tiny")
    assert ran.code == 0
    for expected in ("CC0-1.0", "nothing", "x 1", file_sha256(shelf / "tiny.onnx"), "gamut-10"):
        assert expected in ran.out


def test_a_file_is_shown_by_its_path(run: Run, tiny_model: Path) -> None:
    assert "tiny" in run("models", "show", tiny_model).out


def test_a_whole_model_is_verified(run: Run, shelf: Path) -> None:
    ran = run("models", "verify", "tiny")
    assert ran.code == 0
    assert ran.out == "tiny: good (contents)\n"


def test_all_models_are_verified_and_each_damaged_one_is_named(
    run: Run, shelf: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = shelf / "weights"
    changed.mkdir()
    (changed / "fine.onnx").write_bytes(tiny_model.read_bytes())
    (changed / "changed.onnx").write_bytes(tiny_model.read_bytes() + b"\0")
    sha256 = file_sha256(tiny_model)
    monkeypatch.setattr(catalog, "WEIGHTS_FOLDER", changed)
    names = ("fine", "changed", "missing")
    rows = {name: (f"{name}.onnx", sha256) for name in names}
    monkeypatch.setattr(catalog, "BUNDLED", rows)
    (shelf / "broken.onnx").write_bytes(b"no model")
    ran = run("models", "verify")
    assert ran.code == 1
    assert "fine: good (checksum and contents)" in ran.out
    assert len(ran.complaints) == 3
    assert "changed.onnx: damaged" in ran.complaints[0]
    assert "missing.onnx: missing" in ran.complaints[1]
    assert "broken.onnx: not a readable" in ran.complaints[2]
    listed = run("models", "list")
    assert listed.code == 0
    assert "DAMAGED" in listed.out
    assert run("models", "show", "broken").code == 1


def test_no_models_at_all_says_where_they_would_be(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOCHROM_MODELS", str(folder / "none"))
    monkeypatch.setattr(catalog, "BUNDLED", {})
    ran = run("models", "list")
    assert ran.code == 1
    assert str(folder / "none") in ran.complaints[0]


def test_an_unknown_model_is_one_line(run: Run, shelf: Path) -> None:
    for command in ("show", "verify"):
        ran = run("models", command, "tinny")
        assert ran.code == 1
        assert "did you mean 'tiny'?" in ran.complaints[0]
