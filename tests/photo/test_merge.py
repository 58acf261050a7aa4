import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color as skimage_color

from photochrom.color import lab_to_rgb, rgb_to_lab
from photochrom.errors import OptionError
from photochrom.photo import merge_chroma, open_photo, photo_from_array, to_array
from photochrom.photo.guided import enlarge
from photochrom.photo.merge import stretch

from .made import lightness_of, smooth_and_edges, soft_chroma

TOLERANCE = {8: 0.5, 16: 0.05}


@settings(max_examples=25, deadline=None)
@given(
    depth=st.sampled_from([8, 16]),
    bands=st.sampled_from([1, 3, 4]),
    strength=st.sampled_from([0, 10, 40, 100]),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    chroma_size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    seed=st.integers(0, 1000),
)
def test_lightness_size_depth_and_alpha_never_change(
    depth, bands, strength, size, chroma_size, seed
):
    random = np.random.default_rng(seed)
    shape = size if bands == 1 else (*size, bands)
    # rounded so that black, white and flat places come up as often as noise
    steps = random.choice([1, 4, 2**depth - 1])
    array = np.round(random.random(shape) * steps) / steps * (2**depth - 1)
    array = array.astype(f"u{depth // 8}")
    ab = random.uniform(-strength, strength, (*chroma_size, 2)).astype(np.float32)
    result = to_array(merge_chroma(photo_from_array(array), ab))
    assert result.shape == (*size, max(bands, 3)) and result.dtype == array.dtype
    assert np.abs(lightness_of(result) - lightness_of(array)).max() < TOLERANCE[depth]
    if bands == 4:
        assert (result[..., 3] == array[..., 3]).all()


@pytest.mark.parametrize("depth", [8, 16])
def test_lightness_holds_for_every_tone_under_every_saturated_hue(depth):
    tones = np.linspace(0, 2**depth - 1, 512).astype(f"u{depth // 8}")
    array = np.repeat(tones[None], 360, axis=0)
    hue = np.radians(np.arange(360))
    for chroma in (30, 100):
        ab = np.stack([chroma * np.cos(hue), chroma * np.sin(hue)], -1)[:, None]
        result = to_array(merge_chroma(photo_from_array(array), ab.astype(np.float32)))
        assert np.abs(lightness_of(result) - lightness_of(array)).max() < TOLERANCE[depth]


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_stay_black_and_white(value):
    array = np.full((20, 30), value, np.uint8)
    result = to_array(merge_chroma(photo_from_array(array), soft_chroma(5, 8, 100)))
    assert (result == value).all()


def test_no_chroma_gives_the_grey_picture_back_exactly():
    grey = smooth_and_edges()
    result = to_array(merge_chroma(photo_from_array(grey), np.zeros((24, 32, 2), np.float32)))
    assert (result == grey[..., None]).all()


def test_result_agrees_with_scikit_image():
    grey = np.full((40, 40), 140, np.uint8)
    ab = np.full((10, 10, 2), (20.0, -30.0), np.float32)
    lab = np.concatenate([lightness_of(grey)[..., None], np.full((40, 40, 2), (20, -30))], -1)
    expected = skimage_color.lab2rgb(lab) * 255
    result = to_array(merge_chroma(photo_from_array(grey), ab))
    assert np.abs(result - expected).max() < 0.6


def test_colour_and_sepia_input_is_read_by_its_lightness():
    sepia = smooth_and_edges(bands=3)
    result = to_array(merge_chroma(photo_from_array(sepia), np.zeros((8, 8, 2), np.float32)))
    assert np.ptp(result.astype(int), axis=-1).max() == 0
    assert np.abs(lightness_of(result) - lightness_of(sepia)).max() < 0.5


def test_guided_result_is_nearer_the_truth_than_cubic_interpolation():
    # four regions whose colour changes where their lightness does, and soft gradients within
    y, x = np.mgrid[0:192, 0:256] / 256
    region = (x + 0.4 * y > 0.6).astype(int) + 2 * ((x - 0.3) ** 2 + (y - 0.35) ** 2 < 0.03)
    L = np.array([30, 75, 55, 90])[region] + 6 * np.sin(9 * x)
    ab = np.array([[10, -30], [5, 25], [35, 20], [-25, 25]])[region] * (0.8 + 0.2 * y[..., None])
    truth = lab_to_rgb(np.concatenate([L[..., None], ab], -1))
    lab = rgb_to_lab(truth)
    small = lab[..., 1:].reshape(24, 8, 32, 8, 2).mean((1, 3)).astype(np.float32)
    photo = photo_from_array((truth * 65535 + 0.5).astype(np.uint16))
    guided = to_array(merge_chroma(photo, small)) / 65535
    cubic = lab_to_rgb(np.concatenate([lab[..., :1], enlarge(small, 192, 256)], -1))

    def psnr(picture):
        return -10 * np.log10(np.mean((picture - truth) ** 2))

    assert psnr(guided) > psnr(cubic) + 1


def test_area_average_of_the_result_is_the_chroma_that_came_in():
    grey = smooth_and_edges(192, 256)
    ab = soft_chroma(24, 32, 15)
    photo = photo_from_array((grey * 0.5 + 64).astype(np.uint8))  # inside the gamut
    lab = rgb_to_lab(to_array(merge_chroma(photo, ab)).astype(np.float64) / 255)
    back = lab[..., 1:].reshape(24, 8, 32, 8, 2).mean((1, 3))
    assert np.abs(back - ab).mean() < 0.15


def test_stretch_agrees_with_linear_interpolation_of_arrays():
    planes = np.random.default_rng(0).random((7, 9, 4)).astype(np.float32)
    for height, width in ((7, 9), (50, 61), (7, 500)):
        stretched = stretch(planes, height, width).numpy()
        expected = enlarge(planes, height, width, cubic=False)
        assert stretched.shape == expected.shape
        assert np.abs(stretched - expected).max() < 0.03  # libvips steps by 1/64 of a sample


@pytest.mark.parametrize("shape", [(1, 1), (1, 20000), (20000, 1), (3, 5)])
def test_odd_shapes_are_coloured(shape):
    grey = np.full(shape, 128, np.uint8)
    result = to_array(merge_chroma(photo_from_array(grey), soft_chroma(12, 16)))
    assert result.shape == (*shape, 3)
    assert np.abs(lightness_of(result) - lightness_of(grey)).max() < 0.5


def test_orientation_is_applied_before_colour():
    from .made import exif, pillow_file

    grey = smooth_and_edges(64, 96)
    file = pillow_file(grey, "png", exif=exif(orientation=6))
    result = to_array(merge_chroma(open_photo(file), np.zeros((6, 4, 2), np.float32)))
    assert (result[..., 0] == np.rot90(grey, -1)).all()


@pytest.mark.parametrize(
    "ab", [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((0, 4, 2)), np.full((2, 2, 2), np.nan)]
)
def test_chroma_that_is_none_is_refused(ab):
    with pytest.raises(OptionError, match="chroma"):
        merge_chroma(photo_from_array(np.zeros((8, 8), np.uint8)), ab)
