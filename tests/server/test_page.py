"""From the photograph to the file, in a real browser, with the real service and model."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from chromium import Chromium, Visit, distance
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


@pytest.fixture(scope="module")
def card(photo: Path) -> Path:
    """The same scene at evening: a violet sky over a yellow lawn."""
    light = np.asarray(Image.open(photo).convert("L"), np.float32)[..., None]
    is_sky = (np.arange(256) < 150)[:, None, None]
    tint = np.where(is_sky, np.float32([50, -40, 60]), np.float32([40, 25, -50]))
    path = photo.parent / "evening.png"
    Image.fromarray((light + tint).clip(0, 255).astype(np.uint8)).save(path)
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


@pytest.mark.parametrize("width", [390, 1440])
def test_colors_of_another_picture_are_taken_and_kept_in_every_download(
    chromium: Chromium, photo: Path, card: Path, tmp_path: Path, width: int
):
    other = tmp_path / "other.png"
    other.write_bytes(photo.read_bytes())

    async def work(address: str) -> tuple[bytes, bytes]:
        async with chromium.visit(address, width=width) as visit:
            await visit.choose(photo, other)
            await visit.page.wait_for_selector('.frame[aria-label="other.png: Ready"]')
            sky = await visit.color(*SKY)
            await visit.press("h")
            await visit.page.set_input_files("#reference-file", card)
            await visit.page.wait_for_selector('.chosen:has-text("evening.png") img')

            async def is_violet() -> bool:
                red, green, _ = await visit.color(*SKY)
                return bool(red - green > sky[0] - sky[1] + 20)

            await visit.until(is_violet)
            await visit.ready()
            _, single = await visit.download(visit.page.click("#download"))
            await visit.page.click("#download-more")
            _, both = await visit.download(visit.page.click("#download-zip"))
            await visit.page.click("#reference-remove")
            await visit.until(lambda: is_as(visit, sky))
            return single, both

    async def is_as(visit: Visit, color: np.ndarray) -> bool:
        return distance(await visit.color(*SKY), color) < 2

    with open_client(tmp_path / "data") as client:
        single, both = chromium.do(work(f"http://127.0.0.1:{client.port}/"))
    colorizer = Colorizer()
    referring = colorizer.colorize(photo, ColorizeOptions(reference=card)).to_bytes()
    assert single == referring
    with zipfile.ZipFile(io.BytesIO(both)) as archive:
        assert archive.read("camera.color.png") == referring
        assert archive.read("other.color.png") == colorizer.colorize(other).to_bytes()


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
