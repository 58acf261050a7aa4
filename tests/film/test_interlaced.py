"""Interlaced films stay so, each field with its own chroma."""

from __future__ import annotations

import av
import numpy as np
import pytest
from made_of_photographs import Made, make_film

from photochrom.film import FilmOptions, colorize_film
from photochrom.film.chroma import ChromaPlanes
from photochrom.film.coding import BT601, Coding
from photochrom.film.describe import describe


def first_field(path):
    """The luma of the field that FFmpeg takes for the first of a film, and its first frame's."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        graph = av.filter.Graph()
        ends = [graph.add_buffer(template=stream), graph.add("separatefields"),
                graph.add("buffersink")]  # fmt: skip
        ends[0].link_to(ends[1])
        ends[1].link_to(ends[2])
        graph.configure()
        graph.push(frame)
        height, width = frame.height, frame.width
        field = graph.pull().to_ndarray(format="yuv420p")[: height // 2, :width]
        return field, frame.to_ndarray(format="yuv420p")[:height, :width], frame.interlaced_frame


@pytest.mark.parametrize("order", ["top", "bottom"])
@pytest.mark.parametrize(
    ("codec", "suffix"), [("h264", ".mp4"), ("h264", ".mkv"), ("mpeg4", ".mkv"), ("ffv1", ".mkv")]
)
def test_interlaced_films_stay_interlaced_in_their_order(order, codec, suffix, tmp_path, colorizer):
    made = Made(height=96, frames=4, options={"x264-params": f"{order[0]}ff=1"})
    target = tmp_path / f"result{suffix}"
    found = colorize_film(make_film(tmp_path / "fields.mp4", made), target, colorizer,
                          film_options=FilmOptions(codec))  # fmt: skip
    assert any(f"interlaced ({order} field first)" in note for note in found.notes)
    assert describe(target).fields == f"{order} field first"
    field, frame, interlaced = first_field(target)
    assert interlaced
    assert np.array_equal(field, frame[0 if order == "top" else 1 :: 2])


def test_codecs_without_fields_leave_their_order_to_the_container(tmp_path, colorizer):
    made = Made(height=96, frames=4, options={"x264-params": "bff=1"})
    target = tmp_path / "result.mkv"
    found = colorize_film(make_film(tmp_path / "fields.mp4", made), target, colorizer,
                          film_options=FilmOptions("h265"))  # fmt: skip
    assert any("coded in whole frames (h265" in note for note in found.notes)
    assert describe(target).fields == "bottom field first"


def test_the_fields_of_a_frame_have_chroma_of_their_own():
    luma = np.zeros((16, 16), np.uint8)
    luma[0::2], luma[1::2] = 200, 60
    guide = ChromaPlanes(16, 16, Coding(BT601, True), in_fields=True).guide(luma)
    assert np.array_equal(guide, np.tile([[200], [60]], (4, 8)))


def test_heights_whose_fields_have_no_whole_chroma_rows_are_coded_in_whole_frames(
    tmp_path, colorizer
):
    made = Made("ffv1", height=70, frames=3)
    source = make_film(tmp_path / "whole.mkv", made)
    with av.open(str(source)) as film, av.open(str(tmp_path / "fields.mkv"), "w") as target:
        stream = target.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = made.width, made.height, "yuv420p"
        stream.codec_context.field_order = 2
        for number, frame in enumerate(film.decode(video=0)):
            frame.pts = number
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    found = colorize_film(tmp_path / "fields.mkv", tmp_path / "result.mkv", colorizer)
    assert any("height 70" in note for note in found.notes)
    assert describe(tmp_path / "result.mkv").fields == "top field first"
