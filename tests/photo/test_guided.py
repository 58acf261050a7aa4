import numpy as np
import pytest

from photochrom.color import rgb_to_lab
from photochrom.photo import merge_chroma, photo_from_array, to_array
from photochrom.photo.guided import (
    area_resize,
    area_weights,
    enlarge,
    guide_size,
    guided_planes,
    upsample_chroma,
)

from .made import soft_chroma


def test_area_weights_average_whole_and_partial_samples():
    assert np.allclose(area_weights(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    assert np.allclose(area_weights(2.5, 1, inputs=3), [[0.4, 0.4, 0.2]])


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (24, 32), (60, 40)])
def test_area_resize_keeps_the_mean(size):
    plane = np.random.default_rng(0).random((24, 32)).astype(np.float32)
    if size[0] <= 24:
        assert abs(area_resize(plane, *size).mean() - plane.mean()) < 1e-5
    assert area_resize(plane[..., None], *size).shape == (*size, 1)


@pytest.mark.parametrize("cubic", [True, False])
def test_enlarging_keeps_constants_and_straight_lines(cubic):
    ramp = np.tile(np.arange(16, dtype=np.float32), (8, 1))
    large = enlarge(ramp, 32, 64, cubic=cubic)
    position = (np.arange(64) + 0.5) / 4 - 0.5
    assert np.allclose(large[:, 8:-8], position[8:-8], atol=1e-5)
    assert np.allclose(enlarge(np.ones((3, 4)), 20, 30, cubic=cubic), 1, atol=1e-6)


def test_planes_on_a_flat_guide_are_plain_interpolation():
    ab = soft_chroma(12, 16)
    planes = guided_planes(ab, np.full((48, 64), 60.0, np.float32))
    assert np.abs(planes[..., :2]).max() < 1e-3


def test_back_projection_gives_the_chroma_back():
    random = np.random.default_rng(0)
    ab = soft_chroma(12, 16)
    guide = random.uniform(20, 80, (48, 64)).astype(np.float32)
    planes = guided_planes(ab, guide)
    chroma = planes[..., :2] * guide[..., None] + planes[..., 2:]
    assert np.abs(area_resize(chroma, 12, 16) - ab).max() < 0.5


def test_texture_of_one_colour_stays_of_one_colour():
    guide = np.random.default_rng(0).normal(50, 15, (64, 64)).astype(np.float32)
    ab = np.full((16, 16, 2), (12.0, -20.0), np.float32)
    planes = guided_planes(ab, guide)
    chroma = planes[..., :2] * guide[..., None] + planes[..., 2:]
    assert np.abs(chroma - ab[0, 0]).max() < 1e-2


def test_guide_is_no_larger_than_it_needs_to_be():
    assert guide_size((64, 86), (3000, 4000)) == (256, 344)
    assert guide_size((64, 86), (100, 4000)) == (100, 344)
    assert guide_size((1000, 10), (5000, 10)) == (2048, 10)


def test_chroma_upsampled_in_memory_is_what_a_photograph_gets():
    random = np.random.default_rng(0)
    grey = random.integers(60, 200, (96, 128)).astype(np.uint8)
    ab = soft_chroma(12, 16)
    photo = photo_from_array(grey)
    L = photo.luminance().numpy().reshape(96, 128)
    full = upsample_chroma(ab, L)
    lab = rgb_to_lab(to_array(merge_chroma(photo, ab)))
    assert full.shape == (96, 128, 2)
    # apart only by rounding to 8 bits and by the gamut, which soft chroma hardly meets
    assert np.median(np.abs(lab[..., 1:] - full)) < 0.5
