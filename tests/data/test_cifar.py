import io
import os
import pickle
import tarfile

import numpy as np
import pytest
from cifar_batches import BATCHES, FOLDER, batch, made_pictures, write_archive, write_batches
from PIL import Image

from photochrom.color import rgb_to_lab
from photochrom.data.batches import lab_from_bytes
from photochrom.data.cifar import ARCHIVE, CLASSES
from photochrom.data.decoded import decode_pictures
from photochrom.data.find import find_shards_and_folders, read_pictures
from photochrom.errors import DataError


def read(place):
    return [(p.key, p.source, p.content) for p in read_pictures(place)]


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def archived(folder, path):
    """An archive in the published order of its files, which is none."""
    order = ["data_batch_4", "readme.html", "test_batch", "data_batch_3", "batches.meta"]
    order += ["data_batch_2", "data_batch_5", "data_batch_1"]
    return write_archive(path, {name: (folder / name).read_bytes() for name in order})


def test_the_made_batches_are_what_ordinary_unpickling_reads():
    rows, labels = made_pictures(3, 0)
    loaded = pickle.loads(batch(rows, labels), encoding="bytes")
    assert np.array_equal(loaded[b"data"], rows)
    assert loaded[b"labels"] == labels
    assert loaded[b"filenames"][2] == b"picture_000002.png"


def test_pictures_come_in_order_with_batch_class_and_row_in_their_keys(tmp_path):
    found = read(write_batches(tmp_path / FOLDER))
    assert len(found) == 24
    assert {source for _, source, _ in found} == {"cifar-10"}
    expected = [
        f"cifar-10/{name}/{CLASSES[label]}/{row:05d}"
        for seed, name in enumerate(BATCHES)
        for row, label in enumerate(made_pictures(4, seed)[1])
    ]
    assert [key for key, *_ in found] == expected


def test_the_planes_of_a_row_become_red_green_and_blue_of_a_picture(tmp_path):
    row = np.zeros(3072, np.uint8)
    row[1] = 200  # red, top, second from the left
    row[1024 + 32] = 150  # green, second line
    row[2048 + 31] = 100  # blue, top right
    (tmp_path / "test_batch").write_bytes(batch(row[None], [9]))
    ((key, _, content),) = read(tmp_path)
    picture = pixels(content)
    assert key == "cifar-10/test_batch/truck/00000"
    assert picture.shape == (32, 32, 3)
    assert picture[0, 1].tolist() == [200, 0, 0]
    assert picture[1, 0].tolist() == [0, 150, 0]
    assert picture[0, 31].tolist() == [0, 0, 100]
    assert picture.sum() == 450


def test_decoded_at_32_pixels_every_pixel_is_kept(tmp_path):
    folder = write_batches(tmp_path / FOLDER, 2)
    pictures = decode_pictures([folder], 32, tmp_path / "cache", jobs=1)
    lab = lab_from_bytes(pictures.take(range(12))).movedim(1, -1).numpy()
    rows = np.concatenate([made_pictures(2, seed)[0] for seed in range(6)])
    truth = rgb_to_lab(rows.reshape(12, 3, 32, 32).transpose(0, 2, 3, 1))
    assert np.abs(lab - truth).max() <= 0.5 + 1e-3


def test_folder_folder_above_and_archive_give_the_same_pictures(tmp_path):
    folder = write_batches(tmp_path / "a" / FOLDER)
    (tmp_path / "b").mkdir()
    archive = archived(folder, tmp_path / "b" / ARCHIVE)
    assert find_shards_and_folders([folder]) == [folder]
    assert find_shards_and_folders([tmp_path / "a"]) == [folder]
    assert find_shards_and_folders([archive]) == [archive]
    assert find_shards_and_folders([tmp_path / "b"]) == [archive]
    assert read(archive) == read(folder)


def test_an_archive_beside_its_own_folder_is_not_taken_twice(tmp_path):
    folder = write_batches(tmp_path / FOLDER)
    archived(folder, tmp_path / ARCHIVE)
    assert find_shards_and_folders([tmp_path]) == [folder]


def test_batches_and_shards_in_one_folder_are_both_found(tmp_path):
    folder = write_batches(tmp_path / FOLDER)
    with tarfile.open(tmp_path / "a.tar", "w"):
        pass
    assert find_shards_and_folders([tmp_path]) == [folder, tmp_path / "a.tar"]


def test_a_pickle_that_would_run_something_does_not(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    for protocol in (0, 2, 4):
        content = pickle.dumps(Trap(), protocol)
        (tmp_path / "data_batch_1").write_bytes(content)
        with pytest.raises(DataError, match=r"data_batch_1: .*mkdir, which was not run"):
            read(tmp_path)
    assert not (tmp_path / "ran").exists()
    pickle.loads(content)
    assert (tmp_path / "ran").exists()  # the trap was a real one


def test_not_even_numpy_is_called_by_a_pickle(tmp_path):
    # an array's own state can lie about its memory, so that numpy must not build it
    class Trap:
        def __reduce__(self):
            return np.load, (str(tmp_path / "x.npy"),)

    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(Trap(), 2))
    with pytest.raises(DataError, match=r"numpy.*load, which was not run"):
        read(tmp_path)


ROWS, LABELS = made_pictures(3, 0)
WHOLE = batch(ROWS, LABELS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle at all",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-1],
        WHOLE.replace(b"data", b"dato"),
        pickle.dumps([1, 2, 3]),
        pickle.dumps({b"data": "text", b"labels": [0]}),
        batch(ROWS, LABELS[:2]),
        batch(ROWS, [0, 1, 10]),
        batch(ROWS[:, :3000], LABELS),
    ],
    ids=[
        "empty", "text", "cut", "no end", "no data", "no dictionary", "no array", "few labels",
        "unknown label", "other pictures",
    ],
)  # fmt: skip
def test_a_damaged_batch_is_one_line_that_names_the_file(tmp_path, content):
    (tmp_path / "data_batch_3").write_bytes(content)
    with pytest.raises(DataError, match=rf"data_batch_3: .*download {ARCHIVE} again") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


def test_no_damage_of_a_single_byte_is_more_than_an_error(tmp_path):
    small = batch(np.zeros((1, 3072), np.uint8), [3])
    rng = np.random.default_rng(0)
    for place in [*range(60), *rng.integers(0, len(small), 100)]:
        damaged = bytearray(small)
        damaged[place] = rng.integers(256)
        (tmp_path / "data_batch_1").write_bytes(damaged)
        try:
            found = read(tmp_path)
        except DataError:
            continue
        assert all(pixels(content).shape == (32, 32, 3) for *_, content in found)


def test_a_damaged_or_foreign_archive_is_an_error_that_names_it(tmp_path):
    whole = archived(write_batches(tmp_path / FOLDER), tmp_path / "whole.tar.gz").read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2]):
        (tmp_path / ARCHIVE).write_bytes(content)
        with pytest.raises(DataError, match=f"{ARCHIVE}: damaged"):
            read(tmp_path / ARCHIVE)
    with pytest.raises(DataError, match=r"x\.tgz: no batches of CIFAR-10"):
        read(write_archive(tmp_path / "x.tgz", {"a.txt": b"text"}))
