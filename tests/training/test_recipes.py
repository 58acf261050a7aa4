"""Every recipe trains, at a size that takes a second."""

from pathlib import Path

import pytest
import torch

from photochrom.training.config import load_recipe
from photochrom.training.loop import RunOptions, train

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
QUICK = [
    "data.batch=2", "data.validation=0.25", "data.side=48", "schedule.epochs=1",
    "schedule.steps_per_epoch=2", "precision=32-true",
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
