"""How results are coded: the codecs that are offered, and an encoder of one segment."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import av.error
import cv2
import numpy as np

from photochrom.color import Array
from photochrom.errors import OptionError, OutputError
from photochrom.film.coding import Coding
from photochrom.film.describe import FilmDescription, reason
from photochrom.film.fields import BOTTOM_FIRST, TOP_FIRST, field_mark
from photochrom.film.planes import FULL_RANGE, LIMITED_RANGE, pixel_format

ENCODER_THREADS = 4
"""The same on every machine: with some encoders the number of threads changes the result."""


@dataclass(frozen=True)
class Codec:
    """A codec that results can be written in.

    Attributes:
        encoder: FFmpeg's name of the encoder.
        depths: bits of a sample that it takes.
        even: it takes no odd sizes with halved chroma.
        crf: its scale of quality, best to worst; None where it is lossless.
        default: quality, 0 is best.
        presets: speeds that it knows, or None.
        preset: the default one.
        options: FFmpeg's options for a quality, a preset and `EncoderSettings.top_first`.
        fields: it can code the two fields of interlaced frames.
    """

    encoder: str
    depths: tuple[int, ...]
    even: bool
    crf: tuple[int, int] | None
    default: int
    presets: tuple[str, ...] | None
    preset: str
    options: Callable[[int, str, bool | None], dict[str, str]]
    fields: bool = False


_X26X = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower",
         "veryslow")  # fmt: skip
_NUMBERS = tuple(map(str, range(14)))
_AVX512 = 13  # OpenCV's CV_CPU_AVX_512F


def _x264(crf: int, preset: str, top_first: bool | None) -> dict[str, str]:
    parameters = []
    if cv2.checkHardwareSupport(_AVX512):
        # its macroblock tree for AVX-512 gives another result now and then; the others never do
        parameters.append("asm=avx2")
    if top_first is not None:
        parameters.append("tff=1" if top_first else "bff=1")
    options = {"crf": str(crf), "preset": preset, "x264-params": ":".join(parameters)}
    return {name: value for name, value in options.items() if value}


def _mpeg4(crf: int, _: str, top_first: bool | None) -> dict[str, str]:
    fields = "" if top_first is None else "+ildct+ilme"
    return {"flags": f"+qscale{fields}", "global_quality": str(118 * crf)}


CODECS = {
    "h264": Codec("libx264", (8, 10), True, (0, 51), 18, _X26X, "veryfast", _x264,
        fields=True),
    "h265": Codec("libx265", (8, 10, 12), True, (0, 51), 20, _X26X, "fast",
        lambda crf, preset, _: {"crf": str(crf), "preset": preset,
                                "x265-params": "log-level=none"}),
    "av1": Codec("libsvtav1", (8, 10), True, (1, 63), 24, _NUMBERS, "10",
        lambda crf, preset, _: {"crf": str(crf), "preset": preset}),
    "vp9": Codec("libvpx-vp9", (8, 10, 12), False, (0, 63), 24, _NUMBERS[:9], "6",
        lambda crf, preset, _: {"crf": str(crf), "b": "0", "cpu-used": preset, "row-mt": "1",
                                "deadline": "good"}),
    "mpeg4": Codec("mpeg4", (8,), False, (1, 31), 3, None, "", _mpeg4, fields=True),
    "ffv1": Codec("ffv1", (8, 9, 10, 12, 14, 16), False, None, 0, None, "",
        lambda *_: {"level": "3", "slices": "4", "slicecrc": "1", "g": "1"},
        fields=True),
}  # fmt: skip


@dataclass(frozen=True)
class EncoderSettings:
    """All that decides what an encoder makes of frames.

    Attributes:
        codec: a name of `CODECS`.
        width: samples.
        height: samples.
        coding: of all planes.
        halved: chroma has half the height and width.
        rate: frames per second.
        aspect: width of a sample by its height.
        options: FFmpeg's, name and value.
        in_header: parameters go into the file's header, not among the packets.
        top_first: which field of interlaced frames is shown first, or None.
        in_fields: frames are coded as two fields; else only the container tells of them.
    """

    codec: str
    width: int
    height: int
    coding: Coding
    halved: bool
    rate: Fraction
    aspect: Fraction
    options: tuple[tuple[str, str], ...]
    in_header: bool = True
    top_first: bool | None = None
    in_fields: bool = False

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder."""
        return CODECS[self.codec].encoder

    def apply(self, context: Any) -> None:
        """Sets an encoder's context up."""
        context.width, context.height = self.width, self.height
        context.pix_fmt = pixel_format(self.coding.depth, halved=self.halved)
        context.framerate = self.rate
        context.time_base = 1 / self.rate
        context.thread_count = ENCODER_THREADS
        context.color_range = FULL_RANGE if self.coding.full else LIMITED_RANGE
        context.colorspace = self.coding.matrix.number
        if self.top_first is not None:
            context.field_order = TOP_FIRST if self.top_first else BOTTOM_FIRST
        if self.aspect != 1:
            context.sample_aspect_ratio = self.aspect
        context.options = dict(self.options)


def settings_for(
    film: FilmDescription, codec: str, crf: int | None, preset: str | None
) -> EncoderSettings:
    """The settings for a film.

    Args:
        film: what is coloured.
        codec: a name of `CODECS`.
        crf: quality on the codec's own scale; None takes its default.
        preset: speed; None takes the codec's default.

    Raises:
        OptionError: an unknown codec, or a value that it does not know.
    """
    kind = codec_named(codec)
    if crf is not None and kind.crf is None:
        raise OptionError(f"{codec} is lossless and takes no crf")
    quality = kind.default if crf is None else crf
    if kind.crf and not kind.crf[0] <= quality <= kind.crf[1]:
        raise OptionError(
            f"crf is {crf}; for {codec} it must lie in {kind.crf[0]} to {kind.crf[1]}"
        )
    if preset is not None and preset not in (kind.presets or ()):
        known = ", ".join(kind.presets or ("none",))
        raise OptionError(f"{codec} knows no preset {preset!r}; it knows {known}")
    fitting = [depth for depth in kind.depths if depth >= film.coding.depth]
    coding = Coding(film.coding.matrix, film.coding.full, min(fitting, default=kind.depths[-1]))
    odd = bool(film.width % 2 or film.height % 2)
    halved = not (odd and kind.even)
    in_fields = film.top_first is not None and kind.fields
    in_fields &= film.height % (4 if halved else 2) == 0  # each field has its own chroma rows
    order = film.top_first if in_fields else None
    options = kind.options(quality, preset or kind.preset, order)
    if odd and "slices" in options:
        options["slices"] = "1"  # FFV1 cannot cut halved chroma of an odd height
    return EncoderSettings(
        codec, film.width, film.height, coding, halved, film.rate, film.aspect,
        tuple(sorted(options.items())), top_first=film.top_first, in_fields=in_fields,
    )  # fmt: skip


def codec_named(name: str) -> Codec:
    """The codec of a name.

    Raises:
        OptionError: there is none of that name, or this FFmpeg lacks its encoder.
    """
    if name not in CODECS:
        close = difflib.get_close_matches(name, CODECS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(CODECS)}"
        raise OptionError(f"no codec {name!r}; {hint}")
    if CODECS[name].encoder not in av.codecs_available:
        raise OptionError(f"this FFmpeg has no {CODECS[name].encoder}; take another codec")
    return CODECS[name]


def at_depth(luma: Array, coding: Coding, depth: int) -> Array:
    """The luma plane in another number of bits; from fewer to more nothing is lost."""
    if depth == coding.depth:
        return luma
    wide = luma.astype(np.uint32)
    if depth > coding.depth:
        return (wide << (depth - coding.depth)).astype(np.uint16)
    less = coding.depth - depth
    rounded = ((wide + (1 << less >> 1)) >> less).clip(0, (1 << depth) - 1)
    return rounded.astype(np.uint8 if depth == 8 else np.uint16)


class SegmentEncoder:
    """Codes one segment: a closed group of frames that needs none before or behind it.

    Raises:
        OutputError: the encoder refuses these settings.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        self._settings = settings
        self._context: Any = av.CodecContext.create(settings.encoder, "w")
        settings.apply(self._context)
        if settings.in_header:
            self._context.flags |= av.codec.context.Flags.global_header
        self._frames = 0
        self._mark = field_mark(bool(settings.top_first)) if settings.in_fields else None
        os.environ.setdefault("SVT_LOG", "1")  # the one encoder that talks to the terminal
        try:
            self._context.open()
        except av.error.FFmpegError as error:
            raise OutputError(_refusal(settings, error)) from None

    def encode(self, frame: av.VideoFrame) -> Iterator[tuple[int, bool, bytes]]:
        """Takes the next frame; gives what is ready: place in the segment, key frame, bytes."""
        frame.pts, frame.time_base = self._frames, 1 / self._settings.rate
        self._frames += 1
        if self._mark is not None:
            frame = self._mark(frame)
        yield from self._packets(frame)

    def finish(self) -> Iterator[tuple[int, bool, bytes]]:
        """Gives the rest."""
        yield from self._packets(None)

    def _packets(self, frame: av.VideoFrame | None) -> Iterator[tuple[int, bool, bytes]]:
        try:
            for packet in self._context.encode(frame):
                yield packet.pts, bool(packet.is_keyframe), bytes(packet)
        except av.error.FFmpegError as error:
            raise OutputError(_refusal(self._settings, error)) from None


def _refusal(settings: EncoderSettings, error: Exception) -> str:
    return (
        f"{settings.encoder} cannot code {settings.width}x{settings.height} at "
        f"{settings.coding.depth} bit ({reason(error)}); another codec may, ffv1 takes everything"
    )
