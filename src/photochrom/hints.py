"""Colour hints: "this spot has this colour", as people give them and as files keep them.

A hint says what colour a spot has, or that its colour is to stay as the model has it (`keep`).
`photochrom.spreading` carries it over its region; see there for how.

A file holds ``{"photochrom_hints": 1, "hints": [{"x": 0.4, "y": 0.7, "color": "#b03a2e"}]}``.
"""

from __future__ import annotations

import json
import numbers
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.atomic import written_whole
from photochrom.color import FloatArray, rgb_to_lab
from photochrom.errors import InputError, OptionError
from photochrom.palette import IntArray
from photochrom.spreading import Regions

FORMAT = "photochrom_hints"
FORMAT_VERSION = 1
MOST_HINTS = 1000
MOST_BYTES = 1_000_000
LARGEST_AB = 128.0
DEFAULT_RADIUS = 0.01

LEAST_SPOT = 2.0
"""Radius, in pixels of the working size, that every spot has at least: smaller ones would be lost
on the way to the full size."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_KEYS = ("x", "y", "radius", "color", "ab", "keep")


@dataclass(frozen=True)
class Hint:
    """What colour a spot has; exactly one of `color`, `ab` and `keep` is given.

    Attributes:
        x: to the right, as a fraction of the picture's width, 0..1.
        y: down, as a fraction of its height, 0..1.
        color: sRGB as "#rrggbb"; its a and b count, the picture keeps its own luminance.
        ab: the colour as (a, b) in CIELAB units, -128..128.
        radius: of the spot, as a fraction of the picture's short side, above 0, up to 0.5.
        keep: the spot stays as the model has it: colours of other hints stop before it.
    """

    x: float
    y: float
    color: str | None = None
    ab: tuple[float, float] | None = None
    radius: float = DEFAULT_RADIUS
    keep: bool = False

    def __post_init__(self) -> None:
        _check_number("x", self.x, 0, 1)
        _check_number("y", self.y, 0, 1)
        _check_number("radius", self.radius, 0, 0.5)
        if self.radius <= 0:
            raise OptionError(f"radius is {self.radius}; it must be above 0")
        if not isinstance(self.keep, bool):
            raise OptionError(f"keep is {self.keep!r}; it must be true or false")
        if (self.color is not None) + (self.ab is not None) + self.keep != 1:
            raise OptionError("give a color, or an ab, or keep: one of them")
        if self.color is not None and not (
            isinstance(self.color, str) and _HEX.fullmatch(self.color)
        ):
            raise OptionError(f'color is {self.color!r}; it must be "#rrggbb"')
        if self.ab is not None:
            if not isinstance(self.ab, (tuple, list)) or len(self.ab) != 2:
                raise OptionError(f"ab is {self.ab!r}; it must be two numbers, a and b")
            for name, value in zip("ab", self.ab, strict=True):
                _check_number(name, value, -LARGEST_AB, LARGEST_AB)
            object.__setattr__(self, "ab", (float(self.ab[0]), float(self.ab[1])))

    @property
    def wanted(self) -> tuple[float, float] | None:
        """The a and b of the spot, CIELAB units; None where the model's are kept."""
        if self.color is None:
            return self.ab
        rgb = np.frombuffer(bytes.fromhex(self.color[1:]), np.uint8)
        _, a, b = rgb_to_lab(rgb).tolist()
        return a, b

    def as_json(self) -> dict[str, Any]:
        """What a file keeps of it."""
        what: dict[str, Any] = {"keep": True}
        if self.color is not None:
            what = {"color": self.color}
        elif self.ab is not None:
            what = {"ab": list(self.ab)}
        return {"x": self.x, "y": self.y, "radius": self.radius, **what}


def hints_from_json(content: Any, name: str = "hints") -> tuple[Hint, ...]:
    """The hints in decoded JSON: a hints file's object, or the bare list in it.

    Args:
        content: what `json.loads` gave.
        name: what messages call it: the file, say.

    Raises:
        OptionError: it is neither, or an entry is wrong; the message names it.
    """
    if isinstance(content, Mapping):
        if content.get(FORMAT) != FORMAT_VERSION:
            raise OptionError(f'{name}: not a hints file; it must say "{FORMAT}": {FORMAT_VERSION}')
        content = content.get("hints")
    if not isinstance(content, Sequence) or isinstance(content, (str, bytes)):
        raise OptionError(f"{name}: no list of hints in it")
    if len(content) > MOST_HINTS:
        raise OptionError(f"{name}: {len(content)} hints; at most {MOST_HINTS} are taken")
    return tuple(_hint(entry, f"{name}: hint {n}") for n, entry in enumerate(content, 1))


def read_hints(path: str | Path) -> tuple[Hint, ...]:
    """The hints of a file.

    Raises:
        InputError: it cannot be read, or is no JSON.
        OptionError: it holds something else, or a wrong entry; the message names it.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: more than {MOST_BYTES:,} bytes are no file of hints")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON; a file of hints is") from error
    return hints_from_json(content, str(path))


def write_hints(hints: Sequence[Hint], path: str | Path) -> None:
    """Writes a file of hints that `read_hints` takes; it is there whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    content = {FORMAT: FORMAT_VERSION, "hints": [hint.as_json() for hint in hints]}
    with written_whole(Path(path)) as partial:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def hinted_change(ab: FloatArray, L: FloatArray, hints: Sequence[Hint]) -> FloatArray:
    """What hints change in a picture's chroma, carried over their regions.

    Args:
        ab: (H, W, 2) without hints, CIELAB units.
        L: (H, W) lightness 0..100.
        hints: at least one; where two overlap, the later one counts.

    Returns:
        (H, W, 2) float32, to be added to `ab`.

    Raises:
        MissingDependencyError: SciPy is not installed.
    """
    spots = _spots(hints, L.shape[0], L.shape[1])
    missing, mean = np.zeros((2, *ab.shape), np.float32)
    regions = Regions(L)
    share, nearest = regions.nearest(spots)
    for number, hint in enumerate(hints):
        spot, region = spots == number, nearest == number
        if hint.wanted is not None and spot.any():
            missing[region] = np.asarray(hint.wanted, np.float32) - ab[region]
            mean[region] = missing[spot].mean(0)
    prior = share[..., None] * _not_beyond(mean, missing)
    return regions.balanced(prior, share, spots >= 0, missing)


def hinted_share(L: FloatArray, hints: Sequence[Hint]) -> FloatArray:
    """How far the colours of hints reach: what is theirs, not the model's.

    Args:
        L: (H, W) lightness 0..100.
        hints: at least one; what belongs to a spot that is kept has the model's own colour.

    Returns:
        (H, W) float32, 1 in the spots of colours, nearly so all over their regions, 0 elsewhere.

    Raises:
        MissingDependencyError: SciPy is not installed.
    """
    share, nearest = Regions(L).nearest(_spots(hints, L.shape[0], L.shape[1]))
    coloured = np.array([hint.wanted is not None for hint in hints])
    return np.where(coloured[nearest], share, np.float32(0))


def _not_beyond(change: FloatArray, missing: FloatArray) -> FloatArray:
    """The change (..., 2), less where a part of it leads to the wanted colour.

    What takes the blue out of a shirt's blue half must not turn its grey half yellow.

    Args:
        change: what the spot changes by.
        missing: what a place lacks to be of the wanted colour.
    """
    length = (change**2).sum(-1, keepdims=True)
    part = (missing * change).sum(-1, keepdims=True) / np.maximum(length, 1e-6)
    limited: FloatArray = change * part.clip(0, 1)
    return limited


def _spots(hints: Sequence[Hint], height: int, width: int) -> IntArray:
    """(height, width) the number of the hint whose spot a pixel lies in, or -1."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    spots = np.full((height, width), -1, np.int64)
    for number, hint in enumerate(hints):
        apart = np.hypot(columns - hint.x * width, rows - hint.y * height)
        radius = max(hint.radius * min(height, width), LEAST_SPOT)
        spots[apart <= max(radius, apart.min())] = number
    return spots


def _hint(entry: Any, where: str) -> Hint:
    if not isinstance(entry, Mapping):
        raise OptionError(f"{where} is {_shown(entry)}; it must be an object with x, y and color")
    unknown = [key for key in entry if key not in _KEYS]
    if unknown:
        raise OptionError(f"{where}: unknown {_shown(unknown[0])}; known are {', '.join(_KEYS)}")
    for key in ("x", "y"):
        if key not in entry:
            raise OptionError(f"{where}: {key} is missing")
    try:
        return Hint(**entry)
    except OptionError as error:
        raise OptionError(f"{where}: {error}") from None


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    # written so that not-a-number fails, too; elsewhere True counts as 1, not here
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not (number and low <= value <= high):
        raise OptionError(f"{name} is {_shown(value)}; it must lie in {low:g} to {high:g}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
