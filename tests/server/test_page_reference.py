"""A reference picture on the page, before a service of cheap made pictures."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from chromium import Chromium, Visit, distance
from page_audit import check_accessibility
from PIL import Image
from served_fake import Fake

# drops a file on a part of the page
DROP = """
async ([selector, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true });
    document.querySelector(selector).dispatchEvent(event);
  }
}
"""


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A picture in colour."""
    path = tmp_path / "postcard.png"
    Image.new("RGB", (60, 40), "#2f7d4f").save(path)
    return path


def referred(fake: Fake) -> str | None:
    """The reference that the page has sent last."""
    return fake.asked.previews[-1].get("reference")


async def choose_reference(visit: Visit, *files: Path) -> None:
    await visit.page.set_input_files("#reference-file", files)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_reference_is_chosen_undone_redone_and_removed(
    chromium: Chromium, fake: Fake, card: Path, width: int
):
    async def refer() -> None:
        async with chromium.visit(fake.address, width=width) as visit:
            page = visit.page
            await visit.choose(fake.photos[0])
            plain = await visit.color(0.4, 0.5)
            await page.click("#tab-hints")
            await page.wait_for_selector('#reference-choose:text("Take colours from a picture")')
            await choose_reference(visit, card)
            await page.wait_for_selector('.chosen:has-text("postcard.png") img')
            await visit.until(lambda: referred(fake) == "p1")
            await visit.ready()
            assert distance(await visit.color(0.4, 0.5), plain) > 40
            await check_accessibility(page)
            await page.click("#undo")
            await page.wait_for_selector(".chosen", state="hidden")
            await visit.ready()
            await visit.until(lambda: referred(fake) is None)
            assert distance(await visit.color(0.4, 0.5), plain) < 2
            await page.click("#redo")
            await visit.ready()
            await visit.until(lambda: referred(fake) == "p1")
            await page.focus("#reference-remove")
            await visit.press("Enter")
            await visit.ready()
            await visit.until(lambda: referred(fake) is None)
            assert await page.locator("#reference-choose:focus").count() == 1
            await visit.press("Control+z")
            await visit.ready()
            await visit.until(lambda: referred(fake) == "p1")

    chromium.do(refer())


def test_a_reference_is_dropped_beside_the_hints_and_is_no_photograph(
    chromium: Chromium, fake: Fake, card: Path
):
    content = base64.b64encode(card.read_bytes()).decode()

    async def drop() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            await visit.press("h")
            await visit.page.evaluate(DROP, ["#reference-choose", content])
            await visit.page.wait_for_selector('.chosen:has-text("dropped.png")')
            await visit.ready()
            await visit.until(lambda: referred(fake) == "p1")
            assert await visit.page.locator("#strip li").count() == 1
            assert not await visit.page.is_visible("#dropping")
            await visit.page.evaluate(DROP, ["#stage", content])
            await visit.page.wait_for_selector("#strip li >> nth=1")

    chromium.do(drop())


def test_a_grey_reference_is_told_and_changes_nothing(chromium: Chromium, fake: Fake):
    async def refuse() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            await visit.press("h")
            before = len(fake.asked.previews)
            await choose_reference(visit, fake.photos[1])
            await visit.page.wait_for_selector('.problem:has-text("second.jpg: this picture is")')
            await visit.until(lambda: fake.asked.deleted == ["p1"])
            assert not await visit.page.is_visible(".chosen")
            assert len(fake.asked.previews) == before

    chromium.do(refuse())


def test_each_photograph_has_its_own_reference_which_is_sent_again_and_forgotten_with_it(
    chromium: Chromium, fake: Fake, card: Path
):
    async def lose() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(*fake.photos)
            await visit.page.wait_for_selector('#strip-words:text("2 of 2 coloured")')
            await visit.press("h")
            await choose_reference(visit, card)
            await visit.until(lambda: referred(fake) == "p2")
            await visit.press("n")
            await visit.ready()
            assert not await visit.page.is_visible(".chosen")
            await visit.press("p")
            await visit.ready()
            assert await visit.page.is_visible(".chosen")
            del fake.greys["p2"]
            await visit.press("l")
            await visit.page.focus("#vividness")
            await visit.press("End")
            await visit.until(lambda: referred(fake) in {"p3", "p4"})
            await visit.ready()
            assert sorted(fake.asked.uploads[3:]) == ["first.jpg", "postcard.png"]
            await visit.page.locator("#strip li:nth-child(1)").hover()
            await visit.page.click('[aria-label="Remove first.jpg"]')
            other = f"p{fake.asked.uploads.index(fake.photos[1].name)}"  # as they arrived
            await visit.until(lambda: set(fake.greys) == {other})

    chromium.do(lose())
