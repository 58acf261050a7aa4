"""The pictures of a report: the best, the middle and the worst of each model, coloured again."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from photochrom.color import Array
from photochrom.evaluation.colorizers import GREY, TRUTH, Painters
from photochrom.evaluation.pictures import OpenedPicture, open_truth, read_set
from photochrom.evaluation.run import Evaluation
from photochrom.evaluation.summary import Measured, Summary, rank_pictures, ranking_figure

LONG_SIDE = 320
QUALITY = 80
"""Of the small pictures: WebP, about 10 kB each."""

MOST_PICTURES = 150
"""About so many small pictures a report holds, if one of each kind allows; a fair size to load."""

PLACES = ("best", "middle", "worst")


@dataclass(frozen=True)
class Column:
    """One small picture.

    Attributes:
        label: whose it is.
        uri: the picture itself as a data address.
        value: its figure, by which the pictures are ranked; None for the truth.
    """

    label: str
    uri: str
    value: float | None


@dataclass(frozen=True)
class Example:
    """One picture as everybody colours it, grey first and the truth last.

    Attributes:
        picture: its name.
        place: "best", "middle" or "worst" of the model.
        size: width and height of the small pictures.
        columns: one a colorizer.
    """

    picture: str
    place: str
    size: tuple[int, int]
    columns: Sequence[Column]


def make_examples(
    evaluation: Evaluation, summary: Summary, painters: Painters
) -> dict[str, list[Example]]:
    """Pictures worth looking at, by the label of the model for whom they are."""
    count = how_many(len(summary.models))
    chosen = {
        one.label: choose(rank_pictures(one, summary.figures), count) for one in summary.models
    }
    wanted = {summary.pictures[i] for places in chosen.values() for i in places}
    shown = [one for one in summary.measured if one.label != TRUTH]
    shown.sort(key=lambda one: one.label != GREY)
    shown += [one for one in summary.measured if one.label == TRUTH]
    small: dict[str, list[Column]] = {}
    sizes: dict[str, tuple[int, int]] = {}
    positions = {name: index for index, name in enumerate(summary.pictures)}
    figure = ranking_figure(summary.figures)
    for listed, content in read_set(evaluation.pictures, wanted):
        picture = open_truth(listed, content, evaluation.size)
        index = positions[listed.name]
        small[listed.name] = [
            _column(one, one.values[figure][index], picture, painters) for one in shown
        ]
        sizes[listed.name] = _small_size(picture.rgb)
    return {
        label: [
            Example(name := summary.pictures[i], place, sizes[name], small[name])
            for i, place in places.items()
        ]
        for label, places in chosen.items()
    }


def how_many(models: int) -> int:
    """So many pictures of each place a model gets, one to three."""
    each = len(PLACES) * models * (models + 2)
    return max(1, min(3, MOST_PICTURES // max(1, each)))


def choose(ranked: Sequence[int], count: int) -> Mapping[int, str]:
    """The best, the middle and the worst of ranked indices, each with its place, none twice."""
    middle = max(0, (len(ranked) - count) // 2)
    groups = (ranked[:count], ranked[middle : middle + count], ranked[::-1][:count])
    chosen: dict[int, str] = {}
    for place, group in zip(PLACES, groups, strict=True):
        for index in group:
            chosen.setdefault(index, place)
    return chosen


def data_uri(rgb: Array) -> str:
    """A small WebP of an sRGB picture (H, W, 3) 0..1, as a data address."""
    image = Image.fromarray(np.rint(rgb * 255).astype(np.uint8))
    small = image.resize(_small_size(rgb), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY, method=6)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _column(one: Measured, value: float, picture: OpenedPicture, painters: Painters) -> Column:
    uri = data_uri(painters[one.label](picture).rgb)
    return Column(one.label, uri, None if one.label == TRUTH else float(value))


def _small_size(rgb: Array) -> tuple[int, int]:
    """Width and height of the small picture of (H, W, 3)."""
    height, width = rgb.shape[:2]
    zoom = min(1.0, LONG_SIDE / max(height, width))
    return max(1, round(width * zoom)), max(1, round(height * zoom))
