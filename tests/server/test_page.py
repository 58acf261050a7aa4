"""From the photograph to the file, in a real browser, with the real service and model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from chromium import Chromium, distance
from PIL import Image
from serving_pictures import open_client

from photochrom.colorizer import Colorizer
from photochrom.hints import hints_from_json
from photochrom.options import ColorizeOptions

PHOTO = Path(__file__).parents[2] / "examples" / "photos" / "camera.jpg"
SKY, LAWN = (0.75, 0.15), (0.8, 0.85)


class Saved(NamedTuple):
    """What the browser saved: hints, the picture with them, and one of other options."""

    hints: bytes
    steered: bytes
    vivid: bytes


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A man with a camera on a lawn, small, so that the model is quick."""
    path = tmp_path_factory.mktemp("photos") / "camera.png"
    with Image.open(PHOTO) as image:
        image.resize((256, 256)).save(path)
    return path


@pytest.mark.parametrize("width", [390, 1440])
def test_a_photograph_is_colored_steered_and_saved_as_the_command_line_does(
    chromium: Chromium, photo: Path, tmp_path: Path, width: int
):
    async def work(address: str) -> Saved:
        async with chromium.visit(address, width=width) as visit:
            await visit.choose(photo)
            assert await visit.page.get_attribute("#divider", "aria-valuenow") == "50"
            await visit.page.focus("#divider")
            await visit.press("Home")
            assert await visit.page.get_attribute("#divider", "aria-valuenow") == "0"
            sky, lawn = await visit.color(*SKY), await visit.color(*LAWN)
            assert sky[2] - sky[0] > 20, "the sky is not blue"
            await visit.press("h")
            await visit.click(*SKY)
            await visit.page.wait_for_selector(".swatch-button")
            await visit.page.fill("#hint-hex", "#c86450")
            await visit.press("Enter")
            await visit.ready()
            assert distance(await visit.color(*SKY), sky) > 40
            assert distance(await visit.color(SKY[0] - 0.15, SKY[1] - 0.1), sky) > 30, "no spread"
            assert distance(await visit.color(*LAWN), lawn) < 8, "the lawn has changed, too"
            _, hints = await visit.download(visit.page.click("#hints-save"))
            _, steered = await visit.download(visit.page.click("#download"))
            await visit.page.click("#hints-erase")
            await visit.press("l")
            await visit.page.focus("#vividness")
            await visit.press("End")
            await visit.press("c")
            await visit.page.click('#presets button:text("green")')
            await visit.ready()
            _, vivid = await visit.download(visit.press("d"))
            return Saved(hints, steered, vivid)

    with open_client(tmp_path / "data") as client:
        saved = chromium.do(work(f"http://127.0.0.1:{client.port}/"))
    hints = hints_from_json(json.loads(saved.hints))
    assert [hint.color for hint in hints] == ["#c86450"]
    steered = Colorizer().colorize(photo, ColorizeOptions(hints=hints))
    assert saved.steered == steered.to_bytes()
    command = ["colorize", photo, "--vividness", 1, "--hue-guard", "green", "--output", tmp_path]
    subprocess.run([sys.executable, "-m", "photochrom", *map(str, command)], check=True)
    assert saved.vivid == (tmp_path / photo.name).read_bytes()


def test_variants_doubt_and_suggestions_are_the_models_own(
    chromium: Chromium, photo: Path, tmp_path: Path
):
    async def look(address: str) -> None:
        async with chromium.visit(address) as visit:
            await visit.choose(photo)
            plain = await visit.color(*LAWN)
            await visit.press("v")
            await visit.page.wait_for_selector("#variants button >> nth=4")
            await visit.page.click('[aria-label="Variant 2"]')
            await visit.ready()
            assert distance(await visit.color(*LAWN), plain) > 0
            await visit.page.click('[aria-label="Variant 1, most likely"]')
            await visit.ready()
            assert distance(await visit.color(*LAWN), plain) == 0
            await visit.press("u")
            await visit.page.click("#doubt")
            await visit.page.wait_for_selector('#doubt-words:has-text("of the photograph")')
            await visit.press("h")
            await visit.click(*SKY)
            first = visit.page.locator(".swatch-button >> nth=0")
            code = (await first.get_attribute("data-color")).removeprefix("#")
            red, _, blue = bytes.fromhex(code)
            assert blue > red, "the likeliest colour of a sky is not blue"

    with open_client(tmp_path / "data") as client:
        chromium.do(look(f"http://127.0.0.1:{client.port}/"))
