"""`photochrom mix`: a base and its specialists become one model, and small files of its parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import Run
from PIL import Image

from photochrom.catalog import find_model
from photochrom.runtime import Model
from photochrom.training.checkpoint import Checkpoint, save_checkpoint
from photochrom.training.start import start_from_model

LUMINANCE = np.random.default_rng(0).uniform(0, 100, (64, 96)).astype(np.float32)


@pytest.fixture
def pictures(folder: Path) -> Path:
    """Smooth pictures and noisy ones, in folders of these names."""
    rng = np.random.default_rng(1)
    for name, cells in (("smooth", 3), ("noisy", 64)):
        (folder / "all" / name).mkdir(parents=True)
        for number in range(12):
            small = rng.integers(0, 255, (cells, cells, 3), dtype=np.uint8)
            picture = Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC)
            picture.save(folder / "all" / name / f"{number}.png")
    return folder / "all"


@pytest.fixture
def specialist(folder: Path) -> Path:
    """A run that began with `general` and learned to shift all colours."""
    start = start_from_model(find_model("general").path)
    weights = {name: value.clone() for name, value in start.weights.items()}
    weights["to_ab.bias"] += torch.tensor([0.5, -0.5])
    recipe = {"name": "odd", "network": dict(start.network)}
    path = folder / "odd.ckpt"
    save_checkpoint(Checkpoint(recipe, 1, weights, weights, {}, 0.0, []), path)
    return path


def test_a_mixture_and_the_files_of_its_parts_are_written(
    run: Run, folder: Path, pictures: Path, specialist: Path
) -> None:
    data = ("--data", pictures / "smooth", "--data", pictures / "noisy")
    ran = run("mix", "general", f"odd={specialist}@noisy", *data, "-o", "mixed.onnx")
    assert ran.code == 0, ran.err
    assert "looking at 24 pictures with 2 models" in ran.err
    assert "topic right on" in ran.err and "colour difference about" in ran.err
    mixed, odd = Model(folder / "mixed.onnx"), Model(folder / "odd.npz")
    general = Model(find_model("general").path)
    shift = (odd.predict(LUMINANCE).ab - general.predict(LUMINANCE).ab).mean((0, 1))
    assert shift[0] > 3 and shift[1] < -3
    same = Model(folder / "general.npz").predict(LUMINANCE).ab
    assert np.abs(same - general.predict(LUMINANCE).ab).max() < 0.1
    assert (mixed.description.name, odd.description.name) == ("mixed", "odd")
    noisy = np.asarray(Image.open(pictures / "noisy" / "0.png").convert("L"), np.float32) / 2.55
    as_odd = np.abs(mixed.predict(noisy).ab - odd.predict(noisy).ab).mean()
    assert as_odd < np.abs(mixed.predict(noisy).ab - general.predict(noisy).ab).mean()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["general", "-o", "x.onnx"], "a mixture needs a base and at least one specialist"),
        (["general", "odd=odd.ckpt@noisy", "-o", "x.npz"], "-o x.npz: a model file ends in .onnx"),
        (["general", "odd=odd.ckpt@fog", "-o", "x.onnx"], "no pictures of fog; there are noisy, s"),
        (["general", "odd=none.ckpt@noisy", "-o", "x.onnx"], "none.ckpt"),
    ],
)
def test_what_cannot_be_mixed_is_told_in_one_line(
    run: Run, folder: Path, pictures: Path, specialist: Path, arguments: list[str], message: str
) -> None:
    ran = run("mix", *arguments, "--data", pictures / "smooth", "--data", pictures / "noisy")
    assert ran.code in (1, 2)
    assert len(ran.complaints) == 1 and message in ran.complaints[0]
    assert not (folder / "x.onnx").exists()
