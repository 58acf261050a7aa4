"""Several looks at a picture: what is averaged, at which sizes, and that it stays in place."""

import numpy as np
import pytest
from tiny_model import CHROMA, STRIDE, write_tiny_model

from photochrom import ColorizeOptions, Colorizer
from photochrom.looks import LOOKS, Look, luminance_at, predict_with_looks
from photochrom.photo import as_photo
from photochrom.runtime import Model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    write_tiny_model(path)
    return Model(path, threads=1)


def slope(height, width):
    """Darker to the left, lighter below: mirrored it is another picture."""
    y, x = np.mgrid[:height, :width]
    return (20 + 40 * x / width + 10 * y / height).astype(np.float32)


def expected_ab(luminance):
    """What the tiny model makes of each block of pixels."""
    h, w = (n // STRIDE for n in luminance.shape)
    small = luminance[: h * STRIDE, : w * STRIDE].reshape(h, STRIDE, w, STRIDE).mean((1, 3))
    return CHROMA * np.stack([np.cos(small / 20), np.sin(small / 20)], -1)


def test_one_look_is_the_models_own_answer(model):
    L = slope(64, 96)
    once = predict_with_looks(model, L, [(LOOKS[0], (64, 96))])
    own = model.predict(L)
    np.testing.assert_allclose(once.ab, own.ab, atol=1e-4)
    np.testing.assert_allclose(once.logits, own.logits, atol=1e-3)


def test_a_mirrored_look_comes_back_the_right_way_round(model):
    L = slope(64, 96)
    mirrored = predict_with_looks(model, L, [(Look(1.0, True), (64, 96))])
    np.testing.assert_allclose(mirrored.ab, expected_ab(L), atol=1e-3)


def test_the_mean_of_all_looks_has_the_finest_size_and_colours_in_their_places(model):
    L = slope(96, 192)
    looks = [(LOOKS[0], (64, 128)), (LOOKS[1], (96, 192)), (LOOKS[2], (32, 64))]
    mean = predict_with_looks(model, L, looks)
    assert mean.ab.shape == (96 // STRIDE, 192 // STRIDE, 2)
    assert mean.logits.shape[:2] == mean.ab.shape[:2]
    inner = np.s_[3:-3, 3:-3]  # the coarsest look repeats its edge
    np.testing.assert_allclose(mean.ab[inner], expected_ab(L)[inner], atol=0.4)


def test_logits_are_averaged_as_logits(model):
    L = slope(64, 64)
    mean = predict_with_looks(model, L, [(LOOKS[0], (64, 64)), (Look(1.0, True), (64, 64))])
    one, other = model.predict(L).logits, model.predict(L[:, ::-1]).logits[:, ::-1]
    np.testing.assert_allclose(mean.logits, (one + other) / 2, atol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (40, 333), (500, 333)])
def test_pictures_of_any_size_are_coloured_with_three_looks(model, height, width):
    picture = np.clip(slope(height, width) * 2.5, 0, 255).astype(np.uint8)
    result = Colorizer(model.path, threads=1).colorize(picture, ColorizeOptions(looks=3))
    assert result.to_array().shape == (height, width, 3)
    assert result.mean_chroma > 10


def test_a_model_that_says_nothing_of_looks_takes_one(model):
    assert model.description.looks == 1
    seen = []
    colorizer = Colorizer(model.path, threads=1)
    own = colorizer.model.predict
    colorizer.model.predict = lambda L: (seen.append(L.shape), own(L))[1]
    colorizer.colorize(np.zeros((300, 300), np.uint8))
    assert seen == [(64, 64)]
    seen.clear()
    colorizer.colorize(np.zeros((300, 300), np.uint8), ColorizeOptions(looks=3))
    assert seen == [(64, 64), (96, 96), (32, 32)]


@pytest.mark.parametrize("size", [(33, 47), (64, 64), (100, 90), (1, 3), (5, 400)])
def test_a_tiny_picture_is_seen_larger_and_smooth_and_comes_out_at_its_own_size(model, size):
    colorizer = Colorizer(model.path, threads=1)
    L = slope(*size)
    shown = colorizer.see(L, ColorizeOptions(size=192, looks=1)).shown
    assert min(shown.shape) >= 0.8 * min(128, 3 * min(size)) and max(shown.shape) > max(size)
    height, width = np.linspace(0, 1, shown.shape[0]), np.linspace(0, 1, shown.shape[1])
    there = 20 + 40 * width + 10 * height[:, None]  # but for half a pixel at either end
    assert np.abs(shown - there).max() < 30 / min(size) + 40 / max(size)
    assert colorizer.predict_chroma(L).shape == (*size, 2)


def test_a_photo_and_its_luminance_are_enlarged_alike(model):
    grey = np.random.default_rng(0).integers(0, 255, (40, 52), np.uint8)
    photo = as_photo(grey)
    L = photo.small_luminance(40, 52)
    assert luminance_at(photo, 128, 160) == pytest.approx(luminance_at(L, 128, 160), abs=0.01)
    assert luminance_at(photo, 20, 20) == pytest.approx(photo.small_luminance(20, 20))
