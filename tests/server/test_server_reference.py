"""A reference picture: with one request, with a job, and for the page."""

from __future__ import annotations

import io
import json
import sqlite3
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from serving_pictures import MODEL, grey_picture, open_client, upload

import photochrom
from photochrom.cli import main
from photochrom.options import ColorizeOptions
from photochrom.server import store as store_file
from photochrom.server.asked import Options
from photochrom.server.limits import Limits
from photochrom.server.store import Store
from photochrom.server.uploads import Upload

NONE = "0" * 32
PHOTO = Path(__file__).parents[2] / "examples" / "photos" / "coffee.jpg"
GREY = "must be in colour; this picture is grey"


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def tinted(width: int = 128, height: int = 96) -> bytes:
    """The example photograph in colours that no model would guess."""
    with Image.open(PHOTO) as image:
        light = np.asarray(image.convert("L").resize((width, height)), np.float32)[..., None]
    rgb = (light + np.float32([-40, 10, 60])).clip(0, 255)
    return encoded(Image.fromarray(rgb.astype(np.uint8)))


@pytest.fixture(scope="module")
def grey() -> bytes:
    """The same photograph in grey, a little larger."""
    with Image.open(PHOTO) as image:
        return encoded(image.convert("L").resize((160, 120)))


@pytest.fixture(scope="module")
def reference() -> bytes:
    return tinted()


@pytest.fixture(scope="module")
def expected(grey, reference) -> bytes:
    """What the library makes of it."""
    result = photochrom.Colorizer().colorize(grey, ColorizeOptions(reference=reference)).to_bytes()
    assert result != photochrom.Colorizer().colorize(grey).to_bytes()
    return result


def both(picture: bytes, reference: bytes, named: str = "file", told: str = "card.png") -> dict:
    return {named: ("grey.png", picture), "reference": (told, reference)}


def ended(client, job: str) -> list[dict]:
    """The files of a job once it has ended."""
    events = client.get(f"/api/jobs/{job}/events").text
    last = events.strip().split("event: done\ndata: ")[1]
    return json.loads(last)["files"]


def files_of(client) -> set[Path]:
    return set(client.service.store.files.iterdir())


def only_these_stay(client, files: set[Path]) -> None:
    for _ in range(600):  # a result is removed just after it is sent
        if files_of(client) == files:
            return
        time.sleep(0.05)
    assert files_of(client) == files


def test_command_line_and_every_address_give_the_librarys_bytes(
    client, grey, reference, expected, tmp_path
):
    source, card = tmp_path / "grey.png", tmp_path / "card.png"
    source.write_bytes(grey)
    card.write_bytes(reference)
    target = tmp_path / "coloured.png"
    assert main(["colorize", str(source), "--reference", str(card), "-o", str(target)]) == 0
    assert target.read_bytes() == expected

    before = files_of(client)
    single = client.post("/api/colorize", files=both(grey, reference))
    assert single.status_code == 200, single.text
    assert single.content == expected
    only_these_stay(client, before)

    job = client.post("/api/jobs", files=both(grey, reference, "files")).json()["id"]
    assert [file["state"] for file in ended(client, job)] == ["done"]
    assert client.get(f"/api/jobs/{job}/files/0").content == expected

    picture, other = upload(client, grey, "grey.png"), upload(client, reference, "card.png")
    options = {"reference": other}
    result = client.post(f"/api/pictures/{picture}/result", json=options)
    assert result.content == expected
    zipped = client.post("/api/zip", json={"pictures": [{"id": picture, "options": options}]})
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        assert archive.read("grey.color.png") == expected


def test_the_preview_and_the_variants_follow_the_reference(client, grey, reference):
    picture, other = upload(client, grey, "grey.png"), upload(client, reference, "card.png")
    plain, blue = (
        client.post(f"/api/pictures/{picture}/preview?side=64", json=options)
        for options in ({}, {"reference": other})
    )
    rgb = [np.asarray(Image.open(io.BytesIO(one.content)), float) for one in (plain, blue)]
    assert (rgb[1][..., 2] - rgb[1][..., 0]).mean() > (rgb[0][..., 2] - rgb[0][..., 0]).mean() + 20
    for what in ("variants?count=1&side=64", "confidence?side=64"):
        steered = client.post(f"/api/pictures/{picture}/{what}", json={"reference": other})
        assert steered.status_code == 200
        assert steered.content != client.post(f"/api/pictures/{picture}/{what}", json={}).content
    spot = {"x": 0.5, "y": 0.5, "reference": other}
    assert client.post(f"/api/pictures/{picture}/suggestions", json=spot).status_code == 200


def test_a_reference_is_matched_once_for_many_looks(client, grey, reference, monkeypatch):
    picture, other = upload(client, grey, "grey.png"), upload(client, reference, "card.png")
    known = client.service.models.get("auto").known
    before = known.cache_info().misses
    for vividness in (0.1, 0.5, 0.9):
        options = {"reference": other, "vividness": vividness}
        client.post(f"/api/pictures/{picture}/preview?side=64", json=options)
    assert known.cache_info().misses == before + 1


def test_a_grey_reference_is_refused_with_the_reason_everywhere(client, grey):
    before = files_of(client)
    answers = [
        client.post("/api/colorize", files=both(grey, grey_picture(), told="../a/old.jpg")),
        client.post("/api/jobs", files=both(grey, grey_picture(), "files", "old.jpg")),
    ]
    only_these_stay(client, before)
    picture, other = upload(client, grey, "grey.png"), upload(client, name="old.jpg")
    options = {"reference": other}
    room = f"/api/pictures/{picture}"
    answers += [client.post(f"{room}/{what}", json=options) for what in ("preview", "result")]
    answers.append(
        client.post("/api/zip", json={"pictures": [{"id": picture, "options": options}]})
    )
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert answer.json()["detail"] == f"old.jpg: a reference {GREY}"


@pytest.mark.parametrize(("address", "named"), [("/api/colorize", "file"), ("/api/jobs", "files")])
def test_what_cannot_be_a_reference_is_refused_before_it_is_decoded(
    models_folder, tmp_path, grey, reference, address, named
):
    noise = np.random.default_rng(0).integers(0, 256, (120, 120, 3), np.uint8)
    strip = encoded(Image.new("RGB", (2000, 14), "#a03020"))
    two = [*both(grey, reference, named).items(), ("reference", ("b.png", reference))]
    limits = Limits(bytes=40_000, pixels=30_000, seen_pixels=21_000)
    with open_client(tmp_path / "data", limits) as client:
        for sent, status, said in (
            (both(grey, encoded(Image.fromarray(noise)), named), 413, "larger than"),
            (both(grey, encoded(Image.new("RGB", (200, 200), "#a03020")), named), 413, "200 x 200"),
            (both(grey, b"<svg/>", named), 415, "card.png"),
            (both(grey, b"", named), 415, "card.png"),
            (both(grey, reference[:200], named), 415, "card.png"),
            (both(grey, strip, named), 422, "less long"),
            (both(strip, reference, named), 422, "less long"),
            (two, 413, "more than 1 files"),
            ({named: ("a.png", grey), "reference": (None, "card.png")}, 422, "reference is text"),
        ):
            answer = client.post(address, files=sent)
            assert answer.status_code == status, answer.text
            assert said in answer.json()["detail"]
            only_these_stay(client, set())
        empty = {named: ("a.png", grey), "reference": ("", b"")}  # as a browser's form sends none
        assert client.post(address, files=empty).status_code in (200, 202)
        tiny = client.post(address, files=both(grey, reference, named), data={"model": MODEL})
        assert tiny.status_code == 422
        assert "no features" in tiny.json()["detail"]


def test_only_an_uploaded_picture_can_be_named(client, grey):
    picture = upload(client, grey, "grey.png")
    room = f"/api/pictures/{picture}"
    for what in ("preview", "result", "confidence", "variants"):
        lost = client.post(f"{room}/{what}", json={"reference": NONE})
        assert lost.status_code == 404
        assert lost.json()["detail"].startswith("reference: there is none of this id")
    for wrong in ("../../etc/passwd", "1", 7):
        assert client.post(f"{room}/preview", json={"reference": wrong}).status_code == 422
    with_it = client.post("/api/pictures", files=both(grey, grey))
    assert with_it.status_code == 422
    query = {"reference": NONE}
    raw = {"content-type": "image/png"}
    assert client.post("/api/colorize", params=query, content=grey, headers=raw).status_code == 422


def test_a_jobs_reference_lies_under_a_random_name_and_goes_with_the_job(client, grey, reference):
    before, stored = files_of(client), client.service.store.stored_bytes()
    sent = both(grey, reference, "files", "../../evil/card.png")
    job = client.post("/api/jobs", files=sent).json()["id"]
    ended(client, job)
    kept = client.service.store.job_reference(job)
    assert kept.name == "card.png"
    assert kept.path.parent == client.service.store.files
    assert kept.path.name.isalnum() and len(kept.path.name) == 32
    assert client.service.store.stored_bytes() >= stored + len(reference)
    assert client.delete(f"/api/jobs/{job}").status_code == 204
    only_these_stay(client, before)
    assert client.service.store.stored_bytes() == stored


def test_a_reference_survives_a_restart_with_its_job(tmp_path, grey, reference, expected):
    store = Store(tmp_path / "data")
    uploads = []
    for name, content in (("grey.png", grey), ("card.png", reference)):
        uploads.append(Upload(store.new_file(), name, len(content)))
        uploads[-1].path.write_bytes(content)
    job = store.add_job(Options().model_dump_json(), uploads[:1], uploads[1])
    store.close()
    with open_client(tmp_path / "data") as client:
        assert [file["state"] for file in ended(client, job)] == ["done"]
        assert client.get(f"/api/jobs/{job}/files/0").content == expected


def test_a_folder_of_before_references_is_taken_up(tmp_path):
    connection = sqlite3.connect(tmp_path / "service.db")
    connection.executescript(f"{store_file._TABLES} PRAGMA user_version = 1;")
    connection.execute("INSERT INTO jobs VALUES (?, 0, '{}', NULL)", (NONE,))
    connection.execute(
        "INSERT INTO files (job, number, name, upload, bytes, state) "
        "VALUES (?, 0, 'a.jpg', 'x', 7, 'waiting')",
        (NONE,),
    )
    connection.commit()
    connection.close()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "x").write_bytes(b"picture")
    store = Store(tmp_path)
    assert [file.name for file in store.waiting_files()] == ["a.jpg"]
    assert store.job_reference(NONE) is None
    card = store.new_file()
    card.write_bytes(b"card")
    job = store.add_job("{}", [], Upload(card, "card.png", 4))
    store.close()
    store = Store(tmp_path)
    assert store.job_reference(job) == Upload(card, "card.png", 4)
    assert card.exists()
    assert store.stored_bytes() == 11
    store.close()
