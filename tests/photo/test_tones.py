import numpy as np
import pytest

from photochrom.errors import PhotoWarning
from photochrom.photo import merge_chroma, open_photo, to_array
from photochrom.photo.tones import lightness_of_luminance

from .made import (
    as_image,
    grey_profile,
    lightness_of,
    pillow_file,
    smooth_and_edges,
    soft_chroma,
    srgb_profile,
    wide_profile,
    with_blob,
)

# Adobe RGB (1998) to CIE Y under D65: its middle row, from the specification
WIDE_WEIGHTS = np.array([0.2973, 0.6274, 0.0753])


def png(array, profile=None, interpretation=None):
    if array.ndim == 2:
        interpretation = "grey16" if array.dtype == np.uint16 else "b-w"
    image = as_image(array, interpretation)
    if profile is not None:
        image = with_blob(image, icc_profile_data=profile)
    return image.pngsave_buffer()


def read_lightness(data, **options):
    return open_photo(data, **options).luminance().numpy()


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("bands", [1, 3])
def test_plain_pictures_have_the_lightness_of_color(depth, bands):
    array = smooth_and_edges(depth=depth, bands=bands)
    assert np.abs(read_lightness(png(array)) - lightness_of(array)).max() < (0.02, 1e-3)[depth > 8]


@pytest.mark.parametrize("depth", [8, 16])
def test_a_grey_profile_tells_the_tones(depth):
    array = smooth_and_edges(depth=depth)
    L = read_lightness(png(array, grey_profile(1.8)))
    expected = lightness_of_luminance((array / (2**depth - 1)) ** (461 / 256))
    assert np.abs(L - expected).max() < 1e-3


@pytest.mark.parametrize("depth", [8, 16])
def test_an_rgb_profile_tells_the_tones(depth):
    array = smooth_and_edges(depth=depth, bands=3)
    L = read_lightness(png(array, wide_profile()))
    light = (array / (2**depth - 1)) ** 2.19921875
    assert np.abs(L - lightness_of_luminance(light @ WIDE_WEIGHTS)).max() < 0.05


def test_an_rgb_profile_on_a_grey_picture_means_equal_channels():
    array = smooth_and_edges()
    L = read_lightness(pillow_file(array, "tiff", icc_profile=wide_profile()))
    assert np.abs(L - lightness_of_luminance((array / 255) ** 2.19921875)).max() < 1e-3


def test_an_srgb_profile_changes_nothing():
    array = smooth_and_edges(bands=3)
    L = read_lightness(png(array, srgb_profile()))
    assert np.abs(L - lightness_of(array)).max() < 0.05


@pytest.mark.parametrize("depth", [8, 16])
def test_a_wide_profile_is_kept_and_the_lightness_with_it(depth):
    array = smooth_and_edges(depth=depth, bands=3)
    photo = open_photo(png(array, wide_profile()))
    image = merge_chroma(photo, soft_chroma(strength=80))
    assert image.get("icc-profile-data") == wide_profile()
    light = (to_array(image) / (2**depth - 1)) ** 2.19921875
    before = photo.luminance().numpy()
    after = lightness_of_luminance(light @ WIDE_WEIGHTS)
    assert np.abs(after - before).max() < {8: 0.5, 16: 0.05}[depth]


def test_a_grey_profile_is_replaced_by_srgb():
    array = smooth_and_edges()
    photo = open_photo(png(array, grey_profile(1.8)))
    image = merge_chroma(photo, soft_chroma())
    assert not image.get_typeof("icc-profile-data")
    assert np.abs(lightness_of(to_array(image)) - photo.luminance().numpy()).max() < 0.5


@pytest.mark.parametrize("profile", [b"junk" * 80, wide_profile()[:400], grey_profile()])
def test_a_profile_that_is_broken_or_misplaced_is_named_and_set_aside(profile):
    array = smooth_and_edges(bands=3)
    data = pillow_file(array, "tiff", icc_profile=profile)
    with pytest.warns(PhotoWarning, match=r"scan\.tif.*profile cannot be used.*sRGB"):
        L = read_lightness(data, name="scan.tif")
    assert np.abs(L - lightness_of(array)).max() < 0.05


@pytest.mark.parametrize("profile", [True, False])
def test_cmyk_is_read_by_its_inks(profile):
    ink = np.zeros((16, 256, 4), np.uint8)
    ink[..., 3] = np.arange(256)
    image = as_image(ink, "cmyk")
    if profile:
        import pyvips

        cmyk = pyvips.Operation.call("profile_load", "cmyk")
        image = with_blob(image, icc_profile_data=cmyk)
    photo = open_photo(image.jpegsave_buffer(Q=100, subsample_mode="off"))
    L = photo.luminance().numpy()
    assert L[0, 0] > 98 and L[0, -1] < 30 and (np.diff(L[0]) < 0.5).all()
    result = merge_chroma(photo, soft_chroma())
    assert result.bands == 3 and not result.get_typeof("icc-profile-data")
    assert np.abs(lightness_of(to_array(result)) - L).max() < 0.5
