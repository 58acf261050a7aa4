"""How long a film takes: frames per second, the share of each stage, and the memory it needs.

    python benchmarks/film.py [MODEL] [--frames 96] [--threads N] [--minutes 10] [--write]

Films are made here of the example photographs, 720x480 and 1920x1080 at 24 frames a second with
three cuts, and coded as H.264. "End to end" is `colorize_film`, file to file, its stages at work
side by side. The stages below it are measured one after another on frames in memory, in time of
processors, all threads together: other programs do not change it much, and two cores can do no more
than 2000 ms of it in a second. "Network" is looking and reading, shared among the frames from one
look to the next; "steadiness" is all else that steady colours do: motion, scenes, joining. Memory
is the peak of a process of its own on a small film of ten seconds and of MINUTES; the network looks
at every 24th frame, to save time.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from pages import write_page
from PIL import Image

from photochrom import ColorizeOptions, Colorizer
from photochrom.catalog import DEFAULT_MODEL
from photochrom.film import (
    FilmOptions,
    FrameByFrame,
    SteadyColours,
    SteadySettings,
    colorize_film,
)
from photochrom.film.colours import with_film_defaults
from photochrom.film.describe import describe
from photochrom.film.encode import SegmentEncoder, settings_for
from photochrom.film.line import Line, line_for
from photochrom.film.planes import frame_of
from photochrom.film.read import decode

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "film.md"
PHOTOS = sorted((Path(__file__).parents[1] / "examples" / "photos").glob("*.jpg"))
SIZES = {"480p": (720, 480), "1080p": (1920, 1080)}
RATE, CORES = 24, 2

PEAK = """
import sys
from pathlib import Path
from photochrom.cli import main
assert main(sys.argv[1:]) == 0
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""

T = TypeVar("T")


@dataclass(frozen=True)
class Measured:
    """One size: frames a second end to end, and processor seconds of a frame at each stage."""

    size: str
    steady: float
    alone: float
    stages: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}, too")
    options = parser.parse_args(arguments)
    colorizer = Colorizer(options.model, threads=options.threads)
    found, peaks = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size, (width, height) in SIZES.items():
            film = make_film(folder / f"{size}.mp4", width, height, options.frames)
            found.append(measure(size, film, colorizer))
        for seconds in (10.0, 60 * options.minutes):
            small = make_film(folder / "small.mp4", 160, 120, round(RATE * seconds))
            peaks.append((seconds, peak_megabytes(small, options.model)))
    text = report(colorizer, options, found, peaks)
    print(text)
    if options.write:
        write_page(PAGE, "Film: time and memory", __doc__, text)


def make_film(path: Path, width: int, height: int, frames: int) -> Path:
    """A film of photographs that a window moves over, H.264."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures(width, height, frames):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def pictures(width: int, height: int, frames: int) -> Iterator[np.ndarray]:
    """The frames of a made film, (H, W, 3) uint8: four scenes, and again."""
    photos = [Image.open(path).convert("RGB") for path in PHOTOS[:4]]
    scene = max(1, min(frames // 4, 10 * RATE))
    for number in range(frames):
        photo, moved = photos[number // scene % len(photos)], number % scene / scene
        wide = 0.7 * min(photo.width, photo.height * width / height)
        left, top = (photo.width - wide) * moved, (photo.height - wide * height / width) / 2
        box = (left, top, left + wide, top + wide * height / width)
        yield np.asarray(photo.resize((width, height), Image.Resampling.BILINEAR, box=box))


def measure(size: str, path: Path, colorizer: Colorizer) -> Measured:
    """End to end with steady colours and frame by frame, then stage by stage."""
    rates = []
    for colours in (SteadyColours, FrameByFrame):
        target = path.with_suffix(".color.mp4")
        options = FilmOptions(colours=colours)
        begin = time.perf_counter()
        done = colorize_film(path, target, colorizer, film_options=options)
        rates.append(done.frames / (time.perf_counter() - begin))
        target.unlink()
    return Measured(size, rates[0], rates[1], stages(path, colorizer))


def stages(path: Path, colorizer: Colorizer) -> dict[str, float]:
    """Processor seconds of one frame at each stage, in the order of its way: medians."""
    film, options = describe(path), with_film_defaults(ColorizeOptions())
    settings = settings_for(film, "h264", None, None)
    line = line_for(film, settings, colorizer, options)
    decoded, times = timed_each(lambda frame: frame, itertools.islice(decode(film), 48))
    found = {"decode": times}
    looked, found["luminance"] = timed_each(
        lambda numbered: next(line.looked_at([numbered[1]], numbered[0])), enumerate(decoded)
    )

    def network(frame: object) -> np.ndarray:
        return colorizer.read(colorizer.see(frame.seen.luminance, options), 1, options)[0]

    _, found["network"] = timed_each(network, looked)
    giver, every = SteadyColours(colorizer, options), SteadySettings().key_every
    ab, whole = timed_each(lambda frame: giver.colour(frame.seen), looked, every)
    found["network"] /= every
    found["steadiness"] = max(0.0, whole - found["network"])
    found |= made_and_coded(line, looked, ab)
    return found


def made_and_coded(line: Line, looked: list, ab: list) -> dict[str, float]:
    """Processor seconds of one frame for its chroma planes, and in the encoder."""
    lines = list(zip(looked, ab, strict=True))
    planes, chroma = timed_each(lambda pair: line.chroma.planes(pair[0].guide, pair[1]), lines)
    encoder, settings = SegmentEncoder(line.settings), line.settings
    frames = [
        frame_of((frame.luma, *pair), settings.coding, halved=settings.halved)
        for frame, pair in zip(looked, planes, strict=True)
    ]
    begin = time.process_time()
    for frame in frames:
        list(encoder.encode(frame))
    list(encoder.finish())
    return {"chroma planes": chroma, "encode": (time.process_time() - begin) / len(frames)}


def timed_each(work: Callable[..., T], items: Iterator, every: int = 1) -> tuple[list[T], float]:
    """What is made of each item, and the processor seconds of making the item and that.

    They are medians: of every so many-th item, where these differ, and then the mean of those.
    """
    made, times, source = [], [], iter(items)
    while True:
        begin = time.process_time()
        item = next(source, None)
        if item is None:
            return made, statistics.mean(statistics.median(times[n::every]) for n in range(every))
        made.append(work(item))
        times.append(time.process_time() - begin)


def peak_megabytes(path: Path, model: str) -> float:
    """Peak memory of `photochrom film colorize`, a process of its own, in MB."""
    target = path.with_suffix(".color.mp4")
    arguments = ["film", "colorize", path, "-o", target, "--model", model, "--every", 24]
    command = [sys.executable, "-c", PEAK, *map(str, arguments), "--overwrite"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    target.unlink()
    return float(found.stdout.splitlines()[-1]) / 1e3


def report(
    colorizer: Colorizer, options: argparse.Namespace, found: list[Measured],
    peaks: list[tuple[float, float]],
) -> str:  # fmt: skip
    """The protocol, then two tables in markdown."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("onnxruntime", "av", "opencv-python-headless")
    )
    lines = [
        f"- model {colorizer.model.description.name}, one look at every "
        f"{SteadySettings().key_every} frames, frame by frame at each",
        f"- {platform.machine()}, {cores} cores, threads {options.threads or 'all'}",
        f"- Python {platform.python_version()}, {versions}, {datetime.date.today()}",
        f"- {options.frames} frames; load of the machine {os.getloadavg()[0]:.1f}",
        "",
        "| | " + " | ".join(one.size for one in found) + " |",
        "|---|" + "---|" * len(found),
        _row("end to end, steady, frames a second", [f"{one.steady:.1f}" for one in found]),
        _row("end to end, frame by frame", [f"{one.alone:.1f}" for one in found]),
    ]
    for stage in found[0].stages:
        cells = []
        for one in found:
            share = one.stages[stage] / sum(one.stages.values())
            cells.append(f"{1000 * one.stages[stage]:.1f} ms ({share:.0%})")
        lines.append(_row(stage, cells))
    totals = [1000 * sum(one.stages.values()) for one in found]
    lines.append(_row("sum", [f"{total:.1f} ms" for total in totals]))
    most = [f"{1000 * CORES / total:.1f}" for total in totals]
    lines.append(_row(f"frames a second that {CORES} cores can do at most", most))
    lines += ["", "| film of 160x120 | peak memory |", "|---|---|"]
    lines += [_row(f"{seconds:g} s", [f"{peak:.0f} MB"]) for seconds, peak in peaks]
    return "\n".join(lines) + "\n"


def _row(title: str, cells: list[str]) -> str:
    return f"| {title} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
