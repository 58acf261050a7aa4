import copy
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from listening import Listener

from photochrom.errors import TrainingError
from photochrom.networks.cifar_convnet import CifarConvNet, CifarConvNetConfig
from photochrom.runtime import Model
from photochrom.training import export
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.export import (
    ExportOptions,
    add_to_card,
    export_onnx,
    largest_difference,
    network_of,
    network_section,
)
from photochrom.training.loop import RunOptions, train


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 160), (96, 32)])
def test_the_file_computes_what_torch_computes_at_any_size(exported, height, width):
    network, path = exported
    L = np.random.default_rng(0).uniform(0, 100, (height, width)).astype(np.float32)
    found = Model(path, threads=1).predict(L)
    with torch.no_grad():
        ab, logits, _ = network(torch.from_numpy(L)[None, None])
    # weights are rounded to half precision in the file: 2^-11 of each, added up at random by some
    # fifty layers
    for got, wanted in ((found.ab, ab), (found.logits, logits)):
        apart = np.abs(got - wanted[0].movedim(0, -1).numpy()).max()
        assert apart < 0.007 * float(wanted.abs().max())


def test_a_picture_of_odd_size_is_padded_and_cut_back(exported):
    found = Model(exported[1], threads=1).predict(np.full((33, 71), 50, np.float32))
    assert found.ab.shape == (9, 18, 2)
    assert found.logits.shape == (9, 18, 261)


def test_the_file_describes_itself(exported):
    described = Model(exported[1], threads=1).description
    assert (described.name, described.size, described.vividness) == ("small", 96, 0.4)
    assert (described.stride, described.size_minimum, described.size_multiple) == (4, 32, 32)
    assert described.palette is not None and len(described.palette) == 261
    assert described.prior == pytest.approx(np.linspace(0, 2 / 261, 261), rel=1e-5)
    assert described.card["licence"] == "Apache-2.0"


def test_the_file_tells_no_path_of_the_machine_that_made_it(exported):
    content = exported[1].read_bytes()
    assert b"stack_trace" not in content
    assert str(Path(export.__file__).parent).encode() not in content
    assert all(not node.metadata_props for node in onnx.load(exported[1]).graph.node)


def test_more_can_be_written_on_the_card_of_a_file(exported, tmp_path):
    path = tmp_path / "more.onnx"
    path.write_bytes(exported[1].read_bytes())
    add_to_card(path, {"licence": "CC0-1.0", "figures": {"x": 1}})
    before, after = (Model(p, threads=1) for p in (exported[1], path))
    expected = {"licence": "CC0-1.0", "trained_on": ["made pictures"], "figures": {"x": 1}}
    assert dict(after.description.card) == expected
    assert after.description.size == before.description.size
    L = np.random.default_rng(0).uniform(0, 100, (32, 64)).astype(np.float32)
    assert np.array_equal(before.predict(L).ab, after.predict(L).ab)


def test_a_file_tells_no_one_where_published_weights_lay():
    options = {"weights": "elsewhere/vgg.pth", "weights_sha256": "0" * 64, "widths": [8, 8]}
    recipe = {"network": {"name": "vgg_autoencoder", "options": options}}
    expected = {"name": "vgg_autoencoder", "options": {"widths": [8, 8], "pretrained": False}}
    assert network_section(recipe) == expected
    assert network_section({"network": {"name": "unet", "options": {}}})["options"] == {}


def test_weights_are_stored_in_half_precision(exported):
    network, path = exported
    count = sum(p.numel() for p in network.parameters())
    assert path.stat().st_size < 2 * count + 350_000  # the graph, and what is small
    large = [w for w in onnx.load(path).graph.initializer if np.prod(w.dims) >= 256]
    assert large and all(w.data_type == onnx.TensorProto.FLOAT16 for w in large)


def test_an_export_that_computes_something_else_is_refused(near_tie, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differs from torch"):
        export_onnx(near_tie[0], tmp_path / "x.onnx", ExportOptions("x"))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def near_tie():
    """A network that takes the most likely class, two of which nearly tie everywhere; its graph."""
    torch.manual_seed(0)
    config = CifarConvNetConfig(convolutions=(8,), transposed=(16,), palette="uniform-4")
    network = CifarConvNet(config).eval()
    last = network.body[-1]
    with torch.no_grad():
        last.weight[:, 9] = last.weight[:, 3]
        last.bias[3], last.bias[9] = 5, 5 - 1e-5
    return network, export._trace(network, network)


def with_bias(network, index, value):
    changed = copy.deepcopy(network)
    changed.body[-1].bias.data[index] = value
    return changed


def export_in_place_of(graph, network, path, monkeypatch):
    """Exports a network with a graph that was traced of another one."""
    monkeypatch.setattr(export, "_trace", lambda *_: copy.deepcopy(graph))
    export_onnx(network, path, ExportOptions("x"))


def test_another_class_where_two_nearly_tie_is_no_difference(near_tie, tmp_path, monkeypatch):
    network, graph = near_tie
    rounded = with_bias(network, 9, 5 + 1e-5)
    L = torch.rand(1, 1, 32, 32) * 100
    assert (network(L).ab != rounded(L).ab).any(1).all()  # another colour at every pixel
    export_in_place_of(graph, rounded, tmp_path / "x.onnx", monkeypatch)
    assert Model(tmp_path / "x.onnx", threads=1).description.name == "x"


@pytest.mark.parametrize("value", [5.1, float("nan")])
def test_other_logits_are_refused_whatever_class_they_mean(near_tie, value, tmp_path, monkeypatch):
    network, graph = near_tie
    other = with_bias(network, 3, value)  # 5.1: class 3, as before
    with pytest.raises(TrainingError, match="differs from torch"):
        export_in_place_of(graph, other, tmp_path / "x.onnx", monkeypatch)
    assert list(tmp_path.iterdir()) == []


def test_ab_must_agree_where_no_rounding_could_turn_the_class():
    logits = np.array([[4, 1, 0], [4, 4, 0]], np.float32).T.reshape(1, 3, 1, 2)
    rounded = logits + np.float32(1e-5) * np.array([-1, 1, 0], np.float32).reshape(1, 3, 1, 1)
    ab = np.full((1, 2, 1, 2), 50, np.float32)
    for pixel, expected in ((0, 20 / 50), (1, 1e-5 / 4)):
        other = ab.copy()
        other[..., pixel] += 20
        found = largest_difference([other, rounded], [ab, logits])
        assert found == pytest.approx(expected, rel=0.1)
    # without logits nothing excuses it
    assert largest_difference([ab + 20], [ab]) == pytest.approx(20 / 50)


def test_what_a_trained_run_exports_is_the_network_with_its_averaged_weights(
    tiny, pictures, tmp_path
):
    torch.set_num_threads(1)
    best = train(tiny(), pictures, tmp_path, Listener(), RunOptions(accelerator="cpu"))
    checkpoint = load_checkpoint(best)
    own = network_of(checkpoint).state_dict()
    assert own.keys() == checkpoint.averaged.keys()
    assert all(torch.equal(own[name], value) for name, value in checkpoint.averaged.items())
    assert not torch.equal(own["to_ab.weight"], checkpoint.network["to_ab.weight"])
    assert len(checkpoint.prior) == 261
    assert sum(checkpoint.prior) == pytest.approx(1)
