"""sRGB and CIELAB against scikit-image, published pairs, and themselves."""

import numpy as np
import pytest
import skimage.color
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import color

# Sharma, Wu and Dalal 2005, table 1: two CIELAB colours and their difference. The second block
# has (nearly) opposite hues, where the formula jumps; the third dark, close and distant colours.
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0010), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0010, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]
EVERY_LEVEL = np.arange(256, dtype=np.uint8)


def random_lab(rng: np.random.Generator, n: int = 20_000) -> np.ndarray:
    return rng.uniform([0, -128, -128], [100, 127, 127], (n, 3))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_reference_lab_is_scikit_images(rng):
    rgb = rng.random((64, 64, 3))
    # same white, same matrix; scikit-image rounds the knee (0.008856, 7.787), so the dark end is
    # off by up to 2e-4, and nothing else is
    ours, theirs = color.rgb_to_lab(rgb), skimage.color.rgb2lab(rgb)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    bright = rgb.min(-1) > 0.2
    np.testing.assert_allclose(ours[bright], theirs[bright], atol=1e-9)
    np.testing.assert_allclose(color.rgb_to_lab(rgb.astype(np.float32)), theirs, atol=1e-3)


def test_reference_rgb_is_scikit_images_within_the_gamut(rng):
    lab = skimage.color.rgb2lab(rng.random((64, 64, 3)))
    np.testing.assert_allclose(color.lab_to_rgb(lab), skimage.color.lab2rgb(lab), atol=1e-6)


def test_reference_rgb_is_scikit_images_outside_the_gamut(rng):
    lab = random_lab(rng)
    # scikit-image cuts negative Z before it converts; where Z is positive both clip the same way
    same = (lab[:, 0] + 16) / 116 - lab[:, 2] / 200 > 0
    ours, theirs = color.lab_to_rgb(lab), skimage.color.lab2rgb(lab[same])
    np.testing.assert_allclose(ours[same], theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((1, 1, 1), (100, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
    ],
)
def test_reference_known_colours(rgb, lab):
    np.testing.assert_allclose(color.rgb_to_lab(np.array(rgb, float)), lab, atol=0.01)


def test_grey_has_no_chroma():
    grey = np.repeat(EVERY_LEVEL[:, None], 3, axis=1)
    lab = color.rgb_to_lab(grey)
    assert np.abs(lab[:, 1:]).max() < 0.01
    assert np.all(np.diff(lab[:, 0]) > 0)


def test_range_of_lab_over_the_cube_fits_the_constants():
    levels = np.r_[EVERY_LEVEL[::5], 255].astype(np.uint8)
    lab = color.rgb_to_lab(np.stack(np.meshgrid(levels, levels, levels), -1))
    assert lab[..., 0].min() >= 0
    assert lab[..., 0].max() <= color.LIGHTNESS_MAX + 1e-3
    assert 100 < np.abs(lab[..., 1:]).max() <= color.CHROMA_SCALE


def test_round_trip_of_8_bit_pictures_is_exact(rng):
    rgb = rng.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    rgb[:128, :2, :] = EVERY_LEVEL.reshape(128, 2, 1)
    back = color.lab_to_rgb(color.rgb_to_lab(rgb))
    np.testing.assert_array_equal(np.rint(back * 255).astype(np.uint8), rgb)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_property_round_trip_of_any_colour(rgb):
    colour = np.array(rgb)
    np.testing.assert_allclose(color.lab_to_rgb(color.rgb_to_lab(colour)), colour, atol=1e-6)


@given(st.floats(0, 1), st.floats(0, 1))
def test_property_sRGB_curve_rises_and_inverts(first, second):
    low, high = color.srgb_to_linear(np.sort(np.array([first, second])))
    assert low <= high
    np.testing.assert_allclose(color.linear_to_srgb(np.array(low)), min(first, second), atol=1e-7)


def test_uint8_path_equals_the_float_path(rng):
    rgb = rng.integers(0, 256, (100, 100, 3), dtype=np.uint8)
    np.testing.assert_allclose(color.rgb_to_lab(rgb), color.rgb_to_lab(rgb / 255), atol=1e-3)


def test_dtype_is_kept():
    assert color.rgb_to_lab(np.zeros((1, 3), np.uint8)).dtype == np.float32
    for dtype in (np.float32, np.float64):
        lab = color.rgb_to_lab(np.zeros((1, 3), dtype))
        assert lab.dtype == dtype
        assert color.lab_to_rgb(lab).dtype == dtype


def test_unclipped_rgb_shows_what_lies_outside_the_gamut():
    lab = np.array([50.0, -100.0, 100.0])
    assert color.lab_to_rgb(lab, clip=False).min() < 0
    assert color.lab_to_rgb(lab).min() == 0


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reference_ciede2000_published_pairs(first, second, expected, dtype):
    first, second = np.array(first, dtype), np.array(second, dtype)
    assert color.ciede2000(first, second) == pytest.approx(expected, abs=1e-4)
    assert color.ciede2000(second, first) == pytest.approx(expected, abs=1e-4)


def test_reference_ciede2000_is_scikit_images(rng):
    first, second = random_lab(rng), random_lab(rng)
    near = first + rng.normal(0, 3, first.shape)
    for other in (second, near):
        expected = skimage.color.deltaE_ciede2000(first, other)
        np.testing.assert_allclose(color.ciede2000(first, other), expected, atol=1e-9)
        single = color.ciede2000(first.astype(np.float32), other.astype(np.float32))
        np.testing.assert_allclose(single, expected, atol=5e-3)


def test_ciede2000_of_greys_is_lightness_alone():
    grey = np.array([[40.0, 0.0, 0.0], [40.0, 0.0, 0.0]])
    other = np.array([[40.0, 0.0, 0.0], [60.0, 0.0, 0.0]])
    assert color.ciede2000(grey, other) == pytest.approx([0, 20 / 1], rel=0.01)


lab_colour = st.tuples(st.floats(0, 100), st.floats(-128, 127), st.floats(-128, 127))


@settings(max_examples=200)
@given(lab_colour, lab_colour)
def test_property_ciede2000_is_a_symmetric_difference(first, second):
    one, two = np.array(first), np.array(second)
    difference = color.ciede2000(one, two)
    assert np.isfinite(difference)
    assert difference >= 0
    assert difference == pytest.approx(color.ciede2000(two, one), abs=1e-6)
    assert color.ciede2000(one, one) == 0


def test_tensors_agree_with_arrays(rng):
    torch = pytest.importorskip("torch")
    rgb = rng.random((2, 5, 7, 3))
    batch = torch.from_numpy(rgb).permute(0, 3, 1, 2)
    lab = color.rgb_to_lab_tensor(batch)
    np.testing.assert_allclose(lab.permute(0, 2, 3, 1), color.rgb_to_lab(rgb), atol=1e-9)
    back = color.lab_to_rgb_tensor(lab)
    np.testing.assert_allclose(back, batch, atol=1e-6)
    outside = torch.tensor([50.0, -100.0, 100.0]).reshape(1, 3, 1, 1)
    assert color.lab_to_rgb_tensor(outside, clip=False).min() < 0
    assert color.lab_to_rgb_tensor(outside).min() == 0


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5, 0.0031308, 0.04045, 1e-30])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_gradient_of_lab_is_finite_on_greys(value, precision):
    torch = pytest.importorskip("torch")
    rgb = torch.full((1, 3, 2, 2), value, dtype=getattr(torch, precision), requires_grad=True)
    color.rgb_to_lab_tensor(rgb).sum().backward()
    assert torch.isfinite(rgb.grad).all()
    assert rgb.grad[:, 1].abs().min() > 0


@pytest.mark.parametrize("lab", [(0, 0, 0), (100, 0, 0), (50, 0, 0), (8, 0, 0), (50, -100, 100)])
@pytest.mark.parametrize("clip", [True, False])
def test_gradient_of_rgb_is_finite_at_the_ends(lab, clip):
    torch = pytest.importorskip("torch")
    colour = torch.tensor(lab, dtype=torch.float32).reshape(1, 3, 1, 1).requires_grad_()
    color.lab_to_rgb_tensor(colour, clip=clip).sum().backward()
    assert torch.isfinite(colour.grad).all()


def test_gradient_is_the_slope(rng):
    torch = pytest.importorskip("torch")
    rgb = torch.from_numpy(rng.uniform(0.05, 0.95, (1, 3, 2, 2))).requires_grad_()
    assert torch.autograd.gradcheck(color.rgb_to_lab_tensor, rgb)
    lab = color.rgb_to_lab_tensor(rgb).detach().requires_grad_()
    assert torch.autograd.gradcheck(color.lab_to_rgb_tensor, lab)
