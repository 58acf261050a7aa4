"""How long a photograph takes: a 12-megapixel JPEG end to end, stage by stage, and its memory.

    python benchmarks/photo.py [MODEL] [--megapixels 12] [--runs 5] [--threads N]

The picture is made here (smooth shapes, edges and grain), so that anybody can repeat it. Times are
medians. libvips decodes while it merges and encodes: the stages are measured one at a time on
pictures already in memory, so their sum is above the whole.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyvips

from photochrom import Colorizer, WriteOptions
from photochrom.looks import working_size
from photochrom.photo import merge_chroma, open_photo
from photochrom.runtime import Model

NETWORK_SIDES = (256, 384)

# getrusage would count the memory of the process that started this one, too; Linux alone tells more
PEAK = """
import sys
from pathlib import Path
from photochrom.cli import main
assert main(sys.argv[1:]) == 0
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="auto")
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=None)
    options = parser.parse_args()
    colorizer = Colorizer(options.model, threads=options.threads)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "made.jpg")
        make_picture(options.megapixels).jpegsave(str(source), Q=92)
        rows = stages(colorizer, source, Path(folder, "result.jpg"), options.runs)
        peak = peak_megabytes(source, Path(folder, "again.jpg"), options.model)
    for side in NETWORK_SIDES:
        L = np.random.default_rng(0).uniform(0, 100, (side, side)).astype(np.float32)
        seconds = median(lambda L=L: colorizer.model.predict(L), options.runs * 3)
        rows.append((f"network alone, {side} x {side}", seconds))
    print_report(colorizer.model, options, rows, peak)


def make_picture(megapixels: float) -> pyvips.Image:
    """A grey 4:3 picture with slopes, edges and grain, 8 bit."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(height * 4 / 3)
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    tones = 120 + 60 * np.sin(5 * x + 3 * y) + 50 * ((x * 7).astype(int) % 2) * (y > 0.5)
    grain = np.random.default_rng(0).normal(0, 4, (height, width))
    return pyvips.Image.new_from_array((tones + grain).clip(0, 255).astype(np.uint8))


def stages(colorizer: Colorizer, source: Path, target: Path, runs: int) -> list[tuple[str, float]]:
    """Median seconds of the whole way and of each stage of it."""
    model = colorizer.model
    photo = open_photo(source)
    described = model.description
    small = working_size(photo.height, photo.width, described.size, described.size_multiple)
    luminance = photo.small_luminance(*small)
    ab = model.predict(luminance).ab
    merged = merge_chroma(photo, ab).copy_memory()
    return [
        ("end to end, file to file", median(lambda: whole(colorizer, source, target), runs)),
        *(
            (name, median(work, runs))
            for name, work in (
                ("decode, full size", lambda: open_photo(source).open()[0].avg()),
                ("luminance for the network", lambda: open_photo(source).small_luminance(*small)),
                (f"network, {small[1]} x {small[0]}, one look", lambda: model.predict(luminance)),
                (
                    f"luminance, {described.looks} looks and their mean, decoding",
                    lambda: colorizer.colorize(source),
                ),
                ("merge, decode included", lambda: merge_chroma(photo, ab).copy_memory()),
                ("encode, JPEG 4:4:4", lambda: merged.jpegsave_buffer(Q=92, subsample_mode="off")),
            )
        ),
    ]


def whole(colorizer: Colorizer, source: Path, target: Path) -> None:
    """What `photochrom colorize` does with one file."""
    colorizer.colorize(source).save(target, WriteOptions())


def peak_megabytes(source: Path, target: Path, model: str) -> float:
    """Peak memory of `photochrom colorize` on the picture, a process of its own, in MB."""
    arguments = ["colorize", str(source), "-o", str(target), "--model", model]
    found = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments], check=True, capture_output=True, text=True
    )
    return float(found.stdout) / 1e3


def median(work: Callable[[], object], runs: int) -> float:
    """Median seconds of several runs, after one that does not count."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def print_report(
    model: Model, options: argparse.Namespace, rows: list[tuple[str, float]], peak: float
) -> None:
    """The protocol, then a markdown table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"- {options.megapixels:g} megapixels, grey JPEG quality 92")
    print(f"- model {model.description.name}")
    print(f"- {platform.machine()}, {cores} cores, threads {options.threads or 'all'}")
    versions = ", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "pyvips"))
    print(f"- Python {platform.python_version()}, {versions}, {datetime.date.today()}")
    print(f"- median of {options.runs} runs")
    print(f"- peak memory of `photochrom colorize` on this picture: {peak:.0f} MB\n")
    print("| stage | ms |\n|---|---|")
    for name, seconds in rows:
        print(f"| {name} | {1000 * seconds:.0f} |")


if __name__ == "__main__":
    main()
