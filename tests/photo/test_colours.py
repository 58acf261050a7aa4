"""The colours a picture came with, against scikit-image and Pillow's own colour management."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage.color import rgb2lab

from photochrom.color import lab_to_rgb
from photochrom.errors import OptionError, UnreadableError
from photochrom.photo import open_photo, photo_from_array
from photochrom.photo.colours import fit_chroma, small_chroma

from .made import exif, pillow_file, smooth_and_edges, wide_profile

RGB, RGB16 = smooth_and_edges(bands=3), smooth_and_edges(depth=16, bands=3)


def block_means(plane, factor):
    height, width = (side // factor for side in plane.shape[:2])
    return plane.reshape(height, factor, width, factor, -1).mean((1, 3))


@pytest.mark.parametrize("picture", [RGB, RGB16], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_each_sample_is_the_mean_chroma_of_the_area_it_covers(picture, factor):
    height, width = (side // factor for side in picture.shape[:2])
    ab = small_chroma(photo_from_array(picture), height, width)
    expected = block_means(rgb2lab(picture / np.iinfo(picture.dtype).max)[..., 1:], factor)
    assert ab.dtype == np.float32
    assert np.abs(ab - expected).max() < 0.05


def test_a_grey_picture_has_none():
    ab = small_chroma(photo_from_array(RGB[..., 0]), 10, 20)
    assert ab.shape == (10, 20, 2)
    assert not ab.any()


def test_transparency_is_no_colour():
    alpha = np.full((*RGB.shape[:2], 1), 9, np.uint8)
    seen = small_chroma(photo_from_array(np.concatenate([RGB, alpha], -1)), 24, 32)
    assert np.array_equal(seen, small_chroma(photo_from_array(RGB), 24, 32))


def test_a_large_jpeg_is_shrunk_on_the_way_without_a_shift():
    large = np.asarray(Image.fromarray(RGB).resize((2176, 160), Image.Resampling.BICUBIC))
    photo = open_photo(pillow_file(large, "jpeg", quality=95, subsampling=0))
    expected = block_means(rgb2lab(large)[..., 1:], 32)
    found = small_chroma(photo, 5, 68)
    assert np.abs(found - expected).mean() < 0.3
    assert np.abs(found[:, ::-1] - expected).mean() > 3


def test_it_is_upright():
    turned = pillow_file(RGB, "png", exif=exif(6))
    ab = small_chroma(open_photo(turned), RGB.shape[1], RGB.shape[0])
    expected = rgb2lab(np.rot90(RGB, -1))[..., 1:]
    assert np.abs(ab - expected).max() < 0.05


def test_a_profile_says_what_the_numbers_mean():
    """Against Pillow's littlecms; colours that sRGB does not hold are left out."""
    picture = (RGB // 3 + 80).astype(np.uint8)
    profile = wide_profile()
    wide = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    srgb = ImageCms.profileToProfile(
        Image.fromarray(picture), wide, ImageCms.createProfile("sRGB"), 1
    )
    expected = rgb2lab(np.asarray(srgb))[..., 1:]
    photo = open_photo(pillow_file(picture, "png", icc_profile=profile))
    found = small_chroma(photo, *picture.shape[:2])
    assert np.abs(found - expected).max() < 0.05
    unread = small_chroma(photo_from_array(picture), *picture.shape[:2])
    assert np.abs(unread - expected).mean() > 0.5


def test_inks_are_colours_too():
    inks = np.zeros((32, 32, 4), np.uint8)
    inks[:, :16, 1], inks[:, 16:, 2] = 255, 255  # magenta, yellow
    file = io.BytesIO()
    Image.fromarray(inks, "CMYK").save(file, "tiff")
    ab = small_chroma(open_photo(file.getvalue()), 2, 2)
    assert (ab[:, 0, 0] > 40).all()
    assert (ab[:, 1, 1] > 50).all()


def test_a_damaged_picture_is_named():
    data = pillow_file(np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8), "png")
    with pytest.raises(UnreadableError, match="half"):
        small_chroma(open_photo(data[: len(data) // 2], name="half.png"), 9, 9)


def test_a_size_below_one_pixel_is_refused():
    with pytest.raises(OptionError, match="0 x 9"):
        small_chroma(photo_from_array(RGB), 0, 9)


def test_chroma_that_srgb_holds_is_left_as_it_is():
    lab = rgb2lab(RGB // 2 + 64).astype(np.float32)
    assert np.abs(fit_chroma(lab[..., 0], lab[..., 1:]) - lab[..., 1:]).max() < 1e-3


def test_chroma_that_srgb_does_not_hold_is_reduced_until_it_does_with_its_hue():
    rng = np.random.default_rng(0)
    luminance = rng.uniform(5, 95, (40, 50)).astype(np.float32)
    ab = rng.normal(0, 80, (40, 50, 2)).astype(np.float32)
    fitted = fit_chroma(luminance, ab)
    rgb = lab_to_rgb(np.concatenate([luminance[..., None], fitted], -1), clip=False)
    assert rgb.min() > -1e-3
    assert rgb.max() < 1 + 1e-3
    assert (np.hypot(*np.moveaxis(fitted, -1, 0)) < np.hypot(*np.moveaxis(ab, -1, 0)) + 1e-3).all()
    across = ab[..., 0] * fitted[..., 1] - ab[..., 1] * fitted[..., 0]
    assert np.abs(across).max() < 0.02 * np.square(ab).sum(-1).max()
    assert np.square(fitted).sum() > 0.1 * np.square(ab).sum()
