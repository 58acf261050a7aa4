"""What every server of the package shares; `listen` is tested with the surveys' server."""

from __future__ import annotations

import asyncio
import json

import pytest

from photochrom.serving import address, is_loopback, refuse, with_headers


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("example.org", False)],
)  # fmt: skip
def test_only_loopback_addresses_are_this_machine_alone(host, alone):
    assert is_loopback(host) == alone


def test_an_address_can_be_typed_into_a_browser():
    assert address("127.0.0.1", 80) == "http://127.0.0.1:80"
    assert address("::1", 80) == "http://[::1]:80"


def test_headers_are_added_and_those_that_are_there_stay():
    sent = []

    async def send(message):
        sent.append(message)

    headers = {"X-One": "ours", "X-Two": "ours"}
    asyncio.run(refuse(with_headers(send, headers), 418, "no tea", {"x-two": "theirs"}))
    start, body = sent
    assert start["status"] == 418
    found = dict(start["headers"])
    assert (found[b"x-one"], found[b"x-two"]) == (b"ours", b"theirs")
    assert json.loads(body["body"]) == {"detail": "no tea"}
    assert found[b"content-length"] == str(len(body["body"])).encode()
