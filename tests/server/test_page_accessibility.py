"""The page can be read, touched and heard: at phone and desktop width, light and dark."""

from __future__ import annotations

import pytest
from chromium import Chromium, Visit
from page_audit import check_accessibility
from served_fake import Fake


async def look_everywhere(visit: Visit, fake: Fake) -> None:
    """Checks every state of the page."""
    page = visit.page
    await check_accessibility(page)
    await visit.choose(*fake.photos)
    await page.wait_for_selector('.frame[aria-label="second.jpg: Ready"]')
    await check_accessibility(page)
    await visit.press("h")
    await visit.click(0.4, 0.5)
    await page.click(".swatch-button")
    await visit.ready()
    await check_accessibility(page)
    await visit.press("c")
    await page.click("#presets button")
    await visit.ready()
    await check_accessibility(page)
    await visit.press("v")
    await page.wait_for_selector("#variants button")
    await check_accessibility(page)
    await visit.press("u")
    await page.click("#doubt")
    await page.wait_for_selector("#doubt-words:not(:empty)")
    fake.asked.refuse.append((422, "this is a problem in words"))
    await visit.press("l")
    await page.focus("#saturation")
    await visit.press("Home")
    await page.wait_for_selector(".problem")
    await check_accessibility(page)
    for button in ("#help", "#download-more"):
        await page.click(button)
        await check_accessibility(page)
        await visit.press("Escape")


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")]
)
def test_all_texts_can_be_read_and_all_controls_be_named_and_touched(
    chromium: Chromium, fake: Fake, width: int, scheme: str
):
    async def look() -> None:
        async with chromium.visit(fake.address, width=width, scheme=scheme) as visit:
            await look_everywhere(visit, fake)

    chromium.do(look())


def test_motion_is_reduced_where_that_is_asked(chromium: Chromium, fake: Fake):
    longest = """
    () => Math.max(...document.getAnimations().map((one) => {
      const { duration, iterations } = one.effect.getComputedTiming();
      return duration * iterations;
    }), 0)
    """

    async def look() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            assert await visit.page.evaluate(longest) < 1  # milliseconds

    chromium.do(look())
