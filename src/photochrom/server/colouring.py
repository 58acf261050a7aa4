"""One picture of the service from upload to result: what the library does, within the limits."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from photochrom.color import FloatArray
from photochrom.colorizer import GREY_CHROMA, Colorizer, ColorizeResult, Seen
from photochrom.errors import ModelError, OptionError
from photochrom.options import ColorizeOptions
from photochrom.photo import Photo, extension_for, open_photo
from photochrom.server.asked import Asked
from photochrom.server.limits import Limits
from photochrom.server.models import OpenModels
from photochrom.server.uploads import Upload

MOST_REFERENCES = 8
"""So many reference pictures stay open."""

_TO_COMPARE = ColorizeOptions(looks=1)  # pictures are compared by one look of the model's own size


@dataclass(frozen=True)
class Made:
    """A coloured picture that lies on the disk.

    Attributes:
        path: its file, under a random name.
        name: what to call it: that of the picture, ".color" and its format's extension.
        model: that made it.
        mean_chroma: of its colours, CIELAB units.
        nearly_grey: whether it should not be taken for a coloured picture.
    """

    path: Path
    name: str
    model: str
    mean_chroma: float
    nearly_grey: bool


class Colouring:
    """Colours opened photographs.

    Args:
        models: to choose from.
        limits: of what a network may see.
    """

    def __init__(self, models: OpenModels, limits: Limits) -> None:
        self._models = models
        self._limits = limits
        # one opened reference is matched once for many pictures; random paths never come again
        self._references = functools.lru_cache(MOST_REFERENCES)(self.open)

    def open(self, path: Path, name: str) -> Photo:
        """A picture, its header checked.

        Raises:
            InputError: it cannot be read, or is too large; the message says `name`.
        """
        return open_photo(path, name=name, max_pixels=self._limits.pixels)

    def colorizer(self, asked: Asked) -> Colorizer:
        """The opened model that is asked for."""
        return self._models.get(asked.model)

    def referring(self, asked: Asked, reference: Upload | None) -> Asked:
        """What is asked for with its reference picture, where there is one, opened and checked.

        Raises:
            InputError: it cannot be read, or is too large.
            OptionError: it is grey, or cannot be compared with other pictures.
        """
        if reference is None:
            return asked
        photo = self._references(reference.path, reference.name)
        colorizer = self.colorizer(asked)
        self._check_seen(photo, colorizer, _TO_COMPARE)
        try:
            colorizer.known(photo)
        except ModelError as error:  # it has no features to compare pictures by
            raise OptionError(str(error)) from None
        return replace(asked, options=replace(asked.options, reference=photo))

    def check(self, photo: Photo, asked: Asked) -> None:
        """Raises OptionError where a model cannot do what is asked, or must not."""
        colorizer = self.colorizer(asked)
        self._check_seen(photo, colorizer, asked.options)
        if asked.options.reference is not None:
            self._check_seen(photo, colorizer, _TO_COMPARE)
        described = colorizer.model.description
        if asked.count > 1 and described.palette is None:
            raise OptionError(f"model {described.name!r} knows one answer only; variant must be 0")

    def _check_seen(self, photo: Photo, colorizer: Colorizer, options: ColorizeOptions) -> None:
        _, (height, width) = colorizer.looks_at((photo.height, photo.width), options)
        if height * width > self._limits.seen_pixels:
            raise OptionError(
                f"{photo.name}: the network would see it at {width} x {height}, more than "
                f"{self._limits.seen_pixels:,} pixels; a smaller size, or a picture that is less "
                "long, would work"
            )

    def see(self, photo: Photo, asked: Asked) -> Seen:
        """What the model says of a photo: the costly part."""
        self.check(photo, asked)
        return self.colorizer(asked).see(photo, asked.options)

    def read(self, seen: Seen, asked: Asked) -> FloatArray:
        """The chroma (h, w, 2) of the colouring that is asked for."""
        return self.colorizer(asked).read(seen, asked.count, asked.options)[asked.variant]

    def finish(self, photo: Photo, ab: FloatArray, asked: Asked, target: Path) -> Made:
        """Writes the full-size picture, the same bytes as `photochrom colorize`.

        Args:
            photo: the picture.
            ab: (h, w, 2), CIELAB units.
            asked: how to write it.
            target: the file to write.
        """
        model = self.colorizer(asked).model.description.name
        result = ColorizeResult(photo, ab, model, mean_chroma(ab), asked.variant)
        result.save(target, asked.writing)
        name = f"{Path(photo.name).stem}.color{extension_for(photo, asked.writing)}"
        return Made(target, name, model, result.mean_chroma, is_nearly_grey(ab, asked))

    def colour(
        self, photo: Photo, asked: Asked, target: Path, see: Callable[[], Seen] | None = None
    ) -> Made:
        """All of it: sees, reads and writes.

        Args:
            photo: the picture.
            asked: how.
            target: the file to write.
            see: gives what was seen before.
        """
        seen = self.see(photo, asked) if see is None else see()
        return self.finish(photo, self.read(seen, asked), asked, target)


def mean_chroma(ab: FloatArray) -> float:
    """Mean chroma of colours (h, w, 2), CIELAB units."""
    return float(np.hypot(ab[..., 0], ab[..., 1]).mean())


def is_nearly_grey(ab: FloatArray, asked: Asked) -> bool:
    """Whether colours are as good as none, though nobody asked for that."""
    return mean_chroma(ab) < GREY_CHROMA and asked.options.saturation >= 1
