"""The page in a real browser, before a service of cheap made pictures."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import numpy as np
import pytest
from chromium import Chromium, distance
from served_fake import Fake

from photochrom.color import rgb_to_lab
from photochrom.hue_guard import PRESETS


@pytest.mark.parametrize("width", [390, 1440])
def test_the_divider_follows_mouse_touch_and_keys(chromium: Chromium, fake: Fake, width: int):
    async def drag() -> None:
        async with chromium.visit(fake.address, width=width) as visit:
            await visit.choose(fake.photos[0])

            async def stands(*percents: int) -> None:
                values = [f'[aria-valuenow="{percent}"]' for percent in percents]
                await visit.page.wait_for_selector(f"#divider:is({','.join(values)})")

            await stands(50)
            start, end = await visit.point(0.5, 0.5), await visit.point(0.8, 0.5)
            if width < 600:
                touch = await visit.page.context.new_cdp_session(visit.page)
                for kind, spot in (("Start", start), ("Move", end)):
                    points = [{"x": spot[0], "y": spot[1]}]
                    event = {"type": f"touch{kind}", "touchPoints": points}
                    await touch.send("Input.dispatchTouchEvent", event)
                event = {"type": "touchEnd", "touchPoints": []}
                await touch.send("Input.dispatchTouchEvent", event)
            else:
                await visit.page.mouse.move(*start)
                await visit.page.mouse.down()
                await visit.page.mouse.move(*end, steps=3)
                await visit.page.mouse.up()
            await stands(79, 80, 81)
            await visit.page.focus("#divider")
            await visit.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
            await stands(73, 74, 75)
            await visit.press("Home")
            await stands(0)
            await visit.press("End")
            await stands(100)
            clip = await visit.page.evaluate(
                '() => document.getElementById("layer-color").style.clipPath'
            )
            assert clip == "inset(0px 0px 0px 100%)"

    chromium.do(drag())


def test_zooming_by_keys_wheel_and_buttons(chromium: Chromium, fake: Fake):
    async def zoom() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])

            async def width() -> float:
                return (await visit.page.locator("#sheet").bounding_box())["width"]

            async def shows(zoom: str) -> None:
                await visit.page.wait_for_selector(f'#zoom-full:text-is("{zoom}")')

            whole, fitted = await width(), await visit.text("#zoom-full")
            await visit.press("1")
            await shows("100 %")
            assert await width() == pytest.approx(480)
            await visit.press("0")
            await shows(fitted)
            before = await visit.point(0.4, 0.5)
            await visit.page.mouse.move(*before)
            await visit.page.mouse.wheel(0, -600)
            await visit.page.wait_for_selector(f'#zoom-full:not(:text-is("{fitted}"))')
            assert np.allclose(await visit.point(0.4, 0.5), before, atol=2), "not under the mouse"
            await visit.page.focus("#stage")
            left = (await visit.point(0, 0))[0]
            await visit.press("ArrowRight")

            async def has_moved() -> bool:
                return (await visit.point(0, 0))[0] == pytest.approx(left - 60, abs=1)

            await visit.until(has_moved)
            await visit.press("0")
            await shows(fitted)
            assert await width() == pytest.approx(whole)
            await visit.page.click("#zoom-in")
            await visit.settle()
            assert await width() == pytest.approx(1.25 * whole, rel=0.01)

    chromium.do(zoom())


def test_a_cast_goes_away_by_its_name_or_its_spot(chromium: Chromium, fake: Fake):
    async def damp() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            await visit.press("c")
            await visit.page.click('#presets button:text("violet")')
            await visit.ready()
            await visit.until(lambda: fake.asked.previews[-1].get("hue_guard") == ["285-335:0.30"])
            await visit.click(0.98, 0.5)  # blue, here
            await visit.ready()
            await visit.page.focus("#cast-1")
            await visit.press("End")
            await visit.ready()
            await visit.until(lambda: fake.asked.previews[-1]["hue_guard"][-1].endswith(":0.00"))
            low, high = fake.asked.previews[-1]["hue_guard"][1].removesuffix(":0.00").split("-")
            assert 230 < int(low) < 280 and int(high) - int(low) in (49, 50, 51)

    chromium.do(damp())


def test_variants_doubt_and_models(chromium: Chromium, fake: Fake):
    async def choose() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            await visit.press("u")
            await visit.page.click("#doubt")
            await visit.page.wait_for_selector('#doubt-words:text("in 25 % of the photograph")')
            assert await visit.page.is_visible("#layer-doubt")
            await visit.press("v")
            await visit.page.click('[aria-label="Variant 3"]')
            await visit.ready()
            await visit.until(lambda: fake.asked.previews[-1] == {"variant": 2, "variants": 5})
            await visit.press("l")
            await visit.page.select_option("#model", "plain")
            await visit.ready()
            await visit.until(lambda: fake.asked.previews[-1].get("model") == "plain")
            await visit.press("u")
            await visit.page.wait_for_selector('#doubt-words:has-text("cannot say how sure")')

    chromium.do(choose())


# one movement of the slider over ten positions, faster than any machine could colour
SWIPE = """
() => {
  const slider = document.querySelector("#saturation");
  for (let step = 1; step <= 10; step += 1) {
    slider.value = 1 - step / 20;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
"""


def test_the_last_position_of_a_slider_wins_and_a_grey_result_is_told(
    chromium: Chromium, fake: Fake
):
    async def slide() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            count = len(fake.asked.previews)
            await visit.page.evaluate(SWIPE)
            await visit.ready()
            assert fake.asked.previews[count:] == [{"saturation": 0.5}]
            await visit.page.focus("#saturation")
            await visit.press(*["ArrowLeft"] * 10)
            await visit.ready()
            assert fake.asked.previews[-1] == {"saturation": 0}
            assert "Nearly grey" in await visit.text("#note")
            await visit.page.click("#look-reset")
            await visit.ready()
            assert fake.asked.previews[-1] == {}
            assert await visit.text("#note") == ""

    chromium.do(slide())


def test_a_late_picture_of_older_options_never_passes_for_the_newest(
    chromium: Chromium, fake: Fake
):
    async def overtake() -> None:
        from playwright.async_api import Error

        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            plain = await visit.color(0.3, 0.5)
            arrived, released = asyncio.Event(), asyncio.Event()

            async def hold(route: Any) -> None:
                arrived.set()
                await released.wait()
                with contextlib.suppress(Error):  # the page has given it up
                    await route.continue_()

            await visit.page.route("**/preview?*", hold, times=1)
            await visit.page.focus("#saturation")
            await visit.press("Home")
            await arrived.wait()
            await visit.page.click("#look-reset")
            released.set()
            await visit.ready()
            assert distance(await visit.color(0.3, 0.5), plain) < 2

    chromium.do(overtake())


# hue and chroma by the page's own functions
HUES = """
async (colors) => {
  const { hueAndChroma, labToHex, rgbToHex, rgbToLab } = await import("/static/color.js");
  const { PRESETS } = await import("/static/casts.js");
  const labs = colors.map(rgbToLab);
  const back = labs.map(labToHex);
  return { hues: labs.map(hueAndChroma), same: colors.every((c, i) => rgbToHex(c) === back[i]),
    presets: PRESETS };
}
"""


def test_the_page_knows_the_hues_of_the_package(chromium: Chromium, fake: Fake):
    colors = np.random.default_rng(0).integers(0, 256, (40, 3))
    lab = rgb_to_lab(colors[None] / 255)[0]

    async def ask() -> dict:
        async with chromium.visit(fake.address) as visit:
            return await visit.page.evaluate(HUES, colors.tolist())

    found = chromium.do(ask())
    assert found["same"]
    assert found["presets"] == {name: list(ends) for name, ends in PRESETS.items()}
    for (_, a, b), told in zip(lab, found["hues"], strict=True):
        assert told["chroma"] == pytest.approx(np.hypot(a, b), abs=0.05)
        assert np.hypot(a, b) < 2 or told["hue"] == pytest.approx(
            np.degrees(np.arctan2(b, a)) % 360, abs=0.5
        )


def test_two_fingers_zoom(chromium: Chromium, fake: Fake):
    async def pinch() -> None:
        async with chromium.visit(fake.address, width=390) as visit:
            await visit.choose(fake.photos[0])
            before = (await visit.page.locator("#sheet").bounding_box())["width"]
            fingers = await visit.page.context.new_cdp_session(visit.page)
            x, y = await visit.point(0.3, 0.3)
            for kind, apart in (("Start", 40), ("Move", 60), ("Move", 80)):
                points = [{"x": x, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
                event = {"type": f"touch{kind}", "touchPoints": points}
                await fingers.send("Input.dispatchTouchEvent", event)
            await fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

            async def is_twice_as_large() -> bool:
                now = (await visit.page.locator("#sheet").bounding_box())["width"]
                return now == pytest.approx(2 * before, rel=0.02)

            await visit.until(is_twice_as_large)

    chromium.do(pinch())
