"""The quality a JPEG was saved at, told from its quantisation tables."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

# Annex K.1 of ITU-T T.81, the luminance table nearly every encoder scales, in zigzag order.
_LUMINANCE = np.array(
    [
        *(16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40),
        *(26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51),
        *(56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87),
        *(95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99),
    ]
)


def estimate_quality(data: bytes) -> int | None:
    """The libjpeg quality 1..100 whose luminance table is nearest to the file's, or None.

    Exact for files by libjpeg and its relatives; for others the setting that throws away about
    as much.

    Args:
        data: a JPEG file from its first byte; what follows the first scan is not needed.
    """
    table = _luminance_table(data)
    if table is None:
        return None
    # relative, for a step from 1 to 2 weighs as much as one from 50 to 100
    distance = np.abs(np.log(_scaled_tables() / np.maximum(table, 1))).sum(axis=1)
    return int(distance.argmin()) + 1


@functools.cache
def _scaled_tables() -> npt.NDArray[np.float64]:
    """The luminance table of libjpeg at each quality 1..100, (100, 64)."""
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return ((_LUMINANCE * scale[:, None] + 50) // 100).clip(1, 255).astype(np.float64)


def _luminance_table(data: bytes) -> npt.NDArray[np.int64] | None:
    """Quantisation table 0 in zigzag order, (64,), from a JPEG's DQT segments."""
    position = 2  # after the start-of-image marker
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == 0xDA:  # the scan: no tables after this
            return None
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xDB:
            table = _table_zero(data[position + 4 : position + 2 + length])
            if table is not None:
                return table
        position += 2 + length
    return None


def _table_zero(segment: bytes) -> npt.NDArray[np.int64] | None:
    while len(segment) > 64:
        sixteen_bit, number = segment[0] >> 4, segment[0] & 15
        size = 128 if sixteen_bit else 64
        if number == 0 and len(segment) > size:
            kind = ">u2" if sixteen_bit else "u1"
            return np.frombuffer(segment[1 : 1 + size], dtype=kind).astype(np.int64)
        segment = segment[1 + size :]
    return None
