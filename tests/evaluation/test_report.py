"""The files of a report: whole, one self-contained page, nothing that a name could break."""

from __future__ import annotations

import csv
import json
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, encoded
from evaluated import Muted, evaluate_muted, report_of

from photochrom.errors import MissingDependencyError
from photochrom.evaluation import plots
from photochrom.evaluation.figures import FIGURES, Observer
from photochrom.evaluation.report import CSV, HTML, JSON, require_report, summary_csv
from photochrom.evaluation.report_page import decimals_for, number
from photochrom.statistics import Interval

EVIL = "<script>alert(1)</script>&\"'"
MOST_BYTES = 10_000_000


class Page(HTMLParser):
    """What a page is made of: tags with their attributes, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_of(
        tmp_path_factory.mktemp("report"), Muted("half", 0.5, sure=True), Muted(EVIL, 0.9)
    )


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page(folder / HTML)


def test_the_page_needs_nothing_but_itself(folder: Path, page: Page) -> None:
    addresses = [
        value
        for _, attributes in page.tags
        for key, value in attributes.items()
        if key in ("src", "href", "srcset", "action", "data") and value is not None
    ]
    assert len(addresses) > 20
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "url(" not in (folder / HTML).read_text()
    assert (folder / HTML).stat().st_size < MOST_BYTES
    policy = next(meta for meta in page.all("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in (policy["content"] or "")


def test_every_figure_stands_beside_what_it_is_inadequate_for(page: Page) -> None:
    for name in ("mae", "psnr", "ssim", "ms_ssim", "ciede2000", "colourfulness_ratio"):
        assert FIGURES[name].label in page.text
        assert FIGURES[name].caveat in page.text
    assert "says nothing here" in page.text  # MS-SSIM of small pictures


def test_the_protocol_is_printed(folder: Path, page: Page) -> None:
    protocol = json.loads((folder / JSON).read_text())["protocol"]
    for part in ("short side 40 pixels", "8 of the 8 in photos", "bootstrap over pictures"):
        assert part in page.text
    assert protocol["data_sha256"] in page.text
    assert protocol["machine"] in page.text


def test_names_cannot_become_part_of_the_page(page: Page) -> None:
    assert len(page.all("script")) == 1
    assert EVIL in page.text
    assert "alert(1)" not in (page.all("script")[0].get("src") or "")


def test_tables_and_pictures_can_be_read_out(page: Page) -> None:
    tags = [tag for tag, _ in page.tags]
    assert tags.count("caption") == tags.count("table") == 5
    assert all(th.get("scope") in ("col", "row") for th in page.all("th"))
    assert all(image.get("alt") for image in page.all("img"))
    assert page.all("html")[0]["lang"] == "en"
    headings = [int(tag[1]) for tag in tags if tag in ("h1", "h2", "h3", "h4")]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert max(np.diff(headings)) == 1  # no level is left out


def test_every_pair_is_there_without_a_script(page: Page) -> None:
    pairs = [a for a in page.all("div") if (a.get("class") or "") == "pair"]
    assert len(pairs) == 3
    assert not any("hidden" in pair for pair in pairs)
    assert len(page.all("option")) == 3
    assert "half is better" in page.text
    assert f"{EVIL} is better" in page.text


def test_pictures_stand_between_grey_and_the_truth(page: Page) -> None:
    alts = [image["alt"] or "" for image in page.all("img")]
    shown = [alt.split(": ", 1) for alt in alts if ".png: " in alt]
    assert len(shown) % 4 == 0
    for start in range(0, len(shown), 4):
        names, labels = zip(*shown[start : start + 4], strict=True)
        assert len(set(names)) == 1
        assert labels == ("grey", "half", EVIL, "truth")


def test_a_report_of_grey_alone_is_a_report(tmp_path: Path) -> None:
    page = Page(report_of(tmp_path, count=1) / HTML)
    assert "Grey on photos" in page.text
    assert not page.all("select")
    assert "Any two" not in page.text
    assert "Speed and size" not in page.text


def test_networks_and_left_out_pictures_are_named(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/zz.png").write_bytes(encoded(coloured(0)[..., 0]))
    observer = Observer("mean colour, made up", lambda rgb: rgb.reshape(-1, 3).mean(0))
    folder = report_of(tmp_path, Muted("half", 0.5), observers={"frechet": observer}, count=4)
    page = Page(folder / HTML)
    assert "mean colour, made up" in page.text
    assert "1 picture left out" in page.text
    assert "zz.png: has no colour" in page.text
    assert "4 of the 5 in photos" in page.text
    assert "4 pictures resized" in page.text


def test_a_network_of_two_figures_is_named_once_and_figures_of_sets_have_no_bars(
    tmp_path: Path,
) -> None:
    observer = Observer("brightness, made up", lambda rgb: np.array([rgb.mean()]))
    observers = {"density": observer, "density_gap": observer}
    figures = {"psnr": FIGURES["psnr"]}
    report = report_of(tmp_path, Muted("half", 0.5), figures=figures, observers=observers)
    page = Page(report / HTML)
    assert page.text.count("brightness, made up") == 1
    assert "Network for density, density_gap" in page.text
    bars = [tag for tag in page.all("span") if tag.get("class") == "bar"]
    assert len(bars) == 2, "of PSNR, for grey and the one model"


def test_the_csv_has_a_line_for_each_figure_of_each(folder: Path) -> None:
    with (folder / CSV).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 5  # MS-SSIM says nothing
    for row in rows:
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
        assert row["caveat"] == FIGURES[row["figure"]].caveat
    assert {row["colorizer"] for row in rows} == {"half", EVIL, "grey", "truth"}


def test_the_json_says_the_same_as_the_csv(folder: Path) -> None:
    report = json.loads((folder / JSON).read_text())
    figures = {one["label"]: one["figures"] for one in report["colorizers"]}
    with (folder / CSV).open(newline="") as file:
        for row in csv.DictReader(file):
            assert figures[row["colorizer"]][row["figure"]]["value"] == float(row["value"])
    half = report["colorizers"][0]
    assert (half["seconds_median"], half["megabytes"]) == (0.5, 1.5)
    assert len(half["error_curve"]) == 151
    assert len(report["pairs"]) == 3


def test_equal_rows_give_equal_files(tmp_path: Path) -> None:
    _, one = evaluate_muted(tmp_path, Muted("half", 0.5))
    _, other = evaluate_muted(tmp_path, Muted("half", 0.5))
    assert summary_csv(one) == summary_csv(other)
    theme = plots.THEMES["dark"]
    drawn = [plots.draw_plane(s.measured[0].ab, 0.1, theme) for s in (one, other)]
    assert drawn[0] == drawn[1]


def test_names_are_no_mathematics_and_none_is_hidden_in_a_plot() -> None:
    curves = {"_mine": np.linspace(0, 1, 151), "a$b$": np.linspace(0, 1, 151)}
    for theme in plots.THEMES.values():
        svg = plots.draw_error_curves(curves, theme)
        assert svg.count("legend_1") == 1
        assert svg.startswith("<?xml")
    assert plots._plain("_mine") == " _mine"
    assert plots._plain("a$b") == r"a\$b"


@pytest.mark.parametrize(
    ("value", "decimals", "sign", "text"),
    [
        (1234.5, 1, False, "1,234.5"),
        (-0.25, 2, False, "\N{MINUS SIGN}0.25"),
        (-0.001, 2, True, "+0.00"),
        (0.5, 1, True, "+0.5"),
    ],
)
def test_numbers_are_written_for_people(value: float, decimals: int, sign: bool, text: str) -> None:
    assert number(value, decimals, sign=sign) == text


def test_decimals_follow_from_how_sure_a_figure_is() -> None:
    assert decimals_for([Interval(9.0, 8.78, 9.22)]) == 2
    assert decimals_for([Interval(0.9443, 0.941, 0.947)]) == 4
    assert decimals_for([Interval(9.0, 0.0, 90.0)]) == 1
    assert decimals_for([Interval(1.0, 1.0, 1.0), Interval(93.989, 93.989, 93.989)]) == 1
    assert decimals_for([Interval(0.4, 0.4, 0.4)]) == 3
    assert decimals_for([]) == 2


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_error_where_the_extra_is_missing(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf"{module}.*photochrom\[evaluate\]"):
        require_report()
