"""How steady and how right a film's colours are, on films made of colour photographs.

    python benchmarks/film_steadiness.py [MODEL] --data FOLDER [--limit 8] [--frames 30] [--write]

Films of 256 x 192 pixels pan and zoom over photographs, the camera trembles. "grain" has grain of
3 L and light that flickers by 8 % from frame to frame, "thing" a round piece of another photograph
that moves across. Flicker is the mean distance in ab, CIELAB units, between a frame's chroma and
that of the frame before carried along the film's true motion, which the colouring does not know;
its own estimate of motion gives the second figure. Both are means over the films, and by those of
the same frames coloured alone with one look. CIEDE2000 is that of every fifth frame at full size,
by that of the same frame coloured alone as a photograph (the model's own number of looks). Cuts:
films of two photographs, 12 frames each, joined; flashes of 1 to 3 white frames, fades to black and
back, and pans of 40 pixels a frame, with grain. In dissolves one photograph goes over into another
in a second. Times are CPU time in one thread.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from made_films import FilmKind, MadeFrame, make_dissolve, make_film
from pages import write_page
from quality_report import markdown_table
from rich.progress import track

from photochrom import ColorizeOptions, Colorizer
from photochrom.color import Array, FloatArray, ciede2000
from photochrom.evaluation.pictures import list_pictures, open_truth, read_set
from photochrom.film.colours import FrameByFrame, FrameColours
from photochrom.film.flicker import Flicker, unexplained
from photochrom.film.flow import even_light
from photochrom.film.scenes import SceneWatch
from photochrom.film.steadiness import SteadyColours, SteadySettings
from photochrom.film.two_passes import TwoPassColours
from photochrom.photo import area_resize, enlarge, upsample_chroma
from photochrom.runtime import file_sha256

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "film-steadiness.md"
KINDS = {
    "plain": FilmKind(),
    "grain": FilmKind(grain=3.0, exposure=0.08),
    "thing": FilmKind(grain=1.0, thing=True),
}
ALONE, TRUTH, PHOTOGRAPHS = "frame by frame", "true colours", "as photographs"
JUDGED = 5  # every so many-th frame is judged at full size
SIDE = 256
DISSOLVE = (24, 24, 36)  # frames before, during and after
KEYS = (1, 2, 3, 6)  # the network looks at every so many-th frame
Figures = dict[tuple[str, str], list[tuple[float, float, float]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="general", metavar="MODEL")
    parser.add_argument("--data", type=Path, required=True, help="folder or tar of colour pictures")
    parser.add_argument("--limit", type=int, default=8, help="so many pictures, evenly chosen")
    parser.add_argument("--frames", type=int, default=30, help="of each film")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--write", action="store_true", help="write the page in docs")
    options = parser.parse_args(arguments)
    chosen = list_pictures(options.data, options.limit)
    names = {picture.name for picture in chosen.pictures}
    pictures = [open_truth(p, content, SIDE).rgb for p, content in read_set(chosen, names)]
    colorizer = Colorizer(options.model, threads=options.threads)
    figures: Figures = defaultdict(list)
    jobs = [(number, kind) for number in range(len(pictures)) for kind in KINDS]
    for number, kind in track(jobs, "measuring", transient=True):
        other = pictures[(number + 1) % len(pictures)]
        settings = FilmKind(**{**vars(KINDS[kind]), "frames": options.frames})
        film = list(make_film(pictures[number], settings, number, other))
        measure(colorizer, film, kind, figures)
    lines = [
        f"- model {colorizer.model.description.name} ({file_sha256(colorizer.model.path)[:12]}), "
        f"{len(pictures)} pictures of {chosen.name}, {options.frames} frames a film",
        f"- photochrom {version('photochrom')}, {datetime.date.today()}",
        "",
        "## Flicker and accuracy",
        "",
        flicker_table(figures),
        "",
        "## Cuts",
        "",
        *cut_lines(pictures),
        "",
        "## Dissolves",
        "",
        *dissolve_lines(colorizer, pictures),
        "",
        "## Time",
        "",
        *time_lines(colorizer, pictures[0]),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if options.write:
        write_page(PAGE, "Steady film", __doc__, text)


def ways(colorizer: Colorizer) -> dict[str, FrameColours]:
    """What is compared, by name."""
    plainly = ColorizeOptions()
    steady = {}
    for every in KEYS:
        mark = " (default)" if every == SteadySettings().key_every else ""
        settings = SteadySettings(key_every=every)
        steady[f"steady, key every {every}{mark}"] = SteadyColours(colorizer, plainly, settings)
    return {
        ALONE: FrameByFrame(colorizer, plainly),
        **steady,
        "two passes": TwoPassColours(colorizer, plainly),
    }


def measure(colorizer: Colorizer, film: Sequence[MadeFrame], kind: str, figures: Figures) -> None:
    """Adds (flicker by true motion, by estimated motion, CIEDE2000) of every way on one film."""
    seen = [frame.as_seen(index) for index, frame in enumerate(film)]
    size = None
    for name, colours in ways(colorizer).items():
        if isinstance(colours, TwoPassColours):
            colours.prepare(iter(seen))
        found = [colours.colour(frame) for frame in seen]
        size = found[0].shape[:2]
        figures[kind, name].append((*flicker_of(film, found), error_of(film, found)))
    assert size is not None
    true = [area_resize(frame.lab[..., 1:], *size) for frame in film]
    figures[kind, TRUTH].append((*flicker_of(film, true), 0.0))
    alone = [
        colorizer.predict_chroma(frame.luminance) if index % JUDGED == 0 else None
        for index, frame in enumerate(film)
    ]
    figures[kind, PHOTOGRAPHS].append((np.nan, np.nan, error_of(film, alone)))


def flicker_of(film: Sequence[MadeFrame], found: Sequence[FloatArray]) -> tuple[float, float]:
    """By the film's true motion, and by the estimated one."""
    estimated = Flicker()
    exact = []
    large = [enlarge(ab, *film[0].luminance.shape, cubic=False) for ab in found]
    for index, frame in enumerate(film):
        estimated.add(frame.luminance, found[index])
        if frame.came_from is not None:
            exact.append(unexplained(large[index - 1], large[index], frame.came_from, frame.known))
    return float(np.mean(exact)), estimated.mean


def error_of(film: Sequence[MadeFrame], found: Sequence[FloatArray | None]) -> float:
    """Mean CIEDE2000 of the judged frames."""
    errors = []
    for frame, ab in list(zip(film, found, strict=True))[::JUDGED]:
        full = ab if ab.shape[:2] == frame.luminance.shape else upsample_chroma(ab, frame.luminance)
        shown = np.concatenate([frame.lab[..., :1], full], -1)
        errors.append(float(ciede2000(shown, frame.lab).mean()))
    return float(np.mean(errors))


def flicker_table(figures: Figures) -> str:
    """A row for every way and kind of film."""
    rows = []
    for (kind, name), values in figures.items():
        exact, estimated, error = np.mean(values, 0)
        alone = np.mean(figures[kind, ALONE], 0)
        photographs = np.mean(figures[kind, PHOTOGRAPHS], 0)[2]
        by_alone = [
            "" if np.isnan(value) else f"{value:.2f} (x{value / base:.2f})"
            for value, base in ((exact, alone[0]), (estimated, alone[1]))
        ]
        accuracy = "" if name == TRUTH else f"{error:.2f} (x{error / photographs:.3f})"
        rows.append([kind, name, *by_alone, accuracy])
    return markdown_table(
        rows, ["film", "colours", "flicker", "by estimated motion", "CIEDE2000 by photographs"]
    )


def cut_lines(pictures: Sequence[Array]) -> list[str]:
    """What the scene watch makes of cuts, flashes, fades and pans."""
    counts: dict[str, list[bool]] = defaultdict(list)
    for number, picture in enumerate(pictures):
        kind = FilmKind(frames=12, grain=2.0)
        one, other = (
            [frame.luminance for frame in make_film(p, kind, number)]
            for p in (picture, pictures[(number + 1) % len(pictures)])
        )
        grain = np.random.default_rng(number)
        white = [(98 + 2 * grain.random(one[0].shape)).astype(np.float32)] * (1 + number % 3)
        fading = [one[0] * share for share in np.cos(np.linspace(0, np.pi, 24)) ** 2]
        wide = np.concatenate([one[0], one[0][:, ::-1]], 1)
        pan = [np.ascontiguousarray(wide[:, x : x + 256]) for x in range(0, 257, 40)]
        counts["cuts found at their first frame"].append(scenes_of(one + other)[11:13] == [0, 1])
        counts["flashes taken for one scene"].append(
            set(scenes_of(one[:6] + white + one[6:])[6 + len(white) :]) == {0}
        )
        counts["films without a cut found whole"].append(set(scenes_of(one)) == {0})
        counts["fades to black and back without a cut"].append(set(scenes_of(fading)) == {0})
        counts["pans of 40 pixels a frame without a cut"].append(set(scenes_of(pan)) == {0})
    return [f"- {name}: {sum(found)} of {len(found)}" for name, found in counts.items()]


def dissolve_lines(colorizer: Colorizer, pictures: Sequence[Array]) -> list[str]:
    """What becomes of colours where one photograph goes over slowly into another."""
    before, during, _ = DISSOLVE
    behind, plainly = before + during, ColorizeOptions()
    figures: list[tuple[float, ...]] = []
    for number, picture in enumerate(pictures):
        other = pictures[(number + 1) % len(pictures)]
        film = list(make_dissolve(picture, other, number, DISSOLVE))
        seen = [frame.as_seen(index) for index, frame in enumerate(film)]
        steady, fresh, alone = (
            [colours.colour(frame) for frame in frames]
            for colours, frames in (
                (SteadyColours(colorizer, plainly), seen),
                (SteadyColours(colorizer, plainly), seen[behind:]),
                (FrameByFrame(colorizer, plainly), seen[:behind]),
            )
        )
        middle, late = slice(before, behind), slice(-12, None)
        figures.append((
            error_of(film[middle], steady[middle]), error_of(film[middle], alone[middle]),
            error_of(film[late], steady[behind:][late]), error_of(film[late], fresh[late]),
            largest_step(steady[: behind + 12]), largest_step(alone),
        ))  # fmt: skip
    mean = np.mean(figures, 0)
    return [
        f"- dissolves of {during} frames from one photograph to another: CIEDE2000 during them "
        f"{mean[0]:.2f}, frame by frame {mean[1]:.2f}",
        f"- from one second after it: {mean[2]:.2f}; of the second photograph's film alone "
        f"{mean[3]:.2f}",
        f"- largest change from one frame to the next, mean distance in ab: {mean[4]:.2f}, frame "
        f"by frame {mean[5]:.2f}",
    ]


def largest_step(found: Sequence[FloatArray]) -> float:
    """The largest mean distance in ab between a frame and the one before it."""
    changes = np.diff(np.stack(found), axis=0)
    return float(np.hypot(changes[..., 0], changes[..., 1]).mean((1, 2)).max())


def scenes_of(luminances: Sequence[FloatArray]) -> list[int]:
    """The scene's number of each frame."""
    watch = SceneWatch((48, 64))
    return [watch.see(even_light(luminance)).scene for luminance in luminances]


def time_lines(colorizer: Colorizer, picture: Array) -> list[str]:
    """What a frame costs besides the network: the time of frames at which it does not look."""
    kind = FilmKind(frames=20, speed=0.3)
    film = [frame.as_seen(index) for index, frame in enumerate(make_film(picture, kind, 0))]
    lines = []
    for burnt_in, name in ((False, "motion, cuts, carrying"), (True, "with burnt-in writing")):
        settings = SteadySettings(key_every=240, burnt_in=burnt_in)
        colours = SteadyColours(colorizer, ColorizeOptions(), settings)
        times = []
        for frame in film:
            begin = time.process_time()
            colours.colour(frame)
            times.append(1000 * (time.process_time() - begin))
        lines.append(f"- {name}: {np.median(times):.1f} ms a frame of 256 x 192")
    return lines


if __name__ == "__main__":
    main()
