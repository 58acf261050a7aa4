"""One answer to one picture becomes a row: its figures, and what the plots are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from photochrom.calibration import RIGHT_WITHIN
from photochrom.color import Array, ciede2000
from photochrom.errors import PhotochromError
from photochrom.evaluation.colorizers import Answer, Entrant
from photochrom.evaluation.figures import Figure, Judged, Observer, rarity_weights
from photochrom.evaluation.pictures import OpenedPicture
from photochrom.evaluation.rows import Row
from photochrom.metrics import cumulative_errors
from photochrom.palette import AB_MIN, IntArray

ERRORS, REBALANCED, AB = "errors", "rebalanced_errors", "ab"
RELIABILITY, OBSERVED = "reliability", "observed/"
"""Names of a row's arrays: (151,) shares, see `metrics.cumulative_errors`, and the same with rare
colours weighted up, if that figure is asked for; (64, 64) pixels in each cell of the ab plane;
(10, 3) sums, see `reliability`; what an observer saw, by the figure's name.
"""

REBALANCED_FIGURE = "auc_rebalanced"

AB_CELLS, AB_STEP = 64, 4
"""The plane from -128 on in cells of 4 x 4 CIELAB units."""

CONFIDENCE_BINS = 10


@dataclass(frozen=True)
class Judging:
    """By what every answer is judged.

    Attributes:
        figures: of one picture.
        observers: networks that look at results, by the name of the set figure they serve; one
            network may serve several.
    """

    figures: Mapping[str, Figure]
    observers: Mapping[str, Observer] = field(default_factory=dict)

    @property
    def networks(self) -> dict[str, str]:
        """What each figure that needs a network was made with, in words."""
        own = {name: figure.network for name, figure in self.figures.items() if figure.network}
        return own | {name: observer.name for name, observer in self.observers.items()}

    def judge(self, picture: OpenedPicture, entrant: Entrant, answer: Answer) -> Row:
        """The row of one answer.

        Raises:
            PhotochromError: a figure cannot be had of this picture; the message names both.
        """
        judged = Judged(answer.rgb, picture.truth)
        name = ""
        try:
            figures = {}
            for name, figure in self.figures.items():
                figures[name] = float(figure.of(judged))
            observed: dict[str, Array] = {}
            seen: dict[Callable[[Array], Array], Array] = {}
            for name, observer in self.observers.items():
                if observer.observe not in seen:
                    seen[observer.observe] = observer.observe(answer.rgb)
                observed[OBSERVED + name] = seen[observer.observe]
        except PhotochromError as error:
            raise type(error)(f"{picture.listed.name}: {name}: {error}") from error
        return Row(
            picture.listed.name, picture.listed.sha256, entrant.label,
            entrant.fingerprint(picture.listed), figures, answer.seconds, answer.note,
            {**self._drawn(judged, answer.confidence), **observed},
        )  # fmt: skip

    def _drawn(self, judged: Judged, confidence: Array | None) -> dict[str, Array]:
        """What the plots of a report are drawn from."""
        ab, true_ab = judged.result_lab[..., 1:], judged.truth_lab[..., 1:]
        found: dict[str, Array] = {
            ERRORS: cumulative_errors(ab, true_ab),
            AB: count_colours(ab).astype(np.uint32),
        }
        if REBALANCED_FIGURE in self.figures:
            found[REBALANCED] = cumulative_errors(ab, true_ab, rarity_weights(true_ab))
        if confidence is not None:
            right = ciede2000(judged.result_lab, judged.truth_lab) <= RIGHT_WITHIN
            found[RELIABILITY] = reliability(confidence, right)
        return found


def count_colours(ab: Array) -> IntArray:
    """(64, 64) pixels in each cell of the ab plane, a first, of colours (..., 2)."""
    cells = np.floor((ab - AB_MIN) / AB_STEP).astype(np.int64).clip(0, AB_CELLS - 1)
    flat = (cells[..., 0] * AB_CELLS + cells[..., 1]).ravel()
    counts: IntArray = np.bincount(flat, minlength=AB_CELLS**2).reshape(AB_CELLS, AB_CELLS)
    return counts


def reliability(confidence: Array, right: Array) -> Array:
    """Ten bins of confidence: how many pixels, their summed confidence, how many were right.

    Args:
        confidence: 0..1, any shape.
        right: the same shape, whether the colour was right.

    Returns:
        (10, 3) float64; rows of several pictures may be added.
    """
    bins = np.floor(confidence * CONFIDENCE_BINS).astype(int).clip(0, CONFIDENCE_BINS - 1).ravel()
    columns = (np.ones(bins.shape), confidence.ravel(), right.ravel())
    return np.stack([np.bincount(bins, column, CONFIDENCE_BINS) for column in columns], -1)
