"""What was measured of a model on held-out pictures, so that its controls mean the same for all.

A model file carries it as metadata; `photochrom.training.calibrate` measures it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from photochrom.color import Array, FloatArray

LEAST_COLOURFUL, MOST_COLOURFUL = 0.5, 1.1
"""What vividness 0 and 1 mean: results so colourful, in the mean, by their originals."""

RIGHT_WITHIN = 10.0
"""A colour counts as right up to this CIEDE2000 difference: another shade, the same colour name."""


def colourfulness_meant(vividness: float) -> float:
    """How colourful results are, in the mean and by their originals, at a vividness of 0..1."""
    return LEAST_COLOURFUL + (MOST_COLOURFUL - LEAST_COLOURFUL) * vividness


@dataclass(frozen=True)
class Calibration:
    """How a model's controls were set.

    Attributes:
        boldness: log2 of what chroma is multiplied by, at evenly spaced vividness from 0 to 1.
        expected_error: rising CIEDE2000 differences that the model itself expects ...
        right: ... and the share of places, 0..1, whose colour was right where it did so, falling.
        pictures: how many were measured.
    """

    boldness: tuple[float, ...]
    expected_error: tuple[float, ...] = ()
    right: tuple[float, ...] = ()
    pictures: int = 0

    def boldness_at(self, vividness: float) -> float:
        """The boldness of a vividness of 0..1, on straight lines between the measured ones."""
        places = np.linspace(0, 1, len(self.boldness))
        return float(np.interp(vividness, places, self.boldness))

    def probability(self, expected_error: Array) -> FloatArray:
        """The probability that a colour is right, of any shape, where such an error is expected."""
        found = np.interp(expected_error, self.expected_error, self.right)
        return np.asarray(found, np.float32)

    def as_json(self) -> dict[str, Any]:
        """What a model file keeps; five digits say more than any sample of pictures can."""
        return {
            name: [float(f"{number:.5g}") for number in value]
            if isinstance(value, tuple)
            else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Calibration:
        """What `as_json` gave.

        Raises:
            ValueError: it does not hold what it must.
        """
        lists = {
            name: tuple(float(number) for number in content[name])
            for name in ("boldness", "expected_error", "right")
        }
        found = cls(**lists, pictures=int(content["pictures"]))
        paired = len(found.expected_error) == len(found.right)
        ordered = np.diff(found.expected_error).min(initial=0) >= 0
        falling = np.diff(found.right).max(initial=0) <= 0
        if not (found.boldness and paired and ordered and falling):
            raise ValueError("its calibration is out of order")
        return found
