"""The service as a whole: its folder, its workers, its models."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from photochrom.catalog import DEFAULT_MODEL
from photochrom.errors import PhotochromError
from photochrom.server.asked import Asked
from photochrom.server.colouring import Colouring, Made
from photochrom.server.jobs import Jobs
from photochrom.server.limits import Limits
from photochrom.server.models import OpenModels
from photochrom.server.pictures import Pictures
from photochrom.server.refusals import TooBusyError
from photochrom.server.store import Store
from photochrom.server.uploads import Received
from photochrom.server.workers import Workers

Result = TypeVar("Result")

SECONDS_BETWEEN_CLEANING = 60.0
SECONDS_TO_END = 60.0
SECONDS_TO_RETRY = 30

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setting:
    """How a service is run.

    Attributes:
        folder: where pictures, jobs and results are kept.
        workers: pictures that are coloured at once.
        threads: of the network, for each.
        kept_seconds: how long ended jobs, and pictures since they were last used, are kept.
        limits: what is let in.
    """

    folder: Path
    workers: int = 2
    threads: int = 1
    kept_seconds: float = 86_400.0
    limits: Limits = field(default_factory=Limits)


class Service:
    """Everything behind the routes; `close` ends it.

    Args:
        setting: how it is run.

    Raises:
        OutputError: its folder cannot be used, or another service uses it.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting, self.limits = setting, setting.limits
        self.store = Store(setting.folder)
        self.models = OpenModels(setting.threads)
        self.colouring = Colouring(self.models, self.limits)
        self.workers = Workers(setting.workers, self.limits.waiting)
        self.pictures = Pictures(self.store, self.colouring)
        self.store.clean(setting.kept_seconds)
        self.jobs = Jobs(self.store, self.workers, self.colouring, self.limits.waiting_files)
        self._closed, self._ending = False, threading.Event()
        self._cleaner = threading.Thread(target=self._clean, name="cleaning", daemon=True)
        self._cleaner.start()

    @property
    def ending(self) -> bool:
        """Whether what never ends by itself should end now."""
        return self._ending.is_set()

    def begin_to_end(self) -> None:
        """Has streams of progress come to their end."""
        self._ending.set()

    def warm_up(self) -> None:
        """Has the default model opened before somebody waits for it."""
        self.workers.submit(lambda: self.models.get(DEFAULT_MODEL), later=True)

    def close(self) -> None:
        """Finishes what is in hand; jobs that wait are taken up at the next start."""
        if self._closed:
            return
        self._closed = True
        self._ending.set()
        self._cleaner.join()
        self.workers.stop(SECONDS_TO_END)
        self.store.close()

    async def work(self, function: Callable[[], Result], *, later: bool = False) -> Result:
        """What a worker's call of a function returns.

        Args:
            function: of no arguments.
            later: it may wait for as long as it takes.

        Raises:
            TooBusyError: too many wait already, or it took too long.
        """
        return await self._outcome(self.workers.submit(function, later=later), later)

    async def make(self, function: Callable[[], Made], *, later: bool = False) -> Made:
        """Like `work`, for what makes a file: it is removed where nobody takes it any more."""
        future = self.workers.submit(function, later=later)
        try:
            return await self._outcome(future, later)
        except BaseException:
            future.add_done_callback(_remove_made)
            raise

    async def colour_upload(self, received: Received, asked: Asked) -> Made:
        """The result of a picture that is not kept; its file is the caller's to remove."""

        def colour() -> Made:
            try:
                (upload,) = received.files
                photo = self.colouring.open(upload.path, upload.name)
                complete = self.colouring.referring(asked, received.reference)
                return self.colouring.colour(photo, complete, self.store.new_file())
            finally:
                received.discard()

        return await self.make(colour)

    async def _outcome(self, future: Future[Result], later: bool) -> Result:
        try:
            waiting = asyncio.wrap_future(future)
            return await asyncio.wait_for(waiting, None if later else self.limits.seconds)
        except TimeoutError:
            told = f"not done after {self.limits.seconds:g} s; a job would take its time"
            raise TooBusyError(told, SECONDS_TO_RETRY) from None

    def check_room(self) -> None:
        """Raises TooBusyError where no more files can be kept."""
        if self.store.stored_bytes() > self.limits.stored_bytes:
            raise TooBusyError("no room for more pictures now", SECONDS_TO_RETRY)

    def check_uploads(self, received: Received, asked: Asked) -> None:
        """Raises what is wrong with the first picture that cannot be coloured as asked."""
        asked = self.colouring.referring(asked, received.reference)
        for upload in received.files:
            self.colouring.check(self.colouring.open(upload.path, upload.name), asked)

    def _clean(self) -> None:
        while not self._ending.wait(SECONDS_BETWEEN_CLEANING):
            try:
                self.jobs.clean(self.setting.kept_seconds)
            except PhotochromError as error:
                _log.error("%s", error)


def _remove_made(future: Future[Made]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().path.unlink(missing_ok=True)
