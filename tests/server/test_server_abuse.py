"""What should not be let in: refused with a reason, and nothing of it stays."""

from __future__ import annotations

import io
import os
import re
import socket
import struct
import threading
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image
from serving_pictures import MODEL, grey_picture, open_client

from photochrom.server.gate import SMALL_BODY
from photochrom.server.limits import Limits
from photochrom.server.uploads import DEFAULT_NAME, plain_name

SVG = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&x;</text></svg>'
)


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces so many pixels; its data would have to be decoded to be missed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(width + 1) * 64, 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def converse(port: int, *parts: bytes) -> tuple[int, bytes]:
    """Sends raw bytes and reads the answer; its status and everything."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
            head, _, body = answer.partition(b"\r\n\r\n")
            size = re.search(rb"content-length: (\d+)", head.lower())
            if size and len(body) >= int(size[1]):
                break
    return int(answer.split()[1]), answer


def raw_post(path: str, headers: str, body: bytes = b"") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode() + body


def refused(response, status: int, said: str = "") -> None:
    assert response.status_code == status, response.text
    detail = response.json()["detail"]
    assert said in detail
    assert "\n" not in detail
    assert "Traceback" not in response.text
    assert os.sep + "tmp" not in detail


@pytest.fixture
def nothing_stays(client):
    """Whatever a test sends: no file more, in the service's folder or beside it."""
    around = client.service.setting.folder.parents[1]

    def files() -> set[Path]:
        return {path for path in around.rglob("*") if "service.db" not in path.name}

    before = files()
    yield
    for _ in range(600):  # the last file may be removed just after its answer is sent
        if files() == before:
            return
        time.sleep(0.05)
    assert files() == before


pytestmark = pytest.mark.usefixtures("nothing_stays")


@pytest.mark.parametrize("path", ["/api/colorize", "/api/pictures", "/api/jobs"])
def test_ten_gigabytes_are_refused_before_they_are_sent(client, path):
    headers = "Content-Type: image/jpeg\r\nContent-Length: 10000000000\r\n"
    status, answer = converse(client.port, raw_post(path, headers))
    assert status == 413
    assert b"MB, the most this service takes" in answer
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("size", ["-1", "1e3", "\xb2", "9" * 400, "0x10"])
def test_a_size_that_is_none_is_refused(client, size):
    headers = f"Content-Type: image/jpeg\r\nContent-Length: {size}\r\n"
    request = raw_post("/api/colorize", headers)
    assert converse(client.port, request)[0] in (400, 413)


def test_a_body_of_unknown_size_is_counted_while_it_comes(models_folder, tmp_path):
    with open_client(tmp_path / "data", Limits(bytes=2_000_000)) as small:
        headers = "Content-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n"
        piece = b"80000\r\n" + bytes(0x80000) + b"\r\n"
        status, _ = converse(
            small.port, raw_post("/api/colorize?model=tiny", headers), *[piece] * 8
        )
        assert status == 413
        assert list(small.service.store.files.iterdir()) == []


def test_an_upload_that_stops_midway_is_given_up(models_folder, tmp_path):
    with open_client(tmp_path / "data", Limits(idle_seconds=0.2)) as hasty:
        headers = "Content-Type: image/jpeg\r\nContent-Length: 1000\r\n"
        status, answer = converse(hasty.port, raw_post("/api/colorize", headers, b"\xff\xd8\xff"))
        assert status == 408
        assert b"too slowly" in answer
        form = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n"
        begun = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nabc'
        assert converse(hasty.port, raw_post("/api/jobs", form, begun))[0] == 408
        assert list(hasty.service.store.files.iterdir()) == []


def test_an_upload_that_trickles_for_ever_is_given_up(models_folder, tmp_path):
    with open_client(tmp_path / "data", Limits(seconds=0.2)) as hasty:
        headers = "Content-Type: image/jpeg\r\nContent-Length: 1000\r\n"
        assert converse(hasty.port, raw_post("/api/colorize", headers, b"\xff"))[0] == 408


def test_an_upload_that_is_broken_off_leaves_nothing(client):
    headers = "Content-Type: image/jpeg\r\nContent-Length: 1000000\r\n"
    with socket.create_connection(("127.0.0.1", client.port), timeout=60) as connection:
        connection.sendall(raw_post("/api/colorize", headers, bytes(600_000)))
    assert client.get("/healthz").status_code == 200


def test_a_decompression_bomb_is_refused_by_its_header(client):
    for path, field in (("colorize", "file"), ("pictures", "file"), ("jobs", "files")):
        bomb = {field: ("bomb.png", png_header(60_000, 60_000))}
        response = client.post(f"/api/{path}", files=bomb)
        refused(response, 413, "bomb.png: 60000 x 60000 are 3,600,000,000 pixels")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SVG, "is an SVG drawing"),
        (b"\xef\xbb\xbf" + SVG, "is not a picture"),
        (b"\n\n" + SVG, "is an SVG drawing"),
        (b"%PDF-1.7\n", "is a PDF document"),
        (b"push graphic-context\nimage over 0,0 0,0 'https://evil.example/'", "is not a picture"),
        (b"P6 1 1 255 \0\0\0", "is a PNM picture"),
        (b"PK\x03\x04" + bytes(100), "is an archive"),
        (b"", "is empty"),
        (b"\xff\xd8\xff", "damaged"),
        (b"GIF89a", "damaged"),
        (b"II*\0" + bytes(20), "damaged"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "damaged"),
        (os.urandom(4000), ""),
    ],
)  # fmt: skip
def test_what_is_no_raster_picture_is_refused(client, content, said):
    response = client.post("/api/colorize", files={"file": ("photo.jpg", content, "image/jpeg")})
    refused(response, 415, said)
    refused(client.post("/api/pictures", files={"file": ("photo.jpg", content)}), 415, said)


def test_a_picture_that_is_cut_short_is_refused(client):
    for kind in ("JPEG", "PNG", "TIFF", "WEBP"):
        whole = grey_picture(size=(300, 200), kind=kind)
        cut = whole[: len(whole) // 2]
        data = {"model": MODEL}
        response = client.post("/api/colorize", files={"file": ("cut", cut)}, data=data)
        refused(response, 415, "cut: ")


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/x.jpg", "/etc/passwd", "..\\..\\boot.ini", "..", ".", "", "a\0b.jpg",
     "x" * 5000 + ".jpg", "CON", "-rf", "a\r\nSet-Cookie: x=1.jpg",
     "%2e%2e%2fx.jpg", "\u202egpj.exe"],
)  # fmt: skip
def test_a_name_never_becomes_a_path(client, name):
    content = grey_picture()
    response = client.post(
        "/api/colorize", params={"model": MODEL, "name": name}, content=content,
        headers={"content-type": "image/jpeg"},
    )  # fmt: skip
    assert response.status_code == 200
    said = response.headers["content-disposition"]
    assert "/" not in said.partition("filename*")[0].replace('"', "")
    assert "\\" not in said
    assert "set-cookie" not in response.headers
    assert len(said) < 700


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("photo.jpg", "photo.jpg"),
        ("C:\\pictures\\photo.jpg", "photo.jpg"),
        ("../../photo.jpg", "photo.jpg"),
        ("a\r\nb\t.jpg", "ab.jpg"),
        ("..", DEFAULT_NAME),
        ("", DEFAULT_NAME),
        ("   .hidden ", "hidden"),
        ("x" * 300 + ".jpg", "x" * 116 + ".jpg"),
    ],
)
def test_plain_names(given, plain):
    assert plain_name(given) == plain


def test_ten_thousand_tiny_files_are_too_many(client):
    part = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.gif"\r\n\r\nGIF89a\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = client.post("/api/jobs", content=part * 10_000 + b"--x--\r\n", headers=headers)
    refused(response, 413, "more than 500 files in one request")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/html", b"<p>", 415),
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"file=x", 415),
        ("image/svg+xml", SVG, 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=" + "x" * 500, b"x", 400),
        ("multipart/form-data; boundary=x", b"no boundary", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Dispo", 400),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422),
        ("multipart/form-data; boundary=x", b"", 400),
        ("", b"\xff\xd8\xff", 415),
    ],
)  # fmt: skip
def test_a_body_of_the_wrong_kind_is_refused(client, kind, body, status):
    for path in ("/api/colorize", "/api/jobs"):
        response = client.post(path, content=body, headers={"content-type": kind})
        refused(response, status if path != "/api/jobs" or status != 415 else 415)


def test_many_or_large_fields_are_refused(client):
    many = {f"field{number}": (None, "x") for number in range(100)}
    refused(client.post("/api/colorize", files=many), 413, "fields")
    large = {"hints": (None, "[" * 1_500_000)}
    refused(client.post("/api/colorize", files=large), 413, "fields")
    deep = {"hints": (None, "[" * 100_000)}
    refused(client.post("/api/colorize", files={**deep, "file": ("a", b"x")}), 422, "hints")
    body = b"[" * (SMALL_BODY + 1)
    kind = {"content-type": "application/json"}
    refused(client.post("/api/zip", content=body, headers=kind), 413)
    refused(client.post("/api/zip", content=b"[" * 100_000, headers=kind), 400)


def test_a_client_that_asks_too_often_is_told_when_to_come_back(models_folder, tmp_path):
    with open_client(tmp_path / "data", Limits(requests=5)) as eager:
        answers = [eager.post("/api/zip", json={}) for _ in range(7)]
        assert [answer.status_code for answer in answers[:5]] == [422] * 5
        refused(answers[-1], 429, "more than 5 requests a minute")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 13
        assert eager.get("/api/limits").status_code == 200


def test_a_full_queue_says_when_to_come_back(models_folder, tmp_path):
    with open_client(tmp_path / "data", Limits(waiting=1)) as client:
        release = threading.Event()
        begun = [threading.Event() for _ in range(2)]
        for event in begun:
            client.service.workers.submit(lambda event=event: (event.set(), release.wait()))
        for event in begun:
            assert event.wait(30)
        client.service.workers.submit(lambda: None)
        response = client.post("/api/pictures", files={"file": ("a.jpg", grey_picture())})
        release.set()
        refused(response, 503, "waiting already")
        assert int(response.headers["retry-after"]) > 0
        assert list(client.service.store.files.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd",
     "/../service.db", "/static/", "/docs", "/redoc"],
)  # fmt: skip
def test_no_other_file_can_be_had(client, path):
    status, answer = converse(
        client.port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    )
    assert status == 404
    assert b"import" not in answer


@pytest.mark.filterwarnings("ignore::photochrom.errors.PhotoWarning")
def test_pictures_with_odd_headers_do_not_bring_the_service_down(client):
    odd = []
    for kind in ("JPEG", "PNG", "TIFF", "GIF", "WEBP"):
        whole = bytearray(grey_picture(size=(40, 30), kind=kind))
        for place in range(8, min(len(whole), 200), 7):
            changed = whole.copy()
            changed[place] ^= 0xFF
            odd.append(bytes(changed))
    for content in odd[:: max(1, len(odd) // 40)]:
        sent = {"file": ("odd", content)}
        response = client.post("/api/colorize", files=sent, data={"model": MODEL})
        assert response.status_code in (200, 413, 415, 422), response.text
        if response.status_code != 200:
            refused(response, response.status_code)


@pytest.mark.filterwarnings("ignore::photochrom.errors.PhotoWarning")
def test_a_moving_picture_is_coloured_as_its_first_frame(client):
    frames = [Image.new("L", (32, 32), 40 * number) for number in range(4)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    sent = {"file": ("moving.gif", buffer.getvalue())}
    response = client.post("/api/colorize", files=sent, data={"model": MODEL})
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
