"""Cells laid out as one picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from photochrom.drawing import SHEET_FORMATS
from photochrom.errors import OptionError
from photochrom.evaluation.sheet_layout import (
    GAP,
    MARGIN,
    Cell,
    check_sheet,
    draw_sheet,
    write_sheet,
)


def plain(colour, height=40, width=60, caption=""):
    picture = np.full((height, width, 3), colour, np.uint8)
    return Cell(picture, caption, (height, width))


RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def places_of(sheet, colour):
    """Rows and columns from, to, of the rectangle of a colour, which it fills."""
    rows, columns = np.nonzero((np.asarray(sheet) == colour).all(-1))
    assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def ink(pixels):
    return int((np.asarray(pixels) < 200).any(-1).sum())


def test_cells_stand_in_rows_and_columns_in_their_own_pixels():
    groups = [[[plain(RED), plain(GREEN)]], [[plain(BLUE), Cell(None, "", (40, 60))]]]
    sheet = draw_sheet(["one", "two"], groups, 40)
    red, green, blue = (places_of(sheet, colour) for colour in (RED, GREEN, BLUE))
    assert (red[1] - red[0], red[3] - red[2]) == (40, 60)
    assert red[:2] == green[:2]
    assert green[2] - red[3] == GAP
    assert red[2] == MARGIN
    assert sheet.width == green[3] + MARGIN
    assert blue[2:] == red[2:]
    assert blue[0] > red[1]
    assert sheet.height >= blue[1] + MARGIN


def test_titles_stand_above_captions_below_and_the_note_at_the_end():
    def drawn(titles=("", ""), captions=("", ""), note=""):
        cells = [plain(c, caption=told) for c, told in zip((RED, GREEN), captions, strict=True)]
        return draw_sheet(titles, [[cells]], 40, note)

    top, bottom, left, _ = places_of(drawn(), RED)
    bare = np.asarray(drawn())
    assert ink(bare[:top]) == ink(bare[bottom:]) == 0
    titled = np.asarray(drawn(titles=("grey", "truth")))
    assert ink(titled[:top, : left + 60]) > 20
    assert ink(titled[:top, left + 60 :]) > 20
    captioned = np.asarray(drawn(captions=("", "CIEDE2000 7.1\nsecond")))
    assert ink(captioned[bottom:, : left + 60]) == 0
    assert ink(captioned[bottom : bottom + 20, left + 60 :]) > 20
    assert ink(captioned[bottom + 20 :, left + 60 :]) > 20
    noted = np.asarray(drawn(note="a note of many words " * 5))
    assert noted.shape[0] > bare.shape[0] + 60
    assert ink(noted[bottom:]) > 100


def test_smaller_pictures_are_enlarged_and_none_is_shrunk():
    small = draw_sheet(["x"], [[[plain(RED, 10, 15)]]], 40)
    top, bottom, left, right = places_of(small, RED)
    assert (bottom - top, right - left) == (40, 60)
    strip = draw_sheet(["x"], [[[plain(RED, 10, 80)]]], 40)
    top, bottom, left, right = places_of(strip, RED)
    assert (bottom - top, right - left) == (10, 80)
    large = draw_sheet(["x"], [[[plain(RED, 50, 60)]]], 40)
    top, bottom, left, right = places_of(large, RED)
    assert (bottom - top, right - left) == (50, 60)


def test_narrow_pictures_stand_in_the_middle_of_their_column():
    sheet = draw_sheet(["x"], [[[plain(RED)], [plain(GREEN, 40, 20)]]], 40)
    red, green = places_of(sheet, RED), places_of(sheet, GREEN)
    assert green[2] - red[2] == red[3] - green[3] == 20


def test_a_place_without_picture_has_its_caption_in_the_middle():
    empty = Cell(None, "a and b\nat L = 65", (40, 60))
    sheet = np.asarray(draw_sheet(["", ""], [[[empty, plain(RED)]]], 40))
    top, bottom, left, _ = places_of(sheet, RED)
    assert ink(sheet[top:bottom, : left - GAP]) > 20
    assert ink(sheet[bottom:]) == 0


@pytest.mark.parametrize("text", ["a very long name of a picture.jpg", "é" * 40, "写真" * 20])
def test_text_never_leaves_its_column_whatever_its_letters(text):
    cells = [plain(RED, caption=text), plain(GREEN), plain(BLUE)]
    sheet = np.asarray(draw_sheet(["", text, ""], [[cells]], 40))
    _, bottom, left, right = places_of(sheet, GREEN)
    assert ink(sheet[:bottom, : left - GAP][:30]) == 0
    assert ink(sheet[:30, left:right]) > 0
    assert ink(sheet[:30, right + GAP :]) == 0
    assert ink(sheet[bottom:, left:]) == 0


def test_letters_that_the_font_lacks_are_replaced_by_those_it_has():
    def titled(title):
        return draw_sheet([title], [[[plain(RED, 40, 80)]]], 40).tobytes()

    assert titled("Zoë") == titled("Zoe")
    assert titled("写") == titled("?")


@pytest.mark.parametrize("suffix", SHEET_FORMATS)
def test_every_format_can_be_written_and_read(suffix, tmp_path):
    sheet = draw_sheet(["x"], [[[plain(RED)]]], 40)
    write_sheet(sheet, tmp_path / f"new/sheet{suffix}")
    with Image.open(tmp_path / f"new/sheet{suffix}") as found:
        error = np.abs(np.asarray(found.convert("RGB")).astype(int) - np.asarray(sheet))
    assert error.mean() < 2
    assert [file.name for file in (tmp_path / "new").iterdir()] == [f"sheet{suffix}"]


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((200, 3, 256, ".txt"), ".png"),
        ((200, 3, 256, ""), ".png"),
        ((300, 3, 256, ".png"), "fewer pictures"),
        ((60, 3, 256, ".WEBP"), "16,383"),
        ((1, 20, 2048, ".png"), "20 columns"),
    ],
)
def test_a_sheet_that_cannot_be_written_is_told_before_it_is_made(size, told):
    with pytest.raises(OptionError, match=told):
        check_sheet(*size)


def test_what_is_allowed_fits(tmp_path):
    rows = 180
    check_sheet(rows, 1, 300, ".jpg")
    cell = plain(RED, 300, 20, caption="one\ntwo")
    sheet = draw_sheet(["x"], [[[cell]]] * rows, 300)
    assert 60_000 < sheet.height < 65_500
    write_sheet(sheet, tmp_path / "sheet.jpg")
