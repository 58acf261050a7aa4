"""How often each colour class occurs in the training pictures."""

from __future__ import annotations

import numpy as np

from photochrom.color import FloatArray
from photochrom.data.decoded import AB_OFFSET, DecodedPictures
from photochrom.palette import Palette


def colour_prior(
    pictures: DecodedPictures, chosen: np.ndarray, palette: Palette, *, sample: int = 4000
) -> FloatArray:
    """(Q,) share of each class among the pixels of a fixed sample of the chosen pictures.

    Args:
        pictures: the decoded pictures.
        chosen: indices of those that count.
        palette: the Q classes.
        sample: how many pictures are looked at; every sixth pixel of both axes of each.
    """
    drawn = np.random.default_rng(0).permutation(chosen)[:sample]
    counts = np.zeros(len(palette))
    for index in drawn:
        ab = pictures.take([index])[0, ::6, ::6, 1:].astype(np.float32) - AB_OFFSET
        counts += np.bincount(palette.encode(ab).ravel(), minlength=len(palette))
    shares: FloatArray = (counts / counts.sum()).astype(np.float32)
    return shares
