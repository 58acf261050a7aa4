"""Film: colour for moving pictures, steady, with their sound.

The decoded luma plane of every frame goes to the encoder as it is; only its chroma is made, at
chroma resolution. Sound, subtitles, chapters and metadata are copied as they are.

Needs PyAV (FFmpeg) and OpenCV: ``pip install "photochrom[film]"``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from photochrom.errors import MissingDependencyError

if TYPE_CHECKING:
    from photochrom.film.colorize import ColorizedFilm, colorize_film
    from photochrom.film.colours import FilmFrame, FrameByFrame, FrameColours
    from photochrom.film.frames import colorize_frames
    from photochrom.film.keys import KnownColours, key_frame
    from photochrom.film.options import FilmOptions
    from photochrom.film.scene_list import Scene, film_scenes
    from photochrom.film.stats import FilmStats, film_stats
    from photochrom.film.steadiness import SteadyColours, SteadySettings
    from photochrom.film.two_passes import TwoPassColours

_HOMES = {
    "ColorizedFilm": "colorize",
    "FilmFrame": "colours",
    "FilmOptions": "options",
    "FilmStats": "stats",
    "FrameByFrame": "colours",
    "FrameColours": "colours",
    "KnownColours": "keys",
    "Scene": "scene_list",
    "SteadyColours": "steadiness",
    "SteadySettings": "steadiness",
    "TwoPassColours": "two_passes",
    "colorize_film": "colorize",
    "colorize_frames": "frames",
    "film_scenes": "scene_list",
    "film_stats": "stats",
    "key_frame": "keys",
}

__all__ = [
    "ColorizedFilm",
    "FilmFrame",
    "FilmOptions",
    "FilmStats",
    "FrameByFrame",
    "FrameColours",
    "KnownColours",
    "Scene",
    "SteadyColours",
    "SteadySettings",
    "TwoPassColours",
    "colorize_film",
    "colorize_frames",
    "film_scenes",
    "film_stats",
    "key_frame",
]


def require_film_extra() -> None:
    """Raises MissingDependencyError, with the install line, where PyAV or OpenCV is missing."""
    for module, package in (("av", "PyAV"), ("cv2", "OpenCV")):
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise MissingDependencyError(
                f'film needs {package}, which is not installed: pip install "photochrom[film]"'
            ) from error


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_film_extra()
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
