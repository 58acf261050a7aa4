"""What every answer of the server carries, and what it does not let in.

Requests are small, so that large ones are refused before they are read.
"""

from __future__ import annotations

from photochrom.serving import (
    NOT_KEPT,
    PROTECTING,
    App,
    Receive,
    Scope,
    Send,
    refuse,
    with_headers,
)

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CONTENT_POLICY, **PROTECTING}
LARGEST_BODY = 4096
"""Bytes; a vote has about 200."""


class Protection:
    """Wraps an ASGI application: adds `HEADERS`, refuses bodies that are large or of unknown size.

    Args:
        app: what answers.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send_protected = with_headers(send, {**HEADERS, **NOT_KEPT})
        headers = dict(scope["headers"])
        size = headers.get(b"content-length", b"")
        chunked = b"transfer-encoding" in headers
        if chunked or (size and (not size.isdigit() or int(size) > LARGEST_BODY)):
            await refuse(send_protected, 413, "the request is too large")
            return
        await self._app(scope, receive, send_protected)
