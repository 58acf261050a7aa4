"""Figures with intervals, pairs, and the pictures worth looking at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, encoded, save_coloured
from evaluated import Muted, evaluate_muted
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from photochrom.errors import InputError
from photochrom.evaluation.colorizers import find_entrants
from photochrom.evaluation.examples import choose, how_many
from photochrom.evaluation.figures import FIGURES, SET_FIGURES, Observer
from photochrom.evaluation.judging import Judging
from photochrom.evaluation.pictures import list_pictures
from photochrom.evaluation.resampling import comparison_of, interval_of, resampled_means
from photochrom.evaluation.rows import RowFile
from photochrom.evaluation.run import Evaluation
from photochrom.evaluation.summary import rank_pictures, ranking_figure, summarize
from photochrom.statistics import bootstrap_interval, paired_bootstrap


@pytest.mark.parametrize("n", [1, 7, 400])
def test_shared_draws_give_the_intervals_of_the_statistics(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photochrom.evaluation.resampling._COUNTS_AT_ONCE", 3000)
    values = np.random.default_rng(n).normal(3, 2, (n, 2))
    drawn = resampled_means(values)
    for column in range(2):
        found = interval_of(float(values[:, column].mean()), drawn[:, column])
        expected = bootstrap_interval(values[:, column])
        assert found.level == expected.level
        for end in ("value", "low", "high"):
            assert getattr(found, end) == pytest.approx(getattr(expected, end), rel=1e-9)
    pair = comparison_of(values[:, 0], values[:, 1], drawn[:, 0] - drawn[:, 1])
    expected_pair = paired_bootstrap(values[:, 0], values[:, 1])
    assert pair.p_value == pytest.approx(expected_pair.p_value, abs=2 / 2001)
    assert pair.wins == expected_pair.wins
    assert pair.difference.low == pytest.approx(expected_pair.difference.low, rel=1e-9)


def test_reference_figures_of_grey_and_the_truth(tmp_path: Path) -> None:
    _, summary = evaluate_muted(tmp_path, count=3)
    expected = []
    for seed in range(3):
        rgb = coloured(seed) / 255
        lab = rgb2lab(rgb)
        grey_lab = lab * (1, 0, 0)
        grey = lab2rgb(grey_lab)
        expected.append(
            (
                deltaE_ciede2000(grey_lab, lab).mean(),
                peak_signal_noise_ratio(rgb, grey, data_range=1),
                structural_similarity(
                    rgb, grey, channel_axis=-1, data_range=1, gaussian_weights=True, sigma=1.5,
                    use_sample_covariance=False,
                ),
                np.abs(rgb - grey).mean(),
            )
        )  # fmt: skip
    names = ("ciede2000", "psnr", "ssim", "mae")
    for name, value in zip(names, np.mean(expected, 0), strict=True):
        assert summary.cells["grey"][name].interval.value == pytest.approx(value, rel=2e-3), name
    perfect = {"ciede2000": 0, "psnr": 60, "ssim": 1, "mae": 0, "colourfulness_ratio": 1}
    for name, value in perfect.items():
        assert summary.cells["truth"][name].interval.value == pytest.approx(value, abs=1e-6)
    assert summary.cells["grey"]["colourfulness_ratio"].interval.value < 0.01


def test_what_lies_between_grey_and_the_truth_stands_between_them(tmp_path: Path) -> None:
    _, summary = evaluate_muted(tmp_path, Muted("half", 0.5), Muted("most", 0.9))
    values = [
        summary.cells[label]["ciede2000"].interval.value
        for label in ("grey", "half", "most", "truth")
    ]
    assert values == sorted(values, reverse=True)
    half = summary.cells["half"]
    assert half["colourfulness_ratio"].interval.value == pytest.approx(0.5, abs=0.05)
    ratio = half["ciede2000"].to_grey
    grey = summary.cells["grey"]["ciede2000"].interval.value
    assert ratio.value == pytest.approx(half["ciede2000"].interval.value / grey)
    assert 0 < ratio.low <= ratio.value <= ratio.high < 1
    gain = half["psnr"].to_grey
    assert gain.value == pytest.approx(
        half["psnr"].interval.value - summary.cells["grey"]["psnr"].interval.value
    )
    assert half["colourfulness_ratio"].to_grey is None
    assert [one.label for one in summary.models] == ["half", "most"]


def test_pairs_are_of_all_but_the_truth_and_see_what_differs(tmp_path: Path) -> None:
    _, summary = evaluate_muted(tmp_path, Muted("half", 0.5), Muted("same", 0.5))
    assert [(pair.first, pair.second) for pair in summary.pairs] == [
        ("half", "same"), ("half", "grey"), ("same", "grey"),
    ]  # fmt: skip
    level, better, _ = (pair.figures["ciede2000"] for pair in summary.pairs)
    assert (level.difference.value, level.p_value, level.wins) == (0, 1, 0.5)
    assert better.difference.high < 0
    assert better.wins == 0
    assert better.p_value < 0.05


def test_a_figure_that_says_nothing_is_left_out(tmp_path: Path) -> None:
    """MS-SSIM of pictures this small; the ratio of the one picture that has hardly any colour."""
    pale = coloured(3).astype(float)
    pale = pale.mean(-1, keepdims=True) + (pale - pale.mean(-1, keepdims=True)) * 0.2
    folder = save_coloured(tmp_path / "photos", 3)
    (folder / "zz.png").write_bytes(encoded(pale.astype(np.uint8)))
    _, summary = evaluate_muted(tmp_path, Muted("half", 0.5), count=3)
    assert "ms_ssim" not in summary.cells["half"]
    assert "ms_ssim" not in summary.pairs[0].figures
    assert len(summary.pictures) == 4
    assert summary.cells["half"]["colourfulness_ratio"].pictures == 3
    assert summary.cells["half"]["psnr"].pictures == 4
    apart = summary.pairs[0].figures["colourfulness_ratio"].difference
    assert apart.value == pytest.approx(0.5, abs=0.05)


def test_set_figures_come_from_what_their_observers_saw(tmp_path: Path) -> None:
    observer = Observer("mean and spread of the channels", lambda rgb: rgb.reshape(-1, 3).mean(0))
    _, summary = evaluate_muted(tmp_path, Muted("most", 0.9), observers={"frechet": observer})
    found = {label: cells["frechet"].interval.value for label, cells in summary.cells.items()}
    assert found["truth"] == pytest.approx(0, abs=1e-6)
    assert found["truth"] <= found["most"] < found["grey"]
    assert summary.figures["frechet"] is SET_FIGURES["frechet"]


def test_curves_and_colours_are_those_of_all_pictures(tmp_path: Path) -> None:
    _, summary = evaluate_muted(tmp_path, Muted("half", 0.5, sure=True), count=3)
    half, grey, truth = summary.measured
    assert half.ab.sum() == grey.ab.sum() == 3 * 40 * 52
    assert np.count_nonzero(half.ab) < np.count_nonzero(truth.ab)
    assert (np.diff(half.errors) >= -1e-6).all()
    np.testing.assert_allclose(truth.errors, 1, rtol=1e-6)
    assert half.errors[10] > grey.errors[10]
    assert half.reliability[9].tolist()[0] == 3 * 40 * 52
    assert half.median_seconds == 0.5
    assert grey.median_seconds is None
    assert half.notes == {"resized": 3}


def test_pictures_are_ranked_from_the_best_to_the_worst(tmp_path: Path) -> None:
    _, summary = evaluate_muted(tmp_path, Muted("half", 0.5), count=5)
    half = summary.measured[0]
    ranked = rank_pictures(half, summary.figures)
    values = half.values["ciede2000"][ranked]
    assert (np.diff(values) >= 0).all()
    by_psnr = rank_pictures(half, {"psnr": FIGURES["psnr"]})
    assert (np.diff(half.values["psnr"][by_psnr]) <= 0).all()
    assert ranking_figure({n: FIGURES[n] for n in ("colourfulness_ratio", "ssim")}) == "ssim"


def test_the_chosen_pictures_are_ends_and_middle_none_twice() -> None:
    assert choose(range(9), 2) == {
        0: "best", 1: "best", 3: "middle", 4: "middle", 8: "worst", 7: "worst",
    }  # fmt: skip
    assert choose(range(2), 3) == {0: "best", 1: "best"}
    assert choose([], 3) == {}
    assert [how_many(models) for models in (0, 1, 3, 12)] == [3, 3, 3, 1]


def test_rows_of_other_colorizers_do_not_count(tmp_path: Path) -> None:
    _, first = evaluate_muted(tmp_path, Muted("half", 0.5))
    _, second = evaluate_muted(tmp_path, Muted("most", 0.9))
    assert [one.label for one in second.measured] == ["most", "grey", "truth"]
    assert second.cells["grey"] == first.cells["grey"]


def test_error_without_any_picture_to_judge_by(tmp_path: Path) -> None:
    folder = save_coloured(tmp_path / "photos", 1)
    pictures = list_pictures(folder)
    evaluation = Evaluation(pictures, find_entrants(["grey"], pictures), Judging({}), 40)
    with pytest.raises(InputError, match=r"no picture to judge by: 00\.png: has no colour"):
        summarize(evaluation, RowFile(tmp_path / "rows"), ["00.png: has no colour"])
