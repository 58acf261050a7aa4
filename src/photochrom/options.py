"""How a picture is coloured: the options of Python, the command line and the service alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photochrom.errors import OptionError
from photochrom.hints import Hint
from photochrom.hue_guard import HueGuard
from photochrom.looks import LOOKS

SIZE_RANGE = (32, 2048)
VARIANTS_RANGE = (1, 16)


def check_range(name: str, value: float | None, low: float, high: float) -> None:
    """Raises OptionError where a value is given and outside its range, or not a number."""
    # written so that not-a-number fails, too
    if value is not None and not low <= value <= high:
        raise OptionError(f"{name} is {value}; it must lie in {low} to {high}")


@dataclass(frozen=True)
class ColorizeOptions:
    """How a picture is coloured; None takes the model's own default.

    Attributes:
        size: short side, in pixels, at which the network sees the picture (32..2048).
        vividness: 0 (safe, muted) to 1 (bold); what lies between costs accuracy gradually.
        saturation: chroma is multiplied by this at the end (0..3).
        looks: how many looks at the picture are averaged (1..3): test-time augmentation. One is
            fastest; three take four times its network time and are more accurate.
        hue_guards: ranges of hues that are damped.
        seed: of all chance in `Colorizer.variants`; the first variant does not depend on it.
        reference: a picture in colour whose colours places that look alike take over: a path, or
            anything else that can be coloured; opened once (`photo.open_photo`), it is matched
            once for many pictures.
        hints: spots whose colour is known; they go before all else, in every variant.
    """

    size: int | None = None
    vividness: float | None = None
    saturation: float = 1.0
    looks: int | None = None
    hue_guards: tuple[HueGuard, ...] = ()
    seed: int = 0
    hints: tuple[Hint, ...] = ()
    reference: Any = None

    def __post_init__(self) -> None:
        check_range("size", self.size, *SIZE_RANGE)
        check_range("vividness", self.vividness, 0, 1)
        check_range("saturation", self.saturation, 0, 3)
        check_range("looks", self.looks, 1, len(LOOKS))
        check_range("seed", self.seed, 0, 2**63 - 1)
