"""What the service keeps: jobs, pictures and their files, in one folder, through any end.

A job is accepted once its row is on the disk, and its files lie there by then. Files are under
random names; what no row knows of, because the service was killed, is removed at the next start.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from photochrom.atomic import make_folder
from photochrom.server.database import Database
from photochrom.server.job_file import FAILED, WAITING, WORKING, JobFile
from photochrom.server.uploads import Upload

MOST_ATTEMPTS = 2
"""A picture in hand when the service was killed is tried again, but not for ever."""

SECONDS_BETWEEN_NOTES = 30.0
"""That a picture is being used is not written down more often."""

KILLED = "the service was ended {} times while it coloured this picture"

_TABLES = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    arrival INTEGER NOT NULL UNIQUE,
    options TEXT NOT NULL,
    ended REAL
) WITHOUT ROWID;
CREATE TABLE files (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    upload TEXT NOT NULL,
    result TEXT,
    result_name TEXT,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'working', 'done', 'failed')),
    error TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE TABLE pictures (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    upload TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    used REAL NOT NULL
) WITHOUT ROWID;
"""
_REFERENCES = """
ALTER TABLE jobs ADD COLUMN reference TEXT;
ALTER TABLE jobs ADD COLUMN reference_name TEXT;
ALTER TABLE jobs ADD COLUMN reference_bytes INTEGER NOT NULL DEFAULT 0;
"""
_FILE = "SELECT job, number, name, upload, result, result_name, state, error FROM files"


class Store:
    """The folder of a service.

    Args:
        folder: is made unless it is there; one process at a time may use it.
        clock: seconds since 1970.

    Raises:
        OutputError: it cannot be used, or another service uses it.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.files = folder / "files"
        make_folder(self.files)
        self._clock = clock
        self._database = Database(folder / "service.db", (_TABLES, _REFERENCES))
        self._remove_unknown()
        self._take_up()

    def close(self) -> None:
        """Lets another process use the folder."""
        self._database.close()

    def new_file(self) -> Path:
        """A path of a random name for a file that is to be made."""
        return self.files / secrets.token_hex(16)

    def stored_bytes(self) -> int:
        """Of all files that are kept."""
        query = (
            "SELECT (SELECT TOTAL(bytes) FROM files) + (SELECT TOTAL(bytes) FROM pictures) "
            "+ (SELECT TOTAL(reference_bytes) FROM jobs)"
        )
        with self._database.reading() as connection:
            return int(connection.execute(query).fetchone()[0])

    def waiting(self) -> int:
        """How many files of jobs have not ended."""
        with self._database.reading() as connection:
            query = "SELECT COUNT(*) FROM files WHERE state IN (?, ?)"
            return int(connection.execute(query, (WAITING, WORKING)).fetchone()[0])

    def add_job(
        self, options: str, uploads: Sequence[Upload], reference: Upload | None = None
    ) -> str:
        """Accepts a job; returns its id.

        Args:
            options: JSON.
            uploads: its pictures, in this store's folder of files.
            reference: the picture whose colours they take over, there too; it stays with the job.
        """
        job = secrets.token_hex(16)
        held = (reference.path.name, reference.name, reference.bytes) if reference else (None,) * 3
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO jobs "
                "(id, arrival, options, reference, reference_name, reference_bytes) "
                "SELECT ?, COALESCE(MAX(arrival) + 1, 0), ?, ?, ?, COALESCE(?, 0) FROM jobs",
                (job, options, *held),
            )
            connection.executemany(
                "INSERT INTO files (job, number, name, upload, bytes, state) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (job, number, upload.name, upload.path.name, upload.bytes, WAITING)
                    for number, upload in enumerate(uploads)
                ],
            )
        return job

    def job_options(self, job: str) -> str | None:
        """The options of a job, JSON; None where there is no such job."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT options FROM jobs WHERE id = ?", (job,)).fetchone()
            return None if row is None else str(row[0])

    def job_reference(self, job: str) -> Upload | None:
        """The picture whose colours a job takes over; None where there is none."""
        query = "SELECT reference, reference_name, reference_bytes FROM jobs WHERE id = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (job,)).fetchone()
        return Upload(self.files / row[0], row[1], row[2]) if row and row[0] else None

    def job_files(self, job: str) -> list[JobFile]:
        """The pictures of a job in order; none where there is no such job."""
        return self._select("WHERE job = ? ORDER BY number", job)

    def waiting_files(self) -> list[JobFile]:
        """Of all jobs, those that came first first."""
        order = "ORDER BY (SELECT arrival FROM jobs WHERE id = job), number"
        return self._select(f"WHERE state = ? {order}", WAITING)

    def begin(self, file: JobFile) -> bool:
        """Notes that a picture is in hand; False where its job has gone, or it is not waiting."""
        with self._database.writing() as connection:
            changed = connection.execute(
                "UPDATE files SET state = ?, attempts = attempts + 1 "
                "WHERE job = ? AND number = ? AND state = ?",
                (WORKING, file.job, file.number, WAITING),
            )
            return changed.rowcount == 1

    def end(self, file: JobFile, outcome: JobFile) -> bool:
        """Notes what came of a picture in hand, and removes what it was made of.

        Returns:
            False where its job has gone meanwhile.
        """
        size = outcome.result.stat().st_size if outcome.result else 0
        with self._database.writing() as connection:
            changed = connection.execute(
                "UPDATE files SET state = ?, error = ?, result = ?, result_name = ?, "
                "bytes = ? WHERE job = ? AND number = ?",
                (outcome.state, outcome.error, outcome.result and outcome.result.name,
                 outcome.result_name, size, file.job, file.number),
            )  # fmt: skip
            self._note_ended(connection, file.job)
        _remove([file.upload])
        return changed.rowcount == 1

    def remove_job(self, job: str) -> bool:
        """Forgets a job and removes its files; False where there is none."""
        with self._database.writing() as connection:
            files, reference = self.job_files(job), self.job_reference(job)
            found = connection.execute("DELETE FROM jobs WHERE id = ?", (job,)).rowcount == 1
        _remove(path for file in files for path in (file.upload, file.result) if path)
        _remove([reference.path] if reference else [])
        return found

    def add_picture(self, upload: Upload) -> str:
        """Keeps a picture; returns its id."""
        picture = secrets.token_hex(16)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO pictures VALUES (?, ?, ?, ?, ?)",
                (picture, upload.name, upload.path.name, upload.bytes, self._clock()),
            )
        return picture

    def use_picture(self, picture: str) -> Upload | None:
        """A kept picture, which is kept for longer now; None where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT upload, name, bytes, used FROM pictures WHERE id = ?", (picture,)
            ).fetchone()
        if row is None:
            return None
        upload, name, size, used = row
        now = self._clock()
        if now - used > SECONDS_BETWEEN_NOTES:
            with self._database.writing() as connection:
                connection.execute("UPDATE pictures SET used = ? WHERE id = ?", (now, picture))
        return Upload(self.files / upload, name, size)

    def remove_picture(self, picture: str) -> bool:
        """Forgets a picture and removes its file; False where there is none."""
        with self._database.writing() as connection:
            row = connection.execute(
                "DELETE FROM pictures WHERE id = ? RETURNING upload", (picture,)
            ).fetchone()
        if row is not None:
            _remove([self.files / row[0]])
        return row is not None

    def clean(self, seconds: float) -> list[str]:
        """Removes jobs that ended, and pictures last used, so long ago; returns their ids."""
        before = self._clock() - seconds
        with self._database.reading() as connection:
            jobs = connection.execute("SELECT id FROM jobs WHERE ended < ?", (before,)).fetchall()
            old = connection.execute("SELECT id FROM pictures WHERE used < ?", (before,)).fetchall()
        for (job,) in jobs:
            self.remove_job(job)
        for (picture,) in old:
            self.remove_picture(picture)
        return [row[0] for row in (*jobs, *old)]

    def _select(self, where: str, *values: str) -> list[JobFile]:
        with self._database.reading() as connection:
            rows = connection.execute(f"{_FILE} {where}", values).fetchall()
        return [
            JobFile(job, number, name, self.files / upload, result and self.files / result, *rest)
            for job, number, name, upload, result, *rest in rows
        ]

    def _take_up(self) -> None:
        """What was in hand when the service ended waits again, or has failed often enough."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE files SET state = ?, error = ? WHERE state = ? AND attempts >= ?",
                (FAILED, KILLED.format(MOST_ATTEMPTS), WORKING, MOST_ATTEMPTS),
            )
            connection.execute("UPDATE files SET state = ? WHERE state = ?", (WAITING, WORKING))
            for (job,) in connection.execute("SELECT id FROM jobs WHERE ended IS NULL").fetchall():
                self._note_ended(connection, job)

    def _note_ended(self, connection: sqlite3.Connection, job: str) -> None:
        connection.execute(
            "UPDATE jobs SET ended = ? WHERE id = ? AND NOT EXISTS "
            "(SELECT 1 FROM files WHERE job = jobs.id AND state IN (?, ?))",
            (self._clock(), job, WAITING, WORKING),
        )

    def _remove_unknown(self) -> None:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT upload FROM files UNION SELECT result FROM files "
                "UNION SELECT upload FROM pictures UNION SELECT reference FROM jobs"
            ).fetchall()
        known = {row[0] for row in rows}
        _remove(path for path in self.files.iterdir() if path.name not in known)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
