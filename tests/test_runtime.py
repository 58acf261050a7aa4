import numpy as np
import onnx
import pytest

from photochrom.catalog import DEFAULT_MODEL, find_model
from photochrom.errors import ModelError, OptionError
from photochrom.runtime import Model


@pytest.mark.parametrize(("height", "width"), [(1, 1), (32, 32), (33, 97), (5, 400)])
def test_a_picture_of_any_size_gives_chroma_at_the_output_stride(tiny_model, height, width):
    model = Model(tiny_model, threads=1)
    L = np.linspace(0, 100, height * width, dtype=np.float32).reshape(height, width)
    found = model.predict(L)
    stride = model.description.stride
    assert found.ab.shape == (-(-height // stride), -(-width // stride), 2)
    assert found.ab.dtype == np.float32
    assert found.logits is not None and found.logits.shape[2] == len(model.description.palette)


def test_padding_repeats_the_edge_so_that_a_flat_picture_stays_flat(tiny_model):
    ab = Model(tiny_model, threads=1).predict(np.full((45, 70), 60, np.float32)).ab
    assert np.ptp(ab, axis=(0, 1)).max() < 1e-3


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 50])
def test_a_file_that_is_no_model_is_a_one_line_error(tmp_path, content):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.onnx") as caught:
        Model(path)
    assert "\n" not in str(caught.value)


def test_an_onnx_file_of_something_else_is_refused(tmp_path, tiny_model):
    model = onnx.load(tiny_model)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="not a Photochrom model"):
        Model(tmp_path / "other.onnx")


@pytest.mark.parametrize(("key", "value"), [("stride", "four"), ("card", "{"), ("palette", "x-1")])
def test_a_damaged_description_is_refused(tmp_path, tiny_model, key, value):
    model = onnx.load(tiny_model)
    for entry in model.metadata_props:
        if entry.key == key:
            entry.value = value
    onnx.save(model, tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match="damaged description"):
        Model(tmp_path / "bad.onnx")


def test_a_missing_file_and_a_wrong_thread_count_are_errors(tmp_path, tiny_model):
    with pytest.raises(ModelError, match="no such model file"):
        Model(tmp_path / "nowhere.onnx")
    with pytest.raises(OptionError, match="threads is 0"):
        Model(tiny_model, threads=0)


def test_the_bundled_model_shows_features_that_know_which_places_look_alike():
    model = Model(find_model(DEFAULT_MODEL).path, threads=1)
    rng = np.random.default_rng(0)
    smooth, rough = np.full((96, 128), 70), rng.uniform(20, 60, (96, 128))
    L = np.where(np.arange(128) < 64, smooth, rough).astype(np.float32)
    found = model.features(L)
    assert found.shape[:2] == (12, 16) and found.dtype == np.float32
    unit = found / np.linalg.norm(found, axis=-1, keepdims=True)
    assert unit[3, 2] @ unit[9, 3] > unit[3, 2] @ unit[9, 13] + 0.1
    assert unit[3, 12] @ unit[9, 13] > unit[3, 2] @ unit[9, 13] + 0.1


def test_features_belong_to_the_same_places_as_colours_and_leave_the_prediction_alone():
    model = Model(find_model(DEFAULT_MODEL).path, threads=1)
    L = np.linspace(0, 100, 45 * 70, dtype=np.float32).reshape(45, 70)
    before = model.predict(L)
    assert model.features(L).shape[:2] == (6, 9)  # a stride of 8
    assert np.array_equal(model.predict(L).ab, before.ab)


def test_a_model_without_known_features_says_so_in_one_line(tiny_model):
    with pytest.raises(ModelError, match="'tiny' has no features to match a reference") as caught:
        Model(tiny_model, threads=1).features(np.full((64, 64), 50, np.float32))
    assert "\n" not in str(caught.value)
