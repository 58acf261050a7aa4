"""The scripts in examples/ do what their first line says."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import save_coloured
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


def test_a_film_is_coloured(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    av = pytest.importorskip("av")
    with av.open("film.mkv", "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gray"
        for number in range(3):
            luma = np.tile(np.linspace(40 + number, 200, 64), (48, 1)).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(luma, "gray")))
        container.mux(stream.encode())
    run_example("colorize_film.py", monkeypatch, "film.mkv", "colour.mkv")
    assert capsys.readouterr().out.startswith("colour.mkv: 3 frames")
    with av.open("colour.mkv") as container:
        (first, *_) = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert np.ptp(first.astype(int), axis=-1).mean() > 10  # in colour


def test_a_network_of_ones_own_is_trained_exported_and_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from photochrom import Colorizer
    from photochrom.networks.registry import NETWORKS

    save_coloured(folder / "photos", 16)
    run_example("custom_network.py", monkeypatch, "photos", "mine.onnx")
    del NETWORKS["plain"]
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told[:3]] == ["epoch 1", "epoch 2", "epoch 3"]
    assert Colorizer("mine.onnx").colorize(folder / "photos/00.png").mean_chroma > 0.1
