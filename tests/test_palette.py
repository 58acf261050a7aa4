"""Colour classes of the ab plane against formulas written out a second time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom import palette
from photochrom.color import rgb_to_lab
from photochrom.errors import OptionError

ab_value = st.floats(-128, 127)


def s1_class(a: float, b: float) -> int:
    """S1's formula: (v + 128) / 255 to [0, 1], 20 cells a side, 1.0 in the last one."""
    row = min(math.floor((a + 128) / 255 * 20), 19)
    column = min(math.floor((b + 128) / 255 * 20), 19)
    return row * 20 + column


def srgb_cube() -> np.ndarray:
    """Every 8-bit colour of the cube's surface and every fifth level inside, as ab (n, 2)."""
    levels = np.arange(256, dtype=np.uint8)
    face = np.stack(np.meshgrid(levels, levels), -1).reshape(-1, 2)
    faces = [np.insert(face, axis, end, axis=1) for axis in range(3) for end in (0, 255)]
    inside = np.stack(np.meshgrid(*[levels[::5]] * 3), -1).reshape(-1, 3)
    return rgb_to_lab(np.concatenate([*faces, inside]))[:, 1:]


def test_reference_classes_of_the_uniform_grid():
    values = np.arange(-128, 128)
    ab = np.stack(np.meshgrid(values, values, indexing="ij"), -1)
    expected = [[s1_class(int(a), int(b)) for b in values] for a in values]
    np.testing.assert_array_equal(palette.uniform_palette().encode(ab), expected)
    np.testing.assert_array_equal(palette.uniform_palette().encode(ab.astype(np.float32)), expected)


def test_corners_are_the_first_and_the_last_class():
    corners = np.array([[-128, -128], [-128, 127], [127, -128], [127, 127], [127.9, 127.9]])
    expected = [0, 19, 380, 399, 399]
    np.testing.assert_array_equal(palette.uniform_palette().encode(corners), expected)


def test_decoding_goes_by_row_and_column():
    classes = np.arange(400)
    row, column = classes // 20, classes % 20
    expected = np.stack([(row + 0.5) / 20, (column + 0.5) / 20], -1) * 255 - 128
    np.testing.assert_allclose(palette.uniform_palette().decode(classes), expected, atol=1e-5)


def test_grey_is_tinted_by_up_to_7_units_in_the_uniform_grid():
    grid = palette.uniform_palette()
    nearly_grey = np.array([[0.0, 0.0], [-1.0, 0.0], [-1.0, -1.0]])
    tint = grid.decode(grid.encode(nearly_grey))
    np.testing.assert_allclose(tint, [[5.875, 5.875], [-6.875, 5.875], [-6.875, -6.875]])


def test_168_of_400_cells_are_reachable_in_srgb():
    assert len(np.unique(palette.uniform_palette().encode(srgb_cube()))) == 168


@pytest.mark.parametrize(("step", "bins"), [(5, 969), (10, 261), (20, 77)])
def test_gamut_palette_holds_every_bin_that_srgb_reaches(step, bins):
    # bins counted once over all 16.8 million 8-bit colours
    grid = palette.gamut_palette(step)
    assert len(grid) == bins
    reached = np.unique(np.floor(srgb_cube() / step + 0.5) * step, axis=0)
    np.testing.assert_array_equal(np.unique(grid.centers, axis=0), reached)
    assert [0, 0] in grid.centers.tolist()


@pytest.mark.parametrize("name", ["uniform-20", "uniform-1", "uniform-7", "gamut-10", "gamut-5"])
def test_round_trip_of_classes(name):
    grid = palette.palette_by_name(name)
    assert grid.name == name
    classes = np.arange(len(grid))
    np.testing.assert_array_equal(grid.encode(grid.decode(classes)), classes)


def test_gamut_classes_are_the_nearest_centre_inside_the_gamut():
    grid = palette.gamut_palette()
    ab = np.random.default_rng(0).permutation(srgb_cube())[:2000]
    nearest = ((ab[:, None] - grid.centers) ** 2).sum(-1).argmin(-1)
    np.testing.assert_array_equal(grid.encode(ab), nearest)


@given(st.sampled_from(["uniform-20", "gamut-10", "gamut-60", "gamut-110"]), ab_value, ab_value)
def test_property_every_colour_has_a_class(name, a, b):
    grid = palette.palette_by_name(name)
    assert 0 <= grid.encode(np.array([a, b])) < len(grid)


def test_colours_outside_the_gamut_take_a_near_class():
    grid = palette.gamut_palette()
    outside = np.array([[-128.0, -128.0], [127.0, 127.0], [0.0, 120.0], [-120.0, 0.0]])
    found = grid.decode(grid.encode(outside))
    nearest = np.sqrt(((outside[:, None] - grid.centers) ** 2).sum(-1)).min(-1)
    distance = np.sqrt(((outside - found) ** 2).sum(-1))
    # clamped to the grid first: not the very nearest, but within two cells of it
    np.testing.assert_array_less(distance, nearest + 2 * grid.step)


def test_reference_soft_labels():
    grid = palette.gamut_palette()
    ab = np.array([[3.0, -12.0], [0.0, 0.0], [70.0, 40.0]])
    classes, weights = grid.soft_labels(ab, neighbours=5, sigma=5)
    for colour, found, shares in zip(ab, classes, weights, strict=True):
        distances = {q: math.dist(colour, center) for q, center in enumerate(grid.centers)}
        nearest = sorted(distances, key=distances.get)[:5]
        raw = [math.exp(-(distances[q] ** 2) / (2 * 5**2)) for q in found]
        assert distances[found[0]] == min(distances.values())
        assert sorted(distances[q] for q in found) == pytest.approx(
            [distances[q] for q in nearest], abs=1e-6
        )
        assert shares == pytest.approx(np.array(raw) / sum(raw), abs=1e-6)


def test_shape_of_soft_labels():
    classes, weights = palette.gamut_palette().soft_labels(np.zeros((4, 6, 2)), neighbours=10)
    assert classes.shape == weights.shape == (4, 6, 10)
    assert weights.dtype == np.float32


def test_soft_labels_far_outside_the_gamut_are_finite():
    _, weights = palette.gamut_palette().soft_labels(np.array([[-128.0, -128.0]]), sigma=0.5)
    assert weights.sum() == pytest.approx(1)


def test_smoothing_kernel_is_almost_uniform_and_largest_at_its_own_cell():
    labels = palette.uniform_palette().smoothed_labels()
    inside = labels[5 * 20 + 7].reshape(20, 20)
    assert inside.sum() == pytest.approx(1)
    assert (inside > 0).sum() == 9
    assert inside[5, 7] == pytest.approx(1 / 9 + 0.01)
    assert inside[4:7, 6:9].min() == pytest.approx((1 - 1 / 9 - 0.01) / 8)
    np.testing.assert_array_equal(labels.argmax(1), np.arange(400))


def test_smoothing_is_renormalised_at_the_border():
    labels = palette.uniform_palette().smoothed_labels()
    np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-6)
    corner = labels[0].reshape(20, 20)
    assert (corner > 0).sum() == 4
    peak, side = 1 / 9 + 0.01, (1 - 1 / 9 - 0.01) / 8
    assert corner[0, 0] == pytest.approx(peak / (peak + 3 * side))


def test_reference_prior():
    grid = palette.uniform_palette()
    ab = np.random.default_rng(0).uniform(-30, 30, (40, 25, 2))
    expected = np.zeros(400)
    for a, b in ab.reshape(-1, 2):
        expected[s1_class(a, b)] += 1 / 1000
    np.testing.assert_allclose(grid.prior(ab), expected, atol=1e-7)


def test_reference_prior_smoothing():
    grid = palette.gamut_palette(20)
    prior = np.random.default_rng(0).dirichlet(np.ones(len(grid)))
    expected = np.zeros(len(grid))
    for q, mass in enumerate(prior):
        distances = [math.dist(grid.centers[q], center) for center in grid.centers]
        spread = np.exp(-np.square(distances) / (2 * 12**2))
        expected += mass * spread / spread.sum()
    np.testing.assert_allclose(grid.smooth_prior(prior, sigma=12), expected, rtol=1e-5)


def test_prior_smoothing_keeps_the_sum_and_lowers_the_peak():
    grid = palette.gamut_palette()
    peaked = np.zeros(len(grid))
    peaked[100] = 1
    smoothed = grid.smooth_prior(peaked, sigma=5)
    assert smoothed.sum() == pytest.approx(1)
    assert smoothed.argmax() == 100
    assert smoothed.max() < 1


def test_mean_colours_are_those_met_and_the_centre_where_none_was():
    grid = palette.uniform_palette()
    means = grid.mean_colours(np.array([[[1.0, 2.0], [3.0, 4.0]], [[-128.0, -128.0], [2.0, 3.0]]]))
    np.testing.assert_allclose(means[grid.encode(np.zeros(2))], [2, 3])
    np.testing.assert_allclose(means[0], [-128, -128])
    np.testing.assert_allclose(means[399], grid.centers[399])


@pytest.mark.parametrize("mix", [0.1, 0.5, 1.0])
def test_reference_rebalancing_weights(mix):
    prior = np.array([0.7, 0.2, 0.1, 0.0])
    weights = palette.rebalancing_weights(prior, mix=mix)
    raw = [1 / ((1 - mix) * p + mix / 4) for p in prior]
    scale = sum(p * w for p, w in zip(prior, raw, strict=True))
    np.testing.assert_allclose(weights, np.array(raw) / scale, rtol=1e-6)
    assert (prior * weights).sum() == pytest.approx(1)
    if mix == 1:
        np.testing.assert_allclose(weights, 1, rtol=1e-6)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50).filter(lambda p: sum(p) > 0.01))
def test_property_rebalancing_favours_the_rare_and_keeps_the_mean(counts):
    prior = np.array(counts) / sum(counts)
    weights = palette.rebalancing_weights(prior)
    assert (prior * weights).sum() == pytest.approx(1, rel=1e-5)
    assert np.all(np.diff(weights[np.argsort(prior, kind="stable")]) <= 1e-6)


@pytest.mark.parametrize("mix", [0, -0.1, 1.1, math.nan])
def test_error_for_a_mix_outside_its_range(mix):
    with pytest.raises(OptionError, match="mix is"):
        palette.rebalancing_weights(np.array([0.5, 0.5]), mix=mix)


def test_annealed_mean_goes_from_the_mode_to_the_mean():
    centers = np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 60.0]])
    probabilities = np.array([0.5, 0.3, 0.2])
    mean, mode = probabilities @ centers, centers[0]
    np.testing.assert_allclose(palette.annealed_mean(probabilities, centers, 1), mean)
    np.testing.assert_allclose(palette.annealed_mean(probabilities, centers, 1e-3), mode, atol=1e-9)
    steps = [palette.annealed_mean(probabilities, centers, t) for t in (0.05, 0.2, 0.38, 0.7, 1)]
    distances = [math.dist(step, mode) for step in steps]
    assert distances == sorted(distances)
    assert 0 < distances[2] < math.dist(mean, mode)


def test_reference_annealed_mean():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(261), size=(2, 3))
    centers = palette.gamut_palette().centers
    sharpened = np.exp(np.log(probabilities) / 0.38)
    expected = sharpened @ centers / sharpened.sum(-1, keepdims=True)
    np.testing.assert_allclose(palette.annealed_mean(probabilities, centers), expected, rtol=1e-5)


def test_annealing_stands_zeros_and_another_axis():
    probabilities = np.array([[0.0, 0.25], [1.0, 0.75]])
    sharpened = palette.annealed_probabilities(probabilities, 0.5, axis=0)
    np.testing.assert_allclose(sharpened, [[0, 0.1], [1, 0.9]])


@pytest.mark.parametrize("temperature", [0, -1, math.nan])
def test_error_for_a_temperature_that_is_not_positive(temperature):
    with pytest.raises(OptionError, match="temperature is"):
        palette.annealed_probabilities(np.array([0.5, 0.5]), temperature)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gamut",
        "gamut-",
        "gamut-0",
        "gamut--10",
        "hex-10",
        "gamut-1.5",
        "uniform-256",
        "gamut-" + "9" * 5000,
    ],
)
def test_error_for_an_unknown_palette_names_what_is_known(name):
    with pytest.raises(OptionError, match="gamut-10") as caught:
        palette.palette_by_name(name)
    assert repr(name) in str(caught.value)


def test_fine_grids_can_be_used():
    for name in ("uniform-255", "gamut-3"):
        grid = palette.palette_by_name(name)
        assert grid.encode(np.zeros((1, 2))).shape == (1,)
