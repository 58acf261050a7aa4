"""Colour for black-and-white photographs: full size, offline, on an ordinary CPU.

>>> import photochrom
>>> photochrom.colorize("grandmother.jpg").save("grandmother.color.jpg")  # doctest: +SKIP

Everything here is loaded on first use: importing the package loads neither ONNX Runtime nor libvips
nor torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photochrom.catalog import list_models
    from photochrom.colorizer import Colorizer, ColorizeResult, colorize
    from photochrom.errors import (
        GreyResultWarning,
        InputError,
        ModelError,
        OptionError,
        OutputError,
        PhotochromError,
        PhotoWarning,
    )
    from photochrom.hints import Hint
    from photochrom.hue_guard import HueGuard
    from photochrom.options import ColorizeOptions
    from photochrom.photo import WriteOptions

__version__ = "0.1.0"

_HOMES = {
    "ColorizeOptions": "options",
    "ColorizeResult": "colorizer",
    "Colorizer": "colorizer",
    "GreyResultWarning": "errors",
    "Hint": "hints",
    "HueGuard": "hue_guard",
    "InputError": "errors",
    "ModelError": "errors",
    "OptionError": "errors",
    "OutputError": "errors",
    "PhotoWarning": "errors",
    "PhotochromError": "errors",
    "WriteOptions": "photo",
    "colorize": "colorizer",
    "list_models": "catalog",
}

__all__ = [
    "ColorizeOptions",
    "ColorizeResult",
    "Colorizer",
    "GreyResultWarning",
    "Hint",
    "HueGuard",
    "InputError",
    "ModelError",
    "OptionError",
    "OutputError",
    "PhotoWarning",
    "PhotochromError",
    "WriteOptions",
    "__version__",
    "colorize",
    "list_models",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
