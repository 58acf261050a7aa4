"""The votes: one SQLite file that only ever grows, and survives being killed at any moment.

A vote that `record` has returned from is on the disk: write-ahead log, synchronous=FULL. What was
written cannot be changed or deleted through SQLite, by whatever program: triggers refuse it. There
is one vote for each participant and trial. Nobody can be known by it: a participant is a number
and the random token that their browser made up; times are durations, never a clock.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import InputError, OutputError

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0
"""So long a writer waits for another process that is writing."""

_SCHEMA = """
CREATE TABLE participants (
    number INTEGER PRIMARY KEY CHECK (number >= 0),
    token TEXT NOT NULL UNIQUE
);
CREATE TABLE votes (
    participant INTEGER NOT NULL REFERENCES participants (number),
    trial INTEGER NOT NULL CHECK (trial >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('practice', 'catch', 'scored')),
    first TEXT NOT NULL,
    second TEXT,
    answer TEXT NOT NULL,
    shown_ms INTEGER NOT NULL CHECK (shown_ms >= 0),
    answer_ms INTEGER NOT NULL CHECK (answer_ms >= 0),
    PRIMARY KEY (participant, trial)
) WITHOUT ROWID;
"""

# INSERT OR REPLACE deletes without firing delete triggers: the insert itself has to be refused
_TRIGGERS = (
    "".join(
        f"""
CREATE TRIGGER {table}_stay_{verb.lower()} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END;
"""
        for table in ("participants", "votes")
        for verb in ("UPDATE", "DELETE")
    )
    + """
CREATE TRIGGER votes_once BEFORE INSERT ON votes
WHEN EXISTS (SELECT 1 FROM votes WHERE participant = NEW.participant AND trial = NEW.trial)
BEGIN SELECT RAISE(ABORT, 'one vote for each participant and trial'); END;
CREATE TRIGGER participants_once BEFORE INSERT ON participants
WHEN EXISTS (SELECT 1 FROM participants WHERE number = NEW.number OR token = NEW.token)
BEGIN SELECT RAISE(ABORT, 'each participant comes once'); END;
"""
)


@dataclass(frozen=True)
class Vote:
    """One answer.

    Attributes:
        participant: number, 0 for the first who came.
        trial: place in the participant's order, 0 for the first practice trial.
        kind: "practice", "catch" or "scored".
        pictures: names of the picture files that were shown, left to right; one or two.
        answer: what was answered, see `SurveyDesign.answers`.
        shown_ms: how long the pictures were visible, milliseconds.
        answer_ms: from when the answer was possible until it was given, milliseconds.
    """

    participant: int
    trial: int
    kind: str
    pictures: tuple[str, ...]
    answer: str
    shown_ms: int = 0
    answer_ms: int = 0


class VoteStore:
    """The votes of one survey; safe to use from several threads and processes at once.

    Args:
        path: the database.
        create: make it; otherwise it must exist.

    Raises:
        InputError: it is missing, damaged, or not a database of votes.
        OutputError: it cannot be made.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if not create and not path.is_file():
            raise InputError(f"{path}: missing; put back a copy, or make the survey again")
        self._lock = threading.Lock()
        with self._told():
            # autocommit: transactions begin and end where this file says so
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with self._told():
                self._prepare(create)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, create: bool) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")
        if create:
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} {_TRIGGERS} "
                f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
        problems = [row[0] for row in run("PRAGMA integrity_check(1)")]
        if problems != ["ok"]:
            raise sqlite3.DatabaseError(" ".join(problems[0].split()))
        if run("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            raise sqlite3.DatabaseError("not a database of votes")

    def close(self) -> None:
        """Closes the file; the write-ahead log goes into it."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> VoteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def enrol(self, token: str) -> int:
        """The participant's number, the next free one for a token not seen before.

        Raises:
            OutputError: it cannot be written.
        """
        with self._writing() as connection:
            known = self._number(token)
            if known is not None:
                return known
            query = "SELECT COALESCE(MAX(number) + 1, 0) FROM participants"
            number: int = connection.execute(query).fetchone()[0]
            connection.execute("INSERT INTO participants VALUES (?, ?)", (number, token))
            return number

    def participant(self, token: str) -> int | None:
        """The number of a participant who has come before; None for a token not seen."""
        with self._reading():
            return self._number(token)

    def record(self, vote: Vote) -> Vote:
        """Keeps a vote unless there is one for this participant and trial already.

        Returns:
            The vote that is kept: this one, or the earlier one. It is on the disk.

        Raises:
            OutputError: it cannot be written; nothing of it is kept.
        """
        first, second = (*vote.pictures, None)[:2]
        with self._writing() as connection:
            place = " WHERE participant = ? AND trial = ?"
            earlier = self._select(place, vote.participant, vote.trial)
            if earlier:
                return earlier[0]
            connection.execute(
                "INSERT INTO votes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (vote.participant, vote.trial, vote.kind, first, second,
                 vote.answer, vote.shown_ms, vote.answer_ms),
            )  # fmt: skip
        return vote

    def votes(self) -> list[Vote]:
        """Every vote, by participant and trial."""
        with self._reading():
            return self._select()

    def participants(self) -> int:
        """How many have come."""
        with self._reading() as connection:
            count: int = connection.execute("SELECT COUNT(*) FROM participants").fetchone()[0]
            return count

    def answered(self, participant: int) -> set[int]:
        """The trials that a participant has answered."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT trial FROM votes WHERE participant = ?", (participant,)
            )
            return {trial for (trial,) in rows}

    def _number(self, token: str) -> int | None:
        query = "SELECT number FROM participants WHERE token = ?"
        row = self._connection.execute(query, (token,)).fetchone()
        return None if row is None else int(row[0])

    def _select(self, where: str = "", *values: int) -> list[Vote]:
        rows = self._connection.execute(
            "SELECT participant, trial, kind, first, second, answer, shown_ms, answer_ms FROM votes"
            f"{where} ORDER BY participant, trial",
            values,
        )
        return [
            Vote(number, trial, kind, (first,) if second is None else (first, second), *rest)
            for number, trial, kind, first, second, *rest in rows
        ]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._told():
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: what the block does is kept as a whole once the block is left."""
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
        """SQLite's errors as ours, with the file's name."""
        try:
            yield
        except sqlite3.OperationalError as error:  # no room, no permission, no such folder
            raise OutputError(
                f"{self.path}: {error}; a folder with room and write permission would work"
            ) from error
        except sqlite3.IntegrityError as error:
            raise OutputError(f"{self.path}: refused: {error}") from error
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self.path}: damaged, or no database of votes ({error}); put back a copy"
            ) from error
