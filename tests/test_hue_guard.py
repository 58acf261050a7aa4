import numpy as np
import pytest

from photochrom.color import rgb_to_lab
from photochrom.errors import OptionError
from photochrom.hue_guard import PRESETS, SOFT_EDGE, HueGuard

NAMED = {
    "red": (220, 20, 60), "orange": (255, 140, 0), "yellow": (255, 230, 0), "green": (0, 128, 0),
    "cyan": (0, 200, 200), "blue": (65, 105, 225), "violet": (138, 43, 226),
    "pink": (255, 105, 180),
}  # fmt: skip


def at(degrees, chroma=30.0):
    angle = np.radians(degrees)
    return np.stack([chroma * np.cos(angle), chroma * np.sin(angle)], -1).astype(np.float32)


def chroma(ab):
    return np.hypot(ab[..., 0], ab[..., 1])


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_damps_the_colour_of_its_name_fully(name):
    ab = rgb_to_lab(np.array([[NAMED[name]]], np.uint8))[..., 1:]
    damped = HueGuard.parse(f"{name}:0.2").apply(ab)
    assert chroma(damped) == pytest.approx(0.2 * chroma(ab), rel=1e-4)


def test_hues_within_are_damped_others_kept_and_the_edge_is_soft():
    guard = HueGuard(280, 320, keep=0.4)
    degrees = np.arange(360.0)
    kept = chroma(guard.apply(at(degrees))) / 30
    inside = (degrees >= 280) & (degrees <= 320)
    outside = (degrees < 280 - SOFT_EDGE) | (degrees > 320 + SOFT_EDGE)
    assert kept[inside] == pytest.approx(0.4, abs=1e-5)
    assert kept[outside] == pytest.approx(1, abs=1e-5)
    assert np.abs(np.diff(kept)).max() < 0.6 / SOFT_EDGE + 1e-4


def test_a_range_may_go_through_zero():
    guard = HueGuard.parse("350-20:0")
    assert chroma(guard.apply(at(np.array([355.0, 0.0, 10.0])))) == pytest.approx(0, abs=1e-4)
    assert chroma(guard.apply(at(np.array([180.0, 300.0])))) == pytest.approx(30, rel=1e-5)


def test_hue_stays_as_it_is():
    ab = at(np.arange(0, 360, 7.0))
    damped = HueGuard.parse("blue").apply(ab)
    assert np.abs(damped[..., 0] * ab[..., 1] - damped[..., 1] * ab[..., 0]).max() < 1e-2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("voilet", "did you mean 'violet'"),
        ("xyz", "known are red"),
        ("280-400", "high is 400; it must lie in 0 to 360"),
        ("blue:2", "keep is 2; it must lie in 0 to 1"),
        ("blue:nan", "keep is nan"),
        ("blue:much", "'much' is not a number"),
        ("", "known are"),
    ],
)
def test_what_is_no_guard_is_refused_in_one_line(text, told):
    with pytest.raises(OptionError, match=told) as caught:
        HueGuard.parse(text)
    assert "\n" not in str(caught.value)
