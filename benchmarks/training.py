"""How fast networks train: pictures per second of a step of each, and of the input alone.

    python benchmarks/training.py [NETWORK ...] [--rounds 3] [--seconds 4] [--threads 2] [--write]

Pictures are noise made here, so that anybody can repeat it; weights are random, since time does not
depend on them. A step is the one that `photochrom train` takes: forward, the losses of the
network's recipe, backward, optimiser, and the discriminator's step where the recipe has one. Each
round builds and warms up every network anew and takes turns with all the others, so that a busy
moment of the machine hits no row alone; a figure is the median over the steps of all rounds.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import logging
import os
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from pages import write_page

from photochrom.data.batches import Batch, BatchOptions, TrainingBatches
from photochrom.data.decoded import DecodedPictures
from photochrom.losses import WeightedLoss
from photochrom.networks.registry import build_network
from photochrom.training.config import load_recipe
from photochrom.training.steps import build_step

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks" / "training.md"

PRECISIONS = ("32-true", "bf16-mixed")
STORED_SIDE, PICTURES = 144, 1024
STEPS = 1000
"""Of the made-up run that a measured step belongs to."""

DEFAULT = "lite_unet, encoder frozen"
"""The fastest step of the default network, and so the one that the input must keep up with."""


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        network: its name in the registry.
        recipe: where its numbers and losses come from.
        note: what sets this row apart from others of the network.
        side: height and width of the pictures.
        step: which of `STEPS` is taken: encoders that are frozen at first are so at 0.
        kept: whether the global branch's embeddings are given instead of computed.
        most: pictures in a batch at most; a network at full resolution needs 0.8 GB for each.
    """

    network: str
    recipe: str
    note: str = ""
    side: int = 128
    step: int = STEPS - 1
    kept: bool = False
    most: int = 1024

    @property
    def name(self) -> str:
        """What the row is called."""
        return ", ".join(filter(None, (self.network, self.note)))


ROWS = (
    Row("cifar_convnet", "s1_classification", "32 px", side=32),
    Row("conv_autoencoder", "s3_autoencoder"),
    Row("dcgan", "s5_dcgan"),
    Row("deep_cnn", "s3_deep_cnn"),
    Row("densenet", "s3_densenet", "batches of 4", most=4),
    Row("eight_layer", "s5_eight_layer"),
    Row("fusion", "s4_fusion"),
    Row("fusion", "s4_fusion_cached", "embeddings kept", kept=True),
    Row("lite_unet", "general", "encoder frozen", step=0),
    Row("lite_unet", "general"),
    Row("lite_unet", "general_third", "context blocks"),
    Row("pix2pix", "s3_pix2pix_128"),
    Row("resnet", "s3_resnet", "batches of 4", most=4),
    Row("skip_autoencoder", "s5_skip"),
    Row("unet", "s3_unet"),
    Row("vgg_autoencoder", "s2_pairwise"),
)

RANDOM_WEIGHTS = {
    "fusion": ("network.options.pretrained=false", "network.options.random_branch=true"),
    "lite_unet": ("network.options.pretrained=false",),
    "vgg_autoencoder": ("network.options.pretrained=false",),
}


@dataclass(frozen=True)
class Measured:
    """What was found.

    Attributes:
        rows: those that were measured.
        step_seconds: median seconds of a step by row name and precision.
        input_seconds: median seconds in which the input pipeline makes a batch.
        input_cpu_seconds: the same in seconds of CPU time, all threads together.
    """

    rows: Sequence[Row]
    step_seconds: dict[tuple[str, str], float]
    input_seconds: float
    input_cpu_seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = _parser()
    options = parser.parse_args(arguments)
    known = sorted({row.network for row in ROWS})
    for name in options.networks:
        if name not in known:
            parser.error(f"no network {name!r}; there are {', '.join(known)}")
    # it announces its precision at each of a hundred starts
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    torch.set_num_threads(options.threads)
    rows = [row for row in ROWS if not options.networks or row.network in options.networks]
    found = measure(rows, options)
    text = report(found, options)
    print(text)
    if options.write:
        write_page(PAGE, "Training: speed", __doc__, text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="all, unless named")
    parser.add_argument("--batch", type=int, default=32, help="pictures in a batch")
    parser.add_argument("--rounds", type=int, default=3, help="turns that every row gets")
    parser.add_argument("--seconds", type=float, default=4, help="how long a turn lasts at least")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--write", action="store_true", help="write the page in docs")
    return parser


def measure(rows: Sequence[Row], options: argparse.Namespace) -> Measured:
    """Every row in both precisions, and the input pipeline, in turns."""
    steps: dict[tuple[str, str], list[float]] = defaultdict(list)
    inputs: list[float] = []
    inputs_cpu: list[float] = []
    for _ in range(options.rounds):
        for row in rows:
            for precision in PRECISIONS:
                step = build(row, precision, min(options.batch, row.most))
                seconds, _ = turn(step, options.seconds)
                steps[row.name, precision] += seconds
        source = made_batches(128, options.batch)
        seconds, cpu = turn(lambda source=source: source.make(0), options.seconds)
        inputs += seconds
        inputs_cpu += cpu
    return Measured(
        rows,
        {key: statistics.median(seconds) for key, seconds in steps.items()},
        statistics.median(inputs),
        statistics.median(inputs_cpu),
    )


def build(row: Row, precision: str, batch_size: int) -> Callable[[], float]:
    """What takes one step of a row's network and returns its loss."""
    overrides = (f"precision={precision}", *RANDOM_WEIGHTS.get(row.network, ()))
    recipe = load_recipe(ROOT / "recipes" / f"{row.recipe}.yaml", overrides)
    network = build_network(recipe.network.name, recipe.network.options)
    palette = getattr(network, "palette", None)
    loss = WeightedLoss(recipe.loss, options=recipe.loss_options, palette=palette)
    fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
    fabric.launch()
    step = build_step(network, recipe, loss, STEPS, fabric)
    batch: Batch = made_batches(row.side, batch_size).make(0)
    if row.kept:
        batch = dataclasses.replace(batch, embedding=network.embed(batch.luminance))
    return lambda: step(batch, row.step).item()


def made_batches(side: int, size: int) -> TrainingBatches:
    """The input pipeline of the default recipe over noise in place of decoded pictures."""
    augmentation = load_recipe(ROOT / "recipes" / "general.yaml").augmentation.build()
    shape = (PICTURES, STORED_SIDE, STORED_SIDE, 3)
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    keys = tuple(str(number) for number in range(PICTURES))
    pictures = DecodedPictures((noise,), keys, ("noise",) * PICTURES)
    options = BatchOptions(side, size, {}, augmentation, seed=0)
    return TrainingBatches(pictures, np.arange(PICTURES), options)


def turn(work: Callable[[], object], least: float) -> tuple[list[float], list[float]]:
    """Seconds of each call, and CPU seconds, for as long as asked; the first does not count."""
    work()
    seconds, cpu = [], []
    end = time.perf_counter() + least
    while not seconds or time.perf_counter() < end:
        start, cpu_start = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    return seconds, cpu


def report(found: Measured, options: argparse.Namespace) -> str:
    """The protocol, then markdown tables."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    instructions = torch.backends.cpu.get_cpu_capability()
    lines = [
        f"- batches of {options.batch} pictures, 128 x 128 unless said otherwise",
        f"- {platform.machine()} ({instructions}), {cores} cores, {options.threads} threads",
        f"- Python {platform.python_version()}, torch {version('torch')}, {datetime.date.today()}",
        f"- median over the steps of {options.rounds} rounds, {options.seconds:g} s a row each",
        "",
        "| network | recipe | pictures per second, fp32 | bf16-mixed |",
        "|---|---|---|---|",
    ]
    for row in found.rows:
        size = min(options.batch, row.most)
        rates = [size / found.step_seconds[row.name, p] for p in PRECISIONS]
        lines.append(f"| {row.name} | {row.recipe} | {rates[0]:.1f} | {rates[1]:.1f} |")
    lines += [
        "",
        "| input alone | pictures per second | CPU milliseconds per picture |",
        "|---|---|---|",
        f"| {STORED_SIDE} -> 128 px, augmentation of general.yaml "
        f"| {options.batch / found.input_seconds:.0f} "
        f"| {1000 * found.input_cpu_seconds / options.batch:.2f} |",
    ]
    if (fastest := (DEFAULT, PRECISIONS[1])) in found.step_seconds:
        ratio = found.step_seconds[fastest] / found.input_seconds
        lines += [
            "",
            f"Input over {' in '.join(fastest)}: {ratio:.1f} times; at least 3 are asked.",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
