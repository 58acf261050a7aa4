"""What the service lets in, and how much of it: all checked before a pixel is decoded."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields

from photochrom.errors import OptionError
from photochrom.photo.formats import LOADERS

MEGABYTE = 1_000_000
FORMATS = tuple(LOADERS)
"""What can be uploaded; see `photochrom.photo.formats`."""

_CLIENTS = 10_000
"""So many are remembered by the rate; the one not heard of for longest is forgotten."""


@dataclass(frozen=True)
class Limits:
    """What is refused.

    Attributes:
        bytes: of one picture file.
        request_bytes: of a whole request with several.
        pixels: of one picture.
        files: of one job.
        seconds: that an upload may take, and that the answer to a request may.
        idle_seconds: between two pieces of an upload.
        seen_pixels: of the largest look that a network takes at a picture; memory grows with them.
        waiting: requests that wait for a worker, beyond those in hand.
        waiting_files: files of jobs that wait.
        requests: that one client may send in a minute.
        stored_bytes: of all files that are kept.
    """

    bytes: int = 256 * MEGABYTE
    request_bytes: int = 2048 * MEGABYTE
    pixels: int = 100_000_000
    files: int = 500
    seconds: float = 300.0
    idle_seconds: float = 30.0
    seen_pixels: int = 1_000_000
    waiting: int = 32
    waiting_files: int = 5000
    requests: int = 600
    stored_bytes: int = 20_000 * MEGABYTE

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise OptionError(f"{field.name} is {value}; it must be above 0")


class Rate:
    """How often each client may ask: a bucket of tokens for each, full at first.

    Args:
        a_minute: tokens that a bucket holds, and that it gains in a minute.
        clock: seconds, rising.
    """

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = a_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> int:
        """Takes a token; returns 0, or the whole seconds until there is one."""
        with self._lock:
            now = self._clock()
            tokens, before = self._buckets.pop(client, (float(self._size), now))
            tokens = min(self._size, tokens + (now - before) * self._size / 60)
            missing = 1 - tokens
            self._buckets[client] = (tokens if missing > 0 else tokens - 1, now)
            while len(self._buckets) > _CLIENTS:
                self._buckets.popitem(last=False)
        return 0 if missing <= 0 else int(missing * 60 / self._size) + 1
