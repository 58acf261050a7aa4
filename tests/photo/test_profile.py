import numpy as np
import pytest

from photochrom.color import srgb_to_linear
from photochrom.photo.profile import ProfileError, parse_profile

from .made import (
    gamma_curve,
    grey_profile,
    icc_profile,
    parametric_curve,
    srgb_profile,
    table_curve,
    wide_profile,
)

CODES = np.linspace(0, 1, 65536)


def test_srgb_is_known_by_what_it_means():
    assert parse_profile(srgb_profile()).is_srgb
    assert not parse_profile(wide_profile()).is_srgb
    assert not parse_profile(grey_profile()).is_srgb


def test_weights_of_srgb_are_those_of_color():
    profile = parse_profile(srgb_profile())
    assert np.allclose(profile.luminance, (0.2127, 0.7152, 0.0722), atol=3e-4)


@pytest.mark.parametrize(
    ("curve", "light"),
    [
        (gamma_curve(2.0), CODES**2),
        (b"curv\0\0\0\0\0\0\0\0", CODES),
        (table_curve([0, 0.25, 1]), np.interp(CODES, [0, 0.5, 1], [0, 0.25, 1])),
        (parametric_curve(0, 1.5), CODES**1.5),
        (parametric_curve(1, 2, 1.25, -0.25), (1.25 * CODES - 0.25).clip(0) ** 2),
        (parametric_curve(2, 2, 0.75, 0, 0.25), (0.75 * CODES) ** 2 + 0.25),
        (parametric_curve(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), None),
        (parametric_curve(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0, 0), None),
    ],
)
def test_tone_curves_mean_what_the_standard_says(curve, light):
    light = srgb_to_linear(CODES) if light is None else light
    (read,) = parse_profile(icc_profile("GRAY", kTRC=curve)).curves
    assert np.abs(read - light.clip(0, 1)).max() < 1e-3


def test_codes_of_8_and_16_bits_mean_the_same_light():
    profile = parse_profile(grey_profile(1.8))
    eight, sixteen = profile.luminance_of_codes(8), profile.luminance_of_codes(16)
    assert eight.shape == (256,) and sixteen.shape == (65536,)
    assert np.allclose(eight, sixteen[::257])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not an ICC profile"),
        (b"junk" * 100, "not an ICC profile"),
        (wide_profile()[:300], "cut short"),
        (icc_profile("Lab"), "colour space"),
        (icc_profile("GRAY"), "kTRC tag is missing"),
        (icc_profile("GRAY", kTRC=b"what\0\0\0\0"), "unknown kind"),
        (icc_profile("GRAY", kTRC=parametric_curve(9, 1)), "unknown kind"),
        (icc_profile("GRAY", kTRC=table_curve([1, 0])), "dark to light"),
        (icc_profile("GRAY", kTRC=b"curv\0\0\0\0\0\0\0\1"), "damaged"),
        (wide_profile().replace(b"rXYZ", b"qXYZ"), "rXYZ tag is missing"),
    ],
)
def test_profiles_that_cannot_be_believed_say_why(data, why):
    with pytest.raises(ProfileError, match=why):
        parse_profile(data)
