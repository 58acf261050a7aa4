import numpy as np
import pytest
from PIL import Image

from photochrom.color import rgb_to_lab
from photochrom.data.batches import lab_from_bytes
from photochrom.data.decoded import decode_pictures
from photochrom.errors import DataError


def save(path, colour, size=(30, 20)):
    Image.new("RGB", size, colour).save(path)


def test_stored_pictures_are_the_true_lab_within_the_stated_rounding(tmp_path):
    colours = [(200, 30, 30), (10, 250, 90), (0, 0, 0), (255, 255, 255), (12, 34, 250)]
    for index, colour in enumerate(colours):
        save(tmp_path / f"{index}.png", colour)
    pictures = decode_pictures([tmp_path], 16, tmp_path / "cache", jobs=1)
    lab = lab_from_bytes(pictures.take(range(5))).numpy()
    truth = rgb_to_lab(np.array(colours, np.uint8))
    assert lab.shape == (5, 3, 16, 16)
    assert np.abs(lab[:, 0, 3, 3] - truth[:, 0]).max() <= 0.2
    assert np.abs(lab[:, 1:, 3, 3] - truth[:, 1:]).max() <= 0.5 + 1e-3


def test_the_middle_square_is_taken(tmp_path):
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    lab = decode_pictures([tmp_path], 20, tmp_path / "cache", jobs=1).take([0])
    assert lab[0, :, :, 0].min() == 255


def test_a_picture_is_turned_upright(tmp_path):
    picture = Image.new("RGB", (20, 20))
    picture.paste((255, 255, 255), (0, 0, 20, 10))  # light above
    exif = Image.Exif()
    exif[0x0112] = 3  # to be turned by 180 degrees
    picture.save(tmp_path / "a.jpg", exif=exif, quality=95)
    lightness = decode_pictures([tmp_path], 20, tmp_path / "cache", jobs=1).take([0])[0, :, :, 0]
    assert lightness[:8].max() < 40 < 200 < lightness[12:].min()


def test_unreadable_pictures_are_left_out_and_the_rest_is_kept(tmp_path):
    save(tmp_path / "a.png", (200, 30, 30))
    (tmp_path / "b.png").write_bytes(b"no picture")
    pictures = decode_pictures([tmp_path], 16, tmp_path / "cache", jobs=1)
    assert pictures.keys == ("a.png",)
    assert pictures.sources == (tmp_path.name,)


def test_nothing_readable_is_an_error(tmp_path):
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="no readable picture"):
        decode_pictures([tmp_path], 16, tmp_path / "cache", jobs=1)


def test_the_cache_is_used_until_a_picture_changes(tmp_path):
    folder, cache = tmp_path / "pictures", tmp_path / "cache"
    folder.mkdir()
    save(folder / "a.png", (200, 30, 30))
    decode_pictures([folder], 16, cache, jobs=1)
    written = {f.name: f.stat().st_mtime_ns for f in cache.iterdir()}
    decode_pictures([folder], 16, cache, jobs=1)
    assert {f.name: f.stat().st_mtime_ns for f in cache.iterdir()} == written
    save(folder / "b.png", (0, 30, 230))
    assert len(decode_pictures([folder], 16, cache, jobs=1)) == 2


def test_pictures_of_several_places_are_numbered_through(tmp_path):
    for name, colour in (("one", (255, 0, 0)), ("two", (0, 0, 255))):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "a.png", colour)
        save(tmp_path / name / "b.png", colour)
    both = [tmp_path / "one", tmp_path / "two"]
    pictures = decode_pictures(both, 16, tmp_path / "cache", jobs=1)
    assert pictures.sources == ("one", "one", "two", "two")
    a = lab_from_bytes(pictures.take([0, 1, 2, 3]))[:, 2, 0, 0]
    assert (a > 0).tolist() == [True, True, False, False]  # red is yellowish, blue is not
