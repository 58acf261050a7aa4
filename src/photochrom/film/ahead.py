"""Work that runs ahead in another thread, so that the stages of a line keep each other busy."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_END = object()
_WAIT = 0.1  # seconds between looks at whether anybody still wants the items


def ahead(items: Iterable[T], depth: int) -> Generator[T, None, None]:
    """The same items in the same order, made up to `depth` of them ahead in another thread.

    What the items raise is raised here. When this iterator is closed, the thread ends after the
    item in hand.

    Args:
        items: where they come from.
        depth: how many may wait.
    """
    waiting: queue.Queue[Any] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: Any) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=_WAIT)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        source = iter(items)
        try:
            for item in source:
                if not put(item):
                    break
            put(_END)
        except BaseException as error:
            put(error)
        finally:
            if hasattr(source, "close"):
                source.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


def at_once(
    work: Callable[[T], R], items: Iterable[T], jobs: int
) -> Generator[tuple[T, R], None, None]:
    """Each item with what is made of it, in order, `jobs` of them at a time.

    Args:
        work: what is done to an item; the items must not depend on each other.
        items: to be worked on.
        jobs: threads.
    """
    with ThreadPoolExecutor(jobs) as pool:
        in_hand: deque[tuple[T, Future[R]]] = deque()
        for item in items:
            in_hand.append((item, pool.submit(work, item)))
            if len(in_hand) >= 2 * jobs:
                first, future = in_hand.popleft()
                yield first, future.result()
        while in_hand:
            first, future = in_hand.popleft()
            yield first, future.result()
