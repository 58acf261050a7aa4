"""Votes: kept once acknowledged, once each, never changed, whatever is killed or damaged."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from vote_process import answer_of

from photochrom.errors import InputError, OutputError
from photochrom.survey.votes import Vote, VoteStore

PROCESS = Path(__file__).with_name("vote_process.py")
TOKEN = "0123456789abcdef" * 2
VOTE = Vote(0, 3, "scored", ("x.png",), "real", 100, 200)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    VoteStore(tmp_path / "votes.db", create=True).close()
    return tmp_path / "votes.db"


def start(path: Path, threads: int, trials: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(PROCESS), str(path), str(threads), str(trials)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def acknowledged(lines: list[str]) -> dict[tuple[int, int], str]:
    told = [line.split() for line in lines if line.endswith("\n")]
    return {(int(number), int(trial)): answer for number, trial, answer in told}


def stored(path: Path) -> dict[tuple[int, int], str]:
    with VoteStore(path) as store:
        votes = store.votes()
    assert len({(v.participant, v.trial) for v in votes}) == len(votes), "a vote was doubled"
    return {(vote.participant, vote.trial): vote.answer for vote in votes}


def test_round_trip_of_every_field(path):
    pair = Vote(0, 4, "catch", ("l.png", "r.png"), "second", 1000, 2345)
    with VoteStore(path) as store:
        assert store.enrol(TOKEN) == 0
        assert store.record(VOTE) == VOTE
        assert store.record(pair) == pair
    with VoteStore(path) as store:
        assert store.votes() == [VOTE, pair]
        assert store.answered(0) == {3, 4}
        assert store.answered(1) == set()


def test_participants_are_numbered_as_they_come_and_known_again(path):
    with VoteStore(path) as store:
        assert [store.enrol(f"{n:032x}") for n in (5, 9, 5, 7)] == [0, 1, 0, 2]
        assert store.participant(f"{9:032x}") == 1
        assert store.participant("f" * 32) is None
        assert store.participants() == 3


def test_the_first_vote_stays(path):
    with VoteStore(path) as store:
        store.enrol(TOKEN)
        store.record(VOTE)
        again = store.record(Vote(0, 3, "scored", ("x.png",), "synthesized", 1, 1))
        assert again == VOTE
        assert store.votes() == [VOTE]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE votes SET answer = 'synthesized'",
        "DELETE FROM votes",
        "INSERT OR REPLACE INTO votes VALUES (0, 3, 'scored', 'x.png', NULL, 'no', 1, 1)",
        "INSERT INTO votes VALUES (0, 3, 'scored', 'x.png', NULL, 'no', 1, 1)",
        "INSERT INTO votes VALUES (0, 3, 'scored', 'x.png', NULL, 'no', 1, 1) "
        "ON CONFLICT DO UPDATE SET answer = 'no'",
        "UPDATE participants SET token = 'x'",
        "DELETE FROM participants",
        "INSERT OR REPLACE INTO participants VALUES (0, 'x')",
    ],
)
def test_no_program_can_change_or_delete_through_sqlite(path, statement):
    with VoteStore(path) as store:
        store.enrol(TOKEN)
        store.record(VOTE)
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
    with VoteStore(path) as store:
        assert store.votes() == [VOTE]
        assert store.participant(TOKEN) == 0


def test_the_file_holds_no_clock_and_nobody(path):
    connection = sqlite3.connect(path)
    columns = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for table in ("participants", "votes")
    }
    connection.close()
    assert columns == {
        "participants": ["number", "token"],
        "votes": ["participant", "trial", "kind", "first", "second", "answer", "shown_ms",
                  "answer_ms"],
    }  # fmt: skip


def test_every_vote_is_on_the_disk_before_it_is_acknowledged(path):
    with VoteStore(path) as store:
        settings = [
            store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    assert settings == ["wal", 2]  # 2: FULL, the log is synced at each commit


def test_twenty_threads_lose_and_double_nothing(path):
    store = VoteStore(path)
    numbers = Counter()

    def person(which: int) -> None:
        for trial in range(30):
            number = store.enrol(f"{which:032x}")  # again and again, as after lost answers
            store.record(Vote(number, trial, "scored", ("x.png",), answer_of(number, trial)))
            store.record(Vote(number, trial, "scored", ("x.png",), "other"))
        numbers[number] += 1

    threads = [threading.Thread(target=person, args=(which,)) for which in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert numbers == dict.fromkeys(range(20), 1)
    expected = {(n, t): answer_of(n, t) for n in range(20) for t in range(30)}
    assert stored(path) == expected


def test_a_killed_process_loses_and_doubles_nothing_it_acknowledged(path):
    threads, trials = 20, 15
    told: dict[tuple[int, int], str] = {}
    for kill_after in (30, 100, 170):
        process = start(path, threads, trials)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(kill_after)]
        process.send_signal(signal.SIGKILL)
        rest, errors = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, errors
        told |= acknowledged([*lines, *rest.splitlines(keepends=True)])
        kept = stored(path)
        assert told.items() <= kept.items(), "an acknowledged vote is lost"
        # a vote may be on the disk without its acknowledgement: one in flight for each thread
        assert len(kept) <= len(told) + threads
        told = kept
    process = start(path, threads, trials)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    kept = stored(path)
    assert kept.keys() == {(n, t) for n in range(threads) for t in range(trials)}
    assert told.items() <= kept.items()


def test_several_processes_share_one_file(path):
    processes = [start(path, 4, 20) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert len(stored(path)) == 4 * 20


def test_results_can_be_read_while_votes_come_in(path):
    with VoteStore(path) as writing, VoteStore(path) as reading:
        writing.enrol(TOKEN)
        writing.record(VOTE)
        assert reading.votes() == [VOTE]


def damage_the_middle(path: Path) -> None:
    with VoteStore(path) as store:
        store.enrol(TOKEN)
        store._connection.execute("BEGIN")
        store._connection.executemany(
            "INSERT INTO votes VALUES (0, ?, 'scored', 'x.png', NULL, 'real', 1, 1)",
            [(trial,) for trial in range(2000)],
        )
        store._connection.execute("COMMIT")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"\xff" * 4096
    path.write_bytes(bytes(content))


def other_database(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name)")
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        damage_the_middle,
        other_database,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("dear diary, " * 500),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["overwritten", "another database", "empty", "text", "missing", "folder"],
)
def test_error_for_a_damaged_database_is_one_line_with_its_name(path, damage):
    damage(path)
    with pytest.raises(InputError) as caught:
        VoteStore(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_error_where_the_folder_does_not_exist(tmp_path):
    with pytest.raises(OutputError, match="write permission"):
        VoteStore(tmp_path / "nowhere/votes.db", create=True)


def test_error_for_a_participant_who_never_came(path):
    with VoteStore(path) as store:
        with pytest.raises(OutputError, match="refused"):
            store.record(VOTE)
        assert store.enrol(TOKEN) == 0, "the failed transaction is over"
        assert store.record(VOTE) == VOTE


def test_a_full_disk_keeps_what_is_there_and_goes_on_once_there_is_room(path):
    with VoteStore(path) as store:
        store.enrol(TOKEN)
        store.record(VOTE)
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OutputError, match="full"):
            for trial in range(10, 1000):
                store.record(Vote(0, trial, "scored", ("x" * 60,), "real"))
        kept = store.votes()
        assert kept[0] == VOTE
        store._connection.execute("PRAGMA max_page_count = 1000000")
        store.record(Vote(0, 2000, "scored", ("y.png",), "real"))
        assert len(store.votes()) == len(kept) + 1


def test_a_copy_of_a_closed_survey_is_the_file_alone(path, tmp_path):
    with VoteStore(path) as store:
        store.enrol(TOKEN)
        store.record(VOTE)
    assert not list(path.parent.glob("votes.db-*")), "the log went into the file"
    shutil.copy(path, tmp_path / "copy.db")
    assert stored(tmp_path / "copy.db") == {(0, 3): "real"}
