"""How a batch goes: a bar on a terminal, plain lines elsewhere, JSON on request."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from photochrom.cli.console import complain, messages, say

DONE, SKIPPED, FAILED = "done", "skipped", "failed"

FEW = 20
"""Up to so many pictures each gets its line; a larger batch tells only how far it is."""

SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes:
        source: the picture.
        outputs: its results, the most likely first.
        status: "done", "skipped" or "failed".
        reason: why it was skipped or failed.
        width: in pixels.
        height: in pixels.
        model: name of the model.
        mean_chroma: of the most likely result, CIELAB units.
        unsure: how unsure the model is of its colours, in words, where that was asked for.
        seconds: from opening the picture to the written result.
        sheet: where all its results are shown together.
        confidence: where the map of the confidence lies.
    """

    source: Path
    outputs: tuple[Path, ...]
    status: str
    reason: str | None = None
    width: int | None = None
    height: int | None = None
    model: str | None = None
    mean_chroma: float | None = None
    unsure: str | None = None
    seconds: float | None = None
    sheet: Path | None = None
    confidence: Path | None = None

    def as_row(self) -> dict[str, Any]:
        """The same as plain values, for one line of JSON."""
        row: dict[str, Any] = {"input": str(self.source), "output": None}
        told_where_asked = {"sheet": self.sheet, "confidence": self.confidence}
        left_out = ("source", "outputs", "unsure", *told_where_asked)
        row |= {k: v for k, v in vars(self).items() if k not in left_out}
        row |= {k: str(v) for k, v in told_where_asked.items() if v}
        if self.unsure:
            row["unsure"] = self.unsure
        if self.outputs:
            row["output"] = str(self.outputs[0])
        if len(self.outputs) > 1:
            row["outputs"] = [str(output) for output in self.outputs]
        return row


class Reporter:
    """Listens to a batch; a context manager, so that the bar is gone when it ends.

    Args:
        total: pictures that are to be coloured, those to skip left out.
        as_json: whether each outcome becomes a line of JSON on standard output.
    """

    def __init__(self, total: int, *, as_json: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self._total, self._json = total, as_json
        self._seconds = 0.0
        self._begin = self._last_line = time.monotonic()
        self._bar = _Bar(total) if messages.is_terminal and total > 1 else None

    def __enter__(self) -> Reporter:
        if self._bar:
            self._bar.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._bar:
            self._bar.progress.stop()

    def tell(self, outcome: Outcome) -> None:
        """Counts an outcome and says what there is to say about it."""
        self.counts[outcome.status] += 1
        self._seconds += outcome.seconds or 0.0
        if self._json:
            print(json.dumps(outcome.as_row()), flush=True)
        if outcome.status == FAILED:
            complain(outcome.reason or "failed")
        if outcome.status == DONE and not self._json and self._total <= FEW:
            unsure = f" ({outcome.unsure})" if outcome.unsure else ""
            extras = tuple(path for path in (outcome.sheet, outcome.confidence) if path)
            say(f"{outcome.source} -> {_names(outcome.outputs + extras)}{unsure}")
        if outcome.status != SKIPPED:
            self._advance()

    def summary(self) -> str:
        """One line: how many are done, skipped and failed, and the mean time of one."""
        done, skipped, failed = (self.counts[status] for status in (DONE, SKIPPED, FAILED))
        parts = [f"{done} done"]
        if skipped:
            parts.append(f"{skipped} skipped (there already; --overwrite makes them again)")
        if failed:
            parts.append(f"{failed} failed")
        if done:
            parts.append(f"{self._seconds / done:.2f} s a picture")
        return ", ".join(parts)

    def _advance(self) -> None:
        if self._bar:
            self._bar.progress.advance(self._bar.task)
            return
        now = time.monotonic()
        if self._total > FEW and now - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = now
            finished = self.counts[DONE] + self.counts[FAILED]
            rate = finished / (now - self._begin)
            left = (self._total - finished) / rate
            say(f"{finished} of {self._total}, {rate:.2f} a second, {_duration(left)} left")


class _Bar:
    def __init__(self, total: int) -> None:
        from rich import progress

        class Rate(progress.ProgressColumn):
            def render(self, task: progress.Task) -> str:
                return f"{task.speed:.2f}/s" if task.speed else ""

        self.progress = progress.Progress(
            progress.BarColumn(), progress.MofNCompleteColumn(), Rate(),
            progress.TimeRemainingColumn(), console=messages, transient=True,
        )  # fmt: skip
        self.task = self.progress.add_task("pictures", total=total)


def failed(source: Path, reason: str) -> Outcome:
    """The outcome of a picture that could not be coloured."""
    return Outcome(source, (), FAILED, reason)


def skipped(source: Path, outputs: tuple[Path, ...], reason: str) -> Outcome:
    """The outcome of a picture whose results are there already."""
    return replace(Outcome(source, outputs, SKIPPED), reason=reason)


def _names(outputs: tuple[Path, ...]) -> str:
    return ", ".join(str(output) for output in outputs)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
