"""Several looks at one picture, averaged: test-time augmentation.

At a small size a network sees the scene, at a large one the things in it, and a mirrored picture
it may judge another way. The mean of what it says is better than any single answer, most of all
where the sizes are far apart: as much, measured, as a second training as long as the first
(docs/decisions/0004). Distributions are averaged as logits: the geometric mean.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from photochrom.color import FloatArray
from photochrom.photo import Photo, area_resize, enlarge, fit_to
from photochrom.runtime import ChromaPrediction, Model


@dataclass(frozen=True)
class Look:
    """One look at a picture.

    Attributes:
        zoom: the size at which the picture is seen, by the working size.
        mirrored: left and right are changed over.
    """

    zoom: float
    mirrored: bool


LOOKS = (Look(1.0, False), Look(1.5, True), Look(2 / 3, True))
"""The looks in the order in which they are added."""

SMALLEST_SEEN, MOST_ENLARGED = 128, 3.0
"""A picture with a shorter side than that, in pixels, is enlarged to it, so many times at most."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model says of a picture.

    Attributes:
        prediction: its outputs, (h, w, ...).
        shown: (H, W) 0..100, the luminance that it was made of.
    """

    prediction: ChromaPrediction
    shown: FloatArray

    @functools.cached_property
    def luminance(self) -> FloatArray:
        """(h, w) 0..100, the picture's at the size of the prediction."""
        return area_resize(self.shown, *self.prediction.ab.shape[:2])


def predict_with_looks(
    model: Model, luminance: FloatArray, looks: Sequence[tuple[Look, tuple[int, int]]]
) -> ChromaPrediction:
    """What a model says of a picture in the mean over several looks.

    Args:
        model: the opened model.
        luminance: (H, W) 0..100, no smaller than any look.
        looks: each with the (height, width) at which it sees the picture; at least one.

    Returns:
        The mean, at the finest of the looks' own sizes.
    """
    seen = [_look(model, area_resize(luminance, *size), look.mirrored) for look, size in looks]
    if len(seen) == 1:
        return seen[0]
    height = max(one.ab.shape[0] for one in seen)
    width = max(one.ab.shape[1] for one in seen)
    ab = _mean([one.ab for one in seen], height, width)
    logits = [one.logits for one in seen if one.logits is not None]
    return ChromaPrediction(ab, _mean(logits, height, width) if logits else None)


def working_size(height: int, width: int, short_side: int, multiple: int) -> tuple[int, int]:
    """Height and width at which the network sees a picture.

    Larger than the picture only where that is tiny (docs/decisions/0011); the longer side at most
    eight times the asked short one, so that a strip costs no more than a photograph. Sides are
    rounded to what the network takes: a picture squeezed by a few percent is coloured better than
    one with made-up borders (measured at 176 pixels with a multiple of 32: CIEDE2000 3 % lower).

    Args:
        height: of the picture, pixels.
        width: of the picture, pixels.
        short_side: the asked length of the shorter side.
        multiple: of what the network takes sides.
    """
    most = min(max(1.0, SMALLEST_SEEN / min(height, width)), MOST_ENLARGED)
    zoom = min(most, short_side / min(height, width), 8 * short_side / max(height, width))
    small = []
    for side in (height, width):
        fitted = max(round(side * zoom / multiple), 1) * multiple
        largest = side // multiple * multiple if most == 1 else fitted
        longest = round(side * most)
        # what is smaller than one multiple keeps its size and is padded by the runtime
        small.append(min(fitted, largest) if longest >= multiple else longest)
    return small[0], small[1]


def luminance_at(picture: Photo | FloatArray, height: int, width: int) -> FloatArray:
    """A picture's luminance at a size: averaged down, or Catmull-Rom up where it is smaller.

    Args:
        picture: a photo, or the luminance (H, W) 0..100 itself.
        height: rows of the result.
        width: columns of the result.

    Returns:
        (height, width) float32, 0..100.
    """
    if isinstance(picture, Photo):
        own = min(height, picture.height), min(width, picture.width)
        picture = picture.small_luminance(*own)
    return fit_to(picture, height, width)


def _look(model: Model, luminance: FloatArray, mirrored: bool) -> ChromaPrediction:
    if not mirrored:
        return model.predict(luminance)
    found = model.predict(luminance[:, ::-1])
    return ChromaPrediction(
        found.ab[:, ::-1], None if found.logits is None else found.logits[:, ::-1]
    )


def _mean(planes: Sequence[FloatArray], height: int, width: int) -> FloatArray:
    total = np.zeros((height, width, planes[0].shape[2]), np.float32)
    for plane in planes:
        total += enlarge(plane, height, width, cubic=False)
    total /= len(planes)
    return total
