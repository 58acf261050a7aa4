import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from photochrom.errors import ModelError
from photochrom.model_file import input_of, with_output, with_weights


@pytest.fixture
def content(tiny_model):
    return tiny_model.read_bytes()


def run(content, outputs=None):
    L = np.linspace(0, 100, 64 * 96, dtype=np.float32).reshape(1, 1, 64, 96)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(outputs, {"L": L})


def test_other_weights_are_those_that_the_network_computes_with(content):
    ab, _ = run(content)
    doubled = with_weights(content, {"chroma": np.float32(50).reshape(1).tobytes()})
    assert len(doubled) == len(content)
    assert np.allclose(run(doubled)[0], 2 * ab, atol=1e-4)
    assert with_weights(content, {}) == content


def test_every_weight_is_found_where_the_onnx_package_finds_it(content):
    for weight in onnx.load_model_from_string(content).graph.initializer:
        values = numpy_helper.to_array(weight)
        other = (values + 1).astype(values.dtype)
        changed = onnx.load_model_from_string(with_weights(content, {weight.name: other.tobytes()}))
        found = {w.name: numpy_helper.to_array(w) for w in changed.graph.initializer}
        assert np.array_equal(found[weight.name], other)


def test_a_tensor_inside_becomes_an_output_and_the_others_stay(content):
    before = run(content)
    shown = with_output(content, "small")
    *after, small = run(shown)
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))
    assert small.shape == (1, 1, 16, 24)


def test_the_tensor_that_a_node_reads_beside_its_weights_is_named(content):
    assert input_of(content, "slope") == "small"
    assert input_of(content, "centers") == "ab"
    assert input_of(content, "nobody's") is None


def test_a_layer_is_found_behind_what_prepares_its_weight(content):
    model = onnx.load_model_from_string(content)
    centers = next(w for w in model.graph.initializer if w.name == "centers")
    centers.CopyFrom(
        numpy_helper.from_array(numpy_helper.to_array(centers).astype(np.float16), "stored")
    )
    model.graph.node.insert(0, onnx.helper.make_node("Cast", ["stored"], ["centers"], to=1))
    assert input_of(model.SerializeToString(), "stored") == "ab"


@pytest.mark.parametrize(
    ("weights", "message"),
    [({"colour": b""}, "no weights 'colour'"), ({"chroma": b"12"}, "have 4 bytes, not 2")],
)
def test_weights_that_do_not_fit_are_named(content, weights, message):
    with pytest.raises(ModelError, match=message):
        with_weights(content, weights)


def test_what_is_no_onnx_file_is_an_error(content):
    for damaged in (content[:-3], b"\x0f\x0f\x0f", b"\x3a\xff"):
        with pytest.raises(ModelError, match="damaged"):
            with_weights(damaged, {"chroma": bytes(4)})
