import csv
import hashlib

import numpy as np
import pytest
from PIL import Image, ImageFilter

from photochrom.data.prepare import PrepareOptions, fingerprint, prepare
from photochrom.errors import DataError, OutputError

OPTIONS = PrepareOptions(size=64, min_side=48, jobs=1)


def photograph(seed=0, size=(160, 120)):
    """Coloured shapes at several scales, with fine detail."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size)
    for cells in (4, 12, 40):
        noise = rng.integers(0, 256, (cells, cells, 3), np.uint8)
        image = Image.blend(
            image, Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC), 0.5
        )
    return image


def silent(done, total):
    pass


def left_out(source, target):
    return dict(prepare(source, target, OPTIONS, silent).left_out)


@pytest.fixture
def source(tmp_path):
    (tmp_path / "source" / "inner").mkdir(parents=True)
    return tmp_path / "source"


def test_pictures_keep_their_place_and_are_shrunk_but_never_enlarged(source, tmp_path):
    photograph(0).save(source / "a.png")
    photograph(1, (60, 50)).save(source / "inner" / "b.webp", quality=95)
    calls = []
    report = prepare(source, tmp_path / "out", OPTIONS, lambda *args: calls.append(args))
    assert report.kept == 2
    assert calls == [(1, 2), (2, 2)]
    sizes = {}
    for file in (tmp_path / "out").rglob("*.jpg"):
        with Image.open(file) as picture:
            sizes[file.relative_to(tmp_path / "out").as_posix()] = picture.size
    assert sizes == {"a.png.jpg": (85, 64), "inner/b.webp.jpg": (60, 50)}


def test_each_rule_leaves_out_its_picture_and_the_report_says_which(source, tmp_path):
    photograph(0).save(source / "a.png")
    (source / "broken.jpg").write_bytes(b"no picture")
    photograph(1, (47, 100)).save(source / "small.png")
    photograph(2).convert("L").save(source / "grey.png")
    grey = np.asarray(photograph(3).convert("L"), np.float32)[..., None]
    sepia = (grey * (0.5, 0.42, 0.3) + (110, 80, 40)).clip(0, 255).astype(np.uint8)
    Image.fromarray(sepia).save(source / "sepia.png")
    photograph(4).save(source / "crushed.jpg", quality=8)
    photograph(5, (400, 320)).filter(ImageFilter.GaussianBlur(25)).save(source / "soft.png")
    photograph(0).resize((120, 90)).save(source / "z-again.jpg", quality=80)
    reasons = left_out(source, tmp_path / "out")
    assert reasons.pop("sepia.png") in ("one tint", "near-grey")
    assert reasons == {
        "broken.jpg": "unreadable",
        "small.png": "small",
        "grey.png": "near-grey",
        "crushed.jpg": "low quality",
        "soft.png": "low quality",
        "z-again.jpg": "near-duplicate",
    }
    with (tmp_path / "out" / "report.csv").open() as file:
        assert len(list(csv.reader(file))) == 8


def test_the_originals_are_never_touched(source, tmp_path):
    photograph(0).save(source / "a.png")
    (source / "broken.jpg").write_bytes(b"no picture")
    before = {f: hashlib.sha256(f.read_bytes()).hexdigest() for f in source.glob("*.*")}
    prepare(source, tmp_path / "out", OPTIONS, silent)
    assert {f: hashlib.sha256(f.read_bytes()).hexdigest() for f in source.glob("*.*")} == before


def test_fingerprints_survive_size_and_quality_and_tell_pictures_apart(tmp_path):
    def bits(one, other):
        return int(np.bitwise_count(fingerprint(one) ^ fingerprint(other)).sum())

    photograph(0).save(tmp_path / "a.jpg", quality=50)
    with Image.open(tmp_path / "a.jpg") as again:
        assert bits(photograph(0), again.resize((90, 90))) <= 26
    assert bits(photograph(0), photograph(1)) > 60


def test_folders_that_lie_in_each_other_are_refused(source, tmp_path):
    photograph(0).save(source / "a.png")
    for target in (source, source / "inner", tmp_path):
        with pytest.raises(DataError, match="another folder"):
            prepare(source, target, OPTIONS, silent)


def test_nothing_to_prepare_is_an_error(source, tmp_path):
    with pytest.raises(DataError, match="no pictures"):
        prepare(source, tmp_path / "out", OPTIONS, silent)
    with pytest.raises(DataError, match="not a folder"):
        prepare(tmp_path / "nowhere", tmp_path / "out", OPTIONS, silent)


def test_a_target_that_cannot_be_written_is_an_error(source, tmp_path):
    photograph(0).save(source / "a.png")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="out: the folder cannot be made"):
        prepare(source, tmp_path / "out", OPTIONS, silent)
