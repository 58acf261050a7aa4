"""Every recipe at its real network size: two short epochs, the export, a photograph in colour.

    python benchmarks/recipes.py --data PATH... [--recipes A,B] [--steps 30] [--batch N]
        [--precision bf16-mixed] [--rows FILE] [--write]

This shows that recipes work and what they cost, not how good their models become: an epoch has
--steps steps where the recipes have thousands. Everything but the number of steps is the recipe's
own, with these exceptions: a fifth of the pictures is held out by the hash of their names, --batch
can make batches smaller, --precision sets another one, and what would be downloaded is replaced by
what the recipe names for those without it, as the table says. With --rows, what was measured is
kept in that file: the same command goes on after a stop, and recipes can differ in --steps and
--data. `specialise` and `general_second`, which go on from a model, begin with ImageNet weights
here. Seconds per step are the median, without validation, of processor time, all threads together.
The validation figures are mean CIEDE2000 of the averaged weights on the held-out pictures, divided
by that of grey: below 1 is better than no colour. The exported model then colours a grey picture of
333 x 517 pixels, made of the first picture; its mean chroma in CIELAB units is given.

The pictures here are faces (utkface) since they need little training: one skin tint for everything
halves the chroma error of grey. Pairwise mean squared error alone cannot find that tint, since it
does not see one constant added to everything (1.11 after 400 steps); its row is of landscapes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pages import write_page
from PIL import Image

from photochrom import Colorizer
from photochrom.atomic import written_whole
from photochrom.color import lab_to_rgb, rgb_to_lab
from photochrom.data.decoded import L_LEVELS_PER_UNIT, DecodedPictures, decode_pictures
from photochrom.errors import GreyResultWarning, PhotochromError
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.config import Recipe, load_recipe
from photochrom.training.export import ExportOptions, export_onnx, network_of
from photochrom.training.loop import RunOptions, train

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks" / "recipes.md"

STAND_INS = {"vgg_autoencoder": ("network.options.encoder=lite0", "EfficientNet-Lite0 for VGG-19")}
"""By network: what replaces a download, and how the table calls it."""

ODD_SIZE = (333, 517)
LUMINANCE_KEPT = 0.5
"""Largest difference in L between the grey picture and its coloured form, 8 bits a channel."""

HEADINGS = (
    "recipe", "network", "parameters, M", "precision", "pictures", "batch", "steps an epoch",
    "CPU s per step", "x grey, epoch 1", "epoch 2", "file, MB", "exported, and its picture",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What was found of a recipe.

    Attributes:
        recipe: its name.
        network: the network's name, with what stands in for a download.
        precision: of the training.
        pictures: the folders or shards that they come from.
        batch: pictures in a batch.
        steps: of each of the two epochs.
        parameters: of the network, frozen ones and no discriminator's among them.
        step_seconds: median.
        ratios: validation CIEDE2000 by that of grey, after each epoch.
        megabytes: size of the model file; 0 if it was not exported.
        exported: how that went, in words.
    """

    recipe: str
    network: str
    precision: str
    pictures: str
    batch: int
    steps: int
    parameters: int
    step_seconds: float
    ratios: Sequence[float]
    megabytes: float
    exported: str

    def cells(self) -> str:
        """The row of the table."""
        figures = (
            self.recipe, self.network, f"{self.parameters / 1e6:.2f}", self.precision,
            self.pictures, str(self.batch), str(self.steps), f"{self.step_seconds:.2f}",
            *(f"{ratio:.3f}" for ratio in self.ratios), f"{self.megabytes:.1f}", self.exported,
        )  # fmt: skip
        return f"| {' | '.join(figures)} |"


class Stopwatch:
    """Hears of a run: CPU seconds of each step after another one, and figures an epoch."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.ratios: list[float] = []
        self._last: float | None = None

    def step_done(self, step: int, total: int, loss: float) -> None:
        """A step is over."""
        now = time.process_time()  # other programs do not count
        if self._last is not None:
            self.seconds.append(now - self._last)
        self._last = now

    def epoch_done(self, row: dict[str, float]) -> None:
        """A validation is over."""
        self.ratios.append(row["ciede2000_ratio"])
        self._last = None  # the next step does not begin where the last one ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; 1 where a recipe failed."""
    parser = _parser()
    options = parser.parse_args(arguments)
    known = {path.stem: path for path in sorted((ROOT / "recipes").glob("*.yaml"))}
    wanted = options.recipes.split(",") if options.recipes else list(known)
    for name in wanted:
        if name not in known:
            parser.error(f"no recipe {name!r}; there are {', '.join(known)}")
    if options.steps < 2:
        parser.error(f"--steps is {options.steps}; two are the least that can be timed")
    torch.set_num_threads(options.threads)
    kept = json.loads(options.rows.read_text()) if options.rows and options.rows.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            if name in kept:
                continue
            try:
                kept[name] = measure(known[name], options, Path(folder)).cells()
            except PhotochromError as error:
                # the reason is not for the page: it may name a folder of this machine
                print(f"{name}: {error}", file=sys.stderr)
            print(kept.get(name), file=sys.stderr)
            if options.rows:
                with written_whole(options.rows) as file:
                    file.write_text(json.dumps(kept, indent=1))
    missing = f" |{' |' * (len(HEADINGS) - 2)} failed |"
    text = report([kept.get(name, f"| {name}{missing}") for name in wanted], options)
    print(text)
    if options.write:
        write_page(PAGE, "Recipes", __doc__, text)
    return int(any(name not in kept for name in wanted))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders or shards")
    parser.add_argument("--recipes", help="names, with commas between them; default: all")
    parser.add_argument("--steps", type=int, default=30, help="steps of each of the two epochs")
    parser.add_argument("--batch", type=int, help="pictures in a batch at most")
    parser.add_argument("--precision", help="e.g. bf16-mixed; default: the recipe's own")
    parser.add_argument("--rows", type=Path, help="file that keeps rows, to go on after a stop")
    parser.add_argument("--pictures", type=int, default=200, help="pictures used at most")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--write", action="store_true", help="write the page in docs")
    return parser


def measure(path: Path, options: argparse.Namespace, cache: Path) -> Row:
    """Trains a recipe, exports the result and colours a picture with it."""
    recipe, network_name = _shortened(path, options)
    decoded = decode_pictures(options.data, recipe.data.side, cache, jobs=options.threads)
    pictures, watch = _some(decoded, options.pictures), Stopwatch()
    # a folder each: the checkpoints of all recipes together would take many gigabytes
    with tempfile.TemporaryDirectory() as folder:
        best = train(recipe, pictures, Path(folder), watch, RunOptions("cpu", report_every=1))
        checkpoint, model = load_checkpoint(best), Path(folder, "exported.onnx")
        network = network_of(checkpoint)
        try:
            export_onnx(network, model, ExportOptions(path.stem, prior=checkpoint.prior))
            exported = _colours(model, _odd_picture(pictures), options.threads)
        except PhotochromError as error:
            print(f"{path.stem}: {error}", file=sys.stderr)
            exported = "no"
        size = model.stat().st_size if model.exists() else 0
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Row(
        path.stem, network_name, recipe.precision, ", ".join(path.stem for path in options.data),
        recipe.data.batch, options.steps, parameters, statistics.median(watch.seconds),
        watch.ratios, size / 1e6, exported,
    )  # fmt: skip


def _shortened(path: Path, options: argparse.Namespace) -> tuple[Recipe, str]:
    """The recipe with two short epochs and no download, and what its network is called here."""
    recipe = load_recipe(path)
    name = recipe.network.name
    overrides = [
        "schedule.epochs=2", f"schedule.steps_per_epoch={options.steps}", "data.split=hash",
        "data.validation=0.2", f"data.batch={min(recipe.data.batch, options.batch or sys.maxsize)}",
    ]  # fmt: skip
    if options.precision:
        overrides.append(f"precision={options.precision}")
    if name in STAND_INS:
        replaced, words = STAND_INS[name]
        overrides.append(replaced)
        name = f"{name} ({words})"
    return load_recipe(path, overrides), name


def _some(pictures: DecodedPictures, count: int) -> DecodedPictures:
    """So many pictures, evenly spread over all."""
    chosen = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).astype(int)
    return DecodedPictures(
        (pictures.take(chosen),),
        tuple(pictures.keys[index] for index in chosen),
        tuple(pictures.sources[index] for index in chosen),
    )


def _odd_picture(pictures: DecodedPictures) -> np.ndarray[Any, Any]:
    """The first picture's luminance as grey sRGB, stretched to `ODD_SIZE`, (H, W) uint8."""
    L = pictures.take([0])[0, ..., :1] / L_LEVELS_PER_UNIT
    grey = 255 * lab_to_rgb(np.concatenate([L, 0 * L, 0 * L], -1))[..., 0]
    height, width = ODD_SIZE
    return np.asarray(Image.fromarray(grey.round().astype(np.uint8)).resize((width, height)))


def _colours(model: Path, grey: np.ndarray[Any, Any], threads: int) -> str:
    """What comes of colouring a grey picture (H, W) uint8, in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GreyResultWarning)  # its chroma is told
        coloured = Colorizer(model, threads=threads).colorize(grey).to_array()
    if coloured.shape != (*grey.shape, 3):
        return f"no: {coloured.shape} of {grey.shape}"
    lab, before = rgb_to_lab(coloured), rgb_to_lab(np.stack([grey] * 3, -1))
    moved = float(np.abs(lab[..., 0] - before[..., 0]).max())
    if moved > LUMINANCE_KEPT:
        return f"no: luminance moved by {moved:.2f}"
    return f"ok, chroma {np.hypot(lab[..., 1], lab[..., 2]).mean():.1f}"


def report(rows: Sequence[str], options: argparse.Namespace) -> str:
    """The protocol, then a markdown table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "onnx", "onnxruntime"))
    lines = [
        f"- 2 epochs, at most {options.pictures} pictures",
        f"- {platform.machine()} ({torch.backends.cpu.get_cpu_capability()}), {cores} cores, "
        f"{options.threads} threads",
        f"- Python {platform.python_version()}, {packages}, {datetime.date.today()}",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---|' * len(HEADINGS)}",
        *rows,
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
