import numpy as np
import pytest
from PIL import Image

from photochrom.data.coloured import find_coloured, only
from photochrom.data.decoded import DecodedPictures, decode_pictures
from photochrom.data.prepare import teaches_no_colour


def save(picture, path):
    Image.fromarray(picture.round().astype(np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    """A ramp of lightness without colour, in one tint, with faint colours, and in full colour."""
    ramp = np.linspace(20, 230, 48)[:, None, None] * np.ones((48, 48, 3))
    colours = np.random.default_rng(0).normal(0, 1, (6, 6, 3)).repeat(8, 0).repeat(8, 1)
    save(ramp, tmp_path / "0-grey.png")
    save((ramp * (1, 0.8, 0.6)).clip(0, 255), tmp_path / "1-coloured-by-lightness.png")
    save(ramp * 0.2 + (120, 100, 70), tmp_path / "2-one-tint.png")
    save((ramp + colours).clip(0, 255), tmp_path / "3-faint.png")
    save((ramp + 60 * colours).clip(0, 255), tmp_path / "4-colour.png")
    return tmp_path


def test_the_rule_is_that_of_prepare(folder, tmp_path):
    pictures = decode_pictures([folder], 48, tmp_path / "cache", jobs=1)
    expected = [
        teaches_no_colour(Image.open(path).convert("RGB")) is None
        for path in sorted(folder.glob("*.png"))
    ]
    assert find_coloured(pictures).tolist() == expected
    assert expected == [False, True, False, False, True]


def test_the_chosen_pictures_keep_order_names_and_place():
    parts = tuple(
        np.full((count, 2, 2, 3), 10 * number, np.uint8) for number, count in enumerate((3, 1, 4))
    )
    for part in parts:
        part += np.arange(len(part), dtype=np.uint8)[:, None, None, None]
    names = tuple(f"{number}" for number in range(8))
    pictures = DecodedPictures(parts, names, tuple(f"s{name}" for name in names))
    chosen = np.array([True, False, True, False, True, True, False, True])
    kept = only(pictures, chosen)
    assert kept.keys == ("0", "2", "4", "5", "7")
    assert kept.sources == ("s0", "s2", "s4", "s5", "s7")
    expected = pictures.take(np.flatnonzero(chosen))
    assert np.array_equal(kept.take(range(5)), expected)
    assert np.array_equal(kept.take([4, 0]), expected[[4, 0]])
    assert all(any(part.base is whole for whole in parts) for part in kept.parts)
    assert len(only(pictures, np.zeros(8, bool))) == 0
