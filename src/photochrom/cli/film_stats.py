"""`photochrom film stats`: what a film is made of, and its scenes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photochrom.cli.console import printable, results
from photochrom.cli.film_progress import FilmProgress
from photochrom.cli.film_times import clock, duration
from photochrom.cli.film_work import FilmRequest, model_and_options

if TYPE_CHECKING:
    from photochrom.film import FilmStats, Scene


def tell_stats(
    path: Path, model: str | None, *, scenes: bool, threads: int | None, as_json: bool
) -> None:
    """Prints what a film is made of, as lines or as one line of JSON.

    Args:
        path: the film.
        model: a name or a file; None takes the default.
        scenes: whether its scenes are looked for, which takes decoding it.
        threads: of the network.
        as_json: one line of JSON.
    """
    from photochrom.film import film_stats

    found = film_stats(path)
    colorizer, options = model_and_options(FilmRequest((path,), model=model, threads=threads))
    from photochrom.film.scene_list import film_scenes
    from photochrom.film.stats import measured_rate
    from photochrom.film.work import Progress

    rate = measured_rate(found.film, colorizer, options)
    listed: list[Scene] | None = None
    if scenes:
        begin = time.monotonic()
        with FilmProgress(path) as progress:

            def hear(done: int) -> None:
                speed = done / max(time.monotonic() - begin, 1e-6)
                progress.tell(Progress(done, found.frames, speed))

            listed = film_scenes(path, colorizer, options, listener=hear)
    rows = _rows(found, rate)
    if as_json:
        counts = {key: value for key, value in asdict(found).items() if key != "film"}
        more: dict[str, Any] = {"variable": found.variable, "rate": rate}
        if listed is not None:
            more["scenes"] = [asdict(scene) for scene in listed]
        print(json.dumps(rows | counts | more))
        return
    if listed is not None:
        rows["scenes"] = _in_words(listed)
    for title, value in rows.items():
        for number, line in enumerate(value if isinstance(value, list) else [value]):
            print(printable(f"{'' if number else title + ':':17}{line}", results))


def _rows(found: FilmStats, rate: float) -> dict[str, Any]:
    film, coding = found.film, found.film.coding
    return {
        "container": film.container,
        "tracks": list(found.tracks),
        "pictures": f"{film.width}x{film.height}, samples {film.aspect.numerator}:"
        f"{film.aspect.denominator}, {90 * film.turns} degrees turned",
        "coding": f"{film.codec}, {film.pixel_format}, {coding.depth} bit, {coding.matrix.name}, "
        f"{'full' if coding.full else 'limited'} range",
        "frames": found.frames,
        "seconds": round(found.seconds, 3),
        "frame rate": f"{float(film.rate):.3f} a second"
        + (f", variable ({found.shortest:.3f} to {found.longest:.3f} s a frame)"
           if found.variable else ""),
        "interlaced": film.fields or "no",
        "chapters": found.chapters,
        "colouring takes": f"about {duration(found.frames / rate) if rate else 'unknown'}, "
        f"{rate:.1f} frames a second",
    }  # fmt: skip


def _in_words(scenes: Sequence[Scene]) -> list[str]:
    width = len(str(len(scenes)))
    return [
        f"{number:{width}}  {clock(scene.start)} to {clock(scene.end)}, {scene.frames} frames"
        for number, scene in enumerate(scenes, 1)
    ]
