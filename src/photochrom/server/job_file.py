"""One picture of a job, and what may become of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

WAITING, WORKING, DONE, FAILED = "waiting", "working", "done", "failed"


@dataclass(frozen=True)
class JobFile:
    """One picture of a job.

    Attributes:
        job: its id.
        number: its place in the job, from 0.
        name: what its owner calls it.
        upload: the file that came.
        result: the file that was made of it, or None.
        result_name: what to call that.
        state: waiting, working, done or failed.
        error: why it failed.
    """

    job: str
    number: int
    name: str
    upload: Path
    result: Path | None
    result_name: str | None
    state: str
    error: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in (DONE, FAILED)


def done(file: JobFile, result: Path, name: str) -> JobFile:
    """The file with its result."""
    return replace(file, state=DONE, result=result, result_name=name)


def failed(file: JobFile, error: str) -> JobFile:
    """The file with why there is none."""
    return replace(file, state=FAILED, error=error)
