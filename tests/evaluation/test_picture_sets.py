"""Which pictures an evaluation runs over, and how they are opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, encoded, save_coloured, save_tar
from PIL import Image, ImageCms

from photochrom.color import rgb_to_lab
from photochrom.errors import DataError, InputError, UnreadableError
from photochrom.evaluation.pictures import (
    ListedPicture,
    decode,
    list_pictures,
    open_truth,
    read_set,
    spread,
    upright_size,
)


def listed(name: str = "a.png") -> ListedPicture:
    return ListedPicture(name, "0" * 64, None)


def sepia(rgb: np.ndarray) -> np.ndarray:
    """The picture's red channel in one brown."""
    brown = np.array([150, 120, 80])
    return (brown + 0.2 * (rgb[..., :1].astype(float) - 128)).astype(np.uint8)


def test_a_folder_and_a_tar_of_it_hold_the_same_pictures(tmp_path: Path) -> None:
    folder = save_coloured(tmp_path / "photos", 3)
    (folder / "notes.txt").write_text("no picture")
    names = sorted(file.name for file in folder.glob("*.png"))
    contents = {f"./{name}": (folder / name).read_bytes() for name in names}
    tar = save_tar(tmp_path / "photos.tar", contents)
    one, other = list_pictures(folder), list_pictures(tar)
    assert one.pictures == other.pictures
    assert one.sha256 == other.sha256
    assert [picture.name for picture in one.pictures] == names
    assert {picture.size for picture in one.pictures} == {(52, 40)}
    assert (one.name, other.name) == ("photos", "photos.tar")


def test_the_checksum_changes_with_a_name_or_a_content(tmp_path: Path) -> None:
    folder = save_coloured(tmp_path / "photos", 3)
    before = list_pictures(folder).sha256
    (folder / "02.png").rename(folder / "03.png")
    renamed = list_pictures(folder).sha256
    (folder / "03.png").write_bytes(encoded(coloured(9)))
    assert len({before, renamed, list_pictures(folder).sha256}) == 3


def test_a_limit_is_spread_from_the_first_to_the_last(tmp_path: Path) -> None:
    found = list_pictures(save_coloured(tmp_path / "photos", 7), limit=3)
    assert [picture.name for picture in found.pictures] == ["00.png", "03.png", "06.png"]
    assert found.found == 7
    assert spread(4, None).tolist() == spread(4, 9).tolist() == [0, 1, 2, 3]


def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    pictures = list_pictures(save_coloured(tmp_path / "photos", 4))
    read = dict(read_set(pictures, {"01.png", "03.png"}))
    assert [one.name for one in read] == ["01.png", "03.png"]
    assert read[pictures.pictures[1]] == (tmp_path / "photos/01.png").read_bytes()


def test_error_for_a_picture_that_changes_meanwhile(tmp_path: Path) -> None:
    pictures = list_pictures(save_coloured(tmp_path / "photos", 2))
    (tmp_path / "photos/01.png").write_bytes(encoded(coloured(5)))
    with pytest.raises(DataError, match=r"01\.png: changed"):
        dict(read_set(pictures, {"00.png", "01.png"}))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "neither a folder nor"),
        (lambda path: path.mkdir(), "no pictures"),
        (lambda path: save_tar(path, {"a.txt": b"text"}), "no pictures in it"),
        (lambda path: path.write_bytes(b"no tar at all" * 99), "not a readable tar"),
    ],
)
def test_error_for_data_without_pictures(tmp_path: Path, make: object, told: str) -> None:
    path = tmp_path / "data.tar"
    make(path)  # type: ignore[operator]
    with pytest.raises(DataError, match=told):
        list_pictures(path)


def test_error_for_two_pictures_of_one_name(tmp_path: Path) -> None:
    for shard in ("one", "two"):
        save_tar(tmp_path / f"{shard}.tar", {"a/b/0.png": encoded(coloured(0))})
    with pytest.raises(DataError, match=r"2 pictures are called a/b/0\.png"):
        list_pictures(tmp_path)


@pytest.mark.parametrize("side", [40, 20, 64])
def test_a_picture_opens_at_the_asked_short_side(side: int) -> None:
    picture = open_truth(listed(), encoded(coloured(0)), side)
    assert picture.rgb.shape == (side, round(52 * side / 40), 3)
    np.testing.assert_array_equal(picture.truth, picture.rgb / np.float32(255))
    np.testing.assert_array_equal(picture.lab, rgb_to_lab(picture.rgb))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_picture_is_turned_upright_and_its_header_says_so(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(coloured(0), kind, exif=exif)
    assert upright_size(content) == (40, 52)
    assert decode(content, "a").size == (40, 52)
    assert upright_size(encoded(coloured(0), kind)) == (52, 40)
    assert upright_size(b"no picture") is None


def test_an_embedded_profile_is_applied() -> None:
    """A profile that swaps red and green: colours come out swapped, too."""
    rgb = coloured(0)
    plain = decode(encoded(rgb), "a.png")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    same = decode(encoded(rgb, icc_profile=srgb.tobytes()), "a.png")
    assert np.abs(np.asarray(same).astype(int) - np.asarray(plain)).max() <= 1
    wide = bytearray(srgb.tobytes())
    for tag in (b"rXYZ", b"gXYZ"):  # each tag's name in the table is changed for the other's
        assert tag in wide
    table = bytes(wide).replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ")
    swapped = decode(encoded(rgb, icc_profile=table.replace(b"????", b"gXYZ")), "a.png")
    expected = np.asarray(plain)[..., [1, 0, 2]]
    assert np.abs(np.asarray(swapped).astype(int) - expected).max() <= 2
    damaged = decode(encoded(rgb, icc_profile=b"no profile"), "a.png")
    np.testing.assert_array_equal(np.asarray(damaged), np.asarray(plain))


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        (b"", UnreadableError, "not a readable picture"),
        (encoded(coloured(0))[:-400], UnreadableError, "not a readable picture"),
        (encoded(coloured(0)[..., :1].repeat(3, -1)), InputError, "has no colour to judge by"),
        (encoded(coloured(0)[..., 0]), InputError, r"has no colour to judge by \(near-grey\)"),
        (encoded(sepia(coloured(0))), InputError, r"has no colour to judge by \(one tint\)"),
        (encoded(coloured(0, 400, 40)), InputError, "strip of 400 x 40"),
    ],
)
def test_error_for_what_cannot_be_judged_by(content: bytes, error: type, told: str) -> None:
    with pytest.raises(error, match=f"odd.png: .*{told}"):
        open_truth(listed("odd.png"), content, 40)
