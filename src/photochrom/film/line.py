"""The line that a film's frames go along: decoded, coloured, given their chroma planes.

Each stage is an iterator; `ahead` lets the first two run in threads of their own, while the last
one, the encoder, works in the thread that asks.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import av
import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.colorizer import Colorizer
from photochrom.film.ahead import at_once
from photochrom.film.chroma import ChromaPlanes
from photochrom.film.colours import FilmFrame, FrameColours, small_size
from photochrom.film.describe import FilmDescription
from photochrom.film.encode import EncoderSettings, at_depth
from photochrom.film.planes import frame_of
from photochrom.film.read import DecodedFrame
from photochrom.options import ColorizeOptions


@dataclass(frozen=True, eq=False)
class FrameInHand:
    """A frame on its way.

    Attributes:
        index: its place among the frames that are coloured, from 0.
        decoded: as it came.
        luma: (H, W) in the depth of the result.
        guide: (h, w) uint8 mean luma under each chroma sample.
        seen: as a network looks at it.
    """

    index: int
    decoded: DecodedFrame
    luma: Array
    guide: Array
    seen: FilmFrame


@dataclass(frozen=True, eq=False)
class Line:
    """What is done to each frame of one film.

    Attributes:
        film: it.
        chroma: makes its chroma planes.
        size: (height, width) of the upright picture that a network looks at.
        settings: of the encoder.
    """

    film: FilmDescription
    chroma: ChromaPlanes
    size: tuple[int, int]
    settings: EncoderSettings

    def looked_at(
        self, frames: Iterable[DecodedFrame], first: int
    ) -> Generator[FrameInHand, None, None]:
        """The frames as a network looks at them.

        Args:
            frames: decoded.
            first: place of the first of them among those that are coloured.
        """
        for index, decoded in enumerate(frames, first):
            luma = at_depth(decoded.luma, self.film.coding, self.settings.coding.depth)
            guide = self.chroma.guide(luma)
            seconds = float((decoded.pts - self.film.start) * self.film.time_base)
            seen = FilmFrame(index, seconds, self.upright(guide))
            yield FrameInHand(index, decoded, luma, guide, seen)

    def upright(self, guide: Array) -> FloatArray:
        """The lightness (h, w) of a guide, upright and at the network's size."""
        turns = self.film.turns
        size = self.size[::-1] if turns % 2 else self.size
        lightness = self.chroma.lightness(guide, size)
        return np.ascontiguousarray(np.rot90(lightness, turns)) if turns else lightness

    def painted(self, frame: FrameInHand, ab: FloatArray) -> av.VideoFrame:
        """The frame with its own luma and the chroma (h, w, 2) of its upright picture."""
        lying = np.ascontiguousarray(np.rot90(ab, -self.film.turns)) if self.film.turns else ab
        U, V = self.chroma.planes(frame.guide, lying)
        settings = self.settings
        return frame_of((frame.luma, U, V), settings.coding, halved=settings.halved)


def coloured(
    frames: Iterable[FrameInHand], colours: FrameColours, segment: int, jobs: int = 1
) -> Iterator[tuple[FrameInHand, FloatArray, dict[str, Array]]]:
    """Each frame with its chroma and, behind the last of a segment, the state of the colours.

    Args:
        frames: in order.
        colours: who gives them.
        segment: frames of a segment; the state of the film's very last frame is not asked for.
        jobs: frames that are coloured at once, where each stands alone.
    """
    if jobs > 1 and getattr(colours, "independent", False):
        for frame, ab in at_once(lambda frame: colours.colour(frame.seen), frames, jobs):
            yield frame, ab, {}
        return
    for frame in frames:
        ab = colours.colour(frame.seen)
        whole = (frame.index + 1) % segment == 0
        yield frame, ab, dict(colours.state()) if whole else {}


def line_for(
    film: FilmDescription, settings: EncoderSettings, colorizer: Colorizer, options: ColorizeOptions
) -> Line:
    """The line of a film."""
    chroma = ChromaPlanes(
        film.height, film.width, settings.coding, halved=settings.halved,
        in_fields=settings.in_fields,
    )  # fmt: skip
    return Line(film, chroma, small_size(*film.display_size, colorizer, options), settings)
