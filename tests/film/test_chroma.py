"""Chroma planes: the right colours for a luma that stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from photochrom.film.chroma import ChromaPlanes, carried, chroma_table
from photochrom.film.coding import BT601, BT709, Coding, matrix_of
from photochrom.photo import upsample_chroma

# ITU-R BT.601 and BT.709, written out: rows give Y', U and V of R', G', B'
TO_YUV = {
    BT601: np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5],
                     [0.5, -0.418688, -0.081312]]),
    BT709: np.array([[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5],
                     [0.5, -0.454153, -0.045847]]),
}  # fmt: skip


@pytest.mark.parametrize("matrix", [BT601, BT709], ids=lambda matrix: matrix.name)
@pytest.mark.parametrize("full", [True, False], ids=["full", "limited"])
def test_reference_colours_come_out_as_their_own_u_and_v(matrix, full):
    generator = np.random.default_rng(0)
    rgb = generator.uniform(0.15, 0.85, (300, 3))
    yuv, ab = rgb @ TO_YUV[matrix].T, rgb2lab(rgb)[:, 1:]
    coding = Coding(matrix, full)
    codes = np.rint(coding.black + coding.luma_span * yuv[:, 0]).astype(np.uint8)
    planes = ChromaPlanes(4, 4, coding, halved=False)
    for code, colour, (_, U, V) in zip(codes, ab, yuv, strict=True):
        constant = np.broadcast_to(colour.astype(np.float32), (2, 2, 2))
        u, v = planes.planes(np.full((4, 4), code, np.uint8), constant)
        # half a code of rounding of Y' and of U and V, and what lies between the table's entries
        assert abs(int(u[0, 0]) - (128 + coding.chroma_span * U)) < 2.5
        assert abs(int(v[0, 0]) - (128 + coding.chroma_span * V)) < 2.5


@given(code=st.integers(0, 255), a=st.floats(-127, 127), b=st.floats(-127, 127), full=st.booleans())
def test_no_colour_leaves_the_gamut(code, a, b, full):
    coding = Coding(BT709, full)
    planes = ChromaPlanes(2, 2, coding, halved=False)
    ab = np.broadcast_to(np.array([a, b], np.float32), (2, 2, 2))
    u, v = planes.differences(np.full((2, 2), code, np.uint8), ab)
    Y = np.clip((code - coding.black) / coding.luma_span, 0, 1)
    rgb = np.linalg.inv(TO_YUV[BT709]) @ [Y, u[0, 0], v[0, 0]]
    assert rgb.min() > -0.01
    assert rgb.max() < 1.01


def test_hue_is_kept_where_chroma_gives_way():
    planes = ChromaPlanes(2, 2, Coding(BT709, True), halved=False)
    strong, weak = (
        planes.differences(np.full((2, 2), 200, np.uint8), np.full((2, 2, 2), size, np.float32))
        for size in (90, 20)
    )
    angles = [np.degrees(np.arctan2(v[0, 0], u[0, 0])) for u, v in (strong, weak)]
    assert abs(angles[0] - angles[1]) < 25


def test_no_colour_gives_neutral_planes_of_every_depth():
    for depth in (8, 10, 16):
        planes = ChromaPlanes(6, 8, Coding(BT601, False, depth))
        luma = np.full((6, 8), 100 << (depth - 8), np.uint8 if depth == 8 else np.uint16)
        u, v = planes.planes(planes.guide(luma), np.zeros((3, 4, 2), np.float32))
        assert u.shape == v.shape == (3, 4)
        assert u.dtype == luma.dtype
        assert (u == 128 << (depth - 8)).all()
        assert (v == 128 << (depth - 8)).all()


def test_more_bits_give_the_same_colours():
    luma = np.random.default_rng(0).integers(40, 220, (32, 48)).astype(np.uint16)
    ab = np.random.default_rng(1).normal(0, 20, (8, 12, 2)).astype(np.float32)
    made = {}
    for depth in (8, 10):
        planes = ChromaPlanes(32, 48, Coding(BT601, False, depth))
        coded = luma.astype(np.uint8) if depth == 8 else luma << 2
        made[depth] = planes.planes(planes.guide(coded), ab)
    for eight, ten in zip(made[8], made[10], strict=True):
        assert np.abs(ten / 4 - eight).mean() < 0.5


@pytest.mark.parametrize(("height", "width"), [(7, 9), (8, 9), (7, 8), (1, 1), (1, 5)])
def test_odd_sizes_round_up_and_repeat_the_edge(height, width):
    luma = np.random.default_rng(0).integers(0, 255, (height, width), np.uint8)
    planes = ChromaPlanes(height, width, Coding(BT601, False))
    guide = planes.guide(luma)
    assert guide.shape == planes.size == ((height + 1) // 2, (width + 1) // 2)
    even = np.pad(luma, ((0, height % 2), (0, width % 2)), mode="edge").astype(float)
    mean = even.reshape(guide.shape[0], 2, guide.shape[1], 2).mean((1, 3))
    assert np.abs(guide - mean).max() <= 0.5


def test_lightness_is_that_of_the_grey_that_is_shown():
    planes = ChromaPlanes(1, 256, Coding(BT709, False), halved=False)
    codes = np.arange(256, dtype=np.uint8)[None]
    grey = np.clip((codes[0] - 16.0) / 219, 0, 1)
    reference = rgb2lab(np.stack([grey] * 3, -1)[None])[0, :, 0]
    assert np.abs(planes.lightness(codes, (1, 256))[0] - reference).max() < 0.02


def test_colours_are_carried_as_those_of_photographs_are():
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:96, :144]
    L = (50 + 40 * np.sin(x / 9) * np.cos(y / 11) + generator.normal(0, 2, y.shape)).astype(
        np.float32
    )
    ab = np.stack([30 * np.sin(np.arange(24)[:, None] / 4 + np.arange(36) / 7),
                   30 * np.cos(np.arange(24)[:, None] / 5 - np.arange(36) / 6)], -1)  # fmt: skip
    ours, theirs = carried(ab.astype(np.float32), L), upsample_chroma(ab.astype(np.float32), L)
    assert ours.shape == theirs.shape == (96, 144, 2)
    assert np.abs(ours - theirs).mean() < 0.15
    assert np.abs(ours - theirs).max() < 2


def test_colours_finer_than_the_planes_are_taken_too():
    planes = ChromaPlanes(16, 16, Coding(BT601, False))
    u, _ = planes.planes(np.full((8, 8), 120, np.uint8), np.full((16, 16, 2), 20, np.float32))
    assert u.shape == (8, 8)


def test_the_table_has_no_gaps():
    table = chroma_table(BT709, False)
    assert np.isfinite(table).all()
    assert np.abs(table).max() <= 0.5 + 1e-3
    assert np.abs(table.reshape(256, 65, 65, 2)[:, 32, 32]).max() < 1e-3, "grey stays grey"


def test_films_that_do_not_say_go_by_their_height():
    assert matrix_of(2, 576) is BT601
    assert matrix_of(2, 1080) is BT709
    assert matrix_of(5, 1080) is BT601
    assert matrix_of(1, 480) is BT709
