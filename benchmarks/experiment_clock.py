"""How long a training took, over all of its stops and starts."""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from photochrom.atomic import written_whole


class Clock:
    """Hears of a run: seconds in all, and of a step; kept in a file, so that a resumed run adds.

    Args:
        file: where the seconds are kept.
        threads: of a run on a CPU: steps count as CPU time spread over these, which is what they
            would take on a machine that does nothing else. None where a GPU computes: real time.
    """

    def __init__(self, file: Path, threads: int | None = None) -> None:
        self.file, self._threads = file, threads
        known = json.loads(file.read_text()) if file.is_file() else {"wall": 0.0, "steps": []}
        self.step_seconds: list[float] = known["steps"]
        self._before: float = known["wall"]
        self._start = time.perf_counter()
        self._moved = False
        self._last: tuple[int, float] | None = None

    @property
    def wall_seconds(self) -> float:
        """With validation, of this process and those before it, if this one trained at all."""
        return self._before + (time.perf_counter() - self._start if self._moved else 0.0)

    @property
    def median_step(self) -> float | None:
        """Seconds of a step without validation; None where none was timed."""
        return statistics.median(self.step_seconds) if self.step_seconds else None

    def step_done(self, step: int, total: int, loss: float) -> None:
        """Notes the seconds of a step, as the mean since the last time."""
        self._moved = True
        now = time.process_time() / self._threads if self._threads else time.perf_counter()
        if self._last is not None:
            self.step_seconds.append((now - self._last[1]) / (step - self._last[0]))
        self._last = (step, now)

    def epoch_done(self, row: dict[str, float]) -> None:
        """Tells of an epoch, and keeps the seconds."""
        self._moved = True
        self._last = None  # the next step does not begin where the last one ended
        print(
            f"  epoch {row['epoch']:.0f}, step {row['step']:.0f}: colour difference "
            f"{row['ciede2000']:.2f} (grey {row['ciede2000_grey']:.2f}), "
            f"{self.wall_seconds / 60:.1f} min",
            file=sys.stderr,
        )  # fmt: skip
        self.keep()

    def stop(self) -> None:
        """Keeps the seconds of a training that is over, or was stopped."""
        if self._moved:
            self.keep()
            self._before, self._moved = self.wall_seconds, False

    def keep(self) -> None:
        """Writes the seconds so far."""
        content = {"wall": self.wall_seconds, "steps": self.step_seconds}
        with written_whole(self.file) as partial:
            partial.write_text(json.dumps(content))
