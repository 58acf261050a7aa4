"""Connections of a server: one that does not bring the head of a request in time is closed.

Uvicorn would wait for ever: it times what lies between two requests, but neither the first one nor
what comes byte by byte, and whoever does that with some hundred connections keeps all others out.
"""

from __future__ import annotations

import asyncio

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from photochrom.serving import App

HEAD_SECONDS = 20.0
"""So long may a request's method, address and headers take together."""


class PromptProtocol(H11Protocol):
    """HTTP that waits for the head of a request, from the first byte to the last, only so long."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is due."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """More of a head, or of a body; for that the application has its own limits."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        super().connection_lost(exc)
        self._forget_deadline()

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # the head is here
            self._forget_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def quiet_server(
    app: App, grace_seconds: int, most_connections: int | None = None
) -> uvicorn.Config:
    """How Uvicorn serves an application here: it logs warnings only, and says nothing of itself.

    Args:
        app: what answers.
        grace_seconds: that requests in hand have at the end.
        most_connections: beyond which others are told to come back.
    """
    return uvicorn.Config(
        app, http=PromptProtocol, ws="none", log_level="warning", access_log=False,
        server_header=False, timeout_graceful_shutdown=grace_seconds,
        limit_concurrency=most_connections,
    )  # fmt: skip
