import io
import warnings

import numpy as np
import pytest
from PIL import Image
from tiny_model import write_tiny_model

import photochrom
from photochrom import ColorizeOptions, Colorizer
from photochrom.color import rgb_to_lab
from photochrom.errors import GreyResultWarning, InputError, OptionError
from photochrom.looks import working_size


def ramp(height=50, width=70):
    y, x = np.mgrid[:height, :width]
    return ((y * 3 + x * 2) % 256).astype(np.uint8)


def png(array):
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def colorizer(tiny_model):
    return Colorizer(tiny_model, threads=1)


def test_each_kind_of_input_gives_its_own_kind_and_the_same_picture(tiny_model, tmp_path):
    grey = ramp()
    Image.fromarray(grey).save(tmp_path / "a.png")
    array = photochrom.colorize(grey, model=tiny_model)
    from_path = photochrom.colorize(tmp_path / "a.png", model=tiny_model)
    from_pil = photochrom.colorize(Image.fromarray(grey), model=tiny_model)
    from_bytes = photochrom.colorize(png(grey), model=tiny_model)
    assert isinstance(array, np.ndarray) and array.shape == (50, 70, 3)
    assert isinstance(from_path, Image.Image) and isinstance(from_pil, Image.Image)
    assert isinstance(from_bytes, bytes)
    with Image.open(io.BytesIO(from_bytes)) as decoded:
        pictures = [np.asarray(p) for p in (from_path, from_pil, decoded)]
    assert all(np.array_equal(array, picture) for picture in pictures)


def test_the_lightness_stays_and_the_colour_is_new(colorizer):
    grey = ramp()
    result = colorizer.colorize(grey)
    lab = rgb_to_lab(result.to_array().astype(np.float64) / 255)
    L = rgb_to_lab(np.repeat(grey[..., None], 3, -1).astype(np.float64) / 255)[..., 0]
    assert np.abs(lab[..., 0] - L).max() <= 0.5
    assert np.hypot(lab[..., 1], lab[..., 2]).mean() > 5
    assert result.mean_chroma > 5


def test_a_colour_picture_is_coloured_as_its_grey_self(colorizer):
    grey = ramp()
    sepia = np.stack([grey, grey * 0.8, grey * 0.6], -1).astype(np.uint8)
    L = rgb_to_lab(sepia.astype(np.float64) / 255)[..., 0]
    lab = rgb_to_lab(colorizer.colorize(sepia).to_array().astype(np.float64) / 255)
    assert np.abs(lab[..., 0] - L).max() <= 0.5


def test_sixteen_bits_stay_sixteen(colorizer):
    array = colorizer.colorize(ramp().astype(np.uint16) * 257).to_array()
    assert array.dtype == np.uint16
    assert np.asarray(colorizer.colorize(ramp()).to_pil()).dtype == np.uint8


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pil_images_of_every_mode_are_taken(colorizer, mode):
    image = Image.fromarray(ramp()) if mode != "I;16" else Image.fromarray(ramp().astype("uint16"))
    image = image if mode == "I;16" else image.convert(mode)
    assert colorizer.colorize(image).to_pil().size == (70, 50)


def test_saturation_scales_chroma_and_zero_gives_grey_without_a_warning(colorizer):
    full = colorizer.colorize(ramp())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        none = colorizer.colorize(ramp(), ColorizeOptions(saturation=0.0))
    assert none.mean_chroma == 0
    half = colorizer.colorize(ramp(), ColorizeOptions(saturation=0.5))
    assert half.mean_chroma == pytest.approx(full.mean_chroma / 2, rel=1e-5)


def test_variants_come_most_likely_first_and_differ(colorizer):
    first, *others = colorizer.variants(ramp(), 3)
    assert np.array_equal(first.ab, colorizer.colorize(ramp()).ab)
    assert [r.variant for r in (first, *others)] == [0, 1, 2]
    assert all(np.abs(first.ab - other.ab).mean() > 0 for other in others)


def test_a_result_that_stayed_grey_is_warned_of(tmp_path):
    write_tiny_model(tmp_path / "grey.onnx", chroma=0.5, with_logits=False)
    with pytest.warns(GreyResultWarning, match="nearly grey"):
        Colorizer(tmp_path / "grey.onnx", threads=1).colorize(ramp())


def test_a_model_with_one_answer_gives_no_variants(tmp_path):
    write_tiny_model(tmp_path / "sure.onnx", with_logits=False)
    with pytest.raises(OptionError, match="variants must be 1"):
        Colorizer(tmp_path / "sure.onnx", threads=1).variants(ramp(), 2)


def test_measuring_gets_chroma_at_full_size(colorizer):
    L = rgb_to_lab(np.repeat(ramp(301, 403)[..., None], 3, -1))[..., 0].astype(np.float32)
    ab = colorizer.predict_chroma(L)
    assert ab.shape == (301, 403, 2)
    assert np.hypot(ab[..., 0], ab[..., 1]).mean() > 5


@pytest.mark.parametrize(
    "options",
    [
        {"size": 8},
        {"vividness": 1.5},
        {"vividness": float("nan")},
        {"saturation": -1},
        {"looks": 0},
        {"looks": 4},
    ],
)
def test_a_value_outside_its_range_is_an_error_that_names_the_range(options):
    with pytest.raises(OptionError, match=r"must lie in .* to "):
        ColorizeOptions(**options)


def test_a_wrong_number_of_variants_or_kind_of_input_is_an_error(colorizer):
    with pytest.raises(OptionError, match="1 to 16"):
        colorizer.variants(ramp(), 0)
    with pytest.raises(InputError, match="a path, bytes, an array or a PIL image"):
        colorizer.colorize(3.5)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3000, 4000), (256, 352)),
        ((100, 120), (128, 160)),
        ((128, 150), (128, 128)),
        ((250, 300), (224, 288)),
        ((32, 32), (96, 96)),
        ((16, 40), (64, 128)),
        ((1, 1), (3, 3)),
        ((1, 20000), (3, 2048)),
        ((20000, 500), (2048, 64)),
    ],
)
def test_the_working_size_keeps_proportions_bounds_strips_and_enlarges_tiny_ones(shape, expected):
    assert working_size(*shape, 256, 32) == expected
