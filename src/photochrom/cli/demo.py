"""`photochrom demo`: one sheet that shows pictures before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.atomic import make_folder
from photochrom.cli.console import complain, say
from photochrom.cli.packaged import EXAMPLES, packaged_files
from photochrom.errors import InputError, OptionError, OutputError, PhotochromError

if TYPE_CHECKING:
    from PIL import Image

    from photochrom.colorizer import Colorizer

PANEL = 420
"""Longest side of a picture on the sheet, in pixels."""

GAP = 12
PAIRS_A_ROW = 2


def demo(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Photographs; default: those of the package.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The sheet, a .png, .jpg or .webp file.")
    ] = Path("photochrom-demo.png"),
    model: Annotated[
        str | None, typer.Option(help="A name from `models list`, or an .onnx file.")
    ] = None,
) -> None:
    """Colours example pictures, or your own, and writes one before/after sheet.

    [bold]Examples[/bold]

      photochrom demo

      photochrom demo grandmother.jpg wedding.tif -o sheet.png
    """
    from photochrom.drawing import SHEET_FORMATS, write_picture

    if output.suffix.lower() not in SHEET_FORMATS:
        raise OptionError(f"-o {output}: a sheet ends in one of {', '.join(SHEET_FORMATS)}")
    pictures = files or packaged_files(EXAMPLES, ".jpg")
    if not pictures:
        raise InputError("this installation has no example pictures; name some of your own")
    if any(output.exists() and p.exists() and output.samefile(p) for p in pictures):
        raise OutputError(f"{output}: one of the pictures; use another -o")
    pairs, failures = _colorize_all(pictures, model)
    if pairs:
        make_folder(output.parent)
        write_picture(_sheet(pairs), output)
        say(f"{output}: {len(pairs)} pictures, each before and after")
    raise typer.Exit(1 if failures else 0)


def _colorize_all(
    pictures: Sequence[Path], model: str | None
) -> tuple[list[tuple[Image.Image, Image.Image]], int]:
    from photochrom.catalog import DEFAULT_MODEL
    from photochrom.colorizer import Colorizer

    colorizer = Colorizer(model or DEFAULT_MODEL)
    pairs, failures = [], 0
    for picture in pictures:
        try:
            pairs.append(_pair(colorizer, picture))
        except PhotochromError as error:
            failures += 1
            complain(str(error))
    return pairs, failures


def _pair(colorizer: Colorizer, picture: Path) -> tuple[Image.Image, Image.Image]:
    """The picture without and with its new colours, at the size of a panel."""
    from PIL import Image

    result = colorizer.colorize(picture)
    after = result.to_pil().convert("RGB")
    after.thumbnail((PANEL, PANEL), Image.Resampling.LANCZOS)
    return _without_colour(after), after


def _without_colour(image: Image.Image) -> Image.Image:
    """The same lightness without chroma: what the picture was before, since L is never touched."""
    import numpy as np
    from PIL import Image

    from photochrom.color import lab_to_rgb, rgb_to_lab

    grey = lab_to_rgb(rgb_to_lab(np.asarray(image)) * (1, 0, 0))
    return Image.fromarray((grey * 255).round().astype(np.uint8))


def _sheet(pairs: Sequence[tuple[Image.Image, Image.Image]]) -> Image.Image:
    """The pairs in rows, each as high as its highest picture, on white."""
    from PIL import Image

    columns = min(PAIRS_A_ROW, len(pairs))
    rows = [pairs[i : i + columns] for i in range(0, len(pairs), columns)]
    heights = [max(before.height for before, _ in row) for row in rows]
    pair_width = 2 * PANEL + GAP // 3
    width = columns * pair_width + (columns + 1) * GAP
    sheet = Image.new("RGB", (width, sum(heights) + (len(rows) + 1) * GAP), "white")
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        for column, (before, after) in enumerate(row):
            middle = GAP + column * (pair_width + GAP) + pair_width // 2
            y = top + (height - before.height) // 2
            sheet.paste(before, (middle - GAP // 6 - before.width, y))
            sheet.paste(after, (middle + GAP // 6, y))
        top += height + GAP
    return sheet
