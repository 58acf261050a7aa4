"""What is measured of one answer, and what of it is kept for the plots."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, save_coloured
from measuring import REDNESS, Half, evaluation, measure

from photochrom.color import rgb_to_lab
from photochrom.errors import OptionError
from photochrom.evaluation.figures import FIGURES, Figure, Observer
from photochrom.evaluation.judging import (
    AB,
    ERRORS,
    OBSERVED,
    REBALANCED,
    RELIABILITY,
    Judging,
    count_colours,
    reliability,
)
from photochrom.evaluation.rows import RowFile


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return save_coloured(tmp_path / "photos", 6)


def test_a_row_keeps_what_the_plots_are_drawn_from(photos: Path) -> None:
    observer = Observer("the mean colour", lambda rgb: rgb.mean((0, 1)))
    judging = Judging({"redness": REDNESS}, {"frechet": observer})
    path = photos.parent / "rows.jsonl"
    measure(evaluation(photos, [Half(confidence=0.75)], judging=judging), path)
    half, grey, truth = list(RowFile(path))[:3]
    pixels = 40 * 52
    assert truth.arrays[ERRORS][0] == 1
    assert 0 < half.arrays[ERRORS][5] < 1
    assert grey.arrays[AB].sum() == pixels
    assert grey.arrays[AB][32, 32] + grey.arrays[AB][31, 31] > 0
    assert np.count_nonzero(truth.arrays[AB]) > 10
    mean = (coloured(0) / 255).mean((0, 1))
    np.testing.assert_allclose(truth.arrays[OBSERVED + "frechet"], mean, rtol=1e-5)
    assert RELIABILITY not in grey.arrays
    sums = half.arrays[RELIABILITY]
    assert sums[7].tolist()[:2] == pytest.approx([pixels, 0.75 * pixels])
    assert sums.sum(0)[0] == pixels


def test_one_network_may_serve_two_figures_and_looks_once(photos: Path) -> None:
    looked = []

    def observe(rgb: np.ndarray) -> np.ndarray:
        looked.append(rgb)
        return rgb.mean((0, 1))

    observer = Observer("the mean colour", observe)
    judging = Judging({}, {"density": observer, "density_gap": observer})
    assert judging.networks == dict.fromkeys(("density", "density_gap"), "the mean colour")
    measure(evaluation(photos, judging=judging), photos.parent / "rows.jsonl")
    assert len(looked) == 12
    row = next(iter(RowFile(photos.parent / "rows.jsonl")))
    assert {OBSERVED + "density", OBSERVED + "density_gap"} <= row.arrays.keys()


def test_rare_colours_are_weighted_up_where_that_figure_is_asked_for(photos: Path) -> None:
    judging = Judging({"auc_rebalanced": FIGURES["auc_rebalanced"]})
    path = photos.parent / "rows.jsonl"
    measure(evaluation(photos, judging=judging), path)
    grey, truth = list(RowFile(path))[:2]
    area = np.trapezoid(grey.arrays[REBALANCED]) / 150
    assert area == pytest.approx(grey.figures["auc_rebalanced"], abs=1e-5)
    assert grey.arrays[REBALANCED][10] < grey.arrays[ERRORS][10]
    assert truth.arrays[REBALANCED][0] == 1


def test_colours_are_counted_in_cells_of_four_units() -> None:
    ab = np.array([[0.0, 0.0], [3.9, 3.9], [-0.1, 4.0], [-128, 127], [500, -500]])
    counts = count_colours(ab)
    assert counts.sum() == 5
    assert counts[32, 32] == 2
    assert counts[31, 33] == counts[0, 63] == counts[63, 0] == 1


def test_reliability_is_counted_by_tenths() -> None:
    sums = reliability(np.array([0.0, 0.05, 0.95, 1.0]), np.array([False, True, True, True]))
    np.testing.assert_allclose(sums[0], [2, 0.05, 1])
    np.testing.assert_allclose(sums[9], [2, 1.95, 2])
    assert sums[1:9].sum() == 0


def test_errors_of_figures_name_the_picture_and_the_figure(photos: Path) -> None:
    def refuse(judged: object) -> float:
        raise OptionError("too small")

    odd = Figure("odd", "Odd", "", "lower", "It is made up.", refuse)
    wanted = evaluation(photos, judging=Judging({"redness": REDNESS, "odd": odd}))
    with pytest.raises(OptionError, match=r"00\.png: odd: too small"):
        measure(wanted, photos.parent / "rows.jsonl")


def test_grey_s_colour_error_is_the_truth_s_chroma(photos: Path) -> None:
    """The curve of errors at grey is the distribution of the truth's distance from grey."""
    path = photos.parent / "rows.jsonl"
    measure(evaluation(photos), path)
    grey = next(row for row in RowFile(path) if row.colorizer == "grey")
    chroma = np.linalg.norm(rgb_to_lab(coloured(0))[..., 1:], axis=-1)
    for limit in (5, 10, 20):
        expected = (chroma <= limit).mean()
        assert grey.arrays[ERRORS][limit] == pytest.approx(expected, abs=2e-3)
