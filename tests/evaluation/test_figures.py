"""The table of figures: perfect for the truth, known for grey, worse for what is worse."""

import math
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from judged_pictures import garden

from photochrom import metrics
from photochrom.color import lab_to_rgb, rgb_to_lab
from photochrom.errors import OptionError
from photochrom.evaluation.figures import (
    FIGURES,
    PSNR_CAP,
    SET_FIGURES,
    Better,
    Judged,
    perceptual_figure,
    rarity_weights,
)
from photochrom.palette import gamut_palette

TRUTH = garden()
LAB = rgb_to_lab(TRUTH)
GREY = lab_to_rgb(LAB * np.array([1, 0, 0], np.float32))

PERFECT = {
    "mae": 0, "mse": 0, "huber": 0, "psnr": PSNR_CAP, "ssim": 1, "ms_ssim": 1, "ciede2000": 0,
    "auc": 1, "auc_rebalanced": 1, "exact_accuracy": 1, "bin_accuracy": 1,
    "colourfulness_ratio": 1, "colourfulness_error": 0, "luminance_mean": 0, "luminance_max": 0,
}  # fmt: skip
THE_TRUTHS_OWN = ("bce", "bleeding", "inconsistency")


def repainted(ab: np.ndarray) -> np.ndarray:
    """The truth's L with other chroma, cut to sRGB."""
    return lab_to_rgb(np.concatenate([LAB[..., :1], ab.astype(np.float32)], -1))


@pytest.mark.parametrize("name", FIGURES)
def test_the_truth_itself_has_the_perfect_score(name):
    value = FIGURES[name].of(Judged(TRUTH, TRUTH))
    own = {
        "bce": metrics.binary_cross_entropy(TRUTH, TRUTH),
        "bleeding": metrics.bleeding(LAB),
        "inconsistency": metrics.inconsistency(LAB),
    }
    assert value == pytest.approx({**PERFECT, **own}[name], abs=1e-5)
    assert set(FIGURES) == {*PERFECT, *THE_TRUTHS_OWN}


def test_grey_has_the_scores_that_can_be_told_beforehand():
    judged = Judged(GREY, TRUTH)
    found = {name: figure.of(judged) for name, figure in FIGURES.items()}
    chroma = np.hypot(LAB[..., 1], LAB[..., 2])
    assert found["auc"] == pytest.approx(1 - np.ceil(chroma).mean() / 150, abs=0.01)
    assert found["auc_rebalanced"] < found["auc"]
    assert found["colourfulness_ratio"] == pytest.approx(0, abs=1e-3)
    assert found["colourfulness_error"] == pytest.approx(metrics.colourfulness(TRUTH), rel=1e-3)
    assert math.isnan(found["bleeding"])
    assert found["inconsistency"] == pytest.approx(0, abs=0.01)
    assert found["luminance_max"] < 0.1
    assert 0.5 < found["ms_ssim"] < 1
    assert found["exact_accuracy"] < 0.01
    assert found["ciede2000"] > 10


# bleeding asks only where colours change, and these change where the truth's do
@pytest.mark.parametrize("name", [name for name in FIGURES if name != "bleeding"])
def test_wrong_colours_never_score_better_than_the_truth(name):
    figure, shifted = FIGURES[name], np.roll(LAB[..., 1:], 25, axis=1)
    brighter = np.clip(repainted(2.2 * shifted) * 1.1, 0, 1)
    wrong, right = (figure.of(Judged(result, TRUTH)) for result in (brighter, TRUTH))
    assert isinstance(wrong, float)
    if figure.better == "near 1":
        assert abs(wrong - 1) > abs(right - 1)
    else:
        assert wrong > right if figure.better == "lower" else wrong < right


def test_faults_order_a_clean_a_leaking_and_a_blotched_result():
    rng = np.random.default_rng(0)
    leaking = np.roll(LAB[..., 1:], 8, axis=0)
    waves = np.sin(np.arange(180) / 5)[:, None] * np.sin(np.arange(200) / 5)
    blotched = LAB[..., 1:] + 12 * waves[..., None] * rng.choice([-1, 1], 2)
    bleeding, inconsistency = (
        [FIGURES[name].of(Judged(repainted(ab), TRUTH)) for ab in (LAB[..., 1:], leaking, blotched)]
        for name in ("bleeding", "inconsistency")
    )
    assert bleeding[0] < bleeding[1]
    assert inconsistency[0] < inconsistency[1] < inconsistency[2]


@pytest.mark.parametrize("name", FIGURES)
def test_a_small_picture_gives_a_number_or_none_but_no_error(name):
    rgb = garden(height=32, width=40)
    value = FIGURES[name].of(Judged(rgb, rgb))
    assert math.isnan(value) == (name in ("ms_ssim", "inconsistency"))


def test_rows_say_what_they_are_and_what_they_are_inadequate_for():
    for table in (FIGURES, SET_FIGURES):
        for name, row in table.items():
            assert row.name == name
            assert row.label
            assert row.better in get_args(Better)
            assert row.caveat.endswith(".")
            assert row.caveat[:-1].count(". ") == 0
    assert len({row.label for row in [*FIGURES.values(), *SET_FIGURES.values()]}) == len(
        {*FIGURES, *SET_FIGURES}
    )


def test_figures_of_sets_are_perfect_for_the_truths_and_worse_for_others():
    rng = np.random.default_rng(0)
    observed = {
        "frechet": [rng.normal(size=8) for _ in range(20)],
        "density": [rng.uniform(10, 20, 1) for _ in range(20)],
        "miou": [rng.integers(0, 3, (4, 5)).astype(np.uint8) for _ in range(20)],
        "recognition": [rng.integers(0, 9, 1) for _ in range(20)],
    }
    observed["density_gap"] = observed["density"]
    observed["recognition_accuracy"] = observed["recognition"]
    assert set(observed) == set(SET_FIGURES)
    for name, truths in observed.items():
        figure, others = SET_FIGURES[name], [2 * truth + 1 for truth in truths]
        right, wrong = figure.of(truths, truths), figure.of(others, truths)
        assert right == pytest.approx(0 if figure.better == "lower" else 1, abs=1e-6)
        assert abs(wrong - right) > 0.5


def test_reference_densities_written_out():
    results, truths = [[12.0], [20.0]], [[10.0], [30.0]]
    as_arrays = [[np.array(each) for each in rows] for rows in (results, truths)]
    assert SET_FIGURES["density"].of(*as_arrays) == pytest.approx(32 / 40)
    assert SET_FIGURES["density_gap"].of(*as_arrays) == pytest.approx((2 + 10) / 2)


def test_rare_colours_weigh_more_than_common_ones_and_grey_least():
    weights = rarity_weights(gamut_palette().centers)
    grey = rarity_weights(np.zeros((1, 2)))[0]
    assert grey == weights.min() > 0
    assert rarity_weights(np.array([[-60.0, 60.0]]))[0] > 100 * grey


def test_an_extra_figure_calls_its_distance():
    figure = perceptual_figure("Made", "a.pth", lambda one, two: float(np.abs(one - two).max()))
    assert figure.of(Judged(TRUTH, TRUTH)) == 0
    assert figure.of(Judged(GREY, TRUTH)) > 0
    assert (figure.name, figure.better, "Made" in figure.label) == ("lpips", "lower", True)


@pytest.mark.parametrize("shapes", [((4, 5, 3), (5, 4, 3)), ((4, 5), (4, 5)), ((4, 5, 4),) * 2])
def test_error_for_pictures_that_cannot_be_judged(shapes):
    with pytest.raises(OptionError, match=r"must be the same \(height, width, 3\)"):
        Judged(*(np.zeros(shape, np.float32) for shape in shapes))


def test_the_table_needs_no_torch():
    code = "import sys, photochrom.evaluation.figures; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_every_figure_is_defined_in_the_docs():
    page = (Path(__file__).parents[2] / "docs/metrics.md").read_text(encoding="utf-8")
    for name in (*FIGURES, *SET_FIGURES, "lpips"):
        assert f"`{name}`" in page, name
    assert "## Bleeding (ours)" in page
    assert "## Inconsistency (ours)" in page
