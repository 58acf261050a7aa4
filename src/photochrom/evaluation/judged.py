"""A result and its truth, as every figure of one picture takes them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from photochrom.color import Array, rgb_to_lab
from photochrom.errors import OptionError


@dataclass(frozen=True, eq=False)
class Judged:
    """A result beside its truth.

    Attributes:
        result_rgb: (H, W, 3) float32 sRGB, 0..1.
        truth_rgb: the same shape and unit.

    Raises:
        OptionError: shapes that differ, or are not (H, W, 3).
    """

    result_rgb: Array
    truth_rgb: Array

    def __post_init__(self) -> None:
        shape = self.truth_rgb.shape
        if self.result_rgb.shape != shape or len(shape) != 3 or shape[2] != 3:
            raise OptionError(
                f"a result of shape {self.result_rgb.shape} and a truth of {shape}; "
                "both must be the same (height, width, 3)"
            )

    @functools.cached_property
    def result_lab(self) -> Array:
        """(H, W, 3) CIELAB."""
        return rgb_to_lab(self.result_rgb)

    @functools.cached_property
    def truth_lab(self) -> Array:
        """(H, W, 3) CIELAB."""
        return rgb_to_lab(self.truth_rgb)
