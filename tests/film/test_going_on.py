"""Work that is stopped at any moment, and gone on with: the same file, to the byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from made_of_photographs import Made, make_film

from photochrom import ColorizeOptions, Colorizer
from photochrom.film import FilmOptions, FrameByFrame, colorize_film
from photochrom.film.segments import job_folder

SEGMENT = 5

KILLED = """
import os, signal, sys
from photochrom import Colorizer
from photochrom.film import FilmOptions, FrameByFrame, colorize_film

source, target, model, frame = sys.argv[1:]

def kill(progress):
    if progress.done == int(frame):
        os.kill(os.getpid(), signal.SIGKILL)

colorizer, options = Colorizer(model, threads=1), FilmOptions(segment=5)
colorize_film(source, target, colorizer, film_options=options, listener=kill)
"""


class Drifting(FrameByFrame):
    """Colours that depend on all frames before: what going on must not lose."""

    independent = False

    def __init__(self, colorizer, options):
        super().__init__(colorizer, options)
        self.tint = np.zeros(2, np.float32)

    def colour(self, frame):
        self.tint += np.float32([0.7, 0.1]) + frame.luminance.mean() / 500
        return super().colour(frame) + self.tint

    def state(self):
        return {"tint": self.tint.copy()}

    def restore(self, state):
        self.tint = state["tint"].copy()


class StoppedError(Exception):
    pass


def stop_at(frame):
    def listen(progress):
        if progress.done == frame:
            raise StoppedError

    return listen


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    made = Made(frames=33, options={"g": "11", "bf": "2"}, events=[(14, "cut"), (20, "flash")])
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4", made)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_same_work_gives_the_same_bytes(suffix, film, colorizer, tmp_path):
    results = []
    for name in ("one", "two"):
        target = tmp_path / f"{name}{suffix}"
        colorize_film(film, target, colorizer, film_options=FilmOptions(segment=SEGMENT))
        results.append(target.read_bytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("frames", [(1,), (5, 6), (11, 17, 18, 33)])
def test_a_stop_changes_nothing_even_where_colours_remember(frames, film, colorizer, tmp_path):
    options = FilmOptions(segment=SEGMENT, colours=Drifting)
    colorize_film(film, tmp_path / "whole.mp4", colorizer, film_options=options)
    target = tmp_path / "stopped.mp4"
    for frame in frames:
        with pytest.raises(StoppedError):
            colorize_film(film, target, colorizer, film_options=options, listener=stop_at(frame))
        assert not target.exists()
        kept = job_folder(target)
        assert len(list(kept.glob("*.packets"))) == (frame - 1) // SEGMENT
    found = colorize_film(film, target, colorizer, film_options=options)
    assert found.gone_on_from == (frames[-1] - 1) // SEGMENT * SEGMENT
    assert target.read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert not job_folder(target).exists()


def test_killed_processes_leave_what_can_be_gone_on_with(film, tiny_model, colorizer, tmp_path):
    whole = tmp_path / "whole.mp4"
    colorize_film(film, whole, colorizer, film_options=FilmOptions(segment=SEGMENT))
    target = tmp_path / "killed.mp4"
    for frame in (3, 12, 28):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, film, target, tiny_model, str(frame)],
            env=dict(os.environ, OMP_NUM_THREADS="1"), capture_output=True, check=False,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    found = colorize_film(film, target, colorizer, film_options=FilmOptions(segment=SEGMENT))
    assert found.gone_on_from == 25
    assert target.read_bytes() == whole.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"whole.mp4", "killed.mp4"}


def test_other_options_begin_again(film, colorizer, tmp_path):
    target, options = tmp_path / "film.mp4", FilmOptions(segment=SEGMENT)
    with pytest.raises(StoppedError):
        colorize_film(film, target, colorizer, film_options=options, listener=stop_at(20))
    found = colorize_film(
        film, target, colorizer, ColorizeOptions(saturation=0.5), film_options=options
    )
    assert found.gone_on_from == 0


def test_another_film_of_that_name_begins_again(film, colorizer, tmp_path):
    source = tmp_path / "film.mp4"
    source.write_bytes(film.read_bytes())
    target, options = tmp_path / "result.mp4", FilmOptions(segment=SEGMENT)
    with pytest.raises(StoppedError):
        colorize_film(source, target, colorizer, film_options=options, listener=stop_at(20))
    make_film(source, Made(frames=9))
    found = colorize_film(source, target, colorizer, film_options=options)
    assert (found.gone_on_from, found.frames) == (0, 9)


def test_a_first_pass_is_made_once(film, tiny_model, tmp_path):
    class Prepared(Drifting):
        passes = 0

        def prepare(self, frames):
            type(self).passes += 1
            self.tint += np.float32(sum(frame.luminance.mean() for frame in frames) / 1000)

    colorizer = Colorizer(tiny_model, threads=1)
    options = FilmOptions(segment=SEGMENT, colours=Prepared)
    target = tmp_path / "film.mp4"
    with pytest.raises(StoppedError):
        colorize_film(film, target, colorizer, film_options=options, listener=stop_at(2))
    colorize_film(film, target, colorizer, film_options=options)
    assert Prepared.passes == 1
    colorize_film(film, tmp_path / "whole.mp4", colorizer, film_options=options)
    assert target.read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_a_film_without_time_stamps_can_be_gone_on_with(colorizer, tmp_path):
    source = tmp_path / "raw.h264"
    import av

    with av.open(str(source), "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "0"})
        stream.width, stream.height = 96, 72
        for number in range(18):
            frame = av.VideoFrame(96, 72, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([40 + 9 * number]) * plane.buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    options = FilmOptions(segment=SEGMENT)
    colorize_film(source, tmp_path / "whole.mkv", colorizer, film_options=options)
    target = tmp_path / "stopped.mkv"
    with pytest.raises(StoppedError):
        colorize_film(source, target, colorizer, film_options=options, listener=stop_at(13))
    assert colorize_film(source, target, colorizer, film_options=options).gone_on_from == 10
    assert target.read_bytes() == (tmp_path / "whole.mkv").read_bytes()
