"""Films in, films out: everything but the colours is as it was."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from made_of_photographs import Made, make_film, shown, tracks

from photochrom import ColorizeOptions
from photochrom.errors import OptionError
from photochrom.film import FilmOptions, FrameByFrame, colorize_film

KINDS = {
    "h264.mp4": Made(),
    "mpeg4.avi": Made("mpeg4"),
    "vp9.webm": Made("libvpx-vp9", frames=12, options={"deadline": "realtime", "cpu-used": "8"}),
    "ffv1.mkv": Made("ffv1"),
    "h264.ts": Made(),
    "hevc.mov": Made("libx265", options={"x265-params": "log-level=none", "preset": "ultrafast"}),
    "b-frames.mkv": Made(options={"bf": "3", "b-pyramid": "normal"}),
}
RESULTS = {".avi": ".mkv"}


@pytest.fixture
def colorize(colorizer, tmp_path):
    def run(source, suffix=None, options=None, **film_options):
        target = tmp_path / f"result{suffix or source.suffix}"
        found = colorize_film(
            source, target, colorizer, options or ColorizeOptions(),
            FilmOptions(**{"segment": 7, **film_options}),
        )  # fmt: skip
        assert found.path == target
        assert not list(tmp_path.glob(".photochrom*")), "leftovers"
        return target

    return run


@pytest.mark.parametrize("name", KINDS)
def test_frames_times_and_sound_stay_as_they_were(name, tmp_path, colorize):
    source = make_film(tmp_path / name, KINDS[name])
    target = colorize(source, RESULTS.get(source.suffix))
    before, after = shown(source), shown(target)
    assert len(before.times) == KINDS[name].frames
    rounding = 0 if target.suffix == source.suffix else Fraction(1, 1000)
    shift = after.times[0] - before.times[0]  # Matroska begins no track before 0
    for a, b in zip(after.times, before.times, strict=True):
        assert abs(a - b - shift) <= rounding
    assert len(after.luma) == len(before.luma)
    (heard,), (copied,) = tracks(source), tracks(target)
    assert copied.content == heard.content
    assert len(heard.content) > 10
    for a, b in zip(copied.times, heard.times, strict=True):
        assert abs(a - b - shift) <= rounding
    assert after.stream["size"] == before.stream["size"]


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg4.avi", "ffv1.mkv"])
def test_the_luma_is_untouched_before_it_is_coded(name, tmp_path, colorize):
    source = make_film(tmp_path / name, KINDS[name])
    target = colorize(source, ".mkv", codec="ffv1")
    before, after = shown(source), shown(target)
    for ours, theirs in zip(after.luma, before.luma, strict=True):
        assert np.array_equal(ours, theirs)
    assert np.ptp(after.chroma[0][0]) > 20, "there is colour"


def test_a_lossy_result_is_near_the_luma(tmp_path, colorize):
    source = make_film(tmp_path / "film.mp4")
    before, after = shown(source), shown(colorize(source, crf=12))
    pairs = zip(after.luma, before.luma, strict=True)
    assert np.mean([np.abs(a.astype(int) - b) for a, b in pairs]) < 2


def test_ten_bits_stay_ten_bits(tmp_path, colorize):
    source = make_film(tmp_path / "deep.mkv", Made("ffv1", "yuv420p10le"))
    before = shown(source)
    for codec, exact in (("ffv1", True), ("h264", False)):
        after = shown(colorize(source, codec=codec, crf=None if exact else 10))
        assert after.stream["pix_fmt"] == "yuv420p10le"
        difference = np.abs(after.luma[3].astype(int) - before.luma[3])
        assert difference.max() == 0 if exact else difference.mean() < 8
        assert after.chroma[3][0].max() > 256


def test_a_codec_of_eight_bits_rounds_ten_and_says_so(tmp_path, colorizer):
    source = make_film(tmp_path / "deep.mkv", Made("ffv1", "yuv420p10le"))
    found = colorize_film(source, tmp_path / "r.mkv", colorizer,
                          film_options=FilmOptions(codec="mpeg4", crf=1))  # fmt: skip
    assert any("rounded" in note for note in found.notes)
    before, after = shown(source), shown(tmp_path / "r.mkv")
    assert after.stream["pix_fmt"] == "yuv420p"
    assert np.abs(after.luma[0] - before.luma[0] / 4).mean() < 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_variable_frame_rate_stays_variable(suffix, tmp_path, colorize):
    stamps = np.cumsum([0, 40, 40, 120, 33, 33, 500, 40, 41, 40, 1000, 40, 40, 40, 33]).tolist()
    made = Made(frames=len(stamps), stamps=stamps, options={"bf": "2"})
    source = make_film(tmp_path / f"variable{suffix}", made)
    before, after = shown(source), shown(colorize(source))
    assert after.times == before.times
    gaps = np.diff([float(t) for t in after.times])
    assert gaps.max() > 10 * gaps.min()


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_a_turned_film_stays_turned_and_is_coloured_upright(rotation, tmp_path, colorizer):
    seen = []

    class Noted:
        def __init__(self, *_):
            pass

        def colour(self, frame):
            seen.append(frame.luminance)
            ab = np.zeros((*frame.luminance.shape, 2), np.float32)
            ab[: len(ab) // 2, :, 0] = 40  # red above, as it is shown
            return ab

        def state(self):
            return {}

    source = make_film(tmp_path / "turned.mp4", Made(rotation=rotation, width=128, height=64))
    options = FilmOptions(codec="ffv1", colours=Noted)
    colorize_film(source, tmp_path / "r.mkv", colorizer, film_options=options)
    after = shown(tmp_path / "r.mkv")
    assert (after.rotation - rotation) % 360 == 0
    turns = rotation // 90 % 4
    wide = seen[0].shape[1] > seen[0].shape[0]
    assert wide == (rotation == 180)
    upright = np.rot90(after.chroma[0][1].astype(int), turns)
    assert upright[: len(upright) // 2 - 4].mean() > upright[len(upright) // 2 + 4 :].mean() + 10
    grey = np.rot90(after.luma[0].astype(float), turns)
    small = seen[0]
    rows = np.corrcoef(_shrunk(grey, small.shape).ravel(), small.ravel())[0, 1]
    assert rows > 0.98, "what is looked at is the picture as it is shown"


def _shrunk(plane, shape):
    from photochrom.photo import area_resize

    return area_resize(plane, *shape)


@pytest.mark.parametrize(("width", "height"), [(97, 71), (96, 71), (65, 48)])
def test_odd_sizes_keep_their_size(width, height, tmp_path, colorize):
    made = Made("ffv1", width=width, height=height, frames=8)
    source = make_film(tmp_path / "odd.mkv", made)
    before = shown(source)
    for codec, pixel_format in (("ffv1", "yuv420p"), ("h264", "yuv444p"), ("vp9", "yuv420p")):
        after = shown(colorize(source, codec=codec))
        assert after.stream["size"] == (width, height)
        assert after.stream["pix_fmt"] == pixel_format
        if codec == "ffv1":
            assert np.array_equal(after.luma[0], before.luma[0])


def test_the_shape_of_samples_is_kept(tmp_path, colorize):
    source = make_film(tmp_path / "wide.mp4", Made(aspect=Fraction(16, 11)))
    assert shown(colorize(source)).stream["aspect"] == Fraction(16, 11)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_metadata_and_chapters_are_kept(suffix, tmp_path, colorize):
    chapters = [(0, 0.4, "first"), (0.4, 0.9, "second")]
    made = Made(metadata={"title": "A walk", "comment": "from the attic"}, chapters=chapters)
    target = colorize(make_film(tmp_path / f"told{suffix}", made))
    with av.open(str(target)) as container:
        found = {key.lower(): value for key, value in container.metadata.items()}
        assert found["title"] == "A walk"
        assert found["comment"].startswith("from the attic")
        assert "guesses" in found["comment"]
        kept = container.chapters()
    assert [chapter["metadata"]["title"] for chapter in kept] == ["first", "second"]
    for chapter, (begin, end, _) in zip(kept, chapters, strict=True):
        assert float(chapter["start"] * chapter["time_base"]) == pytest.approx(begin, abs=1e-3)
        assert float(chapter["end"] * chapter["time_base"]) == pytest.approx(end, abs=1e-3)


def test_the_mark_can_be_left_out(tmp_path, colorize):
    target = colorize(make_film(tmp_path / "film.mp4"), mark=False)
    with av.open(str(target)) as container:
        assert "comment" not in container.metadata


def test_subtitles_are_copied_and_what_does_not_fit_is_named(tmp_path, colorizer):
    source = _with_subtitles(make_film(tmp_path / "film.mkv"), tmp_path / "titled.mkv")
    kept = colorize_film(source, tmp_path / "kept.mkv", colorizer)
    assert kept.left_out == ()
    ours = [t for t in tracks(kept.path) if t.kind == "subtitle"]
    theirs = [t for t in tracks(source) if t.kind == "subtitle"]
    assert [t.content for t in ours] == [t.content for t in theirs] == [[b"Hello", b"Good bye"]]
    left = colorize_film(source, tmp_path / "left.mp4", colorizer)
    assert any("subtitle" in track for track in left.left_out)


def _with_subtitles(film, path):
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        copies = [target.add_stream_from_template(s, opaque=True) for s in source.streams]
        titles = target.add_mux_stream("subrip")
        titles.time_base = Fraction(1, 1000)
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
        for begin, text in ((100, b"Hello"), (500, b"Good bye")):
            packet = av.Packet(text)
            packet.stream, packet.time_base = titles, Fraction(1, 1000)
            packet.pts = packet.dts = begin
            packet.duration = 300
            target.mux(packet)
    return path


def test_a_part_begins_at_zero_with_its_sound(tmp_path, colorize):
    source = make_film(tmp_path / "long.mp4", Made(frames=60, options={"g": "12"}))
    target = colorize(source, ".mkv", codec="ffv1", start=1.0, end=1.8)
    before, after = shown(source), shown(target)
    assert len(after.times) == 20
    assert after.times[0] - min(min(t.times) for t in tracks(target)) < Fraction(3, 100)
    for ours, theirs in zip(after.luma, before.luma[25:45], strict=True):
        assert np.array_equal(ours, theirs)
    (heard,), (copied,) = tracks(source), tracks(target)
    first = heard.content.index(copied.content[0])
    assert copied.content == heard.content[first : first + len(copied.content)]
    assert heard.times[first] >= 1 > heard.times[first - 1]


def test_colour_films_are_turned_grey_first(tmp_path, colorize):
    made = Made("ffv1", frames=4)
    source = make_film(tmp_path / "colour.mkv", made)
    with av.open(str(source)) as film, av.open(str(tmp_path / "grey.mkv"), "w") as target:
        stream = target.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = made.width, made.height, "yuv420p"
        for number, frame in enumerate(film.decode(video=0)):
            for plane in frame.planes[1:]:
                plane.update(bytes([128]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    coloured = shown(colorize(source, codec="ffv1")).chroma
    from_grey = shown(colorize(tmp_path / "grey.mkv", codec="ffv1")).chroma
    assert all(np.array_equal(a, b) for x, y in zip(coloured, from_grey, strict=True)
               for a, b in zip(x, y, strict=True))  # fmt: skip


def test_grey_formats_keep_their_luma_and_range(tmp_path, colorize):
    source = make_film(tmp_path / "grey.mkv", Made("ffv1", "gray"))
    after = shown(colorize(source, codec="ffv1"))
    assert after.stream["range"] == 2, "grey is of the full range"
    with av.open(str(source)) as container:
        before = [frame.to_ndarray() for frame in container.decode(video=0)]
    assert all(np.array_equal(a, b) for a, b in zip(after.luma, before, strict=True))


def test_a_container_that_cannot_hold_the_codec_is_told_before_the_work(tmp_path, colorizer):
    source = make_film(tmp_path / "film.mp4")
    with pytest.raises(OptionError, match=r"\.webm cannot hold h264"):
        colorize_film(source, tmp_path / "r.webm", colorizer, film_options=FilmOptions("h264"))


def test_jobs_change_nothing(tmp_path, colorize):
    source = make_film(tmp_path / "film.mp4")
    alone = colorize(source, colours=FrameByFrame).read_bytes()
    assert colorize(source, colours=FrameByFrame, jobs=3).read_bytes() == alone
