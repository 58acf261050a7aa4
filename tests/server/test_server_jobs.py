"""Jobs: accepted, followed, fetched, cancelled."""

from __future__ import annotations

import io
import json
import threading
import zipfile

import pytest
from serving_pictures import MODEL, grey_picture, open_client

from photochrom.errors import OutputError
from photochrom.server.limits import Limits
from photochrom.server.store import Store

NONE = "0" * 32


def send(client, contents, **options):
    files = [("files", (name, content)) for name, content in contents.items()]
    return client.post("/api/jobs", files=files, data={"model": MODEL, **options})


def follow(client, job):
    """The events of a job until it has ended: (kind, data) each."""
    response = client.get(f"/api/jobs/{job}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    events = []
    for block in response.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if lines:
            events.append((lines["event"], json.loads(lines["data"])))
    return events


def test_a_job_is_accepted_followed_and_fetched(client):
    contents = {f"{number}.jpg": grey_picture(number) for number in range(4)}
    response = send(client, contents, vividness="0.9")
    assert response.status_code == 202
    told = response.json()
    assert [file["name"] for file in told["files"]] == list(contents)
    events = follow(client, told["id"])
    kind, last = events[-1]
    assert kind == "done"
    assert {file["state"] for file in last["files"]} == {"done"}
    for index in range(4):
        states = [data["state"] for kind, data in events if kind == "file"
                  and data["index"] == index]  # fmt: skip
        order = ["waiting", "working", "done"]
        assert states == sorted(states, key=order.index)
        assert states[-1] == "done"
    assert client.get(f"/api/jobs/{told['id']}").json() == last
    for index, (name, content) in enumerate(contents.items()):
        found = client.get(f"/api/jobs/{told['id']}/files/{index}")
        options = {"model": MODEL, "vividness": "0.9"}
        alone = client.post("/api/colorize", files={"file": (name, content)}, data=options)
        assert found.content == alone.content
        assert found.headers["content-disposition"] == alone.headers["content-disposition"]


def test_a_picture_that_turns_out_damaged_fails_and_the_others_come(client):
    whole = grey_picture(1, kind="PNG")
    contents = {"good.png": whole, "cut.png": whole[: len(whole) // 2], "last.png": whole}
    job = send(client, contents).json()["id"]
    _, last = follow(client, job)[-1]
    assert [file["state"] for file in last["files"]] == ["done", "failed", "done"]
    assert last["files"][1]["error"].startswith("cut.png: ")
    assert "/" not in last["files"][1]["error"]
    refused = client.get(f"/api/jobs/{job}/files/1")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("cut.png: ")
    zipped = client.get(f"/api/jobs/{job}/zip").content
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert archive.namelist() == ["good.color.png", "last.color.png", "errors.txt"]
        assert archive.read("errors.txt").decode().startswith("cut.png: ")


def test_a_job_that_is_removed_leaves_nothing(client):
    before = set(client.service.store.files.iterdir())
    job = send(client, {"a.jpg": grey_picture(), "b.jpg": grey_picture(1)}).json()["id"]
    follow(client, job)
    assert client.delete(f"/api/jobs/{job}").status_code == 204
    assert client.get(f"/api/jobs/{job}").status_code == 404
    assert client.delete(f"/api/jobs/{job}").status_code == 404
    assert set(client.service.store.files.iterdir()) == before


def test_a_job_that_is_not_done_says_so_and_can_be_cancelled(client):
    block = threading.Event()
    held = [client.service.workers.submit(block.wait) for _ in range(2)]
    try:
        job = send_while_held(client)
        assert client.get(f"/api/jobs/{job}/files/0").status_code == 409
        assert client.get(f"/api/jobs/{job}/zip").status_code == 409
        assert client.get(f"/api/jobs/{job}/files/7").status_code == 404
        assert client.delete(f"/api/jobs/{job}").status_code == 204
    finally:
        block.set()
    assert all(future.result() for future in held)
    assert client.get(f"/api/jobs/{job}").status_code == 404


def send_while_held(client) -> str:
    """Puts a job into the store past the workers that would check it."""
    from photochrom.server.asked import Options
    from photochrom.server.uploads import Upload

    path = client.service.store.new_file()
    path.write_bytes(grey_picture())
    upload = Upload(path, "a.jpg", path.stat().st_size)
    return client.service.jobs.accept(Options(model=MODEL), [upload])


@pytest.mark.parametrize(
    ("contents", "options", "status"),
    [
        ({}, {}, 422),
        ({"a.jpg": b"no picture"}, {}, 415),
        ({"a.jpg": b""}, {}, 415),
        ({"a.jpg": None, "b.svg": b"<svg/>"}, {}, 415),
        ({"a.jpg": None}, {"vividness": "9"}, 422),
        ({"a.jpg": None}, {"model": "none"}, 422),
    ],
)
def test_a_job_that_cannot_be_done_is_not_accepted(client, contents, options, status):
    before = set(client.service.store.files.iterdir())
    filled = {name: grey_picture() if c is None else c for name, c in contents.items()}
    if filled:
        response = send(client, filled, **options)
    else:
        response = client.post("/api/jobs", files={"vividness": (None, "1")})
    assert response.status_code == status
    assert response.json()["detail"]
    assert set(client.service.store.files.iterdir()) == before


def test_a_job_that_cannot_be_written_is_not_acknowledged(client, monkeypatch):
    def full(self, options, uploads, reference):
        raise OutputError("/var/lib/photochrom/service.db: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "add_job", full)
        response = send(client, {"a.jpg": grey_picture()})
    assert response.status_code == 503
    assert "/var" not in response.text
    assert response.headers["retry-after"]
    assert send(client, {"a.jpg": grey_picture()}).status_code == 202


@pytest.mark.parametrize("what", ["", "/events", "/zip", "/files/0"])
def test_an_unknown_job_is_not_found(client, what):
    assert client.get(f"/api/jobs/{NONE}{what}").status_code == 404


def test_too_many_waiting_pictures_are_told_to_come_back(models_folder, tmp_path):
    with open_client(tmp_path / "data", Limits(waiting_files=3)) as client:
        contents = {f"{number}.jpg": grey_picture() for number in range(4)}
        response = send(client, contents)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert list(client.service.store.files.iterdir()) == []


def test_no_more_is_kept_than_there_is_room_for(models_folder, tmp_path):
    with open_client(tmp_path / "data", Limits(stored_bytes=1000)) as client:
        assert send(client, {"a.jpg": grey_picture()}).status_code == 202
        response = send(client, {"a.jpg": grey_picture()})
        assert response.status_code == 503
        assert "no room" in response.json()["detail"]
