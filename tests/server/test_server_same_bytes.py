"""Library, command line and service: the same bytes for the same options."""

from __future__ import annotations

from pathlib import Path

import pytest
from serving_pictures import MODEL, grey_picture

import photochrom
from photochrom.cli import main
from photochrom.hints import Hint
from photochrom.hue_guard import HueGuard
from photochrom.options import ColorizeOptions
from photochrom.photo import WriteOptions

CASES = {
    "plain": ({}, [], ColorizeOptions(), WriteOptions()),
    "steered": (
        {"vividness": "0.9", "saturation": "1.2", "size": "48", "hue_guard": "violet,280-320:0.2"},
        ["--vividness", "0.9", "--saturation", "1.2", "--size", "48",
         "--hue-guard", "violet", "--hue-guard", "280-320:0.2"],
        ColorizeOptions(
            vividness=0.9, saturation=1.2, size=48,
            hue_guards=(HueGuard.parse("violet"), HueGuard.parse("280-320:0.2")),
        ),
        WriteOptions(),
    ),
    "written": (
        {"format": "jpeg", "quality": "71", "strip": "true"},
        ["--format", "jpeg", "--quality", "71", "--strip"],
        ColorizeOptions(),
        WriteOptions("jpeg", 71, True),
    ),
    "hinted": (
        {"hints": '[{"x": 0.3, "y": 0.4, "color": "#2040c0"}]'},
        ["--hints", "hints.json"],
        ColorizeOptions(hints=(Hint(0.3, 0.4, "#2040c0"),)),
        WriteOptions(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("case", CASES)
def test_three_ways_give_the_same_bytes(client, tmp_path, monkeypatch, case, kind):
    fields, arguments, options, writing = CASES[case]
    content = grey_picture(3, (160, 120), kind)
    monkeypatch.chdir(tmp_path)
    Path("hints.json").write_text(
        f'{{"photochrom_hints": 1, "hints": {fields.get("hints", "[]")}}}'
    )
    source, target = Path(f"grey.{kind.lower()}"), Path("coloured")
    source.write_bytes(content)

    library = photochrom.Colorizer(MODEL).colorize(content, options).to_bytes(writing)

    command = ["colorize", str(source), "-o", f"{target}/", "--model", MODEL, *arguments]
    assert main(command) == 0
    (written,) = target.iterdir()

    sent = {"file": (source.name, content)}
    served = client.post("/api/colorize", files=sent, data={"model": MODEL, **fields})
    assert served.status_code == 200, served.text

    assert library == served.content
    assert written.read_bytes() == served.content


def test_the_default_model_gives_the_same_bytes_three_ways(client, tmp_path):
    content = grey_picture(5, (240, 160))
    source, target = tmp_path / "grey.jpg", tmp_path / "coloured.jpg"
    source.write_bytes(content)
    assert main(["colorize", str(source), "-o", str(target)]) == 0
    served = client.post("/api/colorize", files={"file": ("grey.jpg", content)})
    assert served.content == target.read_bytes()
    assert served.content == photochrom.Colorizer().colorize(content).to_bytes()
