"""How far a film is, while it is coloured."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photochrom.cli.console import messages, say
from photochrom.cli.film_times import duration

if TYPE_CHECKING:
    from photochrom.film.work import Progress

SECONDS_BETWEEN_LINES = 10.0


class FilmProgress:
    """A bar on a terminal, a line now and then elsewhere: frames, frames per second, time left."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._last = time.monotonic()
        self._bar: Any = None
        if messages.is_terminal:
            from rich import progress

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"), progress.BarColumn(),
                progress.MofNCompleteColumn(), progress.TextColumn("{task.fields[rate]}"),
                progress.TimeRemainingColumn(), console=messages, transient=True,
            )  # fmt: skip
            self._task = self._bar.add_task(source.name, total=None, rate="")

    def __enter__(self) -> FilmProgress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def tell(self, progress: Progress) -> None:
        """Shows how far the work is."""
        if self._bar:
            self._bar.update(
                self._task, completed=progress.done, total=progress.total,
                rate=f"{progress.rate:.1f} frames/s",
            )  # fmt: skip
            return
        now = time.monotonic()
        if now - self._last > SECONDS_BETWEEN_LINES:
            self._last = now
            left = progress.seconds_left
            of = f" of {progress.total}" if progress.total else ""
            rest = f", {duration(left)} left" if left is not None else ""
            say(f"{self._source}: {progress.done}{of} frames, {progress.rate:.1f} a second{rest}")
