import numpy as np
import pytest
from cifar_batches import BATCHES, batch, write_batches

from photochrom.data.decoded import DecodedPictures
from photochrom.data.find import read_pictures
from photochrom.data.split import RULES, in_validation, split, unseen
from photochrom.errors import DataError, OptionError


def pictures(*keys):
    return DecodedPictures((), tuple(keys), ("a",) * len(keys))


def numbered(count):
    return pictures(*(f"{i}.png" for i in range(count)))


def cifar_keys(place):
    return [picture.key for picture in read_pictures(place)]


def chosen(all_of_them, indices):
    return [all_of_them.keys[i] for i in indices]


def test_the_hash_depends_on_the_key_alone_and_has_the_asked_share():
    keys = [f"topic/source/label/{i:06d}.webp" for i in range(4000)]
    held_out = np.array([in_validation(key, 0.1) for key in keys])
    assert 0.08 < held_out.mean() < 0.12
    assert all(in_validation(k, 0.2) for k, held in zip(keys, held_out, strict=True) if held)


def test_the_hash_splits_completely_and_moves_none_when_pictures_are_added():
    train, held_out = split(numbered(50), "hash", 0.3)
    assert sorted([*train, *held_out]) == list(range(50))
    assert set(held_out) <= set(split(numbered(80), "hash", 0.3)[1])
    assert len(unseen(numbered(50), "hash")) == 0


def test_batches_of_the_published_size_split_into_45000_10000_and_5000(tmp_path):
    content = batch(np.full((10_000, 3072), 128, np.uint8), [i % 10 for i in range(10_000)])
    (tmp_path / BATCHES[0]).write_bytes(content)
    for name in BATCHES[1:]:
        (tmp_path / name).hardlink_to(tmp_path / BATCHES[0])
    published = pictures(*cifar_keys(tmp_path))
    train, validation = split(published, "cifar", 0.01)
    kept_back = unseen(published, "cifar")
    assert (len(train), len(validation), len(kept_back)) == (45_000, 10_000, 5_000)
    assert sorted([*train, *validation, *kept_back]) == list(range(60_000))
    # by their order alone, as S1 names them
    assert train.tolist() == list(range(45_000))
    assert kept_back.tolist() == list(range(45_000, 50_000))
    assert validation.tolist() == list(range(50_000, 60_000))
    assert all("/test_batch/" in key for key in chosen(published, validation))


def test_cifar_as_a_folder_of_50000_and_10000_splits_into_the_published_numbers():
    names = [f"train/cat/{i:05d}.jpg" for i in range(50_000)]
    names += [f"test/cat/{i:05d}.jpg" for i in range(10_000)]
    train, validation = split(pictures(*names), "cifar", 0.01)
    kept_back = unseen(pictures(*names), "cifar")
    assert (len(train), len(validation), len(kept_back)) == (45_000, 10_000, 5_000)
    assert sorted([*train, *validation, *kept_back]) == list(range(60_000))
    assert validation.tolist() == list(range(50_000, 60_000))
    assert 0.4 < (kept_back < 25_000).mean() < 0.6  # from everywhere, not from one class


def test_small_batches_split_by_the_same_rule(tmp_path):
    small = pictures(*cifar_keys(write_batches(tmp_path)))
    train, validation = split(small, "cifar", 0.5)
    assert train.tolist() == list(range(20))
    assert validation.tolist() == list(range(20, 24))
    assert len(unseen(small, "cifar")) == 0


def test_folders_are_split_by_their_names_and_test_is_kept_unseen():
    there = pictures(
        "train/cat/1.png", "Val/train/2.png", "flowers/test/3.png", "flowers/validation/4.png",
        "train/validation.png", "test/train/6.png",
    )  # fmt: skip
    train, validation = split(there, "folders", 0.01)
    assert train.tolist() == [0, 4]
    assert validation.tolist() == [1, 3]
    assert unseen(there, "folders").tolist() == [2, 5]


def test_no_folder_of_unseen_pictures_is_needed():
    there = pictures("train/1.png", "val/2.png")
    assert [part.tolist() for part in split(there, "folders", 0.01)] == [[0], [1]]
    assert len(unseen(there, "folders")) == 0


@pytest.mark.parametrize(
    ("rule", "keys", "message"),
    [
        ("cifar", ["a.png", "b.png"], "neither CIFAR-10's batches nor .* train and test; .*hash"),
        (
            "cifar",
            ["cifar-10/test_batch/cat/00000", "b.png"],
            r"1 pictures are not of CIFAR-10 \(b\.png .*split=hash",
        ),
        ("cifar", ["train/1.png", "train/2.png"], "neither CIFAR-10's batches nor"),
        (
            "cifar",
            [f"cifar-10/{name}/cat/00000" for name in BATCHES if name != "test_batch"],
            r"test_batch missing; .*cifar-10-python\.tar\.gz, or set data\.split=hash",
        ),
        (
            "cifar",
            ["cifar-10/test_batch/cat/00000"],
            "data_batch_1, data_batch_2, data_batch_3, data_batch_4, data_batch_5 missing",
        ),
        ("folders", ["val/1.png"], r"no picture lies in a folder train; .*train, validation \(or"),
        ("folders", ["train/1.png", "test/2.png"], "no picture lies in a folder validation; "),
        ("folders", ["train/1.png", "val/2.png", "x/3.png"], r"1 pictures .*\(x/3\.png for one\)"),
        ("folders", ["train.png"], r"in none of the folders \(train\.png"),
    ],
)
def test_a_split_that_does_not_fit_says_so_and_what_would_work(rule, keys, message):
    for call in (lambda p: split(p, rule, 0.1), lambda p: unseen(p, rule)):
        with pytest.raises(DataError, match=message) as caught:
            call(pictures(*keys))
        assert "split=hash" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_unknown_rule_is_an_error_that_names_the_known_ones():
    assert RULES == ("hash", "cifar", "folders")
    with pytest.raises(OptionError, match="known are hash, cifar, folders"):
        split(numbered(3), "by colour", 0.1)
