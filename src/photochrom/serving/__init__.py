"""What every server of this package needs: an address, and headers that protect its pages.

Pages load nothing from elsewhere and run no script but their own; nobody may frame them.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from photochrom.errors import OutputError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PROTECTING = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of every answer; each server adds its Content-Security-Policy."""

NOT_KEPT = {"Cache-Control": "no-store"}


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address.

    Args:
        host: a name or address; 127.0.0.1 is this machine alone, 0.0.0.0 everybody.
        port: 0 takes any free one.

    Raises:
        OutputError: the address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        told = getattr(error, "strerror", None) or error
        raise OutputError(f"{host}:{port}: {told}; another --port or --host would work") from error


def address(host: str, port: int) -> str:
    """What to type into a browser."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that is bound to the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    """A `send` that adds headers to an answer that does not have them already."""
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            added = [pair for pair in encoded if pair[0] not in present]
            message["headers"] = [*message["headers"], *added]
        await send(message)

    return send_with_headers


async def refuse(
    send: Send, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> None:
    """Answers with a reason as JSON, before anything was read.

    Args:
        send: of the connection.
        status: of HTTP, 4xx or 5xx.
        detail: one line: what was wrong, and what would work.
        headers: more of them.
    """
    body = json.dumps({"detail": detail}).encode()
    told = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    encoded = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
