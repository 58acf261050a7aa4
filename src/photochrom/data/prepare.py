"""Pictures made ready for training: shrunk once, and what teaches no colour left out by rule.

Each rule has a name, and every picture that is left out is listed with it; the originals are never
touched. The rules judge a small copy, so that size and format do not matter:

- unreadable: it cannot be decoded whole.
- small: its short side is below the asked minimum.
- near-grey, one tint: its colourfulness (the two terms of Hasler and Suesstrunk 2003) is too low,
  or comes from a tint over everything, as in sepia prints.
- low quality: a JPEG saved at a quality below about 25, or a picture without any fine detail.
- near-duplicate: the same photograph as an earlier one, perhaps at another size or quality.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from photochrom.atomic import make_folder, written_whole
from photochrom.data.find import PICTURE_SUFFIXES
from photochrom.errors import DataError

REPORT = "report.csv"

LEAST_COLOURFULNESS = 6.0
LEAST_SPREAD = 4.5
"""8-bit units; below them near-grey and one tint."""

COARSEST_JPEG = 115.0
"""Mean of a JPEG's luminance quantisation table; libjpeg's quality 25 has this."""

LEAST_DETAIL = 0.03
"""Change of lightness from pixel to pixel at 256 pixels, as a share of its standard deviation: of
99 validation photographs none has less than 0.033; blurred by 6 pixels, half of them do."""

NEAR_BITS = 26
"""Of 256: two fingerprints of one photograph, at other sizes or qualities, differ by less."""

Fingerprint = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class PrepareOptions:
    """How pictures are prepared.

    Attributes:
        size: short side of the prepared pictures in pixels; smaller ones are not enlarged.
        min_side: pictures with a shorter side are left out.
        quality: JPEG quality of the prepared pictures (4:4:4 chroma).
        jobs: worker processes; None takes one a core.
    """

    size: int = 256
    min_side: int = 96
    quality: int = 92
    jobs: int | None = None


@dataclass
class PrepareReport:
    """What became of the pictures: how many are kept, and why each other one is not."""

    kept: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)

    @property
    def reasons(self) -> Counter[str]:
        """How many pictures each rule left out."""
        return Counter(reason for _, reason in self.left_out)


def prepare(
    source: Path, target: Path, options: PrepareOptions, progress: Callable[[int, int], None]
) -> PrepareReport:
    """Fills a folder with the pictures of another that training can use, shrunk, as JPEG.

    Args:
        source: folder of pictures, searched whole.
        target: folder for the results; gets the same tree and report.csv.
        options: how.
        progress: called with how many pictures are done, and how many there are.

    Raises:
        DataError: there is no picture, or the two folders lie in each other.
        OutputError: the target cannot be written to.
    """
    if not source.is_dir():
        raise DataError(f"{source}: not a folder")
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise DataError(f"{target}: lies in {source} or around it; prepare into another folder")
    files = sorted(
        f for f in source.rglob("*") if f.suffix.lower() in PICTURE_SUFFIXES and f.is_file()
    )
    if not files:
        raise DataError(f"{source}: no pictures in this folder")
    report, seen = PrepareReport(), _Seen()
    with ProcessPoolExecutor(options.jobs or os.cpu_count()) as pool:
        for number, (file, judged) in enumerate(_judge_all(pool, files, options), 1):
            name = file.relative_to(source).as_posix()
            reason = judged.reason
            if reason is None and seen.is_near(judged.fingerprint):
                reason = "near-duplicate"
            if reason is None:
                seen.add(judged.fingerprint)
                _write(judged.content, target / f"{name}.jpg")
                report.kept += 1
            else:
                report.left_out.append((name, reason))
            progress(number, len(files))
    rows = io.StringIO()
    csv.writer(rows).writerows([("picture", "reason"), *report.left_out])
    _write(rows.getvalue().encode(), target / REPORT)
    return report


@dataclass(frozen=True)
class _Judged:
    reason: str | None
    fingerprint: Fingerprint
    content: bytes = b""


def _judge_all(
    pool: ProcessPoolExecutor, files: list[Path], options: PrepareOptions
) -> Iterator[tuple[Path, _Judged]]:
    """Each file with its verdict, in order, a few hundred in flight at most."""
    waiting = iter(files)
    while batch := list(islice(waiting, 256)):
        yield from zip(
            batch, pool.map(_judge, batch, [options] * len(batch), chunksize=8), strict=True
        )


def _judge(file: Path, options: PrepareOptions) -> _Judged:
    nothing = np.zeros(4, np.uint64)
    try:
        with Image.open(file) as encoded:
            tables = getattr(encoded, "quantization", None)
            image = ImageOps.exif_transpose(encoded).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return _Judged("unreadable", nothing)
    if min(image.size) < options.min_side:
        return _Judged("small", nothing)
    if reason := teaches_no_colour(image) or poor_quality(image, tables):
        return _Judged(reason, nothing)
    zoom = options.size / min(image.size)
    small = image
    if zoom < 1:
        wanted = tuple(max(1, round(side * zoom)) for side in image.size)
        small = image.resize((wanted[0], wanted[1]), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=options.quality, subsampling=0)
    return _Judged(None, fingerprint(image), out.getvalue())


def teaches_no_colour(image: Image.Image) -> str | None:
    """Why a picture has no colour to learn ("near-grey", "one tint"), from a 48 x 48 copy."""
    rgb = np.asarray(image.resize((48, 48), Image.Resampling.BOX), np.float32)
    red_green = rgb[..., 0] - rgb[..., 1]
    yellow_blue = (rgb[..., 0] + rgb[..., 1]) / 2 - rgb[..., 2]
    spread = float(np.hypot(red_green.std(), yellow_blue.std()))
    mean = float(np.hypot(red_green.mean(), yellow_blue.mean()))
    if spread + 0.3 * mean < LEAST_COLOURFULNESS:
        return "near-grey"
    return "one tint" if spread < LEAST_SPREAD else None


def poor_quality(image: Image.Image, tables: dict[int, list[int]] | None) -> str | None:
    """Why a picture is too poor ("low quality"), or None.

    Args:
        image: the decoded picture.
        tables: a JPEG's quantisation tables, as Pillow gives them.
    """
    if tables and float(np.mean(tables[min(tables)])) > COARSEST_JPEG:
        return "low quality"
    zoom = min(1.0, 256 / min(image.size))
    size = tuple(max(2, round(side * zoom)) for side in image.size)
    L = np.asarray(image.convert("L").resize((size[0], size[1]), Image.Resampling.BOX), np.float32)
    steps = np.abs(np.diff(L, axis=0)).mean() + np.abs(np.diff(L, axis=1)).mean()
    return "low quality" if steps / 2 < LEAST_DETAIL * max(float(L.std()), 1.0) else None


def fingerprint(image: Image.Image) -> Fingerprint:
    """(4,) uint64: whether each sample of a 17 x 16 grey copy is darker than the one before."""
    grey = np.asarray(image.convert("L").resize((17, 16), Image.Resampling.BOX), np.int16)
    return np.packbits(np.diff(grey, axis=1) > 0).view(np.uint64)


class _Seen:
    """Fingerprints of the pictures kept so far."""

    def __init__(self) -> None:
        self._rows = np.zeros((1024, 4), np.uint64)
        self._count = 0

    def is_near(self, row: Fingerprint) -> bool:
        differing = np.bitwise_count(self._rows[: self._count] ^ row).sum(1)
        return bool((differing <= NEAR_BITS).any())

    def add(self, row: Fingerprint) -> None:
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[self._count] = row
        self._count += 1


def _write(content: bytes, path: Path) -> None:
    make_folder(path.parent)
    with written_whole(path) as partial:
        partial.write_bytes(content)
