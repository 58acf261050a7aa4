"""The measuring core: pictures of a tar, predictors of chroma, one row for each pair of them.

A predictor is any callable from luminance (H, W) float32 0..100 to chroma (H, W, 2), so that
models and the anchors beside them (grey, one tint, a tint by lightness) go the same way.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from photochrom import metrics
from photochrom.color import Array, FloatArray, ciede2000, lab_to_rgb, rgb_to_lab
from photochrom.evaluation.figures import PSNR_CAP
from photochrom.evaluation.pictures import at_short_side, decode, spread

Predictor = Callable[[FloatArray], FloatArray]
Embedder = Callable[[Array], FloatArray]
"""From an 8-bit sRGB picture (H, W, 3) to its features (d,)."""
NO_FEATURES: Mapping[str, Embedder] = {}

ORIGINAL, GREY = "original", "grey"
LIGHTNESS_STEP = 5.0
LIGHTNESS_BINS = 20
TINT_PIXELS = 64  # of each picture, to choose the tints by
TINTS = (
    np.stack(np.meshgrid(np.arange(-10, 11, 2), np.arange(-20, 21, 2), indexing="ij"), -1)
    .reshape(-1, 2)
    .astype(np.float32)
)
"""(231, 2) ab tried, grey among them."""


@dataclass(frozen=True)
class Row:
    """What was measured on one picture for one predictor; units as in `photochrom.metrics`.

    Attributes:
        path: inside the tar, topic/source/[label/]number.webp.
        predictor: whose chroma it is; "original" for the picture itself.
        ciede2000: mean difference from the original.
        psnr: dB on sRGB, at most `PSNR_CAP`.
        ssim: on sRGB.
        colourfulness: Hasler and Suesstrunk.
        chroma: mean of the finished picture.
        a: mean a of the finished picture.
        b: mean b.
    """

    path: str
    predictor: str
    ciede2000: float
    psnr: float
    ssim: float
    colourfulness: float
    chroma: float
    a: float
    b: float

    @property
    def topic(self) -> str:
        """First folder of the path."""
        return self.path.split("/")[0]

    @property
    def source(self) -> str:
        """Second folder of the path."""
        return self.path.split("/")[1]


@dataclass(frozen=True)
class PictureFile:
    """One encoded picture of the set."""

    path: str
    content: bytes

    def open(self, side: int) -> Array:
        """(H, W, 3) uint8 sRGB with a short side of `side` pixels (Lanczos where it differs)."""
        return at_short_side(decode(self.content, self.path), side)


@dataclass(frozen=True)
class Measurements:
    """Rows in the order of the pictures, and features by predictor (n, d) where asked for."""

    rows: list[Row]
    features: dict[str, FloatArray]


def read_tar(path: Path, limit: int | None = None) -> list[PictureFile]:
    """The pictures of a tar; with a limit that many, evenly spread over the whole tar."""
    with tarfile.open(path) as tar:
        members = [m for m in tar if m.isfile() and m.name.endswith((".webp", ".png", ".jpg"))]
        members = [members[index] for index in spread(len(members), limit)]
        contents = [tar.extractfile(member) for member in members]
        return [
            PictureFile(member.name.removeprefix("./"), content.read())
            for member, content in zip(members, contents, strict=True)
            if content is not None
        ]


def measure_all(
    pictures: Sequence[PictureFile],
    predictors: Mapping[str, Predictor],
    *,
    side: int = 256,
    workers: int = 2,
    embed: Mapping[str, Embedder] = NO_FEATURES,
    done: Callable[[], object] = lambda: None,
) -> Measurements:
    """The rows of every picture: its original's first, then each predictor's.

    Args:
        pictures: what to measure on.
        predictors: by name.
        side: short side in pixels.
        workers: pictures measured side by side.
        embed: for the predictors (and the original) named, what gives their features.
        done: called after each picture.
    """
    rows: list[Row] = []
    features: dict[str, list[FloatArray]] = {}

    def measure(picture: PictureFile) -> tuple[list[Row], dict[str, FloatArray]]:
        return measure_picture(picture.path, picture.open(side), predictors, embed)

    with ThreadPoolExecutor(workers) as pool:
        for found, embedded in pool.map(measure, pictures):
            rows += found
            for name, feature in embedded.items():
                features.setdefault(name, []).append(feature)
            done()
    return Measurements(rows, {name: np.stack(found) for name, found in features.items()})


def measure_picture(
    path: str,
    rgb: Array,
    predictors: Mapping[str, Predictor],
    embed: Mapping[str, Embedder] = NO_FEATURES,
) -> tuple[list[Row], dict[str, FloatArray]]:
    """One picture's rows and features: the truth's L with each predictor's ab, cut to sRGB."""
    truth = (rgb / np.float32(255)).astype(np.float32)
    truth_lab = rgb_to_lab(rgb)
    luminance = np.ascontiguousarray(truth_lab[..., 0])
    rows, features = [], {}
    for name, predict in {ORIGINAL: None, **predictors}.items():
        if predict is None:
            result, result_lab = truth, truth_lab
        else:
            ab = np.asarray(predict(luminance), np.float32)
            if ab.shape != (*luminance.shape, 2) or not np.isfinite(ab).all():
                raise ValueError(f"{name} on {path}: chroma of shape {ab.shape} or not finite")
            result = lab_to_rgb(np.concatenate([truth_lab[..., :1], ab], -1))
            result_lab = rgb_to_lab(result)
        rows.append(_row(path, name, (result, result_lab), (truth, truth_lab)))
        if name in embed:
            features[name] = embed[name](np.rint(result * 255).astype(np.uint8))
    return rows, features


def _row(path: str, name: str, result: tuple[Array, Array], truth: tuple[Array, Array]) -> Row:
    (rgb, lab), (truth_rgb, truth_lab) = result, truth
    cast = lab[..., 1:].mean((0, 1), dtype=np.float64)
    return Row(
        path=path,
        predictor=name,
        ciede2000=metrics.mean_ciede2000(lab, truth_lab),
        psnr=min(metrics.psnr(rgb, truth_rgb), PSNR_CAP),
        ssim=metrics.ssim(rgb, truth_rgb),
        colourfulness=metrics.colourfulness(rgb),
        chroma=metrics.mean_chroma(lab[..., 1:]),
        a=float(cast[0]),
        b=float(cast[1]),
    )


def anchors(pictures: Iterable[PictureFile], side: int = 256) -> dict[str, Predictor]:
    """Grey, the set's one best tint, and its best tint by lightness: what a model has to beat.

    Both tints are those of least mean CIEDE2000 over pixels of the very pictures they are then
    measured on: they stand for what can be had without looking at what a picture shows.
    """
    costs = np.zeros((LIGHTNESS_BINS, len(TINTS)))
    rng = np.random.default_rng(0)
    for picture in pictures:
        lab = rgb_to_lab(picture.open(side)).reshape(-1, 3)
        lab = lab[rng.integers(len(lab), size=TINT_PIXELS)]
        tinted = np.broadcast_to(lab[:, None], (len(lab), len(TINTS), 3)).copy()
        tinted[..., 1:] = TINTS
        differences = ciede2000(tinted, np.broadcast_to(lab[:, None], tinted.shape))
        np.add.at(costs, _lightness_bin(lab[:, 0]), differences)
    constant = TINTS[costs.sum(0).argmin()]
    by_lightness = TINTS[costs.argmin(1)]
    return {
        GREY: lambda luminance: np.zeros((*luminance.shape, 2), np.float32),
        "one tint": lambda luminance: np.broadcast_to(constant, (*luminance.shape, 2)),
        "tint by lightness": lambda luminance: by_lightness[_lightness_bin(luminance)],
    }


def _lightness_bin(luminance: Array) -> Array:
    return (luminance / LIGHTNESS_STEP).astype(int).clip(0, LIGHTNESS_BINS - 1)
