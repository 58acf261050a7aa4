import json

import numpy as np
import pytest

from photochrom.errors import ModelError
from photochrom.runtime import Model, file_sha256
from photochrom.specialist import Specialist, read_specialist

LUMINANCE = np.linspace(0, 100, 64 * 96, dtype=np.float32).reshape(64, 96)


@pytest.fixture
def base(tiny_model, tmp_path):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny_model.read_bytes())
    return path


def special(of, **changes):
    fields = {
        "base": "tiny", "base_sha256": file_sha256(of),
        "metadata": {"name": "vivid", "vividness": "0.75"},
        "weights": {"chroma": np.full(1, 40, np.float32)},
    }  # fmt: skip
    return Specialist(**fields | changes)


def test_a_specialist_computes_with_its_own_weights_and_says_its_own_name(base, tmp_path):
    special(base).save(tmp_path / "vivid.npz")
    plain, vivid = Model(base), Model(tmp_path / "vivid.npz")
    ratio = vivid.predict(LUMINANCE).ab / plain.predict(LUMINANCE).ab
    assert np.allclose(ratio, 40 / 25, atol=1e-3)
    assert (vivid.description.name, vivid.description.vividness) == ("vivid", 0.75)
    assert vivid.description.size == plain.description.size
    assert vivid.description.card == plain.description.card


def test_what_is_written_is_read_back(base, tmp_path):
    wrote = special(base)
    wrote.save(tmp_path / "vivid.npz")
    read = read_specialist(tmp_path / "vivid.npz")
    assert (read.base, read.base_sha256, read.metadata) == (
        wrote.base, wrote.base_sha256, wrote.metadata,
    )  # fmt: skip
    assert read.weights.keys() == wrote.weights.keys()
    assert np.array_equal(read.weights["chroma"], wrote.weights["chroma"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base": "other"}, "its base other.onnx is not beside it"),
        ({"base": "../tiny"}, "specialises another tiny.onnx"),  # no way out of the folder
        ({"base_sha256": "0" * 64}, "specialises another tiny.onnx than the one beside it"),
        ({"weights": {"chrome": np.zeros(1, np.float32)}}, "no weights 'chrome'"),
        ({"weights": {"chroma": np.zeros(2, np.float32)}}, "have 4 bytes, not 8"),
        ({"metadata": {"stride": "four"}}, "damaged description"),
    ],
)
def test_a_specialist_that_does_not_fit_its_base_is_refused(base, tmp_path, changes, message):
    if changes.get("base", "").startswith(".."):
        changes = changes | {"base_sha256": "0" * 64}
    special(base, **changes).save(tmp_path / "vivid.npz")
    with pytest.raises(ModelError, match=message) as caught:
        Model(tmp_path / "vivid.npz")
    assert "vivid.npz" in str(caught.value) and "\n" not in str(caught.value)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    with pytest.raises(ModelError, match="no such model file"):
        Model(path)
    contents = (b"", b"PK\x03\x04 torn", b"text")
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(ModelError, match="not a specialised model"):
            Model(path)
    for description in ("{}", json.dumps({"photochrom_specialist": "9"}), "[", "3"):
        np.savez(path, description=np.array(description))
        with pytest.raises(ModelError, match="not a specialised model"):
            Model(path)
    np.savez(path, description=np.array([object()], dtype=object))  # would be unpickled
    with pytest.raises(ModelError, match="not a specialised model"):
        Model(path)
