"""A fixed number of threads that do the colouring, and a queue that has an end.

Decoding, the network and encoding all release Python's lock, so that threads are enough. What
somebody waits for comes first; files of jobs take the rest, and every fourth turn at least.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from photochrom.server.refusals import TooBusyError

Result = TypeVar("Result")

TURN_OF_JOBS = 4
SECONDS_TO_RETRY = 2


class Workers:
    """Worker threads.

    Args:
        count: of threads.
        waiting: how many tasks may wait beyond those in hand; those for later do not count.
    """

    def __init__(self, count: int, waiting: int) -> None:
        self._most = waiting
        self._now: deque[_Task] = deque()
        self._later: deque[_Task] = deque()
        self._turn, self._in_hand, self._stopped = 0, 0, False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"colouring-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[[], Result], *, later: bool = False) -> Future[Result]:
        """Has a worker call a function.

        Args:
            function: of no arguments.
            later: nobody waits for it at this moment; it queues where there is always room.

        Raises:
            TooBusyError: too many wait, or the service is ending.
        """
        future: Future[Result] = Future()
        with self._changed:
            if self._stopped:
                raise TooBusyError("the service is being stopped", SECONDS_TO_RETRY)
            idle = len(self._threads) - self._in_hand
            if not later and len(self._now) >= self._most + idle:
                raise TooBusyError(
                    f"{len(self._now)} requests are waiting already", SECONDS_TO_RETRY
                )
            (self._later if later else self._now).append(_Task(function, future))
            self._changed.notify()
        return future

    def stop(self, seconds: float) -> bool:
        """Lets what is in hand come to its end; what waits is cancelled.

        Args:
            seconds: to wait for it.

        Returns:
            Whether all is done.
        """
        with self._changed:
            self._stopped = True
            waiting = [*self._now, *self._later]
            self._now.clear()
            self._later.clear()
            self._changed.notify_all()
        for task in waiting:
            task.future.cancel()
        with self._changed:
            return self._changed.wait_for(lambda: self._in_hand == 0, seconds)

    def _work(self) -> None:
        while (task := self._next()) is not None:
            if task.future.set_running_or_notify_cancel():
                try:
                    result = task.function()
                except BaseException as error:
                    task.future.set_exception(error)
                else:
                    task.future.set_result(result)
            with self._changed:
                self._in_hand -= 1
                self._changed.notify_all()

    def _next(self) -> _Task | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._now or self._later)
            if self._stopped:
                return None
            self._turn += 1
            job = self._later and (not self._now or self._turn % TURN_OF_JOBS == 0)
            self._in_hand += 1
            return (self._later if job else self._now).popleft()


class _Task:
    def __init__(self, function: Callable[[], Any], future: Future[Any]) -> None:
        self.function, self.future = function, future
