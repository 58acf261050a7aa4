"""A miniature of the table of experiments, its recipes and its data, and results made by hand."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import numpy as np
from coloured_pictures import coloured, encoded, save_coloured

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

RECIPE = """
precision: 32-true
seed: 5
network: {name: skip_autoencoder, options: {widths: [8, 8]}}
data: {side: 32, crop: 32, batch: 4, validation: 0.3}
augmentation: {flip: 0, zoom: 1, shear: 0, film: 0}
loss: {mean_squared_error: 1.0}
schedule: {epochs: 50}
"""

TABLE = """
systems:
  S1:
    title: A small system
    note: Pictures are made.
    figures: [psnr, ciede2000, colourfulness]
    data: {folders: [loose]}
    cpu: {pictures: 20, set: [schedule.epochs=2, schedule.steps_per_epoch=4]}
    pictures: [{file: small.jpg, caption: Both of them., command: photochrom compare loose/}]
    commands: [photochrom palette loose/]
experiments:
  small:
    system: S1
    about: The first one.
    published: {psnr: {test: 27.4}}
  other:
    system: S1
    about: Another one.
    recipe: small
    set: [optim.lr=1e-4]
    data: {folders: [shards], sources: [lights]}
    test: {folders: [loose], pictures: 7}
claims:
  - system: S1
    text: One is more colourful than the other.
    rules: [{kind: larger, figure: colourfulness, more: small, less: other}]
"""


def write_project(root: Path) -> Path:
    """recipes/small.yaml, table.yaml and data/; the root."""
    (root / "recipes").mkdir()
    (root / "recipes" / "small.yaml").write_text(RECIPE)
    (root / "table.yaml").write_text(TABLE)
    save_coloured(root / "data" / "loose", 24)
    (root / "data" / "shards").mkdir()
    with tarfile.open(root / "data" / "shards" / "mixed-0.tar", "w") as tar:
        for seed in range(20):
            source = "lights" if seed % 2 else "shades"
            content = encoded(coloured(seed + 100))
            member = tarfile.TarInfo(f"topic/{source}/label/{seed:03}.png")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return root


def made_result(name: str, budget: str = "cpu", sha256: str = "same", **values: object) -> dict:
    """A result with each test picture's figures, everything else alike."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 40)
    pictures = {
        "row": {key: list(value + noise) for key, value in values.items()},
        "default": {"ciede2000": list(8 + noise)},
        "grey": {"ciede2000": list(12 + noise)},
    }
    return {
        "name": name, "budget": budget, "test": {"sha256": sha256, "side": 32},
        "machine": {"cores": 2}, "training": {"seconds_per_picture": 0.5},
        "recipe": {"data": {"crop": 32}, "precision": "32-true"},
        "history": [{"epoch": 1.0, "ciede2000": 9.0}, {"epoch": 2.0, "ciede2000": 8.0}],
        "pictures": pictures,
    }  # fmt: skip
