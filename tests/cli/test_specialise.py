"""`photochrom train PATH --name NAME`: from a folder of pictures to a model of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from command_line import Run
from PIL import Image

from photochrom.catalog import find_model
from photochrom.cli import specialise
from photochrom.color import FloatArray, lab_to_rgb, rgb_to_lab
from photochrom.networks.registry import build_network
from photochrom.runtime import Model
from photochrom.specialist import read_model_file
from photochrom.training.checkpoint import Checkpoint, save_checkpoint
from photochrom.training.export import save_with_metadata
from photochrom.training.start import Start

Rule = Callable[[FloatArray], FloatArray]

QUICK = [
    "--device", "cpu", "--threads", 1, "--set", "data.side=64", "--set", "data.crop=64",
    "--set", "data.batch=4", "--set", "schedule.epochs=1",
]  # fmt: skip


def odd_colours(L: FloatArray) -> FloatArray:
    """Purple shadows and apricot lights: what no photograph has taught the shipped model."""
    return np.stack([np.full_like(L, 30), 0.9 * (L - 50)], -1)


def make_pictures(folder: Path, count: int, rule: Rule, first: int = 0) -> None:
    """Pictures of waves of lightness, each lightness in the colour that the rule gives it."""
    folder.mkdir(exist_ok=True)
    y, x = np.mgrid[:64, :64] / 64
    for number in range(first, first + count):
        angle, phase, waves = np.random.default_rng(number).uniform((0, 0, 3), (6.28, 6.28, 9))
        wave = np.sin(waves * (np.cos(angle) * x + np.sin(angle) * y) + phase)
        L = 50 + 30 * wave
        rgb = lab_to_rgb(np.concatenate([L[..., None], rule(L)], -1))
        Image.fromarray((255 * rgb).round().astype(np.uint8)).save(folder / f"{number:02d}.png")


def make_grey(folder: Path, count: int) -> None:
    make_pictures(folder, count, lambda L: np.zeros((*L.shape, 2)), first=50)


@pytest.fixture
def models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's models folder; the current one is empty."""
    monkeypatch.setenv("PHOTOCHROM_MODELS", str(folder / "models"))
    return folder / "models"


def ratio(told: str, name: str) -> float:
    """The last figure that is told of a model: its colour difference as a share of grey's."""
    return float(re.findall(rf"^{name}: colour difference .*, (\S+) of grey's", told, re.M)[-1])


def test_a_folder_becomes_a_model_that_colours_as_its_pictures_are_coloured(
    run: Run, folder: Path, models: Path
) -> None:
    make_pictures(folder / "odd", 24, odd_colours)
    make_grey(folder / "odd", 3)
    more = ["--set", "schedule.steps_per_epoch=14", "--set", "optim.lr=2e-3"]
    ran = run("train", "odd", "--name", "odd-1", *QUICK, *more)
    assert ran.code == 0, ran.err
    assert ran.out == ""
    assert "27 pictures, 3 of them grey or of one tint and left out" in ran.err
    assert re.search(r"\d+ to train on, 3 to choose .*, 3 to compare with; 14 steps", ran.err)
    assert "about a minute" in ran.err
    assert ratio(ran.err, "odd-1") < 0.6 < 0.9 < ratio(ran.err, "general")
    assert "closer on 3 of 3; lower by" in ran.err
    run_folder = folder / "runs" / "odd-1"
    with Image.open(run_folder / "comparison.png") as sheet:
        assert sheet.width == 4 * 64  # grey, general, odd-1, truth
    described = Model(models / "odd-1.onnx", threads=1).description
    base = Model(find_model("general").path, threads=1).description
    settings = (described.size, described.vividness, described.looks)
    assert settings == (base.size, base.vividness, base.looks)
    assert "general" in described.card["trained_on"][0]
    assert str(folder) not in json.dumps(dict(described.card))

    make_pictures(folder / "new", 1, odd_colours, first=90)
    coloured = run("colorize", "new/90.png", "--model", "odd-1", "--threads", 1)
    assert coloured.code == 0, coloured.err
    true, found = (np.asarray(Image.open(folder / f"new/90{e}.png")) for e in ("", ".color"))
    ab, wanted = (rgb_to_lab(picture)[..., 1:] for picture in (found, true))
    assert np.abs(ab - wanted).mean() < 0.5 * np.abs(wanted).mean()


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> list[str]:
    """Training and exporting take no time here: what comes out is the tiny model, or `general`."""
    outcome = ["tiny"]

    def train(recipe: object, pictures: object, folder: Path, *_: object, **__: object) -> Path:
        (folder / "last.ckpt").touch()
        save_checkpoint(Checkpoint({}, 1, {}, {}, {}, 0.0, []), folder / "best.ckpt")
        return folder / "best.ckpt"

    def blend(start: Start, *_: object) -> tuple[float, Start]:
        return 1.0, start

    def export(model: object, file: Path, card: object) -> None:
        if outcome[0] == "tiny":
            file.write_bytes(tiny_model.read_bytes())
        else:
            content, metadata = read_model_file(find_model("general").path)
            save_with_metadata(onnx.load_model_from_string(content), file, metadata)

    monkeypatch.setattr("photochrom.training.loop.train", train)
    monkeypatch.setattr("photochrom.training.specialise.blend", blend)
    monkeypatch.setattr(specialise, "_export", export)
    return outcome


def tiny_colours(L: FloatArray) -> FloatArray:
    """What the tiny model gives: a hue that turns with lightness."""
    return 25 * np.stack([np.cos(L / 20), np.sin(L / 20)], -1)


COMMAND = ["train", "own", "--name", "mine", *QUICK]


def test_the_same_command_goes_on_and_installs_again(
    run: Run, folder: Path, models: Path, trained: list[str]
) -> None:
    make_pictures(folder / "own", 16, tiny_colours)
    assert run(*COMMAND).code == 0
    (models / "mine.onnx").unlink()
    again = run(*COMMAND)
    assert again.code == 0, again.err
    assert "going on from" in again.err
    assert (models / "mine.onnx").exists()


def test_a_model_that_is_no_better_is_not_installed_unless_forced(
    run: Run, folder: Path, models: Path, trained: list[str]
) -> None:
    trained[0] = "general"
    make_pictures(folder / "own", 16, tiny_colours)
    ran = run(*COMMAND)
    assert ran.code == 1
    assert ran.complaints == [
        "photochrom: mine is no better than general on pictures it has not seen"
    ]
    assert "not installed; --force would" in ran.err
    assert not models.exists()
    assert (folder / "runs" / "mine" / "mine.onnx").exists()
    forced = run(*COMMAND, "--force")
    assert forced.code == 0
    assert (models / "mine.onnx").exists()


def test_a_name_that_is_taken_is_refused_before_anything_is_read(
    run: Run, folder: Path, models: Path, trained: list[str]
) -> None:
    models.mkdir()
    (models / "mine.onnx").write_bytes(b"of last year")
    ran = run(*COMMAND)
    assert ran.code == 2
    assert "there is a model of this name" in ran.complaints[0]
    assert not (folder / "runs").exists()
    make_pictures(folder / "own", 16, tiny_colours)
    assert run(*COMMAND, "--force").code == 0
    assert (models / "mine.onnx").stat().st_size > 1000


def test_a_run_on_other_pictures_is_not_gone_on_with(
    run: Run, folder: Path, models: Path, trained: list[str]
) -> None:
    make_pictures(folder / "own", 16, tiny_colours)
    assert run(*COMMAND).code == 0
    make_pictures(folder / "own", 4, tiny_colours, first=30)
    ran = run(*COMMAND)
    assert ran.code == 1
    assert "runs/mine: holds a run on other pictures" in ran.complaints[0]
    assert run(*COMMAND, "--run", "runs/second", "--force").code == 0


def test_a_run_is_started_from_and_compared_with(
    run: Run, folder: Path, models: Path, trained: list[str]
) -> None:
    make_pictures(folder / "own", 16, tiny_colours)
    network = {"name": "lite_unet", "options": {"widths": [8, 8, 8, 8]}}
    weights = build_network("lite_unet", {**network["options"], "pretrained": False}).state_dict()
    (folder / "runs" / "first").mkdir(parents=True)
    checkpoint = Checkpoint({"network": network}, 1, weights, weights, {}, 0.0, [])
    save_checkpoint(checkpoint, folder / "runs" / "first" / "best.ckpt")
    ran = run(*COMMAND, "--start", "runs/first")
    # both are the tiny model here
    assert "mine is no better than first on pictures" in ran.err
    assert ratio(ran.err, "first") == ratio(ran.err, "mine")


def test_grey_pictures_are_refused_with_their_number(run: Run, folder: Path, models: Path) -> None:
    make_grey(folder / "own", 6)
    ran = run(*COMMAND)
    assert ran.code == 1
    assert "6 of 6 pictures are grey" in ran.complaints[0]
    make_pictures(folder / "own", 9, odd_colours)
    ran = run(*COMMAND)
    assert ran.code == 1
    assert "6 of 15 pictures are grey" in ran.complaints[0]
    assert "leaves 9 to learn colour from; give at least 10" in ran.complaints[0]


def test_a_stopped_training_says_how_to_go_on(
    run: Run, folder: Path, models: Path, trained: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("photochrom.training.loop.train", stop)
    make_pictures(folder / "own", 16, tiny_colours)
    ran = run(*COMMAND)
    assert ran.code == 130
    assert "the same command goes on" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["own", "--name", "a/b"], 2, "letters, digits, - and _"),
        (["own", "--name", ""], 2, "letters, digits, - and _"),
        (["own", "--name", "general"], 2, "comes with photochrom"),
        (["--name", "mine"], 2, "no training pictures"),
        (["own"], 2, "--name NAME"),
        (["own", "--recipe", "tiny", "--force"], 2, "belongs to --name"),
        (["own", "--name", "mine", "--devices", "2"], 2, "trains on one"),
        (["own", "--name", "mine", "--start", "generel"], 1, "did you mean 'general'"),
        (["own", "--name", "mine", "--start", "own"], 1, "no best.ckpt"),
        (["own", "--name", "mine", "--recipe", "s3_unet"], 1, "leave the network out"),
        (["nowhere", "--name", "mine"], 1, "nowhere: neither a folder"),
        (["own", "--name", "mine", "--set", "optim.lrr=1"], 1, "optim.lr"),
    ],
)
def test_what_is_wrong_is_one_line(
    run: Run, folder: Path, models: Path, arguments: list[str], code: int, told: str
) -> None:
    (folder / "own").mkdir()
    ran = run("train", *arguments)
    assert ran.code == code
    assert len(ran.complaints) == 1
    assert told in ran.complaints[0]
