"""Another program's pictures are found, resized where that is fair, and refused where not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, encoded, save_coloured
from PIL import Image

from photochrom.errors import InputError, UnreadableError
from photochrom.evaluation.other_program import OtherProgram
from photochrom.evaluation.pictures import PictureSet, list_pictures, open_truth, read_set


@pytest.fixture
def pictures(tmp_path: Path) -> PictureSet:
    """Three pictures, two of them of one file name in two folders."""
    save_coloured(tmp_path / "photos/sea", 2)
    save_coloured(tmp_path / "photos/land", 1)
    return list_pictures(tmp_path / "photos")


@pytest.fixture
def outputs(tmp_path: Path, pictures: PictureSet) -> Path:
    """The very same pictures as another program's."""
    return Path(shutil.copytree(tmp_path / "photos", tmp_path / "theirs"))


def read(pictures: PictureSet, folder: Path, side: int = 40) -> dict[str, tuple]:
    found = OtherProgram.find(folder, pictures)
    return {
        listed.name: found.read(open_truth(listed, content, side))
        for listed, content in read_set(pictures, {one.name for one in pictures.pictures})
    }


def resave(file: Path, size: tuple[int, int], suffix: str = ".png") -> None:
    with Image.open(file) as image:
        image.resize(size, Image.Resampling.LANCZOS).save(file.with_suffix(suffix))
    if suffix != file.suffix:
        file.unlink()


def test_equal_pictures_come_back_as_they_are(pictures: PictureSet, outputs: Path) -> None:
    for name, (rgb, note) in read(pictures, outputs).items():
        truth = np.asarray(Image.open(outputs / name))
        np.testing.assert_array_equal(rgb, truth / np.float32(255))
        assert note is None


def test_an_ending_may_differ(pictures: PictureSet, outputs: Path) -> None:
    resave(outputs / "sea/00.png", (52, 40), ".webp")
    rgb, note = read(pictures, outputs)["sea/00.png"]
    assert rgb.shape == (40, 52, 3)
    assert note is None


def test_file_names_alone_are_enough_where_they_differ(tmp_path: Path) -> None:
    save_coloured(tmp_path / "photos/a/b", 3)
    pictures = list_pictures(tmp_path / "photos")
    outputs = save_coloured(tmp_path / "flat", 3)
    assert set(read(pictures, outputs)) == {"a/b/00.png", "a/b/01.png", "a/b/02.png"}


def test_an_output_of_another_size_is_resized_and_noted(
    pictures: PictureSet, outputs: Path
) -> None:
    resave(outputs / "sea/00.png", (104, 80))
    resave(outputs / "sea/01.png", (27, 21))  # half, rounded up
    found = read(pictures, outputs)
    for name, size in (("sea/00.png", "104 x 80"), ("sea/01.png", "27 x 21")):
        rgb, note = found[name]
        assert rgb.shape == (40, 52, 3)
        assert note == f"resized from {size}"
    truth = np.asarray(Image.open(outputs.parent / "photos/sea/00.png")) / 255
    assert np.abs(found["sea/00.png"][0] - truth).mean() < 0.02


def test_results_at_the_judged_size_need_no_note(pictures: PictureSet, outputs: Path) -> None:
    resave(outputs / "sea/00.png", (26, 20))
    rgb, note = read(pictures, outputs, side=20)["sea/00.png"]
    assert rgb.shape == (20, 26, 3)
    assert note is None


def test_the_checksum_is_the_outputs(pictures: PictureSet, outputs: Path) -> None:
    before = OtherProgram.find(outputs, pictures).outputs
    (outputs / "sea/00.png").write_bytes(encoded(coloured(7)))
    after = OtherProgram.find(outputs, pictures).outputs
    changed = {name for name, output in before.items() if output.sha256 != after[name].sha256}
    assert changed == {"sea/00.png"}


def delete(folder: Path) -> None:
    shutil.rmtree(folder)


def delete_one(folder: Path) -> None:
    (folder / "sea/01.png").unlink()


def delete_folders(folder: Path) -> None:
    (folder / "sea/00.png").rename(folder / "00.png")
    (folder / "sea/01.png").rename(folder / "01.png")
    shutil.rmtree(folder / "land")


def rename_all(folder: Path) -> None:
    for file in folder.rglob("*.png"):
        file.rename(file.with_name(f"result-{file.name}"))


def save_twice(folder: Path) -> None:
    shutil.copy(folder / "land/00.png", folder / "land/00.webp")


def squeeze(folder: Path) -> None:
    resave(folder / "land/00.png", (40, 40))


def damage(folder: Path) -> None:
    (folder / "land/00.png").write_text("no picture")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (delete, "no such folder"),
        (delete_one, r"no output for sea/01\.png \(1 of 3 pictures\)"),
        (delete_folders, r"00\.png: may be the output for .* and for "),
        (rename_all, r"no output for land/00\.png, sea/00\.png, sea/01\.png \(3 of 3"),
        (save_twice, r"00\.png and .*00\.webp: both may be the output for land/00\.png"),
        (squeeze, "40 x 40 pixels, but land/00.png has 52 x 40"),
        (damage, "not a readable picture"),
    ],
)
def test_error_for_outputs_that_do_not_match(
    pictures: PictureSet, outputs: Path, spoil: object, told: str
) -> None:
    spoil(outputs)  # type: ignore[operator]
    with pytest.raises(InputError, match=told) as raised:
        OtherProgram.find(outputs, pictures)
    assert "\n" not in str(raised.value)
    assert re.match(re.escape(str(outputs)), str(raised.value))


def test_error_for_an_output_that_is_cut_short(pictures: PictureSet, outputs: Path) -> None:
    file = outputs / "land/00.png"
    file.write_bytes(file.read_bytes()[:-400])
    with pytest.raises(UnreadableError, match=r"00\.png: not a readable picture"):
        read(pictures, outputs)
