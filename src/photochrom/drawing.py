"""Pictures about results: all variants on one sheet, and where a model is sure of its colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from photochrom.atomic import written_whole
from photochrom.color import FloatArray, lab_to_rgb
from photochrom.colorizer import ColorizeResult
from photochrom.confidence import unsure_in_words
from photochrom.photo import enlarge

SHEET_FORMATS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")

PANEL, GAP, LINE = 480, 16, 18
"""Pixels: long side of a picture on a sheet, what lies between, height of a line of text."""

MAP_SIDE = 1600
"""Pixels of the long side of a confidence map, or the picture's own if that is less."""

UNSURE_TO_SURE = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
"""sRGB colours of a confidence from 0 to 1, evenly spaced: stops of viridis, which colour-blind
people can tell apart, too."""

COLOUR_SHARE = 0.6
"""How much of a map is the confidence's colour; the rest is the picture."""


def contact_sheet(results: Sequence[ColorizeResult]) -> Image.Image:
    """The picture in grey and each of its colourings, numbered, in rows on white."""
    panels = [_grey(results[0]), *(_panel(result) for result in results)]
    labels = ["grey", "1, most likely", *(str(n) for n in range(2, len(results) + 1))]
    width, height = panels[0].size
    columns = min(len(panels), 3 if width >= height else 4)
    rows = -(-len(panels) // columns)
    size = columns * (width + GAP) + GAP, rows * (height + LINE + GAP) + GAP
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (panel, label) in enumerate(zip(panels, labels, strict=True)):
        x = GAP + number % columns * (width + GAP)
        y = GAP + number // columns * (height + LINE + GAP)
        sheet.paste(panel, (x, y))
        draw.text((x, y + height + 2), label, fill="black", font=font)
    return sheet


def confidence_picture(result: ColorizeResult) -> Image.Image:
    """The picture in grey under the colours of its confidence, with a legend and one sentence.

    Raises:
        ModelError: the model cannot say how sure it is.
    """
    confidence = result.confidence
    height, width = result.photo.height, result.photo.width
    zoom = min(1.0, MAP_SIDE / max(height, width))
    height, width = max(1, round(height * zoom)), max(1, round(width * zoom))
    L = result.photo.small_luminance(height, width)
    grey = np.repeat((L * 2.55)[..., None], 3, -1)
    colours = _colours(enlarge(confidence, height, width, cubic=False).clip(0, 1))
    mixed = Image.fromarray(
        np.rint(COLOUR_SHARE * colours + (1 - COLOUR_SHARE) * grey).clip(0, 255).astype(np.uint8)
    )
    return _with_legend(mixed, unsure_in_words(confidence))


def write_picture(picture: Image.Image, path: Path, **encoding: Any) -> None:
    """Writes a picture in the format of its name; it is there whole or not at all.

    Args:
        picture: any.
        path: the file, in a folder that exists.
        encoding: what Pillow's writer of the format takes, "quality" for one.

    Raises:
        OutputError: it cannot be written.
    """
    with written_whole(path) as partial:
        # the hidden name has no extension to tell the format by
        picture.save(partial, Image.registered_extensions()[path.suffix.lower()], **encoding)


def _panel(result: ColorizeResult) -> Image.Image:
    L = _small_luminance(result)
    ab = enlarge(result.ab, *L.shape)
    return _rgb(L, ab)


def _grey(result: ColorizeResult) -> Image.Image:
    L = _small_luminance(result)
    return _rgb(L, np.zeros((*L.shape, 2), np.float32))


def _small_luminance(result: ColorizeResult) -> FloatArray:
    zoom = min(1.0, PANEL / max(result.photo.height, result.photo.width))
    size = (max(1, round(n * zoom)) for n in (result.photo.height, result.photo.width))
    return result.photo.small_luminance(*size)


def _rgb(L: FloatArray, ab: FloatArray) -> Image.Image:
    rgb = lab_to_rgb(np.concatenate([L[..., None], ab], -1))
    return Image.fromarray(np.rint(rgb * 255).astype(np.uint8))


def _colours(confidence: FloatArray) -> FloatArray:
    places = np.linspace(0, 1, len(UNSURE_TO_SURE))
    channels = np.array(UNSURE_TO_SURE).T
    mixed = np.stack([np.interp(confidence, places, channel) for channel in channels], -1)
    return mixed.astype(np.float32)


def _with_legend(picture: Image.Image, sentence: str) -> Image.Image:
    """The picture above a bar from 0 to 100 % and a sentence, all as wide as they need."""
    font = ImageFont.load_default(13)
    explained = "how likely a colour is right (within 10 CIEDE2000 of the truth)"
    width = max(picture.width, 2 * GAP + round(max(map(font.getlength, (sentence, explained)))))
    whole = Image.new("RGB", (width, picture.height + 4 * LINE + 2 * GAP), "white")
    whole.paste(picture, ((width - picture.width) // 2, 0))
    draw, top, bar = ImageDraw.Draw(whole), picture.height + GAP // 2, width - 2 * GAP
    ramp = _colours(np.linspace(0, 1, bar, dtype=np.float32)[None].repeat(LINE, 0))
    whole.paste(Image.fromarray(np.rint(ramp).astype(np.uint8)), (GAP, top))
    for share, anchor in ((0.0, "la"), (0.5, "ma"), (1.0, "ra")):
        place = (GAP + share * bar, top + LINE + 2)
        draw.text(place, f"{100 * share:.0f} %", fill="black", font=font, anchor=anchor)
    for line, text in enumerate((explained, sentence), 2):
        draw.text((GAP, top + line * LINE + 4), text, fill="black", font=font)
    return whole
