"""One headless Chromium for all tests of the page, and what is done with it in each of them."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
UNCONFINED = ["--no-sandbox"]  # containers and root have no user namespaces
PATIENCE = 60
"""Seconds for a step of a test; on a machine that does little else it takes far less than one."""

READY = '#stage[data-state="ready"]'

Result = TypeVar("Result")

# the sRGB colour of the coloured picture at a spot of 0..1, mean of a few pixels
COLOR_AT = """
([x, y]) => {
  const image = document.querySelector("#layer-color img");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const [left, top] = [Math.round(x * canvas.width) - 2, Math.round(y * canvas.height) - 2];
  const { data } = context.getImageData(left, top, 5, 5);
  const sums = [0, 0, 0];
  data.forEach((value, index) => { if (index % 4 < 3) sums[index % 4] += value / 25; });
  return sums;
}
"""


TWO_FRAMES = "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"


class Chromium:
    """The browser, driven from a thread of its own, so that no test has to be asynchronous."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.do(self._launch())

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs a coroutine in the browser's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(5 * PATIENCE)

    def close(self) -> None:
        self.do(self._quit())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextlib.asynccontextmanager
    async def visit(
        self, address: str, *, width: int = 1440, scheme: str = "light"
    ) -> AsyncIterator[Visit]:
        """The page in a fresh browser profile, loaded; afterwards it must have made no mistake."""
        phone = width < 600
        context = await self._browser.new_context(
            viewport={"width": width, "height": 844 if phone else 900},
            color_scheme=scheme, has_touch=phone, base_url=address, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(1000 * PATIENCE)
        visit = Visit(await context.new_page(), address)
        context.on("request", lambda request: visit.requests.append(request.url))
        visit.page.on("pageerror", lambda error: visit.mistakes.append(str(error)))
        visit.page.on("console", visit.hear)
        try:
            await visit.page.goto(address)
            await visit.page.wait_for_selector('body[data-state="started"]')
            yield visit
            assert visit.mistakes == []
            assert visit.strangers == [], "a request left the origin"
        finally:
            await context.close()

    async def _launch(self) -> None:
        from playwright.async_api import async_playwright

        self._play = await async_playwright().start()
        self._browser = await self._play.chromium.launch(executable_path=CHROMIUM, args=UNCONFINED)

    async def _quit(self) -> None:
        await self._browser.close()
        await self._play.stop()


@dataclass
class Visit:
    """Somebody at the page."""

    page: Any
    address: str
    requests: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    @property
    def strangers(self) -> list[str]:
        """Requests to anywhere else; pictures in memory have addresses, too."""
        own = (self.address, f"blob:{self.address}", "data:")
        return [url for url in self.requests if not url.startswith(own)]

    def hear(self, message: Any) -> None:
        """Notes what the browser complains of; that the server refuses is for the tests to say."""
        if message.type == "error" and "the server responded with" not in message.text:
            self.mistakes.append(message.text)

    async def choose(self, *files: Path) -> None:
        """Chooses photographs and waits until the first is coloured."""
        await self.page.set_input_files("#files", files)
        await self.ready()

    async def ready(self) -> None:
        """Done once what was asked for last is on the stage."""
        await self.settle()
        await self.page.wait_for_selector(READY)

    async def settle(self) -> None:
        """Done once the page has taken all keys and touches: they may lie before it for a while."""
        await self.page.evaluate(TWO_FRAMES)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Waits for a condition, a function or a coroutine function, to hold."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = holds()
            if await answer if inspect.isawaitable(answer) else answer:
                return
            assert time.monotonic() < deadline, "it does not come true"
            await asyncio.sleep(0.03)

    async def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a spot of the photograph (0..1) is in the window."""
        box = await self.page.locator("#sheet").bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    async def click(self, x: float, y: float) -> None:
        """Clicks a spot of the photograph (0..1)."""
        await self.page.mouse.click(*await self.point(x, y))
        await self.settle()

    async def color(self, x: float, y: float) -> np.ndarray:
        """(3,) the sRGB colour, 0..255, shown at a spot of the photograph (0..1)."""
        return np.asarray(await self.page.evaluate(COLOR_AT, [x, y]))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)
        await self.settle()

    async def text(self, selector: str) -> str:
        return (await self.page.text_content(selector)) or ""

    async def download(self, do: Coroutine[Any, Any, None]) -> tuple[str, bytes]:
        """The name and the content of the file that doing something saves."""
        async with self.page.expect_download() as pending:
            await do
        got = await pending.value
        return got.suggested_filename, Path(await got.path()).read_bytes()


def distance(one: Sequence[float] | np.ndarray, other: Sequence[float] | np.ndarray) -> float:
    """How far two sRGB colours lie apart, 0..441."""
    return float(np.linalg.norm(np.asarray(one) - np.asarray(other)))
