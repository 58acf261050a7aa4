"""People in a real browser: every vote they give is kept once, for the pictures they saw.

The server is killed and started again in the middle.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from browser_people import AWAY, Person, ServerProcess, crash
from coloured_pictures import save_coloured
from PIL import Image
from small_surveys import Copied

from photochrom.survey.create import create_survey
from photochrom.survey.design import SurveyDesign
from photochrom.survey.folder import PICTURES, Survey
from photochrom.survey.sources import open_sources
from photochrom.survey.votes import VoteStore

pytest.importorskip("uvicorn", reason="the web extra is not installed")
playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
UNCONFINED = ["--no-sandbox"]  # containers and root have no user namespaces


async def drive(survey: Survey, people: list[Person]) -> None:
    """Everybody takes part at the same time; the server is killed on the way."""
    trials = survey.design.practice + survey.design.trials
    server = ServerProcess(survey.folder)
    server.start()
    try:
        async with playwright.async_playwright() as play:
            browser = await play.chromium.launch(executable_path=CHROMIUM, args=UNCONFINED)
            await asyncio.gather(
                crash(server, people, len(people) * trials // 2),
                *(
                    person.take_part(
                        browser, server.address, survey.design,
                        reload_at=trials - 3 if person.which % 2 else -1,
                    )
                    for person in people
                ),
            )  # fmt: skip
            await browser.close()
    finally:
        server.kill()


def check(survey: Survey, people: list[Person]) -> None:
    """What is recorded is what people did and saw, no less and no more."""
    by_name = {f.name: f for picture in survey.pictures for f in picture.versions.values()}
    with VoteStore(survey.votes_path) as store:
        numbers = [store.participant(person.token) for person in people]
        votes = store.votes()
        assert store.participants() == len(people)
    assert sorted(numbers) == list(range(len(people)))
    trials = survey.design.practice + survey.design.trials
    assert len(votes) == len(people) * trials, "votes were lost or doubled"
    for number, person in zip(numbers, people, strict=True):
        kept = {vote.trial: vote for vote in votes if vote.participant == number}
        answered = {t: survey.design.answers[index] for t, index in person.answers.items()}
        assert {trial: vote.answer for trial, vote in kept.items()} == answered
        assert {trial: list(vote.pictures) for trial, vote in kept.items()} == person.seen
        for names in person.seen.values():
            for name in names:
                assert person.files[name] == by_name[name].sha256
        assert person.look is not None
        source, painted = person.look
        with Image.open(survey.folder / PICTURES / source.split("/")[-1].split("?")[0]) as image:
            assert np.array_equal(painted, np.asarray(image))
        least = 1000 * (survey.design.shown_seconds or 0)
        assert all(vote.shown_ms >= 0.9 * least for vote in kept.values())


@pytest.mark.parametrize("form", ["single", "pair"])
def test_three_people_and_a_killed_server_lose_and_double_nothing(copied: Copied, form: str):
    survey = copied(form)
    people = [Person(which) for which in range(3)]
    asyncio.run(drive(survey, people))
    check(survey, people)


async def answer_while_the_server_is_away(survey: Survey) -> Person:
    server, person = ServerProcess(survey.folder), Person(0)
    server.start()
    try:
        async with playwright.async_playwright() as play:
            browser = await play.chromium.launch(executable_path=CHROMIUM, args=UNCONFINED)
            context = await browser.new_context()
            page = await context.new_page()
            await page.goto(server.address)
            await page.click('body[data-stage="consent"] #go')
            await page.click('body[data-stage="ready"] #go')
            await page.wait_for_selector('body[data-trial="0"][data-state="asking"]')
            server.kill()
            await page.keyboard.press("s")
            await page.wait_for_selector(f'#trouble:has-text("{AWAY}")')
            await page.close()
            server.start()
            page = await context.new_page()
            await page.goto(server.address)
            await page.wait_for_selector('body[data-trial="1"][data-state="asking"]')
            kept = await page.evaluate("Object.values(localStorage)[0]")
            person.token = json.loads(kept)["token"]
            await browser.close()
    finally:
        server.kill()
    return person


def test_an_answer_outlives_the_page_and_is_sent_when_the_server_is_back(copied: Copied):
    survey = copied("single")
    person = asyncio.run(answer_while_the_server_is_away(survey))
    with VoteStore(survey.votes_path) as store:
        assert store.participant(person.token) == 0
        assert [(vote.trial, vote.answer) for vote in store.votes()] == [(0, "synthesized")]


@pytest.mark.slow
def test_six_people_with_catch_trials_and_a_killed_server(tmp_path: Path, tiny_model: Path):
    data = save_coloured(tmp_path / "photos", 24, width=72, height=64)
    design = SurveyDesign(trials=12, practice=4, catch_share=0.1, size=64)
    sources = open_sources([str(tiny_model), "grey"], threads=1)
    survey = create_survey(tmp_path / "survey", design, sources, [data])
    people = [Person(which) for which in range(6)]
    asyncio.run(drive(survey, people))
    check(survey, people)


# the contrast of every text with what lies behind it, and the size of everything to be touched
AUDIT = """
() => {
  const channel = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const parse = (color) => (color.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const backdrop = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === undefined || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const visible = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility());
  const texts = visible
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .filter((e) => !["SCRIPT", "NOSCRIPT", "STYLE"].includes(e.tagName))
    .map((e) => {
      const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(backdrop(e))];
      return [e.textContent.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    });
  const targets = visible.filter((e) => e.matches("button, a")).map((e) => {
    const box = e.getBoundingClientRect();
    return [e.textContent.trim(), Math.min(box.width, box.height)];
  });
  const root = document.documentElement;
  return { stage: document.body.dataset.stage, texts, targets,
           overflow: root.scrollWidth - root.clientWidth,
           below: root.scrollHeight - root.clientHeight,
           unnamed: visible.filter((e) => e.matches("img:not([alt]), button:empty")).length };
}
"""


async def audits(surveys: list[Survey], width: int, height: int, scheme: str) -> list[dict]:
    """What `AUDIT` finds on every kind of page of the surveys."""
    found = []
    async with playwright.async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=UNCONFINED)
        for survey in surveys:
            server = ServerProcess(survey.folder)
            server.start()
            try:
                page = await browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme=scheme
                )
                await page.goto(server.address)
                for stage in ("consent", "ready"):
                    await page.wait_for_selector(f'body[data-stage="{stage}"]')
                    found.append(await page.evaluate(AUDIT))
                    await page.click("#go")
                await page.wait_for_selector('body[data-state="asking"]')
                found.append(await page.evaluate(AUDIT))
                await page.keyboard.press("ArrowRight")
                await page.wait_for_selector('body[data-state="feedback"]')
                found.append(await page.evaluate(AUDIT))
            finally:
                server.kill()
        await browser.close()
    return found


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(390, 844, "light"), (360, 560, "dark"), (844, 390, "light"), (1440, 900, "dark")],
)
def test_text_can_be_read_and_buttons_be_touched(
    copied: Copied, width: int, height: int, scheme: str
):
    pages = asyncio.run(audits([copied("single"), copied("pair")], width, height, scheme))
    assert len(pages) == 8
    for page in pages:
        assert page["texts"]
        assert page["overflow"] <= 0, "the page scrolls sideways"
        # words may be scrolled; a trial has its question, pictures and buttons on one screen
        assert page["stage"] != "trial" or page["below"] <= 0, page
        assert page["unnamed"] == 0
        for text, contrast in page["texts"]:
            assert contrast >= 4.5, f"{text!r} has a contrast of {contrast:.1f}"
        for text, side in page["targets"]:
            assert side >= 44, f"{text!r} is {side} px"
