"""Killed in the middle and started again: every accepted job is finished or reported failed."""

from __future__ import annotations

import json

from service_process import ServiceProcess, running
from serving_pictures import MODEL, grey_picture, pixels


def send_job(process: ServiceProcess, first: int, count: int) -> str:
    files = [
        ("files", (f"{number}.png", grey_picture(number, (900, 600), "PNG")))
        for number in range(first, first + count)
    ]
    with process.client as client:
        response = client.post("/api/jobs", files=files, data={"model": MODEL})
    assert response.status_code == 202, response.text
    return response.json()["id"]


def follow(process: ServiceProcess, job: str, until: int | None = None) -> dict:
    """The job when it has ended, or when so many of its files have."""
    ended: set[int] = set()
    with process.client as client, client.stream("GET", f"/api/jobs/{job}/events") as stream:
        kind = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                if kind == "done":
                    return data
                if data["state"] in ("done", "failed"):
                    ended.add(data["index"])
                if until is not None and len(ended) >= until:
                    return data
    raise AssertionError("the events ended before the job")


def test_kill_and_restart_lose_nothing(models_folder, tmp_path):
    data = tmp_path / "data"
    with running(data) as process:
        jobs = [send_job(process, 10 * number, 4) for number in range(3)]
        follow(process, jobs[0], until=1)
        process.kill()
    with running(data) as process:
        for number, job in enumerate(jobs):
            told = follow(process, job)
            assert [file["state"] for file in told["files"]] == ["done"] * 4
            with process.client as client:
                for index in range(4):
                    content = client.get(f"/api/jobs/{job}/files/{index}").content
                    alone = client.post(
                        "/api/colorize",
                        params={"model": MODEL},
                        content=grey_picture(10 * number + index, (900, 600), "PNG"),
                        headers={"content-type": "image/png"},
                    )
                    assert content == alone.content
        process.stop()
        kept = {path.name for path in (data / "files").iterdir()}
        assert len(kept) == 12  # the results; uploads are gone, and nothing half written is left


def test_a_picture_of_the_page_is_there_after_a_restart(models_folder, tmp_path):
    with running(tmp_path / "data") as process, process.client as client:
        sent = {"file": ("grey.jpg", grey_picture())}
        told = client.post("/api/pictures", files=sent).json()
        process.kill()
    with running(tmp_path / "data") as process, process.client as client:
        address = f"/api/pictures/{told['id']}"
        assert client.get(address).json() == told
        preview = client.post(f"{address}/preview?side=64", json={"model": MODEL})
        assert pixels(preview.content).shape == (43, 64, 3)


def test_a_stop_in_the_middle_leaves_the_rest_for_the_next_start(models_folder, tmp_path):
    with running(tmp_path / "data") as process:
        job = send_job(process, 0, 6)
        follow(process, job, until=1)
        assert "Traceback" not in process.stop()
    with running(tmp_path / "data") as process:
        told = follow(process, job)
        assert [file["state"] for file in told["files"]] == ["done"] * 6
