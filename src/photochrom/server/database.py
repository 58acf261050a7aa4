"""SQLite with our errors, whole transactions, and one process at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from photochrom.errors import InputError, OutputError


class Database:
    """One connection that threads share; its file is this process's alone while it is open.

    What a block of `writing` did is on the disk once the block is left, and nothing of it is there
    if it failed or the process was killed in between.

    Args:
        path: the file.
        steps: SQL that makes its tables, then what each later version changed in them; a file that
            is not so far yet is brought there.

    Raises:
        OutputError: it cannot be made, or another process has it open.
        InputError: it is damaged, or of a later version.
    """

    def __init__(self, path: Path, steps: Sequence[str]) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._told():
            # autocommit: transactions begin and end where this file says so
            self._connection = sqlite3.connect(
                path, timeout=0.2, isolation_level=None, check_same_thread=False
            )
        try:
            with self._told():
                self._prepare(steps)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, steps: Sequence[str]) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")
        run("BEGIN EXCLUSIVE")  # from here on the file is ours
        run("COMMIT")
        (found,) = run("PRAGMA user_version").fetchone()
        if not 0 <= found <= len(steps):
            raise sqlite3.DatabaseError(f"of version {found}; up to {len(steps)} is known")
        for version, step in enumerate(steps[found:], found + 1):
            self._connection.executescript(
                f"BEGIN; {step} PRAGMA user_version = {version}; COMMIT;"
            )

    def close(self) -> None:
        """Closes the file; another process may open it."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries."""
        with self._lock, self._told():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction."""
        with self._lock, self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:  # a full disk may have ended it already
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise OutputError(
                    f"{self._path.parent}: another service uses this folder; another --data "
                    "would work"
                ) from error
            raise OutputError(
                f"{self._path}: {error}; a folder with room and write permission would work"
            ) from error
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self._path}: damaged, or not this service's ({error}); remove it, or give "
                "another --data"
            ) from error
