"""Interlaced films: frames of two fields, every other line, which were taken one after the other.

Such a film is coloured frame by frame as it is, and its result is interlaced in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import av
import numpy as np

from photochrom.color import Array

TOP_FIRST, BOTTOM_FIRST = 2, 3
"""FFmpeg's numbers for the field that is shown first."""


def field_mark(top_first: bool) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """What marks frames of one size and format as interlaced, for an encoder.

    PyAV tells whether a frame is interlaced but cannot set it; FFmpeg's filter `setfield` can, and
    touches no picture.

    Args:
        top_first: the field of the first line is shown first.
    """
    ends: list[Any] = []

    def mark(frame: av.VideoFrame) -> av.VideoFrame:
        if not ends:
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format,
                time_base=frame.time_base,
            )  # fmt: skip
            marking = graph.add("setfield", "tff" if top_first else "bff")
            source.link_to(marking)
            marking.link_to(graph.add("buffersink"))
            graph.configure()
            ends.append(graph)
        ends[0].push(frame)
        marked: av.VideoFrame = ends[0].pull()
        return marked

    return mark


def in_both_fields(work: Callable[[Array], Array], plane: Array) -> Array:
    """What is made of the rows of each field, row by row in turn.

    Args:
        work: makes an array of half as many rows, or as many, of the rows of a field.
        plane: (H, W); H divides into fields whose results have as many rows.
    """
    top, bottom = (work(np.ascontiguousarray(plane[first::2])) for first in (0, 1))
    return np.stack([top, bottom], 1).reshape(-1, *top.shape[1:])
