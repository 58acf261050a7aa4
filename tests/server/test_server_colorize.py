"""One picture in, one picture out."""

from __future__ import annotations

import numpy as np
import pytest
from serving_pictures import MODEL, grey_picture, open_client, pixels

import photochrom
from photochrom.color import rgb_to_lab
from photochrom.server.gate import HEADERS, Admission


def post(client, content=None, name="grey.jpg", **options):
    sent = {"file": (name, grey_picture() if content is None else content)}
    return client.post("/api/colorize", files=sent, data={"model": MODEL, **options})


def test_a_grey_picture_comes_back_in_colour(client):
    response = post(client)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["content-disposition"] == 'attachment; filename="grey.color.jpg"'
    assert response.headers["x-photochrom-model"] == "tiny"
    assert response.headers["x-photochrom-nearly-grey"] == "false"
    lab = rgb_to_lab(pixels(response.content))
    chroma = np.hypot(lab[..., 1], lab[..., 2]).mean()
    assert abs(chroma - float(response.headers["x-photochrom-mean-chroma"])) < 3
    before = rgb_to_lab(pixels(grey_picture())[..., None].repeat(3, -1))
    assert np.abs(lab[..., 0] - before[..., 0]).mean() < 0.5


def test_a_body_and_a_form_mean_the_same(client):
    form = post(client, vividness="0.8", format="png")
    body = client.post(
        "/api/colorize",
        params={"model": MODEL, "vividness": 0.8, "format": "png", "name": "grey.jpg"},
        content=grey_picture(),
        headers={"content-type": "image/jpeg"},
    )
    assert body.status_code == 200
    assert body.content == form.content
    assert body.headers["content-disposition"] == form.headers["content-disposition"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_picture_keeps_its_format(client, kind):
    response = post(client, grey_picture(kind=kind), f"grey.{kind.lower()}")
    assert response.headers["content-type"] == f"image/{kind.lower()}"


def test_names_of_any_language_come_back(client):
    response = post(client, name="Großmutter 写真.jpg")
    said = response.headers["content-disposition"]
    assert 'filename="Gro_mutter __.color.jpg"' in said
    assert "filename*=UTF-8''Gro%C3%9Fmutter%20%E5%86%99%E7%9C%9F.color.jpg" in said


def test_nothing_is_left_of_a_picture_that_is_not_kept(client):
    assert post(client).status_code == 200
    assert post(client, b"no picture").status_code == 415
    assert post(client, vividness="7").status_code == 422
    assert list(client.service.store.files.iterdir()) == []


def test_a_variant_is_the_same_one_as_the_librarys(client):
    response = post(client, variant="2", variants="3", seed="5", format="png")
    options = photochrom.ColorizeOptions(seed=5)
    colorizer = photochrom.Colorizer(MODEL)
    expected = colorizer.variants(grey_picture(), 3, options)[2]
    assert np.array_equal(pixels(response.content), expected.to_array())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"vividness": "2"}, "vividness is '2': input should be less than or equal to 1"),
        ({"vividness": "bold"}, "vividness is 'bold': input should be a valid number"),
        ({"vivid": "1"}, "no option 'vivid'; there are model, size, vividness"),
        ({"hue_guard": "mauve"}, "hue guard 'mauve'"),
        ({"hints": "{}"}, "hints: JSON, but not a list"),
        ({"hints": "[1]"}, "hints.0 is 1: input should be a valid dictionary"),
        ({"variant": "3", "variants": "3"}, "variant is 3; of 3 variants it must be 0 to 2"),
        ({"model": "nonsense"}, "model: none is called 'nonsense'"),
        ({"model": "/etc/passwd"}, "model: none is called"),
        ({"format": "bmp"}, "format is 'bmp'"),
        ({"size": "31"}, "size is '31'"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line(client, options, said):
    response = post(client, **options)
    assert response.status_code == 422
    detail = response.json()["detail"]
    assert said in detail
    assert "\n" not in detail


def test_several_files_or_none_are_refused(client):
    two = [("file", ("a.jpg", grey_picture())), ("file", ("b.jpg", grey_picture()))]
    assert client.post("/api/colorize", files=two).status_code == 413
    none = client.post("/api/colorize", files={"vividness": (None, "1")})
    assert none.status_code == 422
    assert "'file'" in none.json()["detail"]
    elsewhere = client.post("/api/colorize", files={"photo": ("a.jpg", grey_picture())})
    assert elsewhere.status_code == 422


def test_the_models_and_limits_are_told(client):
    models = {model["name"]: model for model in client.get("/api/models").json()}
    assert models["auto"]["default"]
    assert models["tiny"]["variants"]
    assert not models["tiny"]["confidence"]
    limits = client.get("/api/limits").json()
    assert limits["bytes"] == client.service.limits.bytes
    assert "jpeg" in limits["formats"]
    assert "svg" not in limits["formats"]
    assert client.get("/healthz").json() == {"status": "ok", "version": photochrom.__version__}


@pytest.mark.parametrize("address", ["/healthz", "/api/models", "/nothing", "/openapi.json"])
def test_every_answer_carries_the_headers_that_protect(client, address):
    headers = client.get(address).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "unsafe" not in headers["content-security-policy"]
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers


def test_a_token_is_asked_for_where_there_is_one(tmp_path):
    with open_client(tmp_path / "own", admission=Admission(token="secret")) as client:
        refused = client.get("/api/limits")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        for wrong in ("Bearer wrong", "Basic secret", "secret", "Bearer sécret"):
            headers = {"authorization": wrong.encode()}
            assert client.get("/api/limits", headers=headers).status_code == 401
        right = {"authorization": "Bearer secret"}
        assert client.get("/api/limits", headers=right).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_a_page_from_elsewhere_is_refused(client):
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"},
                    {"sec-fetch-site": "cross-site"}):  # fmt: skip
        response = client.post("/api/colorize", content=grey_picture(), headers=headers)
        assert response.status_code == 403
    own = {"origin": f"http://127.0.0.1:{client.port}", "content-type": "image/jpeg"}
    response = client.post("/api/colorize?model=tiny", content=grey_picture(), headers=own)
    assert response.status_code == 200


def test_a_name_that_is_not_this_machines_is_refused(tmp_path):
    admission = Admission(hosts={"localhost", "127.0.0.1", "::1"})
    with open_client(tmp_path / "own", admission=admission) as client:
        for host in ("evil.example", "localhost.evil.example", "[::2]:8765", "[", ""):
            assert client.get("/", headers={"host": host}).status_code == 421
        for host in ("localhost", "127.0.0.1:8765", "[::1]:8765"):
            assert client.get("/healthz", headers={"host": host}).status_code == 200
