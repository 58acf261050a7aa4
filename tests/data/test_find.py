import io
import tarfile

import pytest
from PIL import Image

from photochrom.data.find import find_shards_and_folders, read_pictures
from photochrom.errors import DataError


def encoded(colour=(200, 30, 30), size=(20, 16), format="WEBP"):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, format)
    return out.getvalue()


def write_shard(path, names):
    with tarfile.open(path, "w") as tar:
        for name in names:
            content = encoded()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def test_a_shard_gives_its_pictures_in_order_with_their_source(tmp_path):
    names = ["people/news/train/000001.webp", "everyday/voc/all/000000.webp", "notes.txt"]
    write_shard(tmp_path / "a.tar", names)
    found = list(read_pictures(tmp_path / "a.tar"))
    assert [(p.key, p.source) for p in found] == [(names[0], "news"), (names[1], "voc")]
    assert Image.open(io.BytesIO(found[0].content)).size == (20, 16)


def test_a_folder_gives_its_pictures_by_path_and_leaves_other_files(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.png").write_bytes(encoded(format="PNG"))
    (tmp_path / "1.JPG").write_bytes(encoded(format="JPEG"))
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no picture")
    assert [p.key for p in read_pictures(tmp_path)] == ["1.JPG", "b/2.png"]


def test_shards_in_a_folder_are_found_before_loose_pictures(tmp_path):
    write_shard(tmp_path / "a.tar", ["x/y/z/0.webp"])
    assert find_shards_and_folders([tmp_path]) == [tmp_path / "a.tar"]


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_a_place_without_pictures_is_an_error_that_names_it(tmp_path, make):
    place = tmp_path / "place"
    make(place)
    with pytest.raises(DataError, match="place"):
        find_shards_and_folders([place])


def test_a_damaged_shard_is_an_error_that_names_it(tmp_path):
    (tmp_path / "broken.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(DataError, match=r"broken\.tar"):
        list(read_pictures(tmp_path / "broken.tar"))
