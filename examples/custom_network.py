"""Trains a network of your own and colours with it: python custom_network.py photos mine.onnx."""

import sys
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from photochrom.data.decoded import decode_pictures
from photochrom.networks.blocks import ConvNormReLU, Prediction, SizeRule
from photochrom.networks.registry import NETWORKS, NetworkEntry
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.config import check_recipe
from photochrom.training.export import ExportOptions, export_onnx, network_of
from photochrom.training.loop import train


@dataclass(frozen=True)
class PlainConfig:
    """Its numbers, which a recipe may set."""

    width: int = 32


class Plain(nn.Module):
    """L (N, 1, H, W) 0..100 in, ab (N, 2, H, W) in CIELAB units out."""

    size_rule, stride, palette = SizeRule(), 1, None

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        width = config.width
        self.layers = nn.Sequential(
            ConvNormReLU(1, width, 7), ConvNormReLU(width, width), nn.Conv2d(width, 2, 1)
        )

    def forward(self, luminance: Tensor) -> Prediction:
        """The chroma of a batch."""
        return Prediction(10 * self.layers(luminance / 100))


class Told:
    """Hears how the training goes."""

    def step_done(self, step: int, total: int, loss: float) -> None:
        """Nothing to say."""

    def epoch_done(self, row: dict[str, float]) -> None:
        """One line."""
        print(f"epoch {row['epoch']:.0f}: colour difference {row['ciede2000_ratio']:.3f} x grey")


NETWORKS["plain"] = NetworkEntry(PlainConfig, Plain)
RECIPE = {
    "name": "plain", "precision": "32-true", "network": {"name": "plain", "options": {"width": 24}},
    "data": {"side": 64, "crop": 64, "batch": 8, "validation": 0.2}, "schedule": {"epochs": 3},
}  # fmt: skip

if __name__ == "__main__":
    photos, target = map(Path, sys.argv[1:])
    recipe, run = check_recipe(RECIPE, "custom_network.py"), Path("runs/plain")
    pictures = decode_pictures([photos], recipe.data.side, run / "decoded")
    best = load_checkpoint(train(recipe, pictures, run, Told()))
    export_onnx(network_of(best), target, ExportOptions("plain", size=64))
    print(f"photochrom colorize --model {target} photo.jpg uses it")
