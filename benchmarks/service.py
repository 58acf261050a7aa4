"""What the service takes: many uploads at once, a page's previews, and how soon it is there.

    python benchmarks/service.py [--uploads 200] [--clients 16] [--workers 2] [--write]

A service of its own is started on this machine, in a folder of its own. Clients send pictures as
fast as they are answered, each picture and its vividness met once; who is told to come back (503)
does so. Every answer is compared, byte by byte, with what the library makes of the same picture:
one that belongs to another picture, or to another's options, would differ. Latency is what a client
waits, queue included. Memory is the most that the service ever held (VmHWM), the model and
libraries included. The start is from the command line to the first answer, a median; times of a
machine that is busy with other things are longer, so the processor time is told, too.
"""

from __future__ import annotations

import argparse
import datetime
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from pages import write_page
from PIL import Image
from quality_report import markdown_table

from photochrom import ColorizeOptions, Colorizer
from photochrom.evaluation.machine import machine, versions

PAGE = Path(__file__).parent.parent / "docs/benchmarks/service.md"
STARTS = 5
WIDTH, HEIGHT = 1024, 768
PREVIEW_SIDE = 1600
HINT = {"x": 0.3, "y": 0.6, "color": "#8a3b2a"}
WAITS = ("median", "90 %", "99 %", "longest")
ENOUGH = "1000000"  # requests a minute: all clients have one address here


@dataclass
class Tally:
    """What became of the uploads."""

    seconds: list[float] = field(default_factory=list)
    differing: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    told_to_wait: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Service:
    """`photochrom serve` as a process."""

    def __init__(self, folder: Path, workers: int) -> None:
        command = [sys.executable, "-m", "photochrom", "serve", "--port", "0"]
        command += ["--data", str(folder), "--workers", str(workers), "--max-requests", ENOUGH]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        found = re.search(r"http://\S+", self._process.stderr.readline())
        assert found, self._process.stderr.read()
        self.address = found[0]

    def client(self) -> httpx.Client:
        """What talks to it."""
        return httpx.Client(base_url=self.address, timeout=600, trust_env=False)

    def peak_megabytes(self) -> float:
        """The most memory it ever held."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return float(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1e3  # type: ignore[index]

    def processor_seconds(self) -> float:
        """Time of processors that it took, all threads together."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.communicate()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="docs/benchmarks/service.md, too")
    options = parser.parse_args()
    wall, processor = starts(options.workers)
    with running(options.workers) as service:
        before, used = service.peak_megabytes(), service.processor_seconds()
        tally, took = upload_all(service, options.uploads, options.clients)
        peak = service.peak_megabytes()
        used = service.processor_seconds() - used
        steering = preview_seconds(service)
    text = report(options, tally, (took, used), (before, peak), (wall, processor), steering)
    print(text)
    if options.write:
        write_page(PAGE, "The service", __doc__, text)
    if tally.failed or tally.differing:
        sys.exit(f"{len(tally.failed)} lost, {len(tally.differing)} mixed up")


@contextmanager
def running(workers: int) -> Iterator[Service]:
    """A service until the block is left."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), workers)
        try:
            yield service
        finally:
            service.stop()


def starts(workers: int) -> tuple[float, float]:
    """Median seconds from the command to the first answer, of the clock and of processors."""
    found = []
    for _ in range(STARTS):
        begin = time.perf_counter()
        with running(workers) as service, service.client() as client:
            client.get("/healthz").raise_for_status()
            found.append((time.perf_counter() - begin, service.processor_seconds()))
    wall, processor = zip(*found, strict=True)
    return statistics.median(wall), statistics.median(processor)


def made_picture(number: int) -> bytes:
    """A grey JPEG that no other number has."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32) / HEIGHT
    chance = np.random.default_rng(number)
    a, b, c = chance.uniform(2, 9, 3)
    tones = 120 + 60 * np.sin(a * x + b * y) + 40 * ((x * c).astype(int) % 2)
    tones += chance.normal(0, 4, tones.shape)
    file = io.BytesIO()
    Image.fromarray(tones.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=92)
    return file.getvalue()


def vividness_of(number: int) -> float:
    """Of an upload: no two in a row have the same."""
    return round(number % 11 / 10, 1)


def upload_all(service: Service, uploads: int, clients: int) -> tuple[Tally, float]:
    """Sends every picture once, from so many clients at a time; also the seconds it took."""
    pictures = [made_picture(number) for number in range(uploads)]
    answers: dict[int, bytes] = {}
    tally = Tally()
    local = threading.local()

    def send(number: int) -> None:
        if not hasattr(local, "client"):
            local.client = service.client()
        begin = time.perf_counter()
        sent = {"file": (f"{number}.jpg", pictures[number])}
        data = {"vividness": str(vividness_of(number))}
        while (
            answer := local.client.post("/api/colorize", files=sent, data=data)
        ).status_code == 503:
            with tally.lock:
                tally.told_to_wait += 1
            time.sleep(int(answer.headers["retry-after"]))
        seconds = time.perf_counter() - begin
        with tally.lock:
            tally.seconds.append(seconds)
            if answer.status_code != 200:
                tally.failed.append(f"{number}: {answer.status_code} {answer.text[:200]}")
            answers[number] = answer.content

    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(send, range(uploads)))
    took = time.perf_counter() - begin
    colorizer = Colorizer()
    for number, content in answers.items():
        options = ColorizeOptions(vividness=vividness_of(number))
        if colorizer.colorize(pictures[number], options).to_bytes() != content:
            tally.differing.append(number)
    return tally, took


def preview_seconds(service: Service) -> list[tuple[str, list[float]]]:
    """What one person at the page waits for, first and later."""
    with service.client() as client:
        sent = {"file": ("page.jpg", made_picture(1_000_000))}
        uploading, picture = timed(lambda: client.post("/api/pictures", files=sent).json()["id"])
        address = f"/api/pictures/{picture}"

        def preview(**options: object) -> None:
            side = f"?side={PREVIEW_SIDE}"
            client.post(f"{address}/preview{side}", json=options).raise_for_status()

        first = timed(preview)[0]
        turned = [timed(lambda v=v: preview(vividness=v / 20))[0] for v in range(20)]
        spots = [{**HINT, "x": 0.1 + 0.04 * number} for number in range(20)]
        hinted = [timed(lambda n=n: preview(hints=spots[: n + 1]))[0] for n in range(20)]
        result = timed(lambda: client.post(f"{address}/result").raise_for_status())[0]
    return [
        ("upload for the page", [uploading]), ("first preview", [first]),
        ("another vividness", turned), ("one to twenty colour hints", hinted),
        ("full-size result", [result]),
    ]  # fmt: skip


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds, and what came of it."""
    begin = time.perf_counter()
    found = work()
    return time.perf_counter() - begin, found


def report(
    options: argparse.Namespace, tally: Tally, took: tuple[float, float],
    memory: tuple[float, float], start: tuple[float, float],
    steering: Sequence[tuple[str, list[float]]],
) -> str:  # fmt: skip
    """All of it in markdown."""
    waits = np.percentile(tally.seconds, [50, 90, 99, 100])
    lines = [
        f"- {machine()}; load average at the end {os.getloadavg()[0]:.1f}",
        f"- {', '.join(f'{name} {version}' for name, version in versions().items())}",
        f"- {datetime.date.today()}; {options.uploads} grey JPEG of {WIDTH} x {HEIGHT} pixels, "
        f"{options.clients} clients, {options.workers} workers",
        "",
        "## Many at once",
        "",
        f"{len(tally.seconds)} of {options.uploads} uploads answered, "
        f"{len(tally.failed)} lost, {len(tally.differing)} mixed up; "
        f"{tally.told_to_wait} times a client was told to come back.",
        "",
        markdown_table(
            [
                ["pictures a second", f"{options.uploads / took[0]:.1f}"],
                ["processor time a picture", f"{1000 * took[1] / options.uploads:.0f} ms"],
                *(
                    [f"latency, {name}", f"{1000 * seconds:.0f} ms"]
                    for name, seconds in zip(WAITS, waits, strict=True)
                ),
                ["memory before", f"{memory[0]:.0f} MB"],
                ["memory at most", f"{memory[1]:.0f} MB"],
            ],
            ["", ""],
        ),
        "",
        "## One person at the page",
        "",
        f"A preview has a long side of at most {PREVIEW_SIDE} pixels; milliseconds, median and "
        "longest.",
        "",
        markdown_table(
            [
                [name, f"{1000 * statistics.median(times):.0f}", f"{1000 * max(times):.0f}"]
                for name, times in steering
            ],
            ["", "median", "longest"],
        ),
        "",
        "## The start",
        "",
        f"{start[0]:.2f} s from the command to the first answer, {start[1]:.2f} s of them "
        f"processor time (median of {STARTS}).",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
