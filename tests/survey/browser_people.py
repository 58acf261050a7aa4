"""Simulated participants in a real browser, and a server process that can be killed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import random
import socket
import subprocess
import sys
import time
from asyncio import create_task
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from photochrom.survey.design import SurveyDesign

AWAY = "The server cannot be reached"

# notes which pictures were really put on the page, and what the first of them looks like
WATCH = """
window.seen = [];
window.looks = {};
document.addEventListener("DOMContentLoaded", () => {
  const stage = document.getElementById("stage");
  new MutationObserver(() => {
    const images = [...stage.querySelectorAll("img")];
    if (!images.length) return;
    const trial = Number(document.body.dataset.trial);
    window.seen.push([trial, images.map((image) => image.src.split("/").pop().split("?")[0])]);
    if (Object.keys(window.looks).length) return;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [images[0].naturalWidth, images[0].naturalHeight];
    canvas.getContext("2d").drawImage(images[0], 0, 0);
    window.looks[images[0].src] = canvas.toDataURL();
  }).observe(stage, { childList: true });
});
"""


class ServerProcess:
    """`photochrom survey serve` on a port that stays the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/s/{self._folder.name}/"

    def start(self) -> None:
        command = [sys.executable, "-m", "photochrom", "survey", "serve", self._folder]
        self._process = subprocess.Popen([*map(str, command), "--port", str(self.port)])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self._process.poll() is None, "the server ended by itself"
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server does not listen")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@dataclass
class Person:
    """Takes part by keys, clicks or touch, and remembers what they did.

    Attributes:
        which: a number that decides how they behave.
        answers: by trial, "first" or "second" of the two buttons.
        token: what the page calls them.
        files: SHA-256 of each picture that the browser received, by name.
        seen: pictures that were put on the page, by trial.
        look: the address and the pixels of one picture as it was painted.
        page: where they are.
        mistakes: of the page's script.
    """

    which: int
    answers: dict[int, int] = field(default_factory=dict)
    token: str = ""
    files: dict[str, str] = field(default_factory=dict)
    seen: dict[int, list[str]] = field(default_factory=dict)
    look: tuple[str, np.ndarray] | None = None
    page: Any = None
    mistakes: list[Any] = field(default_factory=list)
    _receiving: list[asyncio.Task[None]] = field(default_factory=list)

    async def take_part(
        self, browser: Any, address: str, design: SurveyDesign, *, reload_at: int
    ) -> None:
        """From consent to thanks."""
        touch = self.which % 3 == 2
        size = {"width": 390, "height": 844} if touch else {"width": 1280, "height": 800}
        context = await browser.new_context(viewport=size, has_touch=touch)
        context.set_default_timeout(60_000)
        await context.add_init_script(WATCH)
        self.page = page = await context.new_page()
        page.on("pageerror", lambda error: self.mistakes.append(error))
        page.on("requestfinished", lambda r: self._receiving.append(create_task(self._keep(r))))
        await page.goto(address)
        await page.click('body[data-stage="consent"] #go')
        await page.click('body[data-stage="ready"] #go')
        behaviour = random.Random(self.which)
        for number in range(design.practice + design.trials):
            if number == design.practice:
                await page.click('body[data-stage="counts"] #go')
            asking = f'body[data-trial="{number}"][data-state="asking"]'
            await page.wait_for_selector(asking)
            if number == reload_at:
                await self._note(page)
                await page.reload()
                await page.wait_for_selector(asking)
            self.answers[number] = behaviour.randrange(2)
            await self._answer(page, self.answers[number], touch=touch)
            if number < design.practice:
                await page.wait_for_selector('body[data-state="feedback"]')
                await page.keyboard.press("Enter")
        await page.wait_for_selector('body[data-stage="thanks"]')
        await self._note(page)
        assert await page.text_content("#trouble") == ""
        assert self.mistakes == []
        await context.close()

    async def _answer(self, page: Any, index: int, *, touch: bool) -> None:
        button = ("#first", "#second")[index]
        if touch:
            await page.tap(button)
        elif self.which % 3 == 1:
            await page.click(button)
        else:
            await page.keyboard.press(("ArrowLeft", "ArrowRight")[index])

    async def _keep(self, request: Any) -> None:
        if "/pictures/" in request.url:
            try:
                content = await (await request.response()).body()
            except Exception as error:
                # a picture loaded ahead when the page was loaded again; it comes once more
                if "navigated away" not in str(error):
                    raise
                return
            name = request.url.split("/")[-1].split("?")[0]
            self.files[name] = hashlib.sha256(content).hexdigest()

    async def _note(self, page: Any) -> None:
        await asyncio.gather(*self._receiving)  # a page that is left has no bodies any more
        self._receiving.clear()
        kept = await page.evaluate("[window.seen, window.looks, Object.values(localStorage)]")
        for trial, names in kept[0]:
            assert self.seen.setdefault(trial, names) == names, "the pictures changed"
        for source, look in kept[1].items():
            with Image.open(io.BytesIO(base64.b64decode(look.split(",")[1]))) as image:
                self.look = source, np.asarray(image.convert("RGB"))
        self.token = json.loads(kept[2][0])["token"]


async def crash(server: ServerProcess, people: list[Person], votes: int) -> None:
    """Kills the server once so many votes were given; starts it once everybody is told."""
    while sum(len(person.answers) for person in people) < votes:
        await asyncio.sleep(0.05)
    await asyncio.to_thread(server.kill)
    for person in people:
        await person.page.wait_for_selector(f'#trouble:has-text("{AWAY}")')
    await asyncio.to_thread(server.start)
