"""How often each colour is met: made-up data of known colours, counted by hand."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from photochrom.data.find import EncodedPicture
from photochrom.errors import DataError
from photochrom.evaluation import ab_plane
from photochrom.evaluation.ab_figure import draw_prior, plane_colours, square_sides
from photochrom.evaluation.ab_plane import SAMPLES, ColourCounts, count_colours, sample_colours
from photochrom.palette import gamut_palette, palette_by_name, uniform_palette

RED, GREEN, GREY, NAVY = (200, 40, 30), (60, 160, 70), (128, 128, 128), (20, 30, 120)


def halves(left, right, height=40, width=60):
    picture = np.empty((height, width, 3), np.uint8)
    picture[:, : width // 2], picture[:, width // 2 :] = left, right
    return picture


def save(folder, **pictures):
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


def ab_of(colour):
    return rgb2lab(np.uint8(colour)[None, None])[0, 0, 1:]


@pytest.fixture
def folder(tmp_path):
    """Three eighths grey, two of red, two of green, one of navy."""
    return save(
        tmp_path / "data",
        a=halves(GREY, RED),
        b=halves(GREY, GREEN),
        c=halves(RED, GREEN),
        d=halves(GREY, NAVY),
    )


SHARES = {GREY: 3 / 8, RED: 2 / 8, GREEN: 2 / 8, NAVY: 1 / 8}


@pytest.mark.parametrize("name", ["gamut-10", "gamut-5", "uniform-20", "uniform-40"])
def test_the_mass_is_where_the_colours_are_and_sums_to_one(folder, name):
    counts = count_colours([folder], palette_by_name(name))
    assert counts.pictures == 4
    assert counts.pixels == 4 * 40 * 60
    assert counts.shares.sum() == pytest.approx(1, abs=1e-12)
    assert counts.classes_met == 4
    for colour, share in SHARES.items():
        nearest = np.hypot(*(counts.palette.centers - ab_of(colour)).T).argmin()
        assert counts.shares[nearest] == pytest.approx(share)


def test_classes_of_the_published_grid_are_numbered_as_published(folder):
    """S1: floor(20 (a + 128) / 255) * 20 + floor(20 (b + 128) / 255)."""
    counts = count_colours([folder], uniform_palette(20))
    for colour, share in SHARES.items():
        row, column = (int((v + 128) / 255 * 20) for v in ab_of(colour))
        assert counts.shares[row * 20 + column] == pytest.approx(share)


def test_unit_cells_are_counted_too(folder):
    counts = count_colours([folder], gamut_palette(10))
    assert counts.by_cell.shape == (256, 256)
    assert np.count_nonzero(counts.by_cell) == 4
    for colour, share in SHARES.items():
        a, b = np.round(ab_of(colour)).astype(int) + 128
        assert counts.by_cell[a, b] == share * counts.pixels


def test_folders_and_tars_count_the_same_and_add_up(folder, tmp_path):
    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        for file in sorted(folder.iterdir()):
            tar.add(file, f"topic/source/{file.name}")
    palette = gamut_palette(10)
    one, other = (count_colours([p], palette) for p in (folder, tmp_path / "shard.tar"))
    both = count_colours([folder, tmp_path / "shard.tar"], palette)
    assert np.array_equal(one.by_class, other.by_class)
    assert np.array_equal(both.by_class, 2 * one.by_class)
    assert np.array_equal(both.by_cell, 2 * one.by_cell)
    assert both.pictures == 8


def test_pixels_of_a_large_picture_are_sampled_evenly_and_taken_as_they_are():
    """A fine chequerboard would turn into its mean if the picture were shrunk."""
    board = np.indices((300, 500)).sum(0) % 2
    picture = np.where(board[..., None], np.uint8(RED), np.uint8(GREEN))
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    ab = sample_colours(EncodedPicture("x", "y", file.getvalue()))
    assert ab.shape == (SAMPLES * SAMPLES, 2)
    for colour in (RED, GREEN):
        met = np.abs(ab - ab_of(colour)).max(-1) < 0.02
        assert 0.4 < met.mean() < 0.6
    thirds = np.repeat(np.uint8([RED, GREY, GREEN]), 100, 0)[None].repeat(90, 0)
    file = io.BytesIO()
    Image.fromarray(thirds).save(file, "png")
    ab = sample_colours(EncodedPicture("x", "y", file.getvalue()))
    for colour in (RED, GREY, GREEN):
        met = np.abs(ab - ab_of(colour)).max(-1) < 0.02
        assert met.mean() == pytest.approx(1 / 3, abs=0.02)


def test_few_pictures_are_in_memory_and_neither_batches_nor_threads_change_the_counts(
    folder, monkeypatch
):
    palette, told = gamut_palette(10), []
    whole = count_colours([folder], palette)
    monkeypatch.setattr(ab_plane, "_AT_ONCE", 3)
    waiting: list[int] = []
    read = ab_plane.read_pictures

    def watched(place):
        for number, picture in enumerate(read(place)):
            waiting.append(number + 1 - (told[-1] if told else 0))
            yield picture

    monkeypatch.setattr(ab_plane, "read_pictures", watched)
    parts = count_colours([folder], palette, jobs=3, progress=told.append)
    assert told == [3, 4]
    assert max(waiting) == 3
    assert np.array_equal(parts.by_class, whole.by_class)
    assert np.array_equal(parts.by_cell, whole.by_cell)


def test_what_cannot_be_read_is_left_out_and_named(folder):
    (folder / "bad.jpg").write_text("dear diary")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:60])
    counts = count_colours([folder], gamut_palette(10))
    assert counts.unreadable == ("bad.jpg", "cut.png")
    assert counts.pictures == 4
    assert counts.pixels == 4 * 40 * 60


def test_grey_files_are_colours_too(tmp_path):
    counts = count_colours([save(tmp_path, a=np.full((9, 9), 77, np.uint8))], gamut_palette(10))
    assert counts.shares[counts.palette.encode(np.zeros(2))] == 1


@pytest.mark.parametrize("content", [{}, {"bad.jpg": "no"}])
def test_data_without_a_readable_picture_are_refused(tmp_path, content):
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=str(tmp_path)):
        count_colours([tmp_path], gamut_palette(10))


def test_the_planes_colours_are_those_that_srgb_has():
    plane = plane_colours()
    assert plane.shape == (256, 256, 4)
    drawn = np.random.default_rng(0).integers(0, 256, (4000, 3), np.uint8)
    a, b = (np.round(rgb2lab(drawn[None])[0, :, 1:]).astype(int) + 128).T
    assert (plane[a, b, 3] == 1).mean() > 0.98  # but for rounding at its edge
    assert 0.15 < plane[..., 3].mean() < 0.4
    assert not plane[0, 0].any()
    shown = plane[..., 3] == 1
    expected = np.argwhere(shown) - 128
    found = rgb2lab(plane[shown][None, :, :3].astype(float))[0, :, 1:]
    assert np.abs(found - expected).max() < 0.1


def test_squares_grow_with_the_logarithm_of_the_share():
    sides = square_sides(np.array([0, 1e-9, 1e-6, 1e-4, 1e-2, 1]))
    assert sides[0] == 0
    assert sides[1] == sides[2] > 0
    assert np.allclose(np.diff(sides[2:]), np.diff(sides[2:])[0])
    assert sides[-1] == 1


def counts_of(*colours):
    palette = gamut_palette(10)
    by_class, by_cell = np.zeros(len(palette), np.int64), np.zeros((256, 256), np.int64)
    for colour in colours:
        ab = ab_of(colour)
        by_class[palette.encode(ab)] += 100
        by_cell[tuple(np.round(ab).astype(int) + 128)] += 100
    return ColourCounts(palette, by_class, by_cell, 3)


def drawn_square(path, channel):
    """Middle (x upwards to the right, y upwards) and area of what is strongly red, or blue."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    pixels[:, : pixels.shape[1] // 2] = 255  # the other panel
    others = np.delete(pixels, channel, axis=-1).max(-1)
    rows, columns = np.nonzero(pixels[..., channel] > others + 60)
    return np.array([columns.mean(), -rows.mean()]), len(rows)


def test_the_figure_shows_the_classes_that_were_met_in_their_colours_and_places(tmp_path):
    draw_prior(counts_of(RED), "red", tmp_path / "red.png")
    draw_prior(counts_of(NAVY), "navy", tmp_path / "navy.png")
    (red, red_area), (navy, navy_area) = (
        drawn_square(tmp_path / f"{name}.png", channel)
        for name, channel in (("red", 0), ("navy", 2))
    )
    palette = gamut_palette(10)
    ab = [palette.decode(palette.encode(ab_of(colour))) for colour in (RED, NAVY)]
    across, up = (red - navy) / (ab[0] - ab[1])
    assert across == pytest.approx(up, rel=0.02)
    assert 1 < across < 5  # pixels by unit
    for area in (red_area, navy_area):
        assert area == pytest.approx((10 * across) ** 2, rel=0.1)


@pytest.mark.parametrize("name", ["gamut-50", "uniform-2"])
def test_the_figure_is_the_same_twice_and_its_title_is_no_mathematics(folder, tmp_path, name):
    counts = count_colours([folder], palette_by_name(name))
    for file in ("one.png", "two.png"):
        draw_prior(counts, r"a $\frac{b$ _c", tmp_path / file)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as figure:
        assert figure.width > 1000
