"""Frames in, frames out: for programs that have them in hand, and for pipes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

import av
import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.colorizer import Colorizer
from photochrom.errors import InputError, OptionError, OutputError
from photochrom.film.ahead import ahead
from photochrom.film.chroma import ChromaPlanes
from photochrom.film.coding import BT709, MATRICES, Coding
from photochrom.film.colours import ColoursMaker, FilmFrame, small_size
from photochrom.film.encode import at_depth
from photochrom.film.planes import coding_of, frame_of, luma_plane, with_luma_plane
from photochrom.film.steadiness import SteadyColours
from photochrom.options import ColorizeOptions

AHEAD = 4
"""Frames that may wait between two stages."""

_PIPE_FORMAT = re.compile(r"(gray|yuv420p|yuv422p|yuv444p)(10le|12le|16le)?")

T = TypeVar("T")


@dataclass(frozen=True)
class RawFormat:
    """Raw frames, one after another without anything between them, as FFmpeg's rawvideo.

    Attributes:
        width: pixels.
        height: pixels.
        pixel_format: gray, yuv420p, yuv422p or yuv444p; with 10le, 12le or 16le behind it for more
            than 8 bits.
        full: codes use the full range; None takes it for gray alone, as FFmpeg does.
        matrix: bt601, bt709 or bt2020; None goes by the height.
        rate: frames per second.
    """

    width: int
    height: int
    pixel_format: str
    full: bool | None = None
    matrix: str | None = None
    rate: float = 24.0

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise OptionError(f"size is {self.width}x{self.height}; it must be at least 1x1")
        if not 0 < self.rate < float("inf"):
            raise OptionError(f"rate is {self.rate}; it must be above 0 frames per second")
        if not _PIPE_FORMAT.fullmatch(self.pixel_format):
            raise OptionError(
                f"pixel format {self.pixel_format!r}; known are gray, yuv420p, yuv422p and "
                "yuv444p, with 10le, 12le or 16le behind them"
            )
        if self.matrix is not None and self.matrix not in MATRICES:
            raise OptionError(f"matrix {self.matrix!r}; known are {', '.join(MATRICES)}")

    @property
    def coding(self) -> Coding:
        """How its samples are coded."""
        grey = self.pixel_format.startswith("gray")
        matrix = MATRICES[self.matrix or ("bt709" if self.height >= 720 else "bt601")]
        bits = re.search(r"(\d\d)le$", self.pixel_format)
        return Coding(matrix, grey if self.full is None else self.full, int(bits[1]) if bits else 8)

    @property
    def halved(self) -> bool:
        """Whether the chroma that is made has half the height and width."""
        return not self.pixel_format.startswith("yuv444p")

    @property
    def result(self) -> str:
        """The pixel format of the result."""
        depth = self.coding.depth
        return ("yuv420p" if self.halved else "yuv444p") + (f"{depth}le" if depth > 8 else "")

    @property
    def chroma_bytes(self) -> int:
        """Bytes of chroma behind the luma of a frame that comes in."""
        wide, high = -(-self.width // 2), -(-self.height // 2)
        samples = {"gray": 0, "yuv420p": wide * high, "yuv422p": wide * self.height,
                   "yuv444p": self.width * self.height}  # fmt: skip
        kind = re.sub(r"\d\dle$", "", self.pixel_format)
        return 2 * samples[kind] * (1 if self.coding.depth == 8 else 2)


def colorize_frames(
    frames: Iterable[T], colorizer: Colorizer, options: ColorizeOptions = ColorizeOptions(), *,
    rate: float = 24.0, colours: ColoursMaker = SteadyColours,
) -> Iterator[T]:  # fmt: skip
    """Frames in colour, one for each that comes in, in order; a few are read ahead.

    Args:
        frames: all of one size. Either arrays, (H, W) of grey or (H, W, 3) of sRGB values, uint8 or
            uint16: they come back as (H, W, 3) of the same type; colours are turned grey first. Or
            PyAV's frames: they come back planar, 4:2:0, with their luma untouched.
        colorizer: an opened model.
        options: how to colour.
        rate: frames per second.
        colours: makes what gives the frames their colours.

    Raises:
        InputError: a frame of another size, or of no known kind.
    """
    source = iter(frames)
    first = next(source, None)
    if first is None:
        return
    kind: Any = _PyAVFrames if isinstance(first, av.VideoFrame) else _ArrayFrames
    form = kind(first)
    height, width = form.size
    size = small_size(height, width, colorizer, options)
    giver = colours(colorizer, options)
    lumas = ((frame, form.luma(frame)) for frame in itertools.chain([first], source))
    for index, (frame, luma) in enumerate(ahead(lumas, AHEAD)):
        guide = form.chroma.guide(luma)
        seen = FilmFrame(index, index / rate, form.chroma.lightness(guide, size))
        yield form.painted(frame, luma, guide, giver.colour(seen))


def colorize_pipe(
    source: BinaryIO, target: BinaryIO, form: RawFormat, colorizer: Colorizer,
    options: ColorizeOptions = ColorizeOptions(), *, colours: ColoursMaker = SteadyColours,
) -> int:  # fmt: skip
    """Colours raw frames until there are none left; returns how many there were.

    Args:
        source: of raw frames.
        target: of raw frames of the format `form.result`.
        form: of what comes in.
        colorizer: an opened model.
        options: how to colour.
        colours: makes what gives the frames their colours.

    Raises:
        InputError: the last frame is cut short.
        OutputError: the result cannot be written to.
    """
    chroma = ChromaPlanes(form.height, form.width, form.coding, halved=form.halved)
    size = small_size(form.height, form.width, colorizer, options)
    giver, done = colours(colorizer, options), 0
    for luma in ahead(_raw_lumas(source, form), AHEAD):
        guide = chroma.guide(luma)
        seen = FilmFrame(done, done / form.rate, chroma.lightness(guide, size))
        U, V = chroma.planes(guide, giver.colour(seen))
        try:
            for plane in (luma, U, V):
                target.write(np.ascontiguousarray(plane, plane.dtype.newbyteorder("<")).data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"the frames cannot be written ({error.strerror})") from error
        done += 1
    target.flush()
    return done


def _raw_lumas(source: BinaryIO, form: RawFormat) -> Iterator[Array]:
    kind = np.dtype("u1" if form.coding.depth == 8 else "<u2")
    wanted = form.width * form.height * kind.itemsize
    for number in itertools.count():
        content = source.read(wanted)
        if not content:
            return
        if len(content) < wanted or len(source.read(form.chroma_bytes)) < form.chroma_bytes:
            raise InputError(
                f"the frames end in the middle of frame {number}; are they really "
                f"{form.width}x{form.height} {form.pixel_format}?"
            )
        luma = np.frombuffer(content, kind).reshape(form.height, form.width)
        yield luma.astype(kind.newbyteorder("="), copy=False)


class _PyAVFrames:
    """PyAV's frames, all like the first."""

    def __init__(self, first: av.VideoFrame) -> None:
        self._coding = coding_of(with_luma_plane(first))
        self.size = (first.height, first.width)
        self.chroma = ChromaPlanes(*self.size, self._coding)

    def luma(self, frame: av.VideoFrame) -> Array:
        _check_size(self.size, (frame.height, frame.width))
        return at_depth(luma_plane(with_luma_plane(frame)), self._coding, self._coding.depth).copy()

    def painted(
        self, frame: av.VideoFrame, luma: Array, guide: Array, ab: FloatArray
    ) -> av.VideoFrame:
        made = frame_of((luma, *self.chroma.planes(guide, ab)), self._coding, halved=True)
        made.pts, made.time_base, made.duration = frame.pts, frame.time_base, frame.duration
        return made


class _ArrayFrames:
    """Arrays of grey or sRGB values, all like the first."""

    def __init__(self, first: Array) -> None:
        if not isinstance(first, np.ndarray) or first.dtype not in (np.uint8, np.uint16):
            raise InputError("frames must be PyAV's, or arrays of uint8 or uint16")
        self._kind = first.dtype
        self.size = (first.shape[0], first.shape[1])
        self._coding = Coding(BT709, full=True, depth=8 * first.dtype.itemsize)
        self.chroma = ChromaPlanes(*self.size, self._coding, halved=False)
        weights = [BT709.red, 1 - BT709.red - BT709.blue, BT709.blue]
        self._weights = np.array(weights, np.float32)

    def luma(self, frame: Array) -> Array:
        if (
            frame.dtype != self._kind
            or frame.ndim not in (2, 3)
            or frame.shape[2:] not in ((), (3,))
        ):
            raise InputError(f"a frame of {frame.dtype} {frame.shape} among those of {self._kind}")
        _check_size(self.size, frame.shape[:2])
        if frame.ndim == 2:
            return frame
        grey: Array = np.rint(frame.astype(np.float32) @ self._weights).astype(self._kind)
        return grey

    def painted(self, frame: Array, luma: Array, guide: Array, ab: FloatArray) -> Array:
        U, V = self.chroma.differences(guide, ab)
        top, matrix = np.float32(self._coding.luma_span), self._coding.matrix
        grey = luma.astype(np.float32) / top
        red, blue = grey + 2 * (1 - matrix.red) * V, grey + 2 * (1 - matrix.blue) * U
        green = (grey - matrix.red * red - matrix.blue * blue) / (1 - matrix.red - matrix.blue)
        rgb = np.stack([red, green, blue], -1).clip(0, 1)
        made: Array = np.rint(rgb * top).astype(self._kind)
        return made


def _check_size(wanted: tuple[int, int], found: tuple[int, ...]) -> None:
    if tuple(found) != tuple(wanted):
        raise InputError(
            f"a frame of {found[1]}x{found[0]} among those of {wanted[1]}x{wanted[0]}; "
            "all frames must have one size"
        )
