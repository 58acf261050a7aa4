"""Every recipe trains for two epochs and beats grey; what it exports colours a photograph.

Only sizes are made small, and rates high enough for a few dozen steps: network, heads, losses,
output space, discriminator, patches and optimiser are the recipe's own.
"""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from cifar_batches import write_batches
from listening import Listener

from photochrom import Colorizer
from photochrom.color import lab_to_rgb_tensor, rgb_to_lab
from photochrom.colorizer import GREY_CHROMA
from photochrom.data.batches import validation_batches
from photochrom.data.decoded import decode_pictures
from photochrom.data.split import split
from photochrom.losses import WeightedLoss
from photochrom.networks.blocks import Prediction
from photochrom.networks.registry import network_config
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.config import load_recipe
from photochrom.training.export import ExportOptions, export_onnx, network_of
from photochrom.training.loop import BEST, LAST, RunOptions, train
from photochrom.training.validation import picture_at, validate

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
CPU = RunOptions(accelerator="cpu")

SMALL = {
    "cifar_convnet": {"convolutions": [8, 16], "transposed": [16, 400]},
    "conv_autoencoder": {"widths": [8, 16], "blocks": 1},
    "dcgan": {"widths": [8, 16]},
    "deep_cnn": {"width": 8, "blocks": 3},
    "densenet": {"stem": 8, "blocks": 2, "layers": 1, "growth": 8, "bottleneck": 8},
    "eight_layer": {"widths": [8, 8, 8, 16, 16, 16, 16, 16]},
    "fusion": {
        "encoder_widths": [8, 8, 8, 16, 16, 16, 16, 16],
        "fused_width": 16,
        "decoder_widths": [16, 16, 16, 16],
        "global_size": 32,
    },
    # random features tell nothing in so few steps: the encoder begins with its packaged weights
    "lite_unet": {"widths": [64, 64, 16, 16], "pretrained": True},
    "pix2pix": {"levels": 3, "width": 8},
    "resnet": {"stem": 8, "widths": [4, 8], "blocks": 1},
    "skip_autoencoder": {"widths": [8, 16]},
    "unet": {"widths": [8], "bottom": 16, "blocks": 1},
    # VGG-19 would be downloaded; this is the stand-in that its recipes name
    "vgg_autoencoder": {"encoder": "lite0", "widths": [16, 16]},
}
"""Options of each network's small form."""

SMALL_JUDGES = {"patch_gan": {"width": 8}, "dcgan": {"widths": [8, 16, 16, 16]}}

RATES = {"fusion": 3e-3}
"""Learning rates by network where 1e-2 is too high: this one has no norms."""

STEPS = {"lite_unet": 8}
"""Steps of an epoch by network where fewer than 15 suffice."""

SPECIAL = {
    "s3_gan": {"schedule.steps_per_epoch": 30},
    "s5_dcgan": {"data.crop": 64},  # the least that its discriminator sees
}
"""What single recipes need."""


@pytest.fixture(scope="module")
def grey_photo():
    """333 x 517 pixels, 8 bit: a wave of lightness like those that the recipes see."""
    y, x = np.mgrid[:333, :517] / 333
    return (255 * (0.5 + 0.5 * np.sin(3 * x + 2 * y))).astype(np.uint8)


def small_recipe(path):
    """The recipe at a size of seconds."""
    recipe = load_recipe(path)
    name, judge = recipe.network.name, recipe.adversarial
    rate = RATES.get(name, 1e-2)
    values = {
        "data.side": 48, "data.crop": 32, "data.batch": 4, "data.split": "hash",
        "data.validation": 0.25, "precision": "32-true", "optim.lr": rate, "optim.warmup_steps": 2,
        "schedule.epochs": 2, "schedule.steps_per_epoch": STEPS.get(name, 15),
        **{f"network.options.{key}": value for key, value in SMALL[name].items()},
    }  # fmt: skip
    if recipe.data.crops:
        values["data.crops"] = [32, 64]
    if judge:
        values["adversarial.lr"] = rate
        options = SMALL_JUDGES[judge.discriminator]
        values |= {f"adversarial.options.{key}": value for key, value in options.items()}
    values |= SPECIAL.get(path.stem, {})
    return load_recipe(path, [f"{key}={value}" for key, value in values.items()])


def first_of_each_network():
    """One recipe for each small network: others of the same one differ in its weights alone.

    The default model's comes with its context blocks only: test_export.py has it without.
    """
    found = {}
    for path in RECIPES:
        section = small_recipe(path).network
        found.setdefault((section.name, network_config(section.name, section.options)), path)
    return [path for path in found.values() if path.stem != "general"]


def figures_of_grey(recipe, network, pictures):
    """What validation finds where ab = 0 is predicted, in the network's own output space."""

    def grey(luminance):
        own = network(luminance)
        ab = torch.zeros_like(own.ab)
        L = picture_at(luminance, *ab.shape[-2:])
        rgb = None if own.rgb is None else lab_to_rgb_tensor(torch.cat([L, ab], 1))
        return Prediction(ab, rgb=rgb)

    data = recipe.data
    _, held_out = split(pictures, data.split, data.validation)
    side = data.side if data.patches else data.crop
    batches = validation_batches(pictures, held_out, side, data.batch)
    return validate(grey, batches, WeightedLoss(recipe.loss, options=recipe.loss_options))


@pytest.fixture(scope="module")
def trained(pictures, tmp_path_factory):
    """What trains a recipe's small form: (recipe, its run folder, a row of figures an epoch)."""

    @functools.cache
    def run(path):
        recipe, folder, listener = small_recipe(path), tmp_path_factory.mktemp("run"), Listener()
        train(recipe, pictures, folder, listener, CPU)
        return recipe, folder, listener.rows

    return run


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_beats_grey_in_two_epochs(path, trained, pictures):
    recipe, folder, rows = trained(path)
    assert {LAST, BEST, "curves.png", "samples.png"} <= {file.name for file in folder.iterdir()}
    assert len(rows) == 2
    assert rows[-1]["ciede2000_ratio"] < 1
    network = network_of(load_checkpoint(folder / BEST))
    if recipe.adversarial is None and network.palette is None:  # a plain regression
        grey = figures_of_grey(recipe, network, pictures)
        assert grey["ciede2000_ratio"] == pytest.approx(1)
        assert rows[-1]["loss"] < grey["loss"]


@pytest.mark.parametrize("path", first_of_each_network(), ids=lambda path: path.stem)
def test_every_network_that_recipes_train_exports_and_colours_a_photograph(
    path, trained, grey_photo, tmp_path
):
    _, folder, _ = trained(path)
    checkpoint, model = load_checkpoint(folder / BEST), tmp_path / "exported.onnx"
    export_onnx(network_of(checkpoint), model, ExportOptions(path.stem, 96, prior=checkpoint.prior))
    coloured = Colorizer(model, threads=1).colorize(grey_photo).to_array()
    assert coloured.shape == (333, 517, 3)
    lab, grey_lab = (rgb_to_lab(rgb) for rgb in (coloured, np.stack([grey_photo] * 3, -1)))
    assert np.abs(lab[..., 0] - grey_lab[..., 0]).max() < 0.5
    assert np.hypot(lab[..., 1], lab[..., 2]).mean() > GREY_CHROMA


@pytest.mark.parametrize("kind", ["regression", "classification"])
def test_the_recipes_of_s1_train_on_cifar_10_by_its_published_split(kind, tmp_path):
    path = next(path for path in RECIPES if path.stem == f"s1_{kind}")
    recipe = load_recipe(path, ["data.batch=8", "schedule.epochs=1"])
    folder = write_batches(tmp_path / "cifar-10-batches-py", 4)
    pictures = decode_pictures([folder], recipe.data.side, tmp_path / "cache", jobs=1)
    train(recipe, pictures, tmp_path / "run", Listener(), CPU)
    (row,) = map(json.loads, (tmp_path / "run" / "history.jsonl").read_text().splitlines())
    assert row["step"] == 2  # one pass over the 20 pictures of the train batches
    assert 0 <= row["pixel_accuracy"] <= 1
    assert ("bin_accuracy" in row) == (kind != "regression")
