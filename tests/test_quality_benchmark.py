"""The measuring stick itself, on made pictures whose figures are known."""

import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom import metrics
from photochrom.color import lab_to_rgb, rgb_to_lab

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import quality  # noqa: E402
import quality_features  # noqa: E402
import quality_report  # noqa: E402
import quality_rows  # noqa: E402

NAMES = [
    "flowers/tf_flowers/train/000000.png",
    "flowers/tf_flowers/train/000001.png",
    "people/flickr8k/000002.png",
    "scenes/intel_scenes/sea/000003.png",
    "scenes/intel_scenes/sea/000004.png",
]


def blue_shadows_and_orange_lights(seed: int, height: int = 40, width: int = 52) -> np.ndarray:
    """A picture (H, W, 3) uint8 whose colour follows from its lightness, noise aside."""
    rng = np.random.default_rng(seed)
    lightness = np.linspace(20, 80, width) + rng.normal(0, 2, (height, width))
    warmth = (lightness - 50) / 3
    lab = np.stack([lightness, warmth, 1.5 * warmth], -1)
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


def one_tint_over_all(seed: int) -> np.ndarray:
    lightness = np.random.default_rng(seed).uniform(40, 70, (40, 52))
    lab = np.stack([lightness, np.full_like(lightness, 6), np.full_like(lightness, -14)], -1)
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


def png(rgb: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "png")
    return buffer.getvalue()


def made_pictures(make=blue_shadows_and_orange_lights) -> list:
    return [quality_rows.PictureFile(name, png(make(i))) for i, name in enumerate(NAMES)]


@pytest.fixture
def tar(tmp_path) -> Path:
    path = tmp_path / "photos-val.tar"
    with tarfile.open(path, "w") as archive:
        for picture in made_pictures():
            member = tarfile.TarInfo(picture.path)
            member.size = len(picture.content)
            archive.addfile(member, io.BytesIO(picture.content))
    return path


def warm_by_lightness(luminance: np.ndarray) -> np.ndarray:
    """A stand-in for a model: the rule by which the pictures were made."""
    warmth = (luminance - 50) / 3
    return np.stack([warmth, 1.5 * warmth], -1)


def grey(luminance: np.ndarray) -> np.ndarray:
    return np.zeros((*luminance.shape, 2), np.float32)


def measured(predictors: dict, make=blue_shadows_and_orange_lights, **options):
    return quality_rows.measure_all(made_pictures(make), predictors, side=40, **options)


def test_reference_figures_of_the_grey_picture():
    rgb = blue_shadows_and_orange_lights(0)
    original, row = quality_rows.measure_picture("a/b/0.png", rgb, {"grey": grey})[0]
    lab = rgb_to_lab(rgb / 255)
    without = lab * [1, 0, 0]
    assert row.ciede2000 == pytest.approx(metrics.mean_ciede2000(without, lab), rel=1e-3)
    assert row.psnr == pytest.approx(metrics.psnr(lab_to_rgb(without), rgb / 255), rel=1e-3)
    assert row.ssim == pytest.approx(metrics.ssim(lab_to_rgb(without), rgb / 255), rel=1e-3)
    assert (row.chroma, row.colourfulness) == pytest.approx((0, 0), abs=0.02)
    assert (original.ciede2000, original.psnr) == (0, quality_rows.PSNR_CAP)
    assert original.ssim == pytest.approx(1, abs=1e-9)
    assert original.colourfulness == pytest.approx(metrics.colourfulness(rgb / 255), rel=1e-4)
    assert (original.a, original.b) == pytest.approx(tuple(lab[..., 1:].mean((0, 1))), abs=1e-3)


def test_true_chroma_gives_the_true_picture():
    rgb = blue_shadows_and_orange_lights(1)
    true = {"true": lambda luminance: rgb_to_lab(rgb)[..., 1:]}
    original, row = quality_rows.measure_picture("a/b/0.png", rgb, true)[0]
    assert row.ciede2000 == pytest.approx(0, abs=0.01)
    assert row.ssim == pytest.approx(1, abs=1e-5)
    assert row.colourfulness == pytest.approx(original.colourfulness, rel=1e-4)


def test_results_are_cut_to_what_srgb_can_show():
    rgb = blue_shadows_and_orange_lights(2)
    loud = {"loud": lambda luminance: np.full((*luminance.shape, 2), 120, np.float32)}
    row = quality_rows.measure_picture("a/b/0.png", rgb, loud)[0][1]
    assert row.chroma < np.hypot(120, 120) / 1.5


@pytest.mark.parametrize("chroma", [np.zeros((40, 52, 3)), np.full((40, 52, 2), np.nan)])
def test_error_for_chroma_that_cannot_be_measured(chroma):
    rgb = blue_shadows_and_orange_lights(0)
    with pytest.raises(ValueError, match="odd on a/b"):
        quality_rows.measure_picture("a/b/0.png", rgb, {"odd": lambda luminance: chroma})


def test_rows_are_the_same_however_many_workers():
    predictors = {"grey": grey, "rule": warm_by_lightness}
    alone, together = (measured(predictors, workers=workers).rows for workers in (1, 3))
    assert alone == together
    assert [row.predictor for row in alone[:3]] == ["original", "grey", "rule"]
    assert [row.path for row in alone[::3]] == NAMES


def test_reading_a_tar_names_topics_and_sources(tar):
    pictures = quality_rows.read_tar(tar)
    assert [picture.path for picture in pictures] == NAMES
    rows = quality_rows.measure_all(pictures, {"grey": grey}, side=40).rows
    assert (rows[0].topic, rows[0].source) == ("flowers", "tf_flowers")
    assert (rows[4].topic, rows[4].source) == ("people", "flickr8k")


def test_a_limit_is_spread_over_the_whole_tar(tar):
    paths = [picture.path for picture in quality_rows.read_tar(tar, limit=3)]
    assert paths == [NAMES[0], NAMES[2], NAMES[4]]
    assert len(quality_rows.read_tar(tar, limit=99)) == len(NAMES)


@pytest.mark.parametrize(("side", "size"), [(40, (40, 52)), (20, (20, 26)), (80, (80, 104))])
def test_pictures_open_at_the_size_asked_for(side, size):
    assert made_pictures()[0].open(side).shape == (*size, 3)


def test_one_tint_wins_where_there_is_one():
    pictures = made_pictures(one_tint_over_all)
    anchors = quality_rows.anchors(pictures, side=40)
    np.testing.assert_array_equal(anchors["one tint"](np.full((2, 3), 50.0))[0, 0], [6, -14])
    found = quality_report.summarize(measured(anchors, one_tint_over_all))
    by_name = {summary.name: summary for summary in found}
    assert by_name["one tint"].ciede2000.value < 0.1 * by_name["grey"].ciede2000.value
    assert by_name["one tint"].cast == pytest.approx((6, -14), abs=0.2)


def test_a_tint_by_lightness_wins_where_colour_follows_lightness():
    anchors = quality_rows.anchors(made_pictures(), side=40)
    found = quality_report.summarize(measured({**anchors, "rule": warm_by_lightness}))
    figures = {summary.name: summary.ciede2000.value for summary in found}
    assert figures["rule"] < figures["tint by lightness"] < 0.5 * figures["one tint"]
    assert figures["one tint"] <= figures["grey"]


def test_summaries_stand_relative_to_grey_and_to_the_originals():
    found = measured({"grey": grey, "rule": warm_by_lightness})
    original, without, rule = quality_report.summarize(found)
    assert [s.name for s in (original, without, rule)] == ["original", "grey", "rule"]
    assert without.ciede2000_to_grey.value == 1
    assert without.psnr_gain.value == 0
    assert without.grey_share.value == without.grey_share_of_coloured.value == 1
    assert rule.ciede2000_to_grey.value == pytest.approx(
        rule.ciede2000.value / without.ciede2000.value
    )
    assert rule.psnr_gain.value == pytest.approx(rule.psnr.value - without.psnr.value)
    assert rule.ciede2000_to_grey.low <= rule.ciede2000_to_grey.value < 0.2
    assert rule.colourfulness_ratio.value == pytest.approx(1, abs=0.05)
    assert original.frechet is None


def test_groups_hold_all_pictures_the_largest_first():
    found = measured({"grey": grey})
    by_topic = quality_report.summarize_groups(found.rows, "grey", "topic")
    assert [(s.name, s.pictures) for s in by_topic] == [
        ("flowers", 2),
        ("scenes", 2),
        ("people", 1),
    ]
    by_source = quality_report.summarize_groups(found.rows, "grey", "source")
    assert sum(s.pictures for s in by_source) == len(NAMES)


def test_frechet_distance_of_the_named_ones_only():
    def mean_colour(rgb: np.ndarray) -> np.ndarray:
        assert rgb.dtype == np.uint8
        return rgb.mean((0, 1))

    embed = dict.fromkeys(("original", "rule"), mean_colour)
    found = measured({"grey": grey, "rule": warm_by_lightness}, embed=embed)
    original, without, rule = quality_report.summarize(found)
    assert original.frechet == pytest.approx(0, abs=1e-6)
    assert without.frechet is None
    assert rule.frechet < 5


def test_the_packaged_network_gives_features():
    pytest.importorskip("torch")
    embed = quality_features.lite0_embedder()
    if embed is None:
        pytest.skip("the packaged network is not installed")
    from photochrom.evaluation.features import LITE0_NAME

    assert quality_features.NAME == LITE0_NAME
    rgb = np.random.default_rng(0).integers(0, 256, (230, 256, 3), dtype=np.uint8)
    features = embed(rgb)
    assert features.shape == (1280,)
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(features, embed(rgb))
    with pytest.raises(ValueError, match="224"):
        embed(rgb[:200])


def test_the_whole_run_on_the_anchors(tar, tmp_path, capsys, monkeypatch):
    page, report = tmp_path / "quality.md", tmp_path / "report.json"
    page.write_text((BENCHMARKS.parent / "docs/benchmarks/quality.md").read_text())
    columns = page.read_text().split("## Measured")[1].strip().splitlines()[0]
    monkeypatch.setattr(quality, "PAGE", page)
    monkeypatch.setenv("PHOTOCHROM_DATA", str(tar.parent))
    status = quality.main(["--side", "40", "--no-frechet", "--write", "--json", str(report)])
    assert status == 0
    printed = capsys.readouterr().out
    assert "data: photos-val.tar" in printed
    assert "| tint by lightness | 5 |" in printed
    found = json.loads(report.read_text())
    assert found["protocol"]["features"] == "not measured"
    assert len(found["rows"]) == 4 * len(NAMES)
    added = page.read_text().splitlines()[-3:]
    assert [line.split(" | ")[2] for line in added] == ["grey", "one tint", "tint by lightness"]
    assert {line.count("|") for line in added} == {columns.count("|")}


def test_the_page_has_the_columns_of_the_tables():
    text = (BENCHMARKS.parent / "docs/benchmarks/quality.md").read_text()
    heading = next(line for line in text.splitlines() if line.startswith("| date"))
    columns = [cell.strip() for cell in heading.strip("|").split("|")]
    assert columns[7:] == quality_report.headings()[1:]


def test_error_without_pictures(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("PHOTOCHROM_DATA", raising=False)
    assert quality.main([]) == 2
    assert "PHOTOCHROM_DATA" in capsys.readouterr().err
    assert quality.main(["--data", str(tmp_path / "none.tar")]) == 2


def test_error_for_a_model_that_is_not_there(tar, capsys):
    assert quality.main(["no-such-model", "--data", str(tar)]) == 1
    assert "no-such-model" in capsys.readouterr().err
