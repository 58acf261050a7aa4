"""Pictures that somebody is at work on: opened once, seen once, read many times."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from photochrom.colorizer import NOT_CALIBRATED, Seen
from photochrom.errors import OptionError
from photochrom.photo import Photo
from photochrom.photo.colours import small_chroma
from photochrom.server.asked import REFERENCE, Asked
from photochrom.server.colouring import Colouring, Made, is_nearly_grey, mean_chroma
from photochrom.server.limits import MEGABYTE
from photochrom.server.refusals import UnknownIdError
from photochrom.server.store import Store
from photochrom.server.uploads import Upload
from photochrom.server.views import (
    as_jpeg,
    small_photo,
    unsure_overlay,
)

Value = TypeVar("Value")

SEEN_BYTES = 256 * MEGABYTE
SHOWN_BYTES = 128 * MEGABYTE
MOST_OPEN = 16
COLOUR_CHROMA = 2.0
"""Mean chroma, CIELAB units, from which a picture counts as one that was in colour."""


class Recent(Generic[Value]):
    """What was made last, as much as there is room for; safe to use from several threads.

    Args:
        room: for all values together.
        size: of a value, in the same unit.
    """

    def __init__(self, room: int, size: Callable[[Value], int]) -> None:
        self._room, self._size = room, size
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: tuple[Hashable, ...], make: Callable[[], Value]) -> Value:
        """The value of a key; of several who ask for it at once, one makes it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, threading.Lock())
        try:
            with making:
                with self._lock:
                    if key in self._kept:
                        return self._kept[key]
                value = make()
                self._keep(key, value)
                return value
        finally:
            with self._lock:
                self._making.pop(key, None)

    def forget(self, first: Hashable) -> None:
        """Drops every value whose key begins so."""
        with self._lock:
            for key in [key for key in self._kept if isinstance(key, tuple) and key[0] == first]:
                del self._kept[key]

    def _keep(self, key: Hashable, value: Value) -> None:
        if self._size(value) > self._room:
            return
        with self._lock:
            self._kept[key] = value
            while sum(map(self._size, self._kept.values())) > self._room:
                self._kept.popitem(last=False)


@dataclass(frozen=True)
class Shown:
    """A picture in colour to look at.

    Attributes:
        content: a JPEG file.
        mean_chroma: CIELAB units.
        nearly_grey: whether it has hardly any colour.
    """

    content: bytes
    mean_chroma: float
    nearly_grey: bool


class Pictures:
    """The pictures of the page.

    Args:
        store: where they are kept.
        colouring: what is done to them.
    """

    def __init__(self, store: Store, colouring: Colouring) -> None:
        self._store, self._colouring = store, colouring
        self._photos: Recent[Photo] = Recent(MOST_OPEN, lambda _: 1)
        self._seen: Recent[Seen] = Recent(SEEN_BYTES, _bytes_of)
        # one byte a pixel, and four that the photo keeps of itself
        self._small: Recent[Photo] = Recent(
            SHOWN_BYTES, lambda photo: 5 * photo.width * photo.height
        )

    def add(self, upload: Upload) -> Mapping[str, Any]:
        """Keeps a picture, and tells what it is.

        Raises:
            InputError: it cannot be read, or is too large; its file is the caller's.
        """
        photo = self._colouring.open(upload.path, upload.name)
        told = _told(photo)
        picture = self._store.add_picture(upload)
        self._photos.get((picture,), lambda: photo)
        return {"id": picture, **told}

    def told(self, picture: str) -> Mapping[str, Any]:
        """What a picture is.

        Raises:
            UnknownIdError: there is none.
        """
        return {"id": picture, **_told(self.photo(picture))}

    def photo(self, picture: str) -> Photo:
        """An opened picture.

        Raises:
            UnknownIdError: there is none, or it has been cleaned away.
        """
        upload = self._upload(picture)
        return self._photos.get((picture,), lambda: self._colouring.open(upload.path, upload.name))

    def check(self, picture: str, asked: Asked) -> None:
        """Raises what is wrong with a picture, or with how it is to be coloured."""
        self._colouring.check(self.photo(picture), self._complete(asked))

    def remove(self, picture: str) -> bool:
        """Forgets a picture; False where there is none."""
        found = self._store.remove_picture(picture)
        for kept in (self._photos, self._seen, self._small):
            kept.forget(picture)
        return found

    def grey(self, picture: str, side: int) -> bytes:
        """The picture in grey, a JPEG file, its long side at most so many pixels (0: its own)."""
        return as_jpeg(self._shown(picture, side))

    def preview(self, picture: str, asked: Asked, side: int) -> Shown:
        """The picture in colour, as large as `grey` of that side."""
        asked = self._complete(asked)
        ab = self._colouring.read(self._see(picture, asked), asked)
        content = as_jpeg(self._shown(picture, side), ab)
        return Shown(content, mean_chroma(ab), is_nearly_grey(ab, asked))

    def variants(
        self, picture: str, asked: Asked, side: int, count: int
    ) -> list[Mapping[str, Any]]:
        """Small pictures of several colourings, the most likely first."""
        asked = self._complete(replace(asked, variant=0, count=count))
        self._colouring.check(self.photo(picture), asked)
        seen, shown = self._see(picture, asked), self._shown(picture, side)
        read = self._colouring.colorizer(asked).read(seen, count, asked.options)
        return [
            {"variant": number, "image": _data_address(as_jpeg(shown, ab))}
            for number, ab in enumerate(read)
        ]

    def confidence(self, picture: str, asked: Asked, side: int) -> tuple[bytes, float]:
        """A PNG file to lay over the preview, and the share of unsure places.

        Raises:
            OptionError: the model cannot say.
        """
        asked = self._complete(asked)
        colorizer, seen = self._colouring.colorizer(asked), self._see(picture, asked)
        ab = self._colouring.read(seen, asked)
        found = colorizer.confidence(seen, ab, asked.options)
        if found is None:
            raise OptionError(NOT_CALIBRATED.format(colorizer.model.description.name))
        shown = self._shown(picture, side)
        return unsure_overlay(found, shown.height, shown.width)

    def suggestions(
        self, picture: str, asked: Asked, x: float, y: float
    ) -> list[Mapping[str, Any]]:
        """The colours that the model thinks possible at a spot, see `Colorizer.suggest`."""
        found = self._colouring.colorizer(asked).suggest(self._see(picture, asked), x, y)
        return [asdict(suggestion) for suggestion in found]

    def result(self, picture: str, asked: Asked) -> Made:
        """The full-size picture as a file, which is the caller's to remove."""
        asked = self._complete(asked)
        photo, target = self.photo(picture), self._store.new_file()
        return self._colouring.colour(photo, asked, target, lambda: self._see(picture, asked))

    def _upload(self, picture: str, what: str = "") -> Upload:
        upload = self._store.use_picture(picture)
        if upload is None:
            raise UnknownIdError(what)
        return upload

    def _complete(self, asked: Asked) -> Asked:
        """What is asked for, with the reference picture that it names."""
        if asked.reference is None:
            return asked
        return self._colouring.referring(asked, self._upload(asked.reference, REFERENCE))

    def _see(self, picture: str, asked: Asked) -> Seen:
        """What the network saw: it does not depend on how that is read."""
        photo, options = self.photo(picture), asked.options
        self._colouring.check(photo, asked)
        key = (picture, asked.model, options.size, options.looks)
        return self._seen.get(key, lambda: self._colouring.see(photo, asked))

    def _shown(self, picture: str, side: int) -> Photo:
        photo = self.photo(picture)
        if side == 0:
            return photo
        return self._small.get((picture, side), lambda: small_photo(photo, side))


def _told(photo: Photo) -> Mapping[str, Any]:
    chroma = small_chroma(photo, min(64, photo.height), min(64, photo.width))
    coloured = float(np.hypot(chroma[..., 0], chroma[..., 1]).mean()) > COLOUR_CHROMA
    return {
        "name": photo.name, "width": photo.width, "height": photo.height,
        "format": photo.format, "depth": photo.depth, "was_colour": coloured,
    }  # fmt: skip


def _bytes_of(seen: Seen) -> int:
    planes = (seen.prediction.ab, seen.prediction.logits, seen.shown)
    return sum(plane.nbytes for plane in planes if plane is not None)


def _data_address(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
