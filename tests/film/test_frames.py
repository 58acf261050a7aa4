"""Frames in, frames out, and raw frames through a pipe."""

from __future__ import annotations

import io
import itertools
from fractions import Fraction

import av
import numpy as np
import pytest
from made_of_photographs import Made, pictures
from skimage.color import rgb2lab

from photochrom.errors import InputError, OptionError, OutputError
from photochrom.film import FrameByFrame, colorize_frames
from photochrom.film.frames import RawFormat, colorize_pipe


@pytest.fixture(scope="module")
def greys():
    made = Made(frames=6, width=96, height=72)
    return [np.asarray(picture[..., 1]) for picture in pictures(made)]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_arrays_come_back_in_colour_with_their_brightness(kind, greys, colorizer):
    scale = 1 if kind == np.uint8 else 257
    frames = [grey.astype(kind) * kind(scale) for grey in greys]
    made = list(colorize_frames(frames, colorizer, colours=FrameByFrame))
    assert len(made) == len(frames)
    for frame, colour in zip(frames, made, strict=True):
        assert colour.shape == (72, 96, 3)
        assert colour.dtype == kind
        luma = colour.astype(float) @ [0.2126, 0.7152, 0.0722]
        assert np.abs(luma - frame).max() < 1.5 * scale
        chroma = rgb2lab(colour)[..., 1:]
        assert np.hypot(chroma[..., 0], chroma[..., 1]).mean() > 10


def test_colour_arrays_are_turned_grey_first(greys, colorizer):
    grey = greys[0]
    tinted = np.stack([grey, grey, grey], -1)
    one, two = (
        next(colorize_frames([frame], colorizer, colours=FrameByFrame)) for frame in (grey, tinted)
    )
    assert np.array_equal(one, two)


def test_frames_of_pyav_keep_their_luma_and_time(greys, colorizer):
    frames = []
    for number, grey in enumerate(greys):
        frame = av.VideoFrame.from_ndarray(grey, "gray").reformat(format="yuv420p")
        frame.pts, frame.time_base = 1000 + 7 * number, Fraction(1, 600)
        frames.append(frame)
    made = list(colorize_frames(frames, colorizer))
    for before, after in zip(frames, made, strict=True):
        assert (after.pts, after.time_base) == (before.pts, before.time_base)
        assert after.format.name == "yuv420p"
        assert np.array_equal(after.to_ndarray()[:72], before.to_ndarray()[:72])
        assert np.ptp(after.to_ndarray()[72:]) > 10


def test_few_frames_are_read_ahead_and_none_is_kept(greys, colorizer):
    taken = []

    def endless():
        for number in itertools.count():
            taken.append(number)
            yield greys[number % len(greys)]

    made = colorize_frames(endless(), colorizer, colours=FrameByFrame)
    for _ in range(5):
        next(made)
    made.close()
    assert len(taken) < 15


def test_no_frames_give_none(colorizer):
    assert list(colorize_frames([], colorizer)) == []


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([np.zeros((8, 8), np.float32)], "arrays of uint8 or uint16"),
        (["frame.png"], "must be PyAV's, or arrays"),
        (
            [np.zeros((48, 48), np.uint8), np.zeros((48, 64), np.uint8)],
            "64x48 among those of 48x48",
        ),
        ([np.zeros((48, 48), np.uint8), np.zeros((48, 48, 2), np.uint8)], r"\(48, 48, 2\)"),
    ],
)
def test_odd_frames_are_errors(frames, message, colorizer):
    with pytest.raises(InputError, match=message):
        list(colorize_frames(frames, colorizer))


@pytest.mark.parametrize(
    ("pixel_format", "result", "chroma"),
    [
        ("gray", "yuv420p", 0), ("yuv420p", "yuv420p", 2 * 36 * 48),
        ("yuv444p", "yuv444p", 2 * 72 * 96),
        ("gray10le", "yuv420p10le", 0), ("yuv422p10le", "yuv420p10le", 2 * 72 * 48),
    ],
)  # fmt: skip
def test_raw_frames_keep_their_luma(pixel_format, result, chroma, greys, colorizer):
    deep = "10" in pixel_format
    lumas = [grey.astype("<u2") * 4 if deep else grey for grey in greys]
    rest = bytes(chroma * (2 if deep else 1))
    source = io.BytesIO(b"".join(luma.tobytes() + rest for luma in lumas))
    target, form = io.BytesIO(), RawFormat(96, 72, pixel_format)
    assert form.result == result
    assert colorize_pipe(source, target, form, colorizer) == len(greys)
    size = 72 * 96 + 2 * (72 * 96 if result.startswith("yuv444p") else 36 * 48)
    made = np.frombuffer(target.getvalue(), "<u2" if deep else "u1").reshape(len(greys), size)
    for luma, frame in zip(lumas, made, strict=True):
        assert np.array_equal(frame[: 72 * 96].reshape(72, 96), luma)
        assert np.ptp(frame[72 * 96 :]) > 10


def test_raw_frames_that_end_in_the_middle_are_an_error(greys, colorizer):
    content = greys[0].tobytes() + greys[1].tobytes()[:100]
    target = io.BytesIO()
    with pytest.raises(
        InputError, match="end in the middle of frame 1; are they really 96x72 gray"
    ):
        colorize_pipe(io.BytesIO(content), target, RawFormat(96, 72, "gray"), colorizer)


def test_a_pipe_that_cannot_be_written_to_is_told(greys, colorizer):
    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        colorize_pipe(io.BytesIO(greys[0].tobytes()), Full(), RawFormat(96, 72, "gray"), colorizer)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 72, "gray"), "size is 0x72"),
        ((96, 72, "rgb24"), "pixel format 'rgb24'; known are gray"),
        ((96, 72, "gray", None, "bt1886"), "known are bt601"),
        ((96, 72, "gray", None, None, 0), "rate is 0"),
    ],
)
def test_wrong_raw_formats(arguments, message):
    with pytest.raises(OptionError, match=message):
        RawFormat(*arguments)
