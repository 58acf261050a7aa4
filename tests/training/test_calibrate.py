import json

import numpy as np
import onnx
import pytest
from tiny_model import CHROMA, write_tiny_model

from photochrom import ColorizeOptions, Colorizer
from photochrom.calibration import colourfulness_meant
from photochrom.color import lab_to_rgb
from photochrom.data.decoded import AB_OFFSET, L_LEVELS_PER_UNIT, DecodedPictures
from photochrom.errors import DataError
from photochrom.metrics import colourfulness
from photochrom.training.calibrate import calibrate

COUNT, SIDE = 40, 64


@pytest.fixture(scope="module")
def pictures():
    """The tiny model is right in the left half of each picture; in the right half it is not."""
    rng = np.random.default_rng(0)
    L = rng.uniform(20, 80, (COUNT, SIDE // 16, SIDE // 16)).repeat(16, 1).repeat(16, 2)
    truth = CHROMA * np.stack([np.cos(L / 20), np.sin(L / 20)], -1)
    made_up = rng.normal(0, 25, (COUNT, 1, 2, 2)).repeat(SIDE, 1).repeat(SIDE // 4, 2)
    truth[:, :, SIDE // 2 :] = made_up
    planes = np.concatenate([L[..., None] * L_LEVELS_PER_UNIT, truth + AB_OFFSET], -1)
    stored = planes.round().clip(0, 255).astype(np.uint8)
    return DecodedPictures((stored,), tuple(f"{i}.png" for i in range(COUNT)), ("made",) * COUNT)


def metadata(path):
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


@pytest.mark.parametrize("with_logits", [True, False])
def test_vividness_comes_to_mean_a_share_of_the_originals_colourfulness(
    pictures, tmp_path, with_logits
):
    path = tmp_path / "model.onnx"
    write_tiny_model(path, with_logits=with_logits)
    before = metadata(path)
    found = calibrate(path, pictures, np.arange(COUNT))
    assert found.pictures == COUNT
    assert json.loads(metadata(path)["calibration"]) == found.as_json()
    assert {k: v for k, v in metadata(path).items() if k != "calibration"} == before
    colorizer = Colorizer(path, threads=1)
    lab = pictures.take(range(COUNT)).astype(np.float32)
    lab[..., 0] /= L_LEVELS_PER_UNIT
    lab[..., 1:] -= AB_OFFSET
    truth = np.mean([colourfulness(lab_to_rgb(one)) for one in lab])
    lowest = 0.0 if not with_logits else 0.25  # so pale this distribution cannot be read
    for vividness in (lowest, 0.5, 0.75):
        options = ColorizeOptions(vividness=vividness)
        coloured = [
            np.concatenate(
                [one[..., :1], colorizer.predict_chroma(one[..., 0].copy(), options)], -1
            )
            for one in lab
        ]
        share = np.mean([colourfulness(lab_to_rgb(one)) for one in coloured]) / truth
        assert share == pytest.approx(colourfulness_meant(vividness), abs=0.08)


def test_the_confidence_falls_with_the_expected_error_and_a_regression_has_none(pictures, tmp_path):
    write_tiny_model(tmp_path / "one.onnx")
    found = calibrate(tmp_path / "one.onnx", pictures, np.arange(COUNT))
    assert np.all(np.diff(found.expected_error) > 0)
    assert np.all(np.diff(found.right) < 0)
    assert 0 <= min(found.right) <= max(found.right) <= 1
    result = Colorizer(tmp_path / "one.onnx").colorize(np.full((64, 64), 120, np.uint8))
    assert result.confidence.shape == result.ab.shape[:2]
    write_tiny_model(tmp_path / "two.onnx", with_logits=False)
    assert calibrate(tmp_path / "two.onnx", pictures, np.arange(COUNT)).right == ()


def test_shares_are_those_that_were_right(pictures, tmp_path):
    write_tiny_model(tmp_path / "one.onnx")
    found = calibrate(tmp_path / "one.onnx", pictures, np.arange(COUNT))
    # half of all places are right; places are grouped by an error that tells little of which
    assert np.mean(found.right) == pytest.approx(0.5, abs=0.15)


def test_only_the_chosen_pictures_are_looked_at_and_a_few_are_too_few(pictures, tmp_path):
    write_tiny_model(tmp_path / "one.onnx")
    seen = []
    calibrate(tmp_path / "one.onnx", pictures, np.arange(5, 30), lambda *n: seen.append(n))
    assert seen[-1] == (25, 25)
    content = (tmp_path / "one.onnx").read_bytes()
    with pytest.raises(DataError, match="19 held-out pictures; calibrating needs at least 20"):
        calibrate(tmp_path / "one.onnx", pictures, np.arange(19))
    assert (tmp_path / "one.onnx").read_bytes() == content
