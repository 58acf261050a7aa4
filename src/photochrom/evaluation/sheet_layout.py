"""Cells of pictures and captions laid out as one picture, with headings above and notes below."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from photochrom.atomic import make_folder
from photochrom.color import Array
from photochrom.drawing import SHEET_FORMATS, write_picture
from photochrom.errors import OptionError

WIDEST = 2
"""No picture takes more than so many times the rows' height in width."""

MARGIN, GAP, PARTING = 20, 8, 16
HEADING_SIZE = 18
CAPTION_LINE, CAPTION_LINES = 18, 2
"""All in pixels, but for the last: so many lines a caption has at most."""

LONGEST_SIDE = {".webp": 16_383}
LONGEST_OTHER_SIDE = 65_500
"""What the formats hold; of PNG and TIFF, what a viewer can be asked to open."""

_RULE = (215, 215, 215)
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class _Letters:
    size: int
    ink: tuple[int, int, int]

    @functools.cached_property
    def font(self) -> _Font:
        return ImageFont.load_default(self.size)


_HEADING = _Letters(HEADING_SIZE, (20, 20, 20))
_LABEL = _Letters(15, (60, 60, 60))
_CAPTION = _Letters(13, (95, 95, 95))


@dataclass(frozen=True, eq=False)
class Cell:
    """One place of a sheet.

    Attributes:
        picture: (h, w, 3) uint8 sRGB; None leaves the place to the caption alone.
        caption: one or two lines.
        size: (h, w) of the picture, or of the empty place.
    """

    picture: Array | None
    caption: str
    size: tuple[int, int]


def fit_into(size: tuple[int, int], height: int) -> float:
    """The zoom at which a picture of (height, width) fits a row of `height` pixels."""
    return min(height / size[0], WIDEST * height / size[1])


def check_sheet(rows: int, columns: int, height: int, suffix: str) -> None:
    """Raises OptionError unless such a sheet can be written.

    Args:
        rows: of pictures.
        columns: of pictures.
        height: of a row, pixels.
        suffix: of the file's name, dot first.
    """
    if suffix.lower() not in SHEET_FORMATS:
        known = ", ".join(SHEET_FORMATS)
        raise OptionError(f"{suffix!r} is no sheet's extension; known are {known}")
    most = LONGEST_SIDE.get(suffix.lower(), LONGEST_OTHER_SIDE)
    row = height + CAPTION_LINES * CAPTION_LINE + GAP + PARTING
    longest = max(rows * row, columns * (WIDEST * height + GAP)) + 10 * MARGIN
    if longest > most:
        raise OptionError(
            f"{rows} rows and {columns} columns of {height} pixels could make a sheet {longest:,} "
            f"pixels long, and {suffix} holds {most:,}; fewer pictures or a smaller height would do"
        )


def draw_sheet(
    titles: Sequence[str], groups: Sequence[Sequence[Sequence[Cell]]], height: int, note: str = ""
) -> Image.Image:
    """The sheet as one RGB picture on white.

    Args:
        titles: of the columns.
        groups: for each group its rows, for each row a cell a column; a rule parts the groups.
        height: of a picture in pixels; smaller pictures are enlarged to it.
        note: what stands below, broken into lines.
    """
    rows = [row for group in groups for row in group]
    column = max(_drawn(cell, height)[1] for row in rows for cell in row)
    width = 2 * MARGIN + len(titles) * column + (len(titles) - 1) * GAP
    lefts = [MARGIN + number * (column + GAP) for number in range(len(titles))]
    lines = _broken(note, width - 2 * MARGIN)
    above, below = MARGIN + HEADING_SIZE + GAP, MARGIN + len(lines) * CAPTION_LINE
    pictures = sum(_row_height(row, height) for row in rows) + PARTING * (len(groups) - 1)
    sheet = Image.new("RGB", (width, above + pictures + below), "white")
    pen = ImageDraw.Draw(sheet)
    for title, left in zip(titles, lefts, strict=True):
        _write_lines(pen, [title], (left, MARGIN - 4, column), _HEADING)
    top = above
    for number, group in enumerate(groups):
        if number:
            rule = top + PARTING // 2 - GAP // 2
            pen.line((MARGIN, rule, width - MARGIN, rule), _RULE)
            top += PARTING
        for row in group:
            for cell, left in zip(row, lefts, strict=True):
                _draw_cell(sheet, cell, (left, top, column), height)
            top += _row_height(row, height)
    for number, line in enumerate(lines):
        place = MARGIN, top + MARGIN // 2 + number * CAPTION_LINE
        pen.text(place, line, _CAPTION.ink, _CAPTION.font)
    return sheet


def write_sheet(sheet: Image.Image, path: Path) -> None:
    """Writes a sheet in the format of the file's extension; folders are made.

    Raises:
        OutputError: it cannot be written there.
    """
    make_folder(path.parent)
    options = {"quality": 92, "subsampling": 0} if path.suffix.lower() in (".jpg", ".jpeg") else {}
    write_picture(sheet, path, **options)


def _draw_cell(sheet: Image.Image, cell: Cell, place: tuple[int, int, int], height: int) -> None:
    left, top, column = place
    h, w = _drawn(cell, height)
    lines, pen = cell.caption.splitlines(), ImageDraw.Draw(sheet)
    if cell.picture is None:
        text_top = top + h // 2 - len(lines) * CAPTION_LINE // 2
        _write_lines(pen, lines, (left, text_top, column), _LABEL)
        return
    picture = Image.fromarray(cell.picture)
    if picture.size != (w, h):
        picture = picture.resize((w, h), Image.Resampling.BICUBIC)
    sheet.paste(picture, (left + (column - w) // 2, top))
    _write_lines(pen, lines, (left, top + h + 3, column), _CAPTION)


def _write_lines(
    pen: ImageDraw.ImageDraw, lines: Sequence[str], place: tuple[int, int, int], letters: _Letters
) -> None:
    """Lines in the middle of a column: left, top and width in pixels."""
    left, top, column = place
    for number, line in enumerate(lines):
        text = _shortened(line, letters.font, column)
        middle = left + column // 2, top + number * CAPTION_LINE
        pen.text(middle, text, letters.ink, letters.font, anchor="ma")


def _drawn(cell: Cell, height: int) -> tuple[int, int]:
    """(h, w) in pixels at which a cell is drawn: never shrunk, enlarged to fill its row."""
    zoom = max(1.0, fit_into(cell.size, height))
    return max(1, round(cell.size[0] * zoom)), max(1, round(cell.size[1] * zoom))


def _row_height(row: Sequence[Cell], height: int) -> int:
    lines = max(len(cell.caption.splitlines()) if cell.picture is not None else 0 for cell in row)
    return max(_drawn(cell, height)[0] for cell in row) + lines * CAPTION_LINE + GAP


def _shortened(text: str, font: _Font, width: int) -> str:
    """The text, or as much of it as fits, in letters that Pillow's font has."""
    plain = "".join(
        c if c.isprintable() and c.isascii() else "?"
        for c in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(c)
    )
    if font.getlength(plain) <= width:
        return plain
    while plain and font.getlength(plain + "...") > width:
        plain = plain[:-1]
    return plain + "..."


def _broken(text: str, width: int) -> list[str]:
    """The text in lines that fit the width."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _CAPTION.font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
