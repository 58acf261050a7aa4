"""What the specialised models gain on their own topics, and what choosing by the picture gains.

    python benchmarks/specialists.py [--data photos-val.tar] [--write]

Each specialist is compared with `general`, the same network without it, on the validation pictures
of its topic; `auto`, which chooses by the picture, on all of them. All with their own defaults.
A gain is the mean difference in CIEDE2000, picture by picture, with a 95 % bootstrap interval over
pictures: below 0 the specialist is closer to the truth. Colourfulness (Hasler and Suesstrunk) is
relative to the originals'. PSNR is against the grey picture's. A specialist whose interval reaches
above 0 has not been shown to help. What was trained and not shipped stands in docs/decisions/0009.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pages import write_page
from quality import data_from_environment
from quality_rows import GREY, ORIGINAL, PictureFile, Row, anchors, measure_all, read_tar

from photochrom import Colorizer
from photochrom.evaluation.machine import machine, versions
from photochrom.statistics import paired_bootstrap

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "specialists.md"
BASE = "general"
TOPICS = {
    "scenes": ("scenes",),
    "flowers": ("flowers",),
    "auto": (),
}
"""Models, each with the topics of the tar that it is judged on; none: all."""

HEADINGS = (
    "model", "pictures", "CIEDE2000", "general's", "gain", "closer on", "PSNR over grey, dB",
    "general's", "colourfulness", "general's",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=data_from_environment())
    parser.add_argument("--limit", type=int, help="this many pictures, spread over the tar")
    parser.add_argument("--models", default=",".join(TOPICS), help="which, commas between")
    parser.add_argument("--workers", type=int, default=2, help="pictures measured side by side")
    parser.add_argument("--write", action="store_true", help="write the page in docs")
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("no --data, and PHOTOCHROM_DATA is not set")
    pictures = read_tar(options.data, options.limit)
    rows = [
        compare(model, [p for p in pictures if _has_topic(p, TOPICS[model])], options.workers)
        for model in options.models.split(",")
    ]
    used = ", ".join(f"{name} {version}" for name, version in versions().items())
    text = "\n".join(
        [
            f"- {options.data.name}, short side 256 pixels",
            f"- {machine()}; {used}; {datetime.date.today()}",
            "",
            f"| {' | '.join(HEADINGS)} |",
            f"|{'---|' * len(HEADINGS)}",
            *rows,
            "",
        ]
    )
    print(text)
    if options.write:
        write_page(PAGE, "Specialised models", __doc__, text)
    return 0


def _has_topic(picture: PictureFile, topics: tuple[str, ...]) -> bool:
    return not topics or picture.path.split("/")[0] in topics


def compare(model: str, pictures: Sequence[PictureFile], workers: int) -> str:
    """The table's row for a model on pictures of its topic."""
    colorizers = {name: Colorizer(name, threads=1) for name in (BASE, model)}
    predictors = {name: one.predict_chroma for name, one in colorizers.items()}
    grey = {GREY: anchors(pictures)[GREY]}
    found = measure_all(pictures, {**grey, **predictors}, workers=workers).rows
    of = {name: [row for row in found if row.predictor == name] for name in (*predictors, *grey)}
    truth = [row for row in found if row.predictor == ORIGINAL]
    before, after = (_column(of[name], "ciede2000") for name in (BASE, model))
    gain = paired_bootstrap(after, before).difference
    cells = [
        model, str(len(after)), f"{after.mean():.2f}", f"{before.mean():.2f}",
        f"{gain.value:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]",
        f"{(after < before).mean():.0%}",
    ]  # fmt: skip
    for figure, told in (("psnr", _over), ("colourfulness", _share)):
        reference = of[GREY] if figure == "psnr" else truth
        cells += [
            told(_column(of[name], figure), _column(reference, figure)) for name in (model, BASE)
        ]
    return f"| {' | '.join(cells)} |"


def _column(rows: Sequence[Row], figure: str) -> np.ndarray:
    return np.array([getattr(row, figure) for row in rows])


def _over(found: np.ndarray, reference: np.ndarray) -> str:
    return f"{(found - reference).mean():+.2f}"


def _share(found: np.ndarray, reference: np.ndarray) -> str:
    return f"{found.mean() / reference.mean():.2f}"


if __name__ == "__main__":
    sys.exit(main())
