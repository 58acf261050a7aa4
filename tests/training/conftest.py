from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from photochrom.data.decoded import decode_pictures
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig
from photochrom.training.config import load_recipe
from photochrom.training.export import ExportOptions, export_onnx

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny networks are no faster on more threads, and tests run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory):
    """Twenty-four small pictures whose colour follows their lightness: something to learn."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:40, :56] / 40
    for index in range(24):
        angle, phase = rng.uniform(0, 6.28, 2)
        wave = 0.5 + 0.5 * np.sin(3 * (np.cos(angle) * x + np.sin(angle) * y) + phase)
        rgb = np.stack([wave, 0.6 * wave + 0.1, 0.9 - 0.8 * wave], -1)
        Image.fromarray((rgb * 255).astype(np.uint8)).save(folder / f"{index:02d}.png")
    return folder


@pytest.fixture(scope="session")
def pictures(picture_folder, tmp_path_factory):
    return decode_pictures([picture_folder], 48, tmp_path_factory.mktemp("cache"), jobs=1)


@pytest.fixture
def tiny():
    def load(*overrides):
        return load_recipe(RECIPES / "tiny.yaml", overrides)

    return load


SMALL = {"widths": [32, 24, 16, 16], "pretrained": False}


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A small network of random weights whose norms do something, and its model file."""
    torch.manual_seed(0)
    network = LiteUNet(LiteUNetConfig(**{**SMALL, "widths": tuple(SMALL["widths"])}))
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the mean over what comes
    for _ in range(3):  # so that the signal neither dies nor grows on its way
        network(torch.rand(4, 1, 64, 64) * 100)
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.7, 1.3)
        nn.init.normal_(norm.bias, std=0.3)
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    options = ExportOptions(
        "small", 96, 0.4, np.linspace(0, 2 / 261, 261).tolist(),
        {"licence": "Apache-2.0", "trained_on": ["made pictures"]},
        {"name": "lite_unet", "options": SMALL},
    )  # fmt: skip
    export_onnx(network.eval(), path, options)
    return network, path
