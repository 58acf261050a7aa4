"""`photochrom train` and `export`: from a folder of pictures to a model that colours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from command_line import Run, make_picture

from photochrom.training.checkpoint import load_checkpoint

RECIPE = """
precision: 32-true
network: {options: {pretrained: false, widths: [16, 16, 8, 8]}}
data: {side: 36, crop: 32, batch: 4, validation: 0.3}
optim: {warmup_steps: 1}
schedule: {epochs: 1, steps_per_epoch: 2}
"""


@pytest.fixture
def pictures(folder: Path, noise_pictures: Path) -> Path:
    (folder / "small.yaml").write_text(RECIPE)
    return noise_pictures


COMMAND = ["train", "--recipe", "small.yaml", "--data", "pictures", "--run", "run"]
COMMAND += ["--device", "cpu", "--threads", "1"]


def test_a_network_that_is_worse_than_grey_is_called_so(run: Run, pictures: Path) -> None:
    told = "no better than no colour at all"
    bold = ["--set", "optim.lr=0.1", "--set", "optim.warmup_steps=0", "--set", "optim.ema=0"]
    assert told in run(*COMMAND, *bold).err


@pytest.mark.parametrize(
    ("capability", "precision", "told"),
    [
        ("AVX2", "bf16-mixed", True),
        ("AVX2", "32-true", False),
        ("AVX512", "bf16-mixed", False),
        ("DEFAULT", "bf16-mixed", False),  # what torch says of ARM, too
    ],
)
def test_a_precision_that_slows_this_machine_down_is_told(
    run: Run, pictures: Path, monkeypatch: pytest.MonkeyPatch,
    capability: str, precision: str, told: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr("photochrom.training.loop.train", _stop)
    ran = run(*COMMAND, "--set", f"precision={precision}")
    assert ("(--set precision=32-true)" in ran.err) is told


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_folder_becomes_a_run_that_goes_on_and_is_exported(
    run: Run, folder: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run(*COMMAND)
    assert ran.code == 0, ran.err
    assert "16 pictures; run folder run" in ran.err
    assert "best: epoch 1, colour difference" in ran.err
    assert "photochrom export run -o small.onnx" in ran.err
    assert {"last.ckpt", "best.ckpt", "curves.png"} <= {f.name for f in (folder / "run").iterdir()}
    more = run(*COMMAND, "--set", "schedule.epochs=2")
    assert more.code == 0, more.err
    assert "going on from" in more.err
    assert "epoch 2" in more.err
    asked = []

    def note(network: object, path: Path, options: object) -> None:
        asked.append(options)
        path.write_bytes(b"model")

    # the graph itself is tested with the training side, and takes longer than all of this
    monkeypatch.setattr("photochrom.training.export.export_onnx", note)
    (folder / "card.yaml").write_text("licence: CC0-1.0\ntrained_on: [noise]\n")
    options = ["--size", 64, "--vividness", 0.3, "--card", "card.yaml"]
    exported = run("export", "run", "-o", "mine.onnx", *options)
    assert exported.code == 0, exported.err
    assert "mine.onnx: " in exported.err
    assert (asked[0].name, asked[0].size, asked[0].vividness) == ("mine", 64, 0.3)
    assert sum(asked[0].prior) == pytest.approx(1, abs=1e-3)
    assert asked[0].card["recipe"] == "small"
    assert asked[0].card["figures"]["validation"]["ciede2000"] > 0
    assert (asked[0].card["licence"], asked[0].card["trained_on"]) == ("CC0-1.0", ["noise"])


@pytest.mark.slow
def test_an_exported_run_colours_a_picture(
    run: Run, folder: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # any network with classes will do, and this one's graph is a small one
    options = "{convolutions: [8], transposed: [16], palette: uniform-4}"
    small = ["--set", f"network={{name: cifar_convnet, options: {options}}}"]
    assert run(*COMMAND, *small, "--set", "loss={soft_cross_entropy: 1.0}").code == 0
    few = run("export", "run", "-o", "small.onnx", "--calibrate", "pictures")
    assert few.code == 1
    assert "calibrating needs at least 20" in few.err
    assert not (folder / "small.onnx").exists()
    monkeypatch.setattr("photochrom.training.calibrate.LEAST_PICTURES", 2)
    calibrated = run("export", "run", "-o", "small.onnx", "--calibrate", "pictures")
    assert calibrated.code == 0, calibrated.err
    assert "small.onnx: calibrated with 6 held-out pictures" in calibrated.err
    drawn = run("colorize", "pictures/0.png", "--model", "small.onnx", "--confidence", "sure.png")
    assert "unsure of the colours in" in drawn.err, drawn.err
    assert (folder / "sure.png").exists()
    exported = run("export", "run/best.ckpt", "-o", "small.onnx")
    assert exported.code == 0, exported.err
    assert exported.out == ""
    assert len(exported.err.splitlines()) == 1
    make_picture(folder / "a.png")
    assert run("a.png", "--model", "small.onnx").code == 0


def test_ctrl_c_in_a_training_says_how_to_go_on(
    run: Run, folder: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("photochrom.training.loop.train", stop)
    ran = run(*COMMAND)
    assert ran.code == 130
    assert "the same command goes on" in ran.err


def test_a_missing_extra_is_answered_with_the_install_line(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    for command in (
        ["train", "--recipe", "general", "--data", "x"],
        ["export", "run", "-o", "m.onnx"],
    ):
        ran = run(*command)
        assert ran.code == 1
        assert 'pip install "photochrom[train]"' in ran.complaints[0]


def test_an_unknown_recipe_is_answered_with_a_suggestion(run: Run, folder: Path) -> None:
    ran = run("train", "--recipe", "generel", "--data", "x")
    assert ran.code == 1
    assert "did you mean 'general'?" in ran.complaints[0]
    assert "no such recipe file" in run("train", "--recipe", "x.yaml", "--data", "x").err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--recipe", "general"], 2, "--data"),
        (["--data", "x"], 2, "--recipe"),
        (["--recipe", "general", "--data", "x", "--devices", "0"], 2, "at least 1"),
        (["--recipe", "general", "--data", "x", "--device", "tpu"], 2, "cuda"),
        (["--recipe", "general", "--data", "x", "--set", "optim.lrr=1"], 1, "optim.lr"),
        (["--recipe", "general", "--data", "x"], 1, "x: neither a folder nor a .tar shard"),
        (["--recipe", "general", "--data", "p", "nowhere"], 1, "nowhere"),
    ],
)
def test_what_is_wrong_with_a_training_is_one_line(
    run: Run, folder: Path, arguments: list[str], code: int, told: str
) -> None:
    make_picture(folder / "p/a.png")
    ran = run("train", *arguments)
    assert ran.code == code
    assert len(ran.complaints) == 1
    assert told in ran.complaints[0]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["run", "-o", "model.pt"], 2, "ends in .onnx"),
        (["run", "-o", "m.onnx", "--size", "1"], 2, "32 to 2048"),
        (["run", "-o", "m.onnx", "--vividness", "2"], 2, "0 to 1"),
        (["run", "-o", "m.onnx"], 1, "no best.ckpt"),
        (["nowhere", "-o", "m.onnx"], 1, "no such checkpoint"),
        (["bad.ckpt", "-o", "m.onnx"], 1, "not a readable checkpoint"),
        (["good", "-o", "m.onnx", "--card", "none.yaml"], 2, "not a readable YAML file"),
        (["good", "-o", "m.onnx", "--card", "list.yaml"], 2, "a card is a mapping"),
    ],
)
def test_what_is_wrong_with_an_export_is_one_line(
    run: Run, folder: Path, arguments: list[str], code: int, told: str
) -> None:
    (folder / "run").mkdir()
    (folder / "bad.ckpt").write_bytes(b"no")
    (folder / "list.yaml").write_text("- a\n- b\n")
    ran = run("export", *arguments)
    assert ran.code == code
    assert len(ran.complaints) == 1
    assert told in ran.complaints[0]


@pytest.mark.slow
def test_two_processes_train_together(folder: Path, pictures: Path) -> None:
    command = [sys.executable, "-m", "photochrom", *COMMAND, "--devices", "2"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert "GLOBAL_RANK: 1" in ran.stderr
    # the second process keeps quiet
    assert ran.stderr.count("best: epoch 1") == 1
    assert len((folder / "run" / "history.jsonl").read_text().splitlines()) == 1


def test_a_recipe_begins_with_the_weights_of_another_run(
    run: Run, folder: Path, pictures: Path
) -> None:
    assert run(*COMMAND).code == 0
    second = ["second" if word == "run" else word for word in COMMAND]
    still = ["optim.lr=1e-30", "optim.encoder_lr=1e-30", "optim.ema=0"]
    again = run(*second, "--start", "run", *(word for key in still for word in ("--set", key)))
    assert again.code == 0, again.err
    first, later = (load_checkpoint(folder / name / "best.ckpt") for name in ("run", "second"))
    names = [name for name, value in first.averaged.items() if name.endswith("weight")]
    # nothing was learned, so the weights are those of the other run's best checkpoint
    assert all(torch.equal(first.averaged[n], later.averaged[n]) for n in names)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--start", "general"], "of lite_unet"),  # this recipe's widths are others
        (["--start", "nothing"], "no model 'nothing'"),
        (["--start", "pictures"], "no best.ckpt in this folder"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(
    run: Run, pictures: Path, arguments: list[str], told: str
) -> None:
    ran = run(*COMMAND, *arguments)
    assert ran.code == 1
    assert told in ran.complaints[0]


def test_a_model_files_folded_norms_must_be_kept(run: Run, folder: Path, pictures: Path) -> None:
    (folder / "small.yaml").write_text(RECIPE.replace(", widths: [16, 16, 8, 8]", ""))
    ran = run(*COMMAND, "--start", "general")
    assert ran.code == 2
    assert "optim.freeze_norms=true" in ran.complaints[0]
