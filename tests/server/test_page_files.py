"""Photographs in and out of the page, and what it says when the service refuses."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from chromium import Chromium
from PIL import Image
from served_fake import Fake


def test_the_page_opens_with_its_promise_and_can_be_installed(chromium: Chromium, fake: Fake):
    async def look() -> None:
        async with chromium.visit(fake.address) as visit:
            words = await visit.page.inner_text("body")
            assert words.strip().startswith("Nothing leaves your machine")
            manifest = await (await visit.page.request.get("/manifest.webmanifest")).json()
            for icon in manifest["icons"]:
                answer = await visit.page.request.get(icon["src"])
                assert answer.status == 200
                if icon["type"] == "image/png":
                    with Image.open(io.BytesIO(await answer.body())) as image:
                        assert f"{image.width}x{image.height}" == icon["sizes"]

    chromium.do(look())


# makes a file of the example picture, and lets the page have it in a way of its own
DROP = """
async (way) => {
  const content = await (await fetch("/static/example.jpg")).blob();
  const carried = new DataTransfer();
  carried.items.add(new File([content], `${way}.jpg`, { type: "image/jpeg" }));
  if (way === "pasted") {
    const event = new ClipboardEvent("paste", { clipboardData: carried, bubbles: true });
    document.body.dispatchEvent(event);
    return;
  }
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
  }
}
"""


def test_photographs_are_chosen_dropped_pasted_and_taken_from_the_page(
    chromium: Chromium, fake: Fake
):
    async def bring() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.page.click("#example")
            await visit.ready()
            await visit.page.set_input_files("#files", fake.photos)
            await visit.page.evaluate(DROP, "dropped")
            await visit.page.evaluate(DROP, "pasted")
            await visit.page.wait_for_selector('#strip-words:text("5 of 5 coloured")')
            assert fake.asked.uploads[0] == "example.jpg"
            assert sorted(fake.asked.uploads[1:]) == [
                "dropped.jpg", "first.jpg", "pasted.jpg", "second.jpg",
            ]  # fmt: skip
            label = await visit.page.get_attribute("#strip li:nth-child(2) .frame", "aria-label")
            assert label == "first.jpg: Ready"
            await visit.page.locator("#strip li:nth-child(2)").hover()
            await visit.page.click('[aria-label="Remove first.jpg"]')
            await visit.page.wait_for_selector('#strip-words:text("4 of 4 coloured")')
        assert fake.asked.deleted[0] in {"p1", "p2"}

    chromium.do(bring())


def test_what_another_app_shares_comes_in(chromium: Chromium, fake: Fake):
    form = """
    async () => {
      await navigator.serviceWorker.ready;
      const form = document.createElement("form");
      Object.assign(form, { action: "/share", method: "post", enctype: "multipart/form-data" });
      const files = document.createElement("input");
      Object.assign(files, { type: "file", name: "photographs", id: "shared" });
      form.append(files);
      document.body.append(form);
    }
    """

    async def share() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.page.evaluate(form)
            await visit.page.set_input_files("#shared", fake.photos[0])
            await visit.page.evaluate('() => document.querySelector("form[action]").submit()')
            await visit.page.wait_for_selector('#facts:text("first.jpg")')
            await visit.ready()
            assert visit.page.url == fake.address

    chromium.do(share())


def test_refusals_are_told_and_a_busy_or_forgetful_server_is_asked_again(
    chromium: Chromium, fake: Fake, tmp_path: Path
):
    words = tmp_path / "words.jpg"
    words.write_text("no picture at all")

    async def meet() -> None:
        async with chromium.visit(fake.address) as visit:
            await visit.choose(fake.photos[0])
            fake.asked.refuse.append((422, "saturation is 9; it must lie in 0 to 3"))
            await visit.page.focus("#vividness")
            await visit.press("End")
            await visit.page.wait_for_selector('.problem:has-text("saturation is 9")')
            await visit.page.click('.problem button:text("Try again")')
            await visit.ready()
            fake.asked.refuse.append((503, "busy"))
            await visit.press("Home")
            await visit.page.wait_for_selector('.problem:has-text("busy")')
            await visit.ready()
            fake.greys.clear()
            await visit.press("End")
            await visit.ready()
            assert fake.asked.uploads == ["first.jpg", "first.jpg"]
            assert await visit.page.locator(".problem").count() == 0
            await visit.page.set_input_files("#files", words)
            await visit.page.wait_for_selector('.problem:has-text("words.jpg is not a picture")')

    chromium.do(meet())


def test_all_photographs_come_as_a_zip(chromium: Chromium, fake: Fake):
    async def fetch() -> None:
        async with chromium.visit(fake.address, width=390) as visit:
            await visit.choose(*fake.photos)
            await visit.page.wait_for_selector('.frame[aria-label="second.jpg: Ready"]')
            await visit.page.click("#download-more")
            name, content = await visit.download(visit.page.click("#download-zip"))
            assert name == "photochrom.zip"
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                assert sorted(archive.namelist()) == ["first.jpg", "second.jpg"]

    chromium.do(fetch())


def test_the_token_is_asked_for_once(chromium: Chromium, fake: Fake):
    async def enter() -> None:
        async with chromium.visit(fake.address) as visit:
            fake.asked.token = "open sesame"
            await visit.page.set_input_files("#files", fake.photos)
            await visit.page.fill("#token", fake.asked.token)
            await visit.press("Enter")
            await visit.page.wait_for_selector('#strip-words:text("2 of 2 coloured")')
            assert await visit.page.evaluate("() => Object.values(localStorage)") == []

    chromium.do(enter())
