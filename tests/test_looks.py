"""Several looks at a picture: what is averaged, at which sizes, and that it stays in place."""

import numpy as np
import pytest
from tiny_model import CHROMA, STRIDE, write_tiny_model

from photochrom import ColorizeOptions, Colorizer
from photochrom.looks import LOOKS, Look, predict_with_looks
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
