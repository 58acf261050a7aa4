"""What stands before the service: who may ask, how much, how often, and how slowly.

Nothing of a request's body has been read when it is refused here, and what comes later is counted
while it comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import HTTPException

from photochrom.server.limits import MEGABYTE, Limits, Rate
from photochrom.serving import (
    NOT_KEPT,
    PROTECTING,
    App,
    Message,
    Receive,
    Scope,
    Send,
    refuse,
    with_headers,
)

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CONTENT_POLICY, **PROTECTING}

API = "/api/"
SMALL_BODY = 2 * MEGABYTE
"""Bytes of a request without a picture: options with many hints."""

PICTURES = {"/api/colorize": 2, "/api/pictures": 1}
"""How many pictures a request may bring: one to colour may have a reference with it."""

SEVERAL = ("/api/jobs",)
_FORM = MEGABYTE  # bytes beside the pictures: fields and boundaries

LINGER_SECONDS, LINGER_BYTES = 2.0, 32 * MEGABYTE
"""So much more is read, and thrown away, of a request that was answered before its end: whoever
still sends would lose the answer if the connection were closed on them at once."""


@dataclass(frozen=True)
class Admission:
    """Who may ask.

    Attributes:
        token: that requests to the API must carry, or None.
        hosts: names by which the service may be called, so that no page from elsewhere can reach
            it under a name of its own (DNS rebinding); None for any.
    """

    token: str | None = None
    hosts: Collection[str] | None = None


@dataclass(frozen=True)
class _Refusal:
    status: int
    detail: str
    headers: dict[str, str]


class Gate:
    """Wraps an ASGI application.

    Args:
        app: what answers.
        limits: of bodies, seconds and requests.
        admission: who may ask.
    """

    def __init__(self, app: App, limits: Limits, admission: Admission) -> None:
        self._app = app
        self._limits = limits
        self._admission = admission
        self._rate = Rate(limits.requests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = with_headers(send, {**HEADERS, **NOT_KEPT})
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        largest = self._largest(scope)
        body = _Body(receive, headers, largest, self._limits)
        send = body.closing(send)
        refused = self._refused(scope, headers, largest)
        if refused is not None:
            await refuse(send, refused.status, refused.detail, refused.headers)
            return
        await self._app(scope, body.receive, send)

    def _largest(self, scope: Scope) -> int:
        """Bytes that a request's body may have."""
        if scope["method"] != "POST":
            return SMALL_BODY
        if scope["path"] in PICTURES:
            return PICTURES[scope["path"]] * self._limits.bytes + _FORM
        return self._limits.request_bytes if scope["path"] in SEVERAL else SMALL_BODY

    def _refused(self, scope: Scope, headers: dict[bytes, str], largest: int) -> _Refusal | None:
        if not self._knows_host(headers.get(b"host", "")):
            return _Refusal(421, "not called by a name of this machine, such as localhost", {})
        if not scope["path"].startswith(API):
            return None
        if scope["method"] not in ("GET", "HEAD") and _from_elsewhere(headers):
            return _Refusal(403, "asked by a page from elsewhere; only its own page may", {})
        if not self._has_token(headers.get(b"authorization", "")):
            asked = {"www-authenticate": "Bearer"}
            return _Refusal(401, "a token is needed: Authorization: Bearer TOKEN", asked)
        if scope["method"] not in ("GET", "HEAD", "DELETE"):
            client = scope.get("client") or ("",)
            if wait := self._rate.wait(client[0]):
                detail = f"more than {self._limits.requests} requests a minute; wait {wait} s"
                return _Refusal(429, detail, {"retry-after": str(wait)})
        size = headers.get(b"content-length", "0")
        # no size at all is counted while it comes
        if not size.isascii() or not size.isdigit() or int(size) > largest:
            return _Refusal(413, _too_large(largest), {})
        return None

    def _knows_host(self, host: str) -> bool:
        if self._admission.hosts is None:
            return True
        try:
            return (urlsplit(f"//{host}").hostname or "") in self._admission.hosts
        except ValueError:
            return False

    def _has_token(self, authorization: str) -> bool:
        if self._admission.token is None:
            return True
        kind, _, given = authorization.partition(" ")
        same = secrets.compare_digest(given.strip().encode(), self._admission.token.encode())
        return kind.lower() == "bearer" and same


class _Body:
    """A request's body: ends what grows too large, comes too slowly or takes too long."""

    def __init__(
        self, receive: Receive, headers: dict[bytes, str], largest: int, limits: Limits
    ) -> None:
        self._receive, self._largest = receive, largest
        self._idle_seconds = limits.idle_seconds
        self._clock = asyncio.get_running_loop().time
        self._ends = self._clock() + limits.seconds
        self._bytes = 0
        chunked = b"transfer-encoding" in headers
        self._complete = headers.get(b"content-length", "0") == "0" and not chunked

    async def receive(self) -> Message:
        """The next piece of the body.

        Raises:
            HTTPException: 408 or 413.
        """
        if self._complete:  # what comes now is only the end of the connection
            return await self._receive()
        patience = min(self._idle_seconds, self._ends - self._clock())
        try:
            message = await asyncio.wait_for(self._receive(), max(patience, 0))
        except TimeoutError:
            detail = "the request came too slowly; a smaller file or a better line would work"
            raise HTTPException(408, detail) from None
        self._bytes += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._bytes > self._largest:
            raise HTTPException(413, _too_large(self._largest))
        return message

    def closing(self, send: Send) -> Send:
        """A `send` that hangs up after an answer to what has not come wholly."""

        async def send_and_close(message: Message) -> None:
            if self._complete:
                await send(message)
            elif message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
                await send(message)
            elif message.get("more_body", False):
                await send(message)
            else:
                await send({**message, "more_body": True})
                await self._linger()
                await send({"type": "http.response.body", "body": b""})

        return send_and_close

    async def _linger(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                thrown_away, more = 0, True
                while more and thrown_away < LINGER_BYTES:
                    message = await self._receive()
                    more = message.get("more_body", False)
                    thrown_away += len(message.get("body", b""))


def _too_large(largest: int) -> str:
    return f"the request is larger than {largest // MEGABYTE} MB, the most this service takes"


def _from_elsewhere(headers: dict[bytes, str]) -> bool:
    """Whether another site's page sends this, by what the browser says of it."""
    origin = headers.get(b"origin")
    if origin is None:
        return headers.get(b"sec-fetch-site") == "cross-site"
    return urlsplit(origin).netloc != headers.get(b"host")
