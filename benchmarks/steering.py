"""What a model's controls do: vividness, variants and confidence, on validation photographs.

    python benchmarks/steering.py [MODEL] [--data TAR] [--limit N] [--write]

MODEL is a name from `photochrom models list` or the path of an .onnx file. Pictures, sizes and the
truth are those of benchmarks/quality.py. Vividness is judged at full size; variants and confidence
at the network's output size, a quarter of what it sees. Variants are five, at the default
vividness; "spread" is the part of the difference between two of them that is no common tint:
standard deviation over places of the difference in ab, by its root mean square (0: one tint over
all; 1: none). A colour is right within 10 CIEDE2000. The table of confidence takes the same number
of places of each picture; the rank correlation is over all of them together.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pages import write_page
from quality import data_from_environment
from quality_report import markdown_table
from quality_rows import PictureFile, read_tar
from rich.progress import track

from photochrom import ColorizeOptions, Colorizer, metrics
from photochrom.calibration import RIGHT_WITHIN
from photochrom.catalog import DEFAULT_MODEL
from photochrom.color import FloatArray, ciede2000, lab_to_rgb, rgb_to_lab
from photochrom.colorizer import Seen
from photochrom.confidence import expected_error
from photochrom.photo import area_resize, upsample_chroma
from photochrom.runtime import file_sha256

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "steering.md"
VIVIDNESS = (0.0, 0.25, 0.5, 0.75, 1.0)
VARIANTS = 5
SIDE, PLACES = 256, 200


@dataclass
class Found:
    """What the pictures gave, one entry each; `places` of confidence are pooled.

    Attributes:
        grey: (difference, PSNR) of the grey picture.
        truth: colourfulness of the original.
        vivid: by vividness (difference, PSNR, colourfulness).
        variants: difference from the truth of each variant.
        apart: mean difference of each pair of variants.
        spread: of each pair.
        places: (probability to be right, expected error, error) of single places.
    """

    grey: list[tuple[float, float]] = field(default_factory=list)
    truth: list[float] = field(default_factory=list)
    vivid: list[list[tuple[float, float, float]]] = field(default_factory=list)
    variants: list[list[float]] = field(default_factory=list)
    apart: list[list[float]] = field(default_factory=list)
    spread: list[list[float]] = field(default_factory=list)
    places: list[FloatArray] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="MODEL")
    parser.add_argument("--data", type=Path, help="photos-val.tar")
    parser.add_argument("--limit", type=int, help="only so many pictures, evenly chosen")
    parser.add_argument("--write", action="store_true", help="write the page in docs")
    options = parser.parse_args(arguments)
    data = options.data or data_from_environment()
    if data is None or not data.is_file():
        parser.error("no pictures: --data photos-val.tar, or PHOTOCHROM_DATA")
    colorizer = Colorizer(options.model)
    if not colorizer.model.description.palette:
        parser.error(f"{options.model}: knows no distribution, so there is little to steer")
    found = Found()
    for picture in track(read_tar(data, options.limit), "measuring", transient=True):
        measure(colorizer, picture, found)
    text = report(colorizer, found, data)
    print(text)
    if options.write:
        write_page(PAGE, "Steering", __doc__, text)


def measure(colorizer: Colorizer, picture: PictureFile, found: Found) -> None:
    """Adds what one picture gives."""
    truth = rgb_to_lab(picture.open(SIDE)).astype(np.float32)
    seen = colorizer.see(np.ascontiguousarray(truth[..., 0]))
    found.grey.append(_judge(truth, np.zeros_like(truth[..., 1:]))[:2])
    found.truth.append(metrics.colourfulness(lab_to_rgb(truth)))
    found.vivid.append(
        [
            _judge(truth, colorizer.read(seen, 1, ColorizeOptions(vividness=vividness))[0])
            for vividness in VIVIDNESS
        ]
    )
    small = area_resize(truth, *seen.luminance.shape)
    variants = [_lab(small, ab) for ab in colorizer.read(seen, VARIANTS)]
    found.variants.append([float(ciede2000(one, small).mean()) for one in variants])
    pairs = list(itertools.combinations(variants, 2))
    found.apart.append([float(ciede2000(one, other).mean()) for one, other in pairs])
    found.spread.append([_spread(one[..., 1:] - other[..., 1:]) for one, other in pairs])
    found.places.append(_confidence(colorizer, seen, variants[0], small))


def _judge(truth: FloatArray, ab: FloatArray) -> tuple[float, float, float]:
    """CIEDE2000, PSNR in dB and colourfulness of a result whose chroma may be small."""
    if ab.shape[:2] != truth.shape[:2]:
        ab = upsample_chroma(ab, np.ascontiguousarray(truth[..., 0]))
    rgb = lab_to_rgb(_lab(truth, ab))
    return (
        float(ciede2000(rgb_to_lab(rgb), truth).mean()),
        metrics.psnr(rgb, lab_to_rgb(truth)),
        metrics.colourfulness(rgb),
    )


def _lab(truth: FloatArray, ab: FloatArray) -> FloatArray:
    return np.concatenate([truth[..., :1], ab], -1)


def _spread(difference: FloatArray) -> float:
    places = difference.reshape(-1, 2)
    return float(np.sqrt(places.var(0).sum() / ((places**2).sum(1).mean() + 1e-9)))


def _confidence(
    colorizer: Colorizer, seen: Seen, shown: FloatArray, truth: FloatArray
) -> FloatArray:
    described = colorizer.model.description
    logits = seen.prediction.logits
    chance = np.random.default_rng(0)
    places = chance.integers(0, truth[..., 0].size, PLACES)
    classes = logits.shape[-1]
    lab = shown.reshape(-1, 3)[places][None]
    expected = expected_error(
        logits.reshape(-1, classes)[places][None], lab[..., 1:], lab[..., 0], described.palette
    )
    error = ciede2000(lab, truth.reshape(-1, 3)[places][None])
    calibration = described.calibration
    right = calibration.probability(expected) if calibration else np.full_like(expected, np.nan)
    return np.stack([right[0], expected[0], error[0]], -1)


def report(colorizer: Colorizer, found: Found, data: Path) -> str:
    """The protocol, then markdown tables."""
    described = colorizer.model.description
    places = np.concatenate(found.places)
    grey, grey_psnr = np.mean(found.grey, 0)
    rows = []
    for vividness, figures in zip(VIVIDNESS, np.mean(found.vivid, 0), strict=True):
        difference, psnr, colourfulness = figures
        share = colourfulness / np.mean(found.truth)
        rows.append(
            [f"{vividness:g}", f"{share:.2f}", f"x{difference / grey:.3f}",
             f"{psnr - grey_psnr:+.2f} dB"]
        )  # fmt: skip
    lines = [
        f"- model {described.name} ({file_sha256(colorizer.model.path)[:12]}), default vividness "
        f"{described.vividness:g}; {len(found.grey):,} pictures of {data.name}",
        f"- photochrom {version('photochrom')}, {datetime.date.today()}",
        "",
        "## Vividness",
        "",
        markdown_table(
            rows, ["vividness", "colourfulness by originals", "CIEDE2000 by grey", "PSNR over grey"]
        ),
        "",
        "## Variants",
        "",
        *_variant_lines(found),
        "",
        "## Confidence",
        "",
        *_confidence_lines(places),
    ]
    return "\n".join(lines) + "\n"


def _variant_lines(found: Found) -> list[str]:
    errors, apart = np.array(found.variants), np.array(found.apart)
    first, best = errors[:, 0].mean(), errors.min(1).mean()
    return [
        f"- the best of {VARIANTS} is {100 * (1 - best / first):.1f} % nearer the truth than the "
        f"first ({best:.2f} against {first:.2f} CIEDE2000)",
        f"- two of them differ by {apart.mean():.1f} CIEDE2000 in the mean; by 5 or more in "
        f"{100 * (apart >= 5).mean():.1f} % of all pairs, and in every pair of "
        f"{100 * (apart.min(1) >= 5).mean():.1f} % of the pictures",
        f"- spread of their differences {np.mean(found.spread):.2f} in the mean, "
        f"{np.quantile(found.spread, 0.05):.2f} at the 5th percentile",
    ]


def _confidence_lines(places: FloatArray) -> list[str]:
    said, expected, error = places.T
    right = error <= RIGHT_WITHIN
    rows = []
    for low in np.arange(0.2, 1.0, 0.1):
        chosen = (said >= low) & (said < low + 0.1 + 1e-9)
        if chosen.sum() >= len(places) / 200:
            rows.append(
                [f"{100 * low:.0f} to {100 * low + 10:.0f} %", f"{100 * said[chosen].mean():.0f} %",
                 f"{100 * right[chosen].mean():.0f} %", f"{100 * chosen.mean():.0f} %"]
            )  # fmt: skip
    near = np.abs(said - 0.8) < 0.025
    return [
        f"- rank correlation (Spearman) of expected and true error: "
        f"{_spearman(expected, error):.2f}",
        f"- where it says 80 % (77.5 to 82.5), {100 * right[near].mean():.0f} % are right",
        "",
        markdown_table(rows, ["says", "mean", "right", "of all places"]),
    ]


def _spearman(one: FloatArray, other: FloatArray) -> float:
    ranks = [np.argsort(np.argsort(values, kind="stable")) for values in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])


if __name__ == "__main__":
    main()
