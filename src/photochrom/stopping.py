"""Ctrl-C that waits until what is in hand is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ctrl_c_noted() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, instead of breaking into whatever runs.

    Half a step is a state that no checkpoint should hold, and a picture that is written but not
    told is one that nobody can count. A second Ctrl-C breaks at once. Outside the main thread,
    where Python takes no signals, nothing is changed.
    """
    noted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        if noted.is_set():
            raise KeyboardInterrupt
        noted.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
