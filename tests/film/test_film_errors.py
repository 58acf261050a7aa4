"""What cannot be coloured is told in one clear line."""

from __future__ import annotations

import subprocess
import sys

import av
import pytest
from made_of_photographs import Made, make_film

from photochrom.errors import InputError, OptionError, OutputError, UnreadableError
from photochrom.film import FilmOptions, colorize_film
from photochrom.film.segments import job_folder


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "film.mp4", Made(frames=40))


@pytest.fixture
def colorize(colorizer, tmp_path):
    return lambda source, **options: colorize_film(
        source, tmp_path / "result.mkv", colorizer, film_options=FilmOptions(**options)
    )


def test_a_missing_film(colorize, tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.mp4: cannot be opened \(No such file"):
        colorize(tmp_path / "nowhere.mp4")


@pytest.mark.parametrize("content", [b"", b"not a film at all" * 100, b"\x00\x00\x00\x18ftypmp42"])
def test_what_is_no_film(content, colorize, tmp_path):
    path = tmp_path / "odd.mp4"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"odd\.mp4: is no film that FFmpeg can read"):
        colorize(path)


def test_a_film_cut_short_before_its_index(colorize, film):
    content = film.read_bytes()
    film.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(UnreadableError, match=r"film\.mp4: .*cut short"):
        colorize(film)


def test_a_film_cut_short_behind_its_index(colorize, tmp_path):
    film = make_film(tmp_path / "plain.mp4", Made(frames=40))
    path = tmp_path / "first.mp4"
    with (
        av.open(str(film)) as source,
        av.open(str(path), "w", container_options={"movflags": "faststart"}) as target,
    ):
        copies = [target.add_stream_from_template(s, opaque=True) for s in source.streams]
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(UnreadableError, match=r"first\.mp4: is cut short: its index"):
        colorize(path)


def test_a_matroska_film_cut_short(colorize, tmp_path):
    film = make_film(tmp_path / "film.mkv", Made("ffv1", frames=50))
    content = film.read_bytes()
    film.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableError, match=r"film\.mkv: (is cut short|damaged)"):
        colorize(film)
    found = colorize(film, damaged=True)
    assert 15 < found.frames < 35


def test_sound_alone(colorize, tmp_path):
    path = tmp_path / "song.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48000)
        frame = av.AudioFrame(format="s16", layout="stereo", samples=4800)
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(InputError, match=r"song\.mkv: has no picture track, only audio"):
        colorize(path)


def test_no_frames(colorize, film):
    path = film.with_name("empty.mkv")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = 96, 72
        container.start_encoding()
    with pytest.raises(UnreadableError, match=r"empty\.mkv: ends before its first frame"):
        colorize(path)


def test_a_codec_that_nobody_knows(colorize, film):
    content = film.read_bytes()
    assert content.count(b"avc1") >= 1
    at = content.rindex(b"avc1")
    film.write_bytes(content[:at] + b"zzzz" + content[at + 4 :])
    with pytest.raises(UnreadableError, match=r"film\.mp4: .*codec that this FFmpeg cannot decode"):
        colorize(film)


def test_damage_that_the_decoder_can_hide_keeps_every_frame(colorize, tmp_path):
    path = make_film(tmp_path / "film.ts", Made(frames=30, options={"g": "10"}))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 188 * 188 + 60
    content[middle : middle + 90] = bytes(90)
    path.write_bytes(content)
    assert 25 <= colorize(path, damaged=True).frames <= 30


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"codec": "h64"}, "did you mean 'h264'"),
        ({"codec": "theora"}, "there are: h264, h265"),
        ({"crf": 99}, "crf is 99; for h264 it must lie in 0 to 51"),
        ({"codec": "ffv1", "crf": 3}, "lossless"),
        ({"preset": "quick"}, "knows no preset 'quick'; it knows ultrafast"),
        ({"start": -1}, "from is -1"),
        ({"start": 5, "end": 4}, "to is 4"),
        ({"segment": 0}, "segment is 0"),
    ],
)
def test_wrong_options(options, message, colorize, film):
    with pytest.raises(OptionError, match=message):
        colorize(film, **options)


def test_a_part_behind_the_end(colorize, film):
    with pytest.raises(InputError, match="no frame in the part"):
        colorize(film, start=100)


def test_an_unknown_container(colorizer, film, tmp_path):
    with pytest.raises(OptionError, match=r"cannot be written as \.xyz; known are \.mp4"):
        colorize_film(film, tmp_path / "result.xyz", colorizer)


def test_the_film_itself_is_never_the_result(colorizer, film):
    before = film.read_bytes()
    with pytest.raises(OutputError, match="is the film itself"):
        colorize_film(film, film, colorizer)
    assert film.read_bytes() == before


@pytest.mark.parametrize("limit", [900, 20_000])
def test_a_full_disk_is_told_and_gone_on_from(limit, colorizer, film, tmp_path):
    resource = pytest.importorskip("resource")  # not on Windows
    target, options = tmp_path / "result.mkv", FilmOptions(segment=9, codec="ffv1")
    colorize_film(film, tmp_path / "whole.mkv", colorizer, film_options=options)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # to a program that writes, a limit for its files looks like a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot be (written|made) \(.*(too large|space)"):
            colorize_film(film, target, colorizer, film_options=options)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not target.exists()
    assert not list(job_folder(target).glob(".photochrom-*"))
    colorize_film(film, target, colorizer, film_options=options)
    assert target.read_bytes() == (tmp_path / "whole.mkv").read_bytes()


def test_a_size_that_changes_within_the_film(colorize, tmp_path):
    parts = []
    for number, width in enumerate((96, 128)):
        path = tmp_path / f"{number}.ts"
        parts.append(make_film(path, Made("mpeg2video", width=width, sound=False)).read_bytes())
    (tmp_path / "both.ts").write_bytes(b"".join(parts))
    with pytest.raises(UnreadableError, match="the size changes from 96x72 to 128x72"):
        colorize(tmp_path / "both.ts")


@pytest.mark.parametrize("missing", ["av", "cv2"])
def test_without_the_extra_the_install_line_is_told(missing):
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from photochrom.cli import main; sys.exit(main(['film', 'stats', 'x.mp4']))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert 'pip install "photochrom[film]"' in found.stderr
    assert "Traceback" not in found.stderr
