"""Which file of another program belongs to which picture: the one rule, and where it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.data.outputs import check_shape, match_outputs, told_missing
from photochrom.errors import InputError


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"any content")
    return folder


@pytest.mark.parametrize(
    ("held", "names", "expected"),
    [
        # by path, whatever the ending
        (["sea/0.png", "land/0.JPG"], ["sea/0.webp", "land/0.webp"], ["sea/0.png", "land/0.JPG"]),
        # a tar's names may begin with ./, and a name may have dots of its own
        (["a/b.c.png"], ["./a/b.c.webp"], ["a/b.c.png"]),
        # by file name, in either direction
        (["0.png", "1.png"], ["a/b/0.webp", "a/b/1.webp"], ["0.png", "1.png"]),
        (["deep/0.png", "deep/1.png"], ["0.webp", "1.webp"], ["deep/0.png", "deep/1.png"]),
        # one found by path is enough for paths to count: the other is another picture
        (["sea/0.png", "1.png"], ["sea/0.webp", "land/1.webp"], ["sea/0.png", None]),
        # what belongs to no picture is of no harm, nor is what is no picture
        (["0.png", "9.png", "0.txt", ".0.png"], ["0.webp"], ["0.png"]),
        (["x.png"], ["0.webp"], [None]),
    ],
)
def test_an_output_is_named_as_its_picture(
    tmp_path: Path, held: list[str], names: list[str], expected: list[str | None]
) -> None:
    found = match_outputs(make(tmp_path, *held), names)
    assert found == {
        name: tmp_path / file for name, file in zip(names, expected, strict=True) if file
    }


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (["0.png", "0.webp"], r"0\.png and .*0\.webp: both may be the output for 0\.jpg; leave"),
        (["a/0.png", "b/0.png"], "both may be the output for 0.jpg"),
        (["notes.txt"], "no pictures in this folder of outputs"),
    ],
)
def test_error_where_nobody_could_tell(tmp_path: Path, held: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        match_outputs(make(tmp_path, *held), ["0.jpg"])


def test_error_for_one_output_of_two_pictures(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"0\.png: may be the output for a/0\.jpg and for b/0\.jpg"
    ):
        match_outputs(make(tmp_path, "0.png"), ["a/0.jpg", "b/0.jpg"])


def test_error_for_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such folder of output pictures"):
        match_outputs(tmp_path / "nowhere", ["0.jpg"])


def test_what_is_missing_is_told_with_a_name_of_each_side(tmp_path: Path) -> None:
    names = [f"{number}.jpg" for number in range(6)]
    told = told_missing(make(tmp_path, "0.png", "result-1.png"), names, {"0.jpg": tmp_path})
    assert told == (
        f"{tmp_path}: no output for 1.jpg, 2.jpg, 3.jpg and 2 more (5 of 6 pictures); outputs are "
        "named as their pictures, whatever the ending, and this folder holds 0.png, for one"
    )


@pytest.mark.parametrize(
    ("size", "wanted", "fits"),
    [
        ((640, 480), (640, 480), True),
        ((320, 240), (640, 480), True),
        ((1001, 667), (384, 256), True),  # 384.2 rounded
        ((27, 21), (52, 40), True),  # 27.3 rounded
        ((480, 640), (640, 480), False),
        ((40, 40), (52, 40), False),
        ((660, 480), (640, 480), False),
    ],
)
def test_another_size_is_the_picture_and_another_shape_is_not(
    size: tuple[int, int], wanted: tuple[int, int], fits: bool
) -> None:
    if fits:
        check_shape(Path("0.png"), size, "0.jpg", wanted)
        return
    with pytest.raises(InputError, match=rf"0\.png: {size[0]} x {size[1]} pixels, but 0\.jpg has"):
        check_shape(Path("0.png"), size, "0.jpg", wanted)
