import numpy as np
import pytest
from PIL import Image
from tiny_model import write_tiny_model

from photochrom import Colorizer, ModelError
from photochrom.calibration import Calibration
from photochrom.color import rgb_to_lab
from photochrom.drawing import (
    GAP,
    LINE,
    UNSURE_TO_SURE,
    confidence_picture,
    contact_sheet,
    write_picture,
)
from photochrom.photo import area_resize


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    """The tiny model with a calibration in its file."""
    import json

    import onnx

    from photochrom.training.export import save_with_metadata

    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    write_tiny_model(path)
    calibration = Calibration((0.0, 0.8), (0.0, 40.0), (1.0, 0.0), 99)
    entries = {"calibration": json.dumps(calibration.as_json())}
    save_with_metadata(onnx.load(path), path, entries)
    return Colorizer(path, threads=1)


def wave(height=90, width=120):
    y, x = np.mgrid[:height, :width]
    return (128 + 60 * np.sin(x / 20) + 50 * np.cos(y / 15)).astype(np.uint8)


def test_a_sheet_shows_the_grey_picture_and_every_variant_in_its_place(calibrated):
    results = calibrated.variants(wave(), 4)
    sheet = np.asarray(contact_sheet(results))
    columns, rows = 3, 2
    assert sheet.shape == (rows * (90 + LINE + GAP) + GAP, columns * (120 + GAP) + GAP, 3)

    def panel(number):
        x = GAP + number % columns * (120 + GAP)
        y = GAP + number // columns * (90 + LINE + GAP)
        return sheet[y : y + 90, x : x + 120]

    assert np.ptp(panel(0), -1).max() <= 1
    assert (
        np.abs(rgb_to_lab(panel(0))[..., 0] - rgb_to_lab(np.stack([wave()] * 3, -1))[..., 0]).max()
        < 1
    )
    for number, result in enumerate(results, 1):
        whole = result.to_array()
        assert np.abs(panel(number).astype(int) - whole).mean() < 6


def test_a_map_is_the_picture_under_the_colours_of_its_confidence(calibrated):
    result = calibrated.colorize(wave())
    drawn = np.asarray(confidence_picture(result)).astype(float)
    confidence = result.confidence
    assert 0 < confidence.min() < confidence.max() < 1
    yellow, purple = (np.array(UNSURE_TO_SURE[n], float) for n in (-1, 0))
    # blue falls from the unsure end to the sure one, and the grey below it does not change that
    x = (drawn.shape[1] - 120) // 2
    tint = drawn[:90, x : x + 120, 0] - drawn[:90, x : x + 120, 2]
    small = area_resize(tint.astype(np.float32), *confidence.shape)
    assert np.corrcoef(small.ravel(), confidence.ravel())[0, 1] > 0.9
    bar = drawn[90 + GAP // 2 + LINE // 2]
    assert np.abs(bar[GAP] - purple).max() < 2
    assert np.abs(bar[-GAP - 1] - yellow).max() < 2


def test_a_model_that_was_never_calibrated_says_so(tiny_model):
    result = Colorizer(tiny_model, threads=1).colorize(wave())
    with pytest.raises(ModelError, match="--calibrate"):
        confidence_picture(result)


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3)])
def test_strips_and_dots_can_be_drawn(calibrated, size):
    results = calibrated.variants(np.full(size, 90, np.uint8), 2)
    contact_sheet(results)
    confidence_picture(results[0])


def test_pictures_are_written_in_the_format_of_their_names(calibrated, tmp_path):
    sheet = contact_sheet(calibrated.variants(wave(), 2))
    for name, expected in (("a.jpg", "JPEG"), ("b.png", "PNG"), ("c.webp", "WEBP")):
        write_picture(sheet, tmp_path / name)
        with Image.open(tmp_path / name) as written:
            assert (written.format, written.size) == (expected, sheet.size)
