"""Hints on the page, by mouse and by keyboard, before a service of cheap made pictures."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from chromium import Chromium, Visit, distance
from PIL import Image
from served_fake import Fake

SUGGESTED = "#a0522d"


async def hint(visit: Visit, x: float, y: float) -> None:
    """Places a hint of the likeliest colour by mouse."""
    await visit.click(x, y)
    await visit.page.click(f'[data-color="{SUGGESTED}"]')
    await visit.ready()


def colors(fake: Fake) -> list[str]:
    """Of the hints that the page has sent last."""
    return [hint["color"] for hint in fake.asked.previews[-1].get("hints", [])]


async def pins(visit: Visit, count: int) -> bool:
    return await visit.page.locator(".pin").count() == count


def test_hints_color_their_region_and_are_undone_saved_and_loaded(chromium: Chromium, fake: Fake):
    async def steer() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            await visit.press("h")
            plain, beside = await visit.color(0.3, 0.5), await visit.color(0.8, 0.5)
            await hint(visit, 0.3, 0.5)
            assert distance(await visit.color(0.3, 0.5), plain) > 40
            assert distance(await visit.color(0.8, 0.5), beside) < 2
            await hint(visit, 0.6, 0.5)
            name, content = await visit.download(visit.page.click("#hints-save"))
            saved = json.loads(content)
            assert name == "first.hints.json"
            assert saved["photochrom_hints"] == 1
            assert [each["color"] for each in saved["hints"]] == [SUGGESTED] * 2
            assert saved["hints"][0]["x"] == pytest.approx(0.3, abs=0.003)
            await visit.press("Control+z")
            await visit.until(lambda: pins(visit, 1))
            await visit.press("Control+Shift+z")
            await visit.until(lambda: pins(visit, 2))
            await visit.page.click("#hints-erase")
            await visit.ready()
            assert distance(await visit.color(0.3, 0.5), plain) < 2
            file = {"name": name, "mimeType": "application/json", "buffer": content}
            await visit.page.set_input_files("#hints-file", file)
            await visit.page.wait_for_selector(".pin >> nth=1")
            await visit.ready()
            await visit.until(lambda: fake.asked.previews[-1].get("hints") == saved["hints"])
            broken = {"name": "a.json", "mimeType": "application/json", "buffer": b"{}"}
            await visit.page.set_input_files("#hints-file", broken)
            assert "not a file of hints" in await visit.text(".problem p")

    chromium.do(steer())


def test_all_is_done_by_the_keyboard_alone(chromium: Chromium, fake: Fake):
    async def work() -> None:
        async with chromium.visit(fake.address) as visit:

            async def tab_to(selector: str) -> None:
                for _ in range(60):
                    await visit.press("Tab")
                    if await visit.page.locator(f"{selector}:focus").count():
                        return
                raise AssertionError(f"{selector} cannot be reached by Tab")

            await tab_to("#choose")
            # the browser's own dialog may be refused where another window has the focus
            await visit.page.evaluate(
                "document.querySelector('#files').addEventListener('click',"
                " (event) => { event.preventDefault(); document.body.dataset.asked = 'yes'; })"
            )
            await visit.press("Enter")
            await visit.page.wait_for_selector('body[data-asked="yes"]')
            await visit.page.set_input_files("#files", fake.photos[0])
            await visit.ready()
            await tab_to("#divider")
            await visit.press("End")
            await tab_to("#tab-look")
            await visit.press("ArrowRight", "ArrowRight")
            assert await visit.page.is_visible("#panel-hints")
            await tab_to("#stage")
            await visit.page.wait_for_selector("#crosshair")
            await visit.press("ArrowLeft", "ArrowLeft", "Shift+ArrowUp", "Enter")
            await visit.page.wait_for_selector(f'[data-color="{SUGGESTED}"]')
            await tab_to(f'[data-color="{SUGGESTED}"]')
            await visit.press("Enter")
            await visit.ready()
            await visit.until(lambda: colors(fake) == [SUGGESTED])
            placed = fake.asked.previews[-1]["hints"][0]
            assert placed["color"] == SUGGESTED
            assert placed["x"] < 0.5 and placed["y"] < 0.5
            await tab_to(".pin")
            await visit.press("ArrowDown")
            await visit.ready()
            await visit.until(lambda: fake.asked.previews[-1]["hints"][0]["y"] > placed["y"])
            _, content = await visit.download(visit.press("d"))
            with Image.open(io.BytesIO(content)) as image:
                assert image.size == (480, 320)
            assert fake.asked.results[-1] == fake.asked.previews[-1]
            await tab_to("#help")
            await visit.press("Enter")
            assert await visit.page.is_visible("#help-dialog")
            await visit.press("Escape")
            assert not await visit.page.is_visible("#help-dialog")

    chromium.do(work())


def test_a_hint_takes_its_color_from_another_picture(
    chromium: Chromium, fake: Fake, tmp_path: Path
):
    postcard = tmp_path / "postcard.png"
    Image.new("RGB", (60, 40), "#2f7d4f").save(postcard)

    async def take() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            await visit.press("h")
            await visit.click(0.3, 0.3)
            await visit.page.click("#hint-from")
            await visit.page.set_input_files("#dropper-file", postcard)
            await visit.page.wait_for_selector('#dropper-color:text("#2f7d4f")')
            await visit.page.click("#dropper-take")
            await visit.ready()
            await visit.until(lambda: colors(fake) == ["#2f7d4f"])
            await visit.page.fill("#hint-hex", "c00")
            await visit.press("Enter")
            await visit.ready()
            await visit.until(lambda: colors(fake) == ["#cc0000"])

    chromium.do(take())
