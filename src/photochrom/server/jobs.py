"""Jobs: many pictures that are coloured while nobody waits, and outlive the service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from photochrom.errors import PhotochromError
from photochrom.server.asked import Options, asked_for
from photochrom.server.colouring import Colouring
from photochrom.server.failures import reason_for
from photochrom.server.job_file import JobFile, done, failed
from photochrom.server.refusals import TooBusyError
from photochrom.server.store import Store
from photochrom.server.uploads import Upload
from photochrom.server.workers import Workers

SECONDS_TO_RETRY = 30

_log = logging.getLogger(__name__)


class Jobs:
    """The jobs of a service.

    Args:
        store: where they are kept; what waits there is taken up.
        workers: who colours.
        colouring: how that is done.
        most_waiting: files of jobs that may wait.
    """

    def __init__(
        self, store: Store, workers: Workers, colouring: Colouring, most_waiting: int
    ) -> None:
        self._store, self._workers, self._colouring = store, workers, colouring
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._versions: dict[str, int] = {}
        for file in store.waiting_files():
            self._submit(file)

    def check_room(self, files: int) -> None:
        """Raises TooBusyError where so many files more cannot wait."""
        waiting = self._store.waiting()
        if waiting + files > self._most_waiting:
            raise TooBusyError(f"{waiting} pictures of jobs are waiting already", SECONDS_TO_RETRY)

    def accept(
        self, options: Options, uploads: Sequence[Upload], reference: Upload | None = None
    ) -> str:
        """Takes on a job and returns its id; from then on it survives the service.

        Args:
            options: for all pictures.
            uploads: the pictures, their headers checked.
            reference: the picture whose colours they take over, checked.
        """
        job = self._store.add_job(options.model_dump_json(), uploads, reference)
        for file in self._store.job_files(job):
            self._submit(file)
        return job

    def told(self, job: str) -> Mapping[str, Any] | None:
        """A job as the API tells it; None where there is none."""
        files = self._store.job_files(job)
        if not files:
            return None
        return {"id": job, "files": [told_file(file) for file in files]}

    def files(self, job: str) -> list[JobFile]:
        """The pictures of a job; none where there is no such job."""
        return self._store.job_files(job)

    def version(self, job: str) -> int:
        """A number that changes with whatever happens to a job."""
        with self._lock:
            return self._versions.get(job, 0)

    def remove(self, job: str) -> bool:
        """Cancels a job and removes its files; False where there is none."""
        found = self._store.remove_job(job)
        with self._lock:
            self._versions.pop(job, None)
        return found

    def clean(self, seconds: float) -> None:
        """Removes jobs that ended, and pictures that were last used, so long ago."""
        gone = self._store.clean(seconds)
        with self._lock:
            for job in gone:
                self._versions.pop(job, None)

    def _submit(self, file: JobFile) -> None:
        try:
            self._workers.submit(lambda: self._work(file), later=True)
        except TooBusyError:
            return  # the service is ending; the file waits for its next start

    def _work(self, file: JobFile) -> None:
        try:
            if not self._store.begin(file):
                return
            self._changed(file.job)
            outcome = self._colour(file)
            if not self._store.end(file, outcome) and outcome.result is not None:
                outcome.result.unlink(missing_ok=True)
            self._changed(file.job)
        except PhotochromError as error:  # the store cannot be written: it is told at next start
            _log.error("%s", error)

    def _colour(self, file: JobFile) -> JobFile:
        target = self._store.new_file()
        try:
            options = Options.model_validate_json(self._store.job_options(file.job) or "{}")
            photo = self._colouring.open(file.upload, file.name)
            reference = self._store.job_reference(file.job)
            asked = self._colouring.referring(asked_for(options), reference)
            made = self._colouring.colour(photo, asked, target)
        except Exception as error:  # one odd picture must not stop the others
            return failed(file, reason_for(error, file.name))
        return done(file, made.path, made.name)

    def _changed(self, job: str) -> None:
        with self._lock:
            self._versions[job] = self._versions.get(job, 0) + 1


def told_file(file: JobFile) -> Mapping[str, Any]:
    """One picture of a job as the API tells it."""
    return {"index": file.number, "name": file.name, "state": file.state, "error": file.error}
