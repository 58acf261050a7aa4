"""What stands in the cells of a comparison sheet."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from photochrom.color import ciede2000
from photochrom.errors import OptionError
from photochrom.evaluation.colorizers import Answer
from photochrom.evaluation.pictures import ListedPicture
from photochrom.evaluation.sheets import (
    PLANE_LIGHTNESS,
    SHOWS,
    Compared,
    column_titles,
    compare_photo,
    make_rows,
    rows_a_picture,
)
from photochrom.photo import photo_from_array

TINT = (8.0, 14.0)


def made_picture(height, width, turn=0.0):
    """Smooth colours that sRGB holds with room to spare, (H, W, 3) uint8."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    L = 50 + 20 * np.sin(7 * x + 3 * y + turn)
    a, b = 14 * np.cos(5 * x + turn), 14 * np.sin(4 * y + 2 * x + turn)
    return (lab2rgb(np.stack([L, a, b], -1)) * 255).round().astype(np.uint8)


def tinted(opened):
    lab = np.array(opened.lab)
    lab[..., 1:] = TINT
    return Answer(lab2rgb(lab))


def perfect(opened):
    return Answer(opened.truth)


def compared(picture, name="a.png", height=64, **painters):
    photo = photo_from_array(picture)
    listed = ListedPicture(name, "", (photo.width, photo.height))
    return compare_photo(photo, listed, painters or {"tint": tinted}, height)


def lab_of(cell):
    return rgb2lab(cell.picture)


def block_means(plane, factor):
    height, width = (side // factor for side in plane.shape[:2])
    return plane.reshape(height, factor, width, factor, -1).mean((1, 3))


COLOUR = made_picture(64, 96)
OTHER = made_picture(128, 80, turn=2.0)


def test_the_columns_are_grey_the_models_and_the_truth():
    one = compared(COLOUR, tint=tinted, perfect=perfect)
    assert column_titles([one]) == ["grey", "tint", "perfect", "truth"]
    [[row]] = make_rows([one])
    assert [cell.picture.shape for cell in row] == [(64, 96, 3)] * 4


@pytest.mark.parametrize("factor", [1, 2])
def test_the_grey_column_is_grey_and_has_the_pictures_lightness(factor):
    [[row]] = make_rows([compared(COLOUR, height=64 // factor)])
    assert np.ptp(row[0].picture, axis=-1).max() <= 1
    expected = block_means(rgb2lab(COLOUR), factor)[..., 0]
    assert np.abs(lab_of(row[0])[..., 0] - expected).max() < 0.4


@pytest.mark.parametrize("factor", [1, 2])
def test_the_truth_column_is_the_picture_itself(factor):
    [[row]] = make_rows([compared(COLOUR, height=64 // factor)])
    expected = lab2rgb(block_means(rgb2lab(COLOUR), factor)) * 255
    assert np.abs(row[-1].picture - expected).max() <= 1.01


def test_saturated_colours_of_the_truth_are_not_dulled():
    hard = np.zeros((64, 64, 3), np.uint8)
    hard[:32, :, 0], hard[32:, :, 2] = 255, 255
    [[row]] = make_rows([compared(hard)])
    assert np.abs(row[-1].picture.astype(int) - hard).max() <= 1


@pytest.mark.parametrize("height", [64, 32])
def test_a_models_column_has_its_chroma_and_the_pictures_lightness(height):
    one = compared(COLOUR, height=height)
    [[row]] = make_rows([one])
    assert np.abs(lab_of(row[1])[..., 1:] - TINT).max() < 1.5
    assert np.abs(lab_of(row[1])[..., 0] - lab_of(row[0])[..., 0]).max() < 0.8


def test_captions_tell_the_name_and_the_difference_from_the_truth():
    [[row]] = make_rows([compared(COLOUR, tint=tinted, perfect=perfect)])
    truth = rgb2lab(COLOUR)
    grey = ciede2000(truth * (1, 0, 0), truth).mean()
    tint = ciede2000(
        np.concatenate([truth[..., :1], np.full_like(truth[..., 1:], TINT)], -1), truth
    )
    told = [cell.caption for cell in row]
    assert told[0].splitlines()[1] == "a.png"
    assert float(told[0].split()[1]) == pytest.approx(grey, abs=0.06)
    assert float(told[1].split()[1]) == pytest.approx(tint.mean(), abs=0.06)
    assert told[2:] == ["CIEDE2000 0.0", ""]


def test_another_programs_lightness_is_shown_as_it_is():
    def darker(opened):
        return Answer(lab2rgb(opened.lab * (0.8, 1, 1)))

    [[row]] = make_rows([compared(COLOUR, darker=darker)])
    expected = rgb2lab(COLOUR)[..., 0] * 0.8
    assert np.abs(lab_of(row[1])[..., 0] - expected).max() < 1


@pytest.mark.parametrize("tint", [(0, 0), (4, 12)], ids=["grey", "sepia"])
def test_a_picture_without_colours_of_its_own_has_no_truth(tint):
    lab = rgb2lab(COLOUR)
    lab[..., 1:] = tint
    old = (lab2rgb(lab) * 255).round().astype(np.uint8)
    one = compared(old)
    assert one.truth is None
    assert column_titles([one]) == ["grey", "tint"]
    [[row], [coloured]] = make_rows([one, compared(COLOUR, "b.png")])
    assert row[0].caption == "a.png"
    assert row[2].picture is None
    assert row[2].caption == ""
    assert coloured[2].picture is not None


def test_channels_are_drawn_one_by_one_at_one_lightness():
    [[_, a, b, both]] = make_rows([compared(COLOUR)], ["channels"])
    truth = rgb2lab(COLOUR)[..., 1:]
    for row, kept in ((a, (1, 0)), (b, (0, 1)), (both, (1, 1))):
        assert row[0].picture is None
        assert f"L = {PLANE_LIGHTNESS:.0f}" in row[0].caption
        for cell, chroma in ((row[1], np.array(TINT)), (row[2], truth)):
            lab = lab_of(cell)
            assert np.abs(lab[..., 0] - PLANE_LIGHTNESS).max() < 0.5
            assert np.abs(lab[..., 1:] - chroma * kept).max() < 1.5
    assert [row[0].caption.split(":")[0] for row in (a, b)] == ["a", "b"]


def test_a_random_lightness_leaves_nothing_but_chroma():
    [[_, row]] = make_rows([compared(COLOUR)], ["random-l"])
    noise, truth = lab_of(row[0])[..., 0], lab_of(row[2])
    assert np.ptp(row[0].picture, axis=-1).max() <= 1
    assert np.percentile(noise, [10, 50, 90]) == pytest.approx([10, 50, 90], abs=3)
    assert abs(np.corrcoef(noise.ravel(), rgb2lab(COLOUR)[..., 0].ravel())[0, 1]) < 0.05
    for cell in row[1:]:
        assert np.abs(lab_of(cell)[..., 0] - noise).max() < 1
    held = (noise > 40) & (noise < 70)  # where sRGB has all of the chroma
    assert np.abs(truth - rgb2lab(COLOUR))[held][:, 1:].max() < 1.5


def test_the_random_lightness_comes_from_the_seed():
    def drawn(seed, pictures):
        return [rows[1][0].picture for rows in make_rows(pictures, ["random-l"], seed)]

    one, two = compared(COLOUR), compared(COLOUR, "b.png")
    first, second = drawn(3, [one, two])
    assert np.array_equal(first, drawn(3, [one])[0])
    assert np.array_equal(second, drawn(3, [two, two])[1])
    assert not np.array_equal(first, drawn(4, [one])[0])
    assert not np.array_equal(first, second)


def test_a_swap_has_the_lightness_of_one_and_the_chroma_of_the_other():
    same_size = made_picture(64, 96, turn=2.0)
    pictures = [compared(COLOUR), compared(same_size, "b.png")]
    first, second = (rows[1] for rows in make_rows(pictures, ["swap"]))
    for row, L, ab in ((first, COLOUR, same_size), (second, same_size, COLOUR)):
        swapped = lab_of(row[-1])
        assert np.abs(swapped[..., 0] - rgb2lab(L)[..., 0]).max() < 0.8
        assert np.abs(swapped[..., 1:] - rgb2lab(ab)[..., 1:]).max() < 2
        assert np.abs(lab_of(row[1])[..., 1:] - TINT).max() < 1.5
    assert first[0].caption == "the colours of b.png"
    assert np.abs(lab_of(first[0])[..., 0] - rgb2lab(same_size)[..., 0]).max() < 0.8


def test_in_a_swap_the_chroma_is_stretched_over_the_whole_of_the_other_picture():
    pictures = [compared(COLOUR), compared(OTHER, "b.png")]
    [[_, row], _] = make_rows(pictures, ["swap"])
    assert row[-1].picture.shape == (64, 96, 3)
    stretched = Image.fromarray(OTHER).resize((96, 64), Image.Resampling.BICUBIC)
    expected = rgb2lab(np.asarray(stretched))[..., 1:]
    assert np.abs(lab_of(row[-1])[..., 1:] - expected).mean() < 1


def test_in_a_swap_a_picture_without_truth_lends_none():
    grey = np.repeat(COLOUR[..., :1], 3, -1)
    rows = make_rows([compared(COLOUR), compared(grey, "b.png")], ["swap"])
    assert rows[0][1][-1].picture is None
    assert rows[1][1][-1].picture is not None


def test_everything_can_be_shown_at_once_in_a_fixed_order():
    pictures = [compared(COLOUR), compared(OTHER, "b.png")]
    groups = make_rows(pictures, list(reversed(SHOWS)))
    assert [len(group) for group in groups] == [rows_a_picture(SHOWS)] * 2 == [6, 6]
    assert [group[4][0].caption for group in groups] == ["random L, seed 0"] * 2
    assert rows_a_picture(()) == 1


@pytest.mark.parametrize(
    ("shows", "told"), [(["chanels"], "channels, random-l, swap"), (["swap"], "two pictures")]
)
def test_what_cannot_be_shown_is_told(shows, told):
    with pytest.raises(OptionError, match=told):
        make_rows([compared(COLOUR)], shows)


def test_a_small_sheet_does_not_make_the_models_see_less():
    sizes = []

    def watching(opened):
        sizes.append(opened.rgb.shape[:2])
        return Answer(opened.truth)

    large = made_picture(1200, 800)
    one = compared(large, height=60, watching=watching)
    assert sizes == [(768, 512)]
    assert one.luminance.shape == (60, 40)
    compared(made_picture(50, 40), height=200, watching=watching)
    assert sizes[1] == (50, 40)
    compared(made_picture(40, 400), height=20, watching=watching)
    assert sizes[2] == (40, 400)


def test_a_strip_takes_no_more_than_two_heights():
    assert compared(made_picture(50, 400), height=50).luminance.shape == (12, 100)


def test_the_same_comes_out_twice():
    def cells():
        pictures = [compared(COLOUR), compared(OTHER, "b.png")]
        return [
            cell.picture.tobytes()
            for group in make_rows(pictures, SHOWS, 5)
            for row in group
            for cell in row
            if cell.picture is not None
        ]

    assert cells() == cells()


def test_columns_are_complete_cielab():
    one = Compared("x", np.full((2, 3), 40, np.float32), None, {})
    assert one.column("grey").tolist() == [[[40, 0, 0]] * 3] * 2
    assert one.column("truth") is None
    assert one.chroma("truth") is None
