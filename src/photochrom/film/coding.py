"""How a film's numbers stand for brightness and colour.

A film is coded as luma Y' and two colour differences U and V, in one of a few matrices and in a
limited or the full range of codes (ITU-R BT.601, BT.709, BT.2020; H.273 for the names' numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

HD_HEIGHT = 720
"""Films that do not say are read as BT.709 from this height on, as BT.601 below: the custom."""


@dataclass(frozen=True)
class Matrix:
    """A luma and colour difference matrix.

    Attributes:
        name: in words.
        red: weight of R' in Y'.
        blue: weight of B' in Y'.
        number: in H.273, FFmpeg and the files.
        others: further numbers with the same weights.
    """

    name: str
    red: float
    blue: float
    number: int
    others: tuple[int, ...] = ()


BT601 = Matrix("bt601", 0.299, 0.114, 6, (5, 4))
BT709 = Matrix("bt709", 0.2126, 0.0722, 1)
BT2020 = Matrix("bt2020", 0.2627, 0.0593, 9, (10,))

MATRICES = {matrix.name: matrix for matrix in (BT601, BT709, BT2020)}


def matrix_of(number: int, height: int) -> Matrix:
    """The matrix of an H.273 number; by the custom for its height where it says nothing."""
    for matrix in MATRICES.values():
        if number == matrix.number or number in matrix.others:
            return matrix
    return BT709 if height >= HD_HEIGHT else BT601


@dataclass(frozen=True)
class Coding:
    """How the samples of a film are coded.

    Attributes:
        matrix: of luma and colour differences.
        full: codes use the full range, 0..255 in 8 bit, instead of 16..235 (and 16..240 of chroma).
        depth: bits of a sample, 8 to 16.
    """

    matrix: Matrix
    full: bool
    depth: int = 8

    @property
    def black(self) -> int:
        """The code of black."""
        return 0 if self.full else 16 << (self.depth - 8)

    @property
    def luma_span(self) -> int:
        """Codes from black to white."""
        return (1 << self.depth) - 1 if self.full else 219 << (self.depth - 8)

    @property
    def neutral(self) -> int:
        """The code of no colour."""
        return 128 << (self.depth - 8)

    @property
    def chroma_span(self) -> int:
        """Codes from the least to the greatest colour difference."""
        return (1 << self.depth) - 1 if self.full else 224 << (self.depth - 8)
