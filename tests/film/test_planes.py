"""FFmpeg's frames as planes, and back."""

from __future__ import annotations

import av
import numpy as np
import pytest

from photochrom.film.coding import BT601, BT709, Coding
from photochrom.film.encode import at_depth
from photochrom.film.planes import coding_of, frame_of, luma_plane, with_luma_plane


@pytest.mark.parametrize("halved", [True, False])
@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize(("height", "width"), [(6, 8), (7, 9), (48, 97)])
def test_planes_come_back_out_of_a_frame(height, width, depth, halved):
    generator = np.random.default_rng(0)
    kind = np.uint8 if depth == 8 else np.uint16
    small = (-(-height // 2), -(-width // 2)) if halved else (height, width)
    planes = tuple(
        generator.integers(0, 1 << depth, shape).astype(kind)
        for shape in ((height, width), small, small)
    )
    frame = frame_of(planes, Coding(BT709, True, depth), halved=halved)
    assert (frame.height, frame.width) == (height, width)
    assert np.array_equal(luma_plane(frame), planes[0])
    assert coding_of(frame) == Coding(BT709, True, depth)
    if height % 2 == width % 2 == 0 and halved:
        whole = frame.to_ndarray()
        assert np.array_equal(whole.ravel(), np.concatenate([plane.ravel() for plane in planes]))


@pytest.mark.parametrize(
    "name", ["gray", "nv12", "yuv422p", "yuvj420p", "yuyv422", "uyvy422", "gray10le", "yuv420p10be"]
)
def test_the_luma_of_every_order_of_samples_is_exact(name):
    deep = "10" in name
    luma = (
        np.random.default_rng(0).integers(16, 235, (8, 16)).astype(np.uint16 if deep else np.uint8)
    )
    frame = av.VideoFrame(16, 8, name)
    for index, plane in enumerate(frame.planes):
        order = "u1" if not deep else (">u2" if name.endswith("be") else "<u2")
        samples = np.frombuffer(plane, order).reshape(
            -1, plane.line_size // np.dtype(order).itemsize
        )
        samples[:] = 128
        if index == 0:
            start, step = {"yuyv422": (0, 2), "uyvy422": (1, 2)}.get(name, (0, 1))
            samples[:8, start : start + 16 * step : step] = luma
    found = luma_plane(with_luma_plane(frame))
    assert np.array_equal(found, luma)
    assert found.dtype.isnative


def test_rgb_is_turned_into_luma():
    rgb = np.random.default_rng(0).integers(0, 255, (8, 16, 3)).astype(np.uint8)
    frame = with_luma_plane(av.VideoFrame.from_ndarray(rgb, "rgb24"))
    coding = coding_of(frame)
    assert (coding.matrix, coding.full) == (BT601, False)
    expected = 16 + 219 / 255 * rgb.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(luma_plane(frame) - expected).max() < 2


def test_ranges_are_read_from_the_frame_and_from_the_format():
    for name, number, full in (
        ("yuv420p", 0, False), ("yuv420p", 2, True), ("yuvj420p", 0, True), ("gray", 0, True),
        ("gray", 1, False),
    ):  # fmt: skip
        frame = av.VideoFrame(16, 8, name)
        frame.color_range = number
        assert coding_of(frame).full == full


def test_more_bits_lose_nothing_and_fewer_are_rounded():
    luma = np.arange(0, 1024, 7, dtype=np.uint16)[None]
    ten = Coding(BT601, False, 10)
    assert np.array_equal(at_depth(luma, ten, 12) >> 2, luma)
    eight = at_depth(luma, ten, 8)
    assert eight.dtype == np.uint8
    assert np.abs(eight - (luma / 4).clip(0, 255)).max() <= 0.5
