"""Twenty threads that vote as fast as they can, and tell each vote that was acknowledged.

Run as a process of its own, to be killed: `python vote_process.py DATABASE THREADS TRIALS`.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from photochrom.survey.votes import Vote, VoteStore


def answer_of(person: int, trial: int) -> str:
    return "real" if (person + trial) % 3 else "synthesized"


def token_of(person: int) -> str:
    return f"{person:032x}"


def vote(store: VoteStore, person: int, trials: int) -> None:
    number = store.enrol(token_of(person))
    for trial in range(trials):
        answer = answer_of(person, trial)
        kept = store.record(Vote(number, trial, "scored", (f"{trial}.png",), answer, 5, 7))
        assert kept.answer == answer
        # one write of a short line is whole, even when the process is killed behind it
        os.write(1, f"{number} {trial} {answer}\n".encode())


def main() -> None:
    path, threads, trials = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    store = VoteStore(path)
    people = [threading.Thread(target=vote, args=(store, i, trials)) for i in range(threads)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    store.close()


if __name__ == "__main__":
    main()
