"""The report in a real browser: no complaints, no requests, nothing beside the screen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from evaluated import Muted, report_of

from photochrom.evaluation.report import HTML

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

PHONE, DESK = (390, 844), (1440, 900)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    long_name = "a-model-with-a-very-long-name-that-no-phone-has-room-for-on-one-line"
    folder = report_of(
        tmp_path_factory.mktemp("report"),
        Muted("half", 0.5, sure=True), Muted("most", 0.9, sure=True), Muted(long_name, 0.2),
    )  # fmt: skip
    return (folder / HTML).as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


def open_page(browser: Any, report: str, size: tuple[int, int], scheme: str = "light") -> Any:
    """The page, with what it complained of and asked for as `told`."""
    view = {"width": size[0], "height": size[1]}
    page = browser.new_context(viewport=view, color_scheme=scheme).new_page()
    page.told = []
    page.on("console", lambda message: page.told.append(message.text))
    page.on("pageerror", lambda error: page.told.append(str(error)))
    page.on("request", lambda request: page.told.append(request.url))
    page.goto(report)
    page.told = [told for told in page.told if told != report and not told.startswith("data:")]
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_page_fits_the_screen_and_asks_for_nothing(
    browser: Any, report: str, size: tuple[int, int], scheme: str
) -> None:
    page = open_page(browser, report, size, scheme)
    assert page.told == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    for link in page.query_selector_all("nav a"):
        link.click()
    for details in page.query_selector_all("details > summary"):
        details.click()
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    page.context.close()


def test_every_picture_and_plot_is_drawn(browser: Any, report: str) -> None:
    page = open_page(browser, report, DESK)
    images = "Array.from(document.images)"
    page.evaluate(f"{images}.forEach(image => image.loading = 'eager')")
    page.wait_for_function(f"{images}.every(image => image.complete)")
    assert page.evaluate(f"{images}.length") > 20
    assert page.evaluate(f"{images}.filter(image => !image.naturalWidth).length") == 0
    page.context.close()


def test_on_a_desk_tables_are_tables_and_nothing_in_them_needs_scrolling(
    browser: Any, report: str
) -> None:
    page = open_page(browser, report, DESK)
    region = "document.querySelector('.scroll')"
    assert page.evaluate(f"{region}.scrollWidth <= {region}.clientWidth")
    table = page.get_by_role("table", name="Means over the pictures")
    assert table.get_by_role("columnheader").all_inner_texts()[1:3] == ["half", "most"]
    page.context.close()


def test_on_a_phone_every_number_says_whose_it_is(browser: Any, report: str) -> None:
    page = open_page(browser, report, PHONE)
    cell = "document.querySelector('.figures tbody td')"
    assert page.evaluate(f"getComputedStyle({cell}, '::before').content") == '"half"'
    # still a table to those who hear it
    assert page.get_by_role("row").count() > 10
    assert page.get_by_role("rowheader", name="CIEDE2000").count() >= 1
    page.context.close()


def test_one_pair_is_shown_and_another_can_be_chosen(browser: Any, report: str) -> None:
    page = open_page(browser, report, DESK)
    shown = page.locator(".pair:visible caption")
    assert shown.count() == 1
    assert "half minus most" in shown.inner_text()
    page.get_by_label("Compare").select_option(label="most and grey")
    assert shown.count() == 1
    assert "most minus grey" in shown.inner_text()
    page.context.close()


def test_without_scripts_all_pairs_are_shown(browser: Any, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    assert page.locator(".pair:visible").count() == 6
    assert not page.locator(".choose").is_visible()
    context.close()
