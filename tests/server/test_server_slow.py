"""Connections that hold the service up: closed in time, and nobody else with them."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest
from serving_pictures import MODEL, grey_picture, open_client

from photochrom.serving import connections

HEAD_SECONDS = 1.0
PATIENCE = 60
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def port(models_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", HEAD_SECONDS)
    with open_client(tmp_path / "data") as client:
        yield client.port


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def closed_while_dribbling(connection: socket.socket) -> float:
    """Sends a header byte by byte; seconds until the other side hangs up without an answer."""
    connection.settimeout(0.05)
    begun = time.monotonic()
    with contextlib.suppress(ConnectionError):
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        while time.monotonic() - begun < PATIENCE:
            connection.sendall(b"x")
            try:
                assert connection.recv(100) == b""
                break
            except TimeoutError:
                continue
    return time.monotonic() - begun


def answer(connection: socket.socket) -> bytes:
    """One answer of a few bytes."""
    connection.settimeout(PATIENCE)
    received = b""
    while b"}" not in received:
        piece = connection.recv(4096)
        assert piece, received
        received += piece
    return received


def test_headers_that_come_byte_by_byte_and_silence_are_hung_up_on(port):
    with connected(port) as silent, connected(port) as dribbling:
        assert HEAD_SECONDS / 2 < closed_while_dribbling(dribbling) < PATIENCE
        assert silent.recv(1) == b""


def test_a_second_request_of_a_connection_has_no_longer(port):
    with connected(port) as connection:
        for _ in range(2):
            connection.sendall(WHOLE)
            assert answer(connection).startswith(b"HTTP/1.1 200")
        assert HEAD_SECONDS / 2 < closed_while_dribbling(connection) < PATIENCE


def test_a_body_may_take_longer_than_its_head(port):
    content = grey_picture()
    head = (
        f"POST /api/colorize?model={MODEL} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    third = len(content) // 3 + 1
    with connected(port) as connection:
        connection.sendall(head.encode())
        for first in range(0, len(content), third):
            time.sleep(0.6 * HEAD_SECONDS)
            connection.sendall(content[first : first + third])
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_an_answer_may_take_longer_than_a_head_and_others_are_served_meanwhile(port):
    with connected(port) as first, connected(port) as second:
        for connection in (first, second):
            connection.sendall(WHOLE)
            assert b'"status":"ok"' in answer(connection)
        # two whole requests at once: the second waits for the first one's answer
        first.sendall(WHOLE + WHOLE)
        received = b""
        while received.count(b"}") < 2:
            received += first.recv(4096)
        assert received.count(b"HTTP/1.1 200") == 2
