"""Which decoded pictures have colour to teach, and decoded pictures without the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom.color import lab_to_rgb
from photochrom.data.decoded import AB_OFFSET, L_LEVELS_PER_UNIT, ByteArray, DecodedPictures
from photochrom.data.prepare import teaches_no_colour


def find_coloured(pictures: DecodedPictures) -> npt.NDArray[np.bool_]:
    """(N,) whether each picture has colour to learn, by the rule of `photochrom prepare`."""
    coloured = [
        teaches_no_colour(Image.fromarray(_rgb(pictures.take([index])[0]))) is None
        for index in range(len(pictures))
    ]
    return np.array(coloured, bool)


def only(pictures: DecodedPictures, chosen: npt.NDArray[np.bool_]) -> DecodedPictures:
    """The chosen pictures, in their order, still where they lie: nothing is copied.

    Args:
        pictures: all there are.
        chosen: (N,) which of them.
    """
    return DecodedPictures(
        tuple(_runs(pictures, chosen)),
        tuple(key for key, kept in zip(pictures.keys, chosen, strict=True) if kept),
        tuple(source for source, kept in zip(pictures.sources, chosen, strict=True) if kept),
    )


def _runs(pictures: DecodedPictures, chosen: npt.NDArray[np.bool_]) -> Iterator[ByteArray]:
    """Views of the stretches of chosen pictures, part by part."""
    begin = 0
    for part in pictures.parts:
        kept = chosen[begin : begin + len(part)]
        edges = np.flatnonzero(np.diff(kept, prepend=False, append=False))
        for first, behind in edges.reshape(-1, 2):
            yield part[first:behind]
        begin += len(part)


def _rgb(square: ByteArray) -> ByteArray:
    """The sRGB picture of a decoded one, (side, side, 3) both."""
    lab = square.astype(np.float32)
    lab[..., 0] /= L_LEVELS_PER_UNIT
    lab[..., 1:] -= AB_OFFSET
    rgb: ByteArray = (lab_to_rgb(lab) * 255).round().astype(np.uint8)
    return rgb
