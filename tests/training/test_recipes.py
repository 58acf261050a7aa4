"""Every recipe trains, at a size that takes a second."""

import json
from pathlib import Path

import pytest
import torch
from cifar_batches import write_batches

from photochrom.data.decoded import decode_pictures
from photochrom.training.config import load_recipe
from photochrom.training.loop import RunOptions, train

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
QUICK = [
    "data.batch=2", "data.split=hash", "data.validation=0.25", "data.side=48",
    "schedule.epochs=1", "schedule.steps_per_epoch=2", "precision=32-true",
]  # fmt: skip
WITHOUT_DOWNLOADS = {
    "lite_unet": ["network.options.pretrained=false"],
    "vgg_autoencoder": ["network.options.pretrained=false"],
    "fusion": ["network.options.pretrained=false", "network.options.random_branch=true"],
}
CROPS = {"cifar_convnet": 32}


class Silent:
    def step_done(self, step, total, loss): ...

    def epoch_done(self, row): ...


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_trains_and_its_figures_are_finite(path, pictures, tmp_path):
    torch.set_num_threads(1)
    network = load_recipe(path).network.name
    recipe = load_recipe(
        path, [*QUICK, f"data.crop={CROPS.get(network, 64)}", *WITHOUT_DOWNLOADS.get(network, [])]
    )
    train(recipe, pictures, tmp_path, Silent(), RunOptions(accelerator="cpu"))
    assert {"last.ckpt", "curves.png", "samples.png"} <= {f.name for f in tmp_path.iterdir()}


@pytest.mark.parametrize("kind", ["regression", "classification"])
def test_the_recipes_of_s1_train_on_cifar_10_by_its_published_split(kind, tmp_path):
    torch.set_num_threads(1)
    path = next(path for path in RECIPES if path.stem == f"s1_{kind}")
    recipe = load_recipe(path, ["data.batch=8", "schedule.epochs=1"])
    folder = write_batches(tmp_path / "cifar-10-batches-py", 4)
    pictures = decode_pictures([folder], recipe.data.side, tmp_path / "cache", jobs=1)
    train(recipe, pictures, tmp_path / "run", Silent(), RunOptions(accelerator="cpu"))
    (row,) = map(json.loads, (tmp_path / "run" / "history.jsonl").read_text().splitlines())
    assert row["step"] == 2  # one pass over the 20 pictures of the train batches
    assert 0 <= row["pixel_accuracy"] <= 1
    assert ("bin_accuracy" in row) == (kind != "regression")
