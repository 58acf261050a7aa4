"""The addresses of the page: one upload, many looks."""

from __future__ import annotations

import base64
import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from serving_pictures import MODEL, grey_picture, pixels, upload

import photochrom
from photochrom.color import rgb_to_lab

TINY = {"model": MODEL}
NONE = "0" * 32


def test_an_upload_is_told_of_and_removed(client):
    colour = np.full((20, 30, 3), (200, 40, 40), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(colour).save(buffer, "PNG")
    sent = {"file": ("../up/red.png", buffer.getvalue())}
    told = client.post("/api/pictures", files=sent).json()
    assert {key: value for key, value in told.items() if key != "id"} == {
        "name": "red.png", "width": 30, "height": 20, "format": "png", "depth": 8,
        "was_colour": True,
    }  # fmt: skip
    address = f"/api/pictures/{told['id']}"
    assert client.get(address).json() == told
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == client.delete(address).status_code == 404


def test_grey_and_preview_have_the_same_size_and_lightness(client):
    picture = upload(client, grey_picture(size=(400, 300)))
    grey = pixels(client.get(f"/api/pictures/{picture}/grey", params={"side": 200}).content)
    response = client.post(f"/api/pictures/{picture}/preview?side=200", json=TINY)
    coloured = pixels(response.content)
    assert grey.shape[:2] == coloured.shape[:2] == (150, 200)
    grey3 = grey if grey.ndim == 3 else grey[..., None].repeat(3, -1)
    difference = rgb_to_lab(grey3)[..., 0] - rgb_to_lab(coloured)[..., 0]
    assert np.abs(difference).mean() < 1
    assert float(response.headers["x-photochrom-mean-chroma"]) > 5
    assert response.headers["x-photochrom-nearly-grey"] == "false"
    full = pixels(client.get(f"/api/pictures/{picture}/grey?side=0").content)
    assert full.shape[:2] == (300, 400)
    # never larger than the picture itself
    assert pixels(client.get(f"/api/pictures/{picture}/grey").content).shape[:2] == (300, 400)


def test_a_preview_looks_like_the_result(client):
    picture = upload(client, grey_picture(size=(200, 150), kind="PNG"))
    preview = pixels(client.post(f"/api/pictures/{picture}/preview?side=0", json=TINY).content)
    result = pixels(client.post(f"/api/pictures/{picture}/result", json=TINY).content)
    assert np.abs(preview.astype(int) - result).mean() < 3


def test_the_network_sees_a_picture_once(client, monkeypatch):
    picture = upload(client)
    count = 0
    see = photochrom.Colorizer.see

    def counted(*arguments, **options):
        nonlocal count
        count += 1
        return see(*arguments, **options)

    monkeypatch.setattr(photochrom.Colorizer, "see", counted)
    for options in ({}, {"vividness": 0.9}, {"saturation": 0.5}, {"hue_guard": ["violet"]}):
        address = f"/api/pictures/{picture}/preview?side=64"
        assert client.post(address, json={**TINY, **options}).status_code == 200
    assert client.post(f"/api/pictures/{picture}/result", json=TINY).status_code == 200
    assert count == 1
    assert client.post(address, json={**TINY, "size": 32}).status_code == 200
    assert count == 2


def test_a_result_is_that_of_a_single_request(client):
    picture = upload(client, name="one.jpg")
    options = {**TINY, "vividness": 0.8, "hue_guard": ["green:0.5"], "format": "png"}
    kept = client.post(f"/api/pictures/{picture}/result", json=options)
    sent = {"file": ("one.jpg", grey_picture())}
    single = client.post("/api/colorize", files=sent, data=options)
    assert kept.content == single.content
    for name in ("content-disposition", "content-type", "x-photochrom-mean-chroma"):
        assert kept.headers[name] == single.headers[name]


def test_variants_are_those_of_the_library(client):
    picture = upload(client, grey_picture(kind="PNG"))
    response = client.post(f"/api/pictures/{picture}/variants?side=96&count=3", json=TINY)
    variants = response.json()["variants"]
    assert [variant["variant"] for variant in variants] == [0, 1, 2]
    expected = photochrom.Colorizer(MODEL).variants(grey_picture(kind="PNG"), 3)
    for variant, result in zip(variants, expected, strict=True):
        kind, _, data = variant["image"].partition(",")
        assert kind == "data:image/jpeg;base64"
        shown = pixels(base64.b64decode(data)).astype(int)
        assert np.abs(shown - result.to_array()).mean() < 3


def test_confidence_lies_over_the_preview_and_marks_what_is_unsure(client):
    picture = upload(client, grey_picture(size=(120, 80)))
    response = client.post(f"/api/pictures/{picture}/confidence?side=100")
    overlay = pixels(response.content)
    assert overlay.shape == (67, 100, 4)
    share = float(response.headers["x-photochrom-unsure-share"])
    assert abs((overlay[..., 3] > 0).mean() - share) < 0.05
    spots = [{"x": x, "y": 0.5, "radius": 0.5, "color": "#704030"} for x in (0.2, 0.5, 0.8)]
    hinted = client.post(f"/api/pictures/{picture}/confidence", json={"hints": spots})
    assert float(hinted.headers["x-photochrom-unsure-share"]) < 0.01  # who said it is certain
    refused = client.post(f"/api/pictures/{picture}/confidence", json=TINY)
    assert refused.status_code == 422
    assert "cannot say how sure it is" in refused.json()["detail"]


def test_suggestions_are_the_likely_colours_of_a_spot(client):
    picture = upload(client)
    address = f"/api/pictures/{picture}/suggestions"
    colors = client.post(address, json={**TINY, "x": 0.5, "y": 0.5}).json()["colors"]
    shares = [one["share"] for one in colors]
    assert 1 <= len(colors) <= 8
    assert shares == sorted(shares, reverse=True)
    assert 0.5 < sum(shares) <= 1.0001
    assert len({one["color"] for one in colors}) == len(colors)
    preview = pixels(client.post(f"/api/pictures/{picture}/preview?side=0", json=TINY).content)
    lightness = rgb_to_lab(preview[32, 48])[0]
    for one in colors:
        rgb = np.array([int(one["color"][i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        assert abs(rgb_to_lab(rgb)[0] - lightness) < 6
    assert client.post(address, json=TINY).status_code == 422
    assert client.post(address, json={**TINY, "x": 1.5, "y": 0.5}).status_code == 422


def test_a_hint_colours_its_spot_in_preview_and_result_alike(client):
    picture = upload(client, grey_picture(size=(200, 150), kind="PNG"))
    hint = {"x": 0.25, "y": 0.5, "radius": 0.05, "color": "#2040c0"}
    plain, hinted = (
        client.post(f"/api/pictures/{picture}/result", json={**TINY, "hints": hints}).content
        for hints in ([], [hint])
    )
    before, after = (rgb_to_lab(pixels(content))[75, 50, 1:] for content in (plain, hinted))
    wanted = rgb_to_lab(np.array([0x20, 0x40, 0xC0], np.uint8))[1:]
    direction = wanted / np.hypot(*wanted)
    assert after @ direction > before @ direction + 3
    sent = {"file": ("grey.png", grey_picture(size=(200, 150), kind="PNG"))}
    as_field = {**TINY, "hints": '[{"x": 0.25, "y": 0.5, "radius": 0.05, "color": "#2040c0"}]'}
    assert client.post("/api/colorize", files=sent, data=as_field).content == hinted
    wrong = {**TINY, "hints": [{"x": 2, "y": 0, "color": "#000000"}]}
    assert client.post(f"/api/pictures/{picture}/preview", json=wrong).status_code == 422


def test_a_zip_holds_every_result_under_a_name_of_its_own(client):
    pictures = [upload(client, grey_picture(number), "same.jpg") for number in range(3)]
    wanted = [{"id": picture, "options": TINY} for picture in pictures]
    response = client.post("/api/zip", json={"pictures": wanted})
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        names = ["same.color.jpg", "same.color (2).jpg", "same.color (3).jpg"]
        assert archive.namelist() == names
        for name, picture in zip(names, pictures, strict=True):
            alone = client.post(f"/api/pictures/{picture}/result", json=TINY)
            assert archive.read(name) == alone.content
    assert client.post("/api/zip", json={"pictures": []}).status_code == 422
    lost = {"pictures": [*wanted, {"id": NONE}]}
    assert client.post("/api/zip", json=lost).status_code == 404


@pytest.mark.parametrize("what", ["", "/grey", "/nothing"])
def test_what_is_not_there_is_not_found(client, what):
    for picture in (NONE, "..%2f..%2fetc", "1", f"{NONE}0"):
        response = client.get(f"/api/pictures/{picture}{what}")
        assert response.status_code in (404, 422)
        assert "detail" in response.json()


@pytest.mark.parametrize("side", [-1, 1, 15, 8193, 10**9])
def test_a_side_that_no_picture_should_have_is_refused(client, side):
    picture = upload(client)
    assert client.get(f"/api/pictures/{picture}/grey?side={side}").status_code == 422


def test_a_size_that_would_take_too_much_memory_is_refused(client):
    picture = upload(client, grey_picture(size=(1400, 1400)))
    response = client.post(f"/api/pictures/{picture}/preview", json={**TINY, "size": 1300})
    assert response.status_code == 422
    assert "a smaller size, or a picture that is less long, would work" in response.json()["detail"]
