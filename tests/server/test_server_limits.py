"""The rate of clients, the queue of workers, and what is kept for a while."""

from __future__ import annotations

import threading

import pytest

from photochrom.errors import OptionError
from photochrom.server.limits import Limits, Rate
from photochrom.server.pictures import Recent
from photochrom.server.refusals import TooBusyError
from photochrom.server.workers import TURN_OF_JOBS, Workers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_that_asks_too_often_waits_and_others_do_not():
    clock = Clock()
    rate = Rate(60, clock)
    assert [rate.wait("a") for _ in range(60)] == [0] * 60
    assert rate.wait("a") in (1, 2)
    assert rate.wait("b") == 0
    clock.now += 1.5
    assert rate.wait("a") == 0
    assert rate.wait("a") > 0
    clock.now += 3600
    assert [rate.wait("a") for _ in range(61)][-2:] != [0, 0]


@pytest.mark.parametrize("name", ["bytes", "pixels", "seconds", "waiting", "requests"])
def test_a_limit_of_nothing_is_an_error(name):
    with pytest.raises(OptionError, match=f"{name} is 0; it must be above 0"):
        Limits(**{name: 0})


def held(workers: Workers) -> threading.Event:
    """Keeps one worker busy until the event is set."""
    begun, release = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        release.wait()

    workers.submit(hold)
    assert begun.wait(10)
    return release


def test_the_queue_has_an_end():
    workers = Workers(1, waiting=2)
    release = held(workers)
    waiting = [workers.submit(lambda: "done") for _ in range(2)]
    with pytest.raises(TooBusyError, match="2 requests are waiting already"):
        workers.submit(lambda: None)
    later = workers.submit(lambda: "later", later=True)  # where there is always room
    release.set()
    assert [future.result(10) for future in (*waiting, later)] == ["done", "done", "later"]
    assert workers.stop(10)


def test_what_somebody_waits_for_comes_first_and_jobs_have_their_turn():
    workers = Workers(1, waiting=100)
    release = held(workers)
    order: list[str] = []
    futures = [
        workers.submit(lambda name=name: order.append(name), later=name == "job")
        for name in ["job"] * 3 + ["now"] * 9
    ]
    release.set()
    for future in futures:
        future.result(10)
    assert order.index("now") == 0
    assert all(
        "job" in order[at : at + TURN_OF_JOBS] for at in range(len(order) - TURN_OF_JOBS + 1)
    )
    assert workers.stop(10)


def test_errors_reach_who_asked_and_do_not_end_the_worker():
    workers = Workers(1, waiting=4)

    def fail() -> None:
        raise ValueError("no")

    failing = workers.submit(fail)
    with pytest.raises(ValueError, match="no"):
        failing.result(10)
    assert workers.submit(lambda: 5).result(10) == 5
    assert workers.stop(10)


def test_stopping_finishes_what_is_in_hand_and_cancels_what_waits():
    workers = Workers(1, waiting=4)
    release = held(workers)
    waiting = workers.submit(lambda: None)
    assert not workers.stop(0)
    assert waiting.cancelled()
    with pytest.raises(TooBusyError, match="being stopped"):
        workers.submit(lambda: None)
    release.set()
    assert workers.stop(10)


def test_what_was_used_last_is_kept_as_far_as_there_is_room():
    recent: Recent[int] = Recent(10, lambda value: value)
    made: list[str] = []

    def make(name: str, size: int) -> int:
        made.append(name)
        return size

    for name in ("a", "b", "a", "c", "a", "b"):
        recent.get((name, 0), lambda name=name: make(name, 4))
    assert made == ["a", "b", "c", "b"]  # a was used more lately than b
    assert recent.get(("large", 0), lambda: make("large", 99)) == 99
    recent.get(("a", 0), lambda: make("a", 4))
    assert made[-1] == "large"  # what cannot be kept drives nothing out
    recent.forget("a")
    recent.get(("a", 0), lambda: make("a", 4))
    assert made[-1] == "a"


def test_of_several_who_ask_at_once_one_makes_it():
    recent: Recent[object] = Recent(10, lambda _: 1)
    begun, release, made = threading.Event(), threading.Event(), []

    def make() -> object:
        begun.set()
        release.wait(10)
        made.append(object())
        return made[-1]

    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(recent.get(("key",), make))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    release.set()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert found == made * 5
