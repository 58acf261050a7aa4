"""Damping a range of hues: against a cast, or a colour that a model gives too often."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

import numpy as np

from photochrom.color import FloatArray
from photochrom.errors import OptionError

SOFT_EDGE = 15.0
"""Degrees over which the damping comes and goes at either end."""

PRESETS = {
    "red": (10.0, 55.0),
    "orange": (45.0, 80.0),
    "yellow": (75.0, 115.0),
    "green": (115.0, 175.0),
    "cyan": (175.0, 235.0),
    "blue": (235.0, 300.0),
    "violet": (285.0, 335.0),
    "pink": (325.0, 15.0),
}
"""Hue angles of CIELAB, in degrees from +a over +b: where sRGB's colours of that name lie."""

DEFAULT_KEEP = 0.3

_RANGE = re.compile(r"(?P<low>\d+(\.\d+)?)-(?P<high>\d+(\.\d+)?)")


@dataclass(frozen=True)
class HueGuard:
    """A range of hues whose chroma is damped.

    Attributes:
        low: where the range begins, degrees in 0..360.
        high: where it ends, going up from `low`; 350 to 20 goes through 0.
        keep: the share of their chroma that colours within keep, 0..1.
    """

    low: float
    high: float
    keep: float = DEFAULT_KEEP

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            if not 0 <= value <= 360:
                raise OptionError(f"hue guard: {name} is {value:g}; it must lie in 0 to 360")
        if not 0 <= self.keep <= 1:
            raise OptionError(f"hue guard: keep is {self.keep:g}; it must lie in 0 to 1")

    @classmethod
    def parse(cls, text: str) -> HueGuard:
        """A guard in words: "violet", "violet:0.5", "280-320" or "280-320:0.5".

        Raises:
            OptionError: none of these, or a number out of its range.
        """
        hues, _, keep = text.strip().lower().partition(":")
        found = _RANGE.fullmatch(hues)
        if found:
            low, high = float(found["low"]), float(found["high"])
        elif hues in PRESETS:
            low, high = PRESETS[hues]
        else:
            close = difflib.get_close_matches(hues, PRESETS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(PRESETS)}"
            raise OptionError(f"hue guard {text!r}: {hint}; or degrees, e.g. 280-320:0.3")
        try:
            share = float(keep) if keep else DEFAULT_KEEP
        except ValueError:
            raise OptionError(f"hue guard {text!r}: {keep!r} is not a number of 0 to 1") from None
        return cls(low, high, share)

    def apply(self, ab: FloatArray) -> FloatArray:
        """The chroma (..., 2) with the range damped, CIELAB units; hues stay as they are."""
        hue = np.degrees(np.arctan2(ab[..., 1], ab[..., 0]))
        width = (self.high - self.low) % 360 or (360.0 if self.high != self.low else 0.0)
        past_middle = np.abs((hue - self.low - width / 2 + 180) % 360 - 180)
        within = np.clip((width / 2 + SOFT_EDGE - past_middle) / SOFT_EDGE, 0, 1)
        damped: FloatArray = (ab * (1 - (1 - self.keep) * within)[..., None]).astype(np.float32)
        return damped
