import json

import numpy as np
import onnx
import pytest
import torch

from photochrom.errors import TrainingError
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig
from photochrom.runtime import Model
from photochrom.training import export
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.export import ExportOptions, export_onnx, network_of
from photochrom.training.loop import RunOptions, train

SMALL = LiteUNetConfig(widths=(32, 24, 16, 16), pretrained=False)


class Silent:
    def step_done(self, step, total, loss): ...

    def epoch_done(self, row): ...


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    network = LiteUNet(SMALL).eval()
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    card = {"licence": "Apache-2.0", "trained_on": ["made pictures"]}
    prior = np.linspace(0, 2 / 261, 261).tolist()
    export_onnx(network, path, ExportOptions("small", 96, vividness=0.4, prior=prior, card=card))
    return network, path


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 160), (96, 32)])
def test_the_file_computes_what_torch_computes_at_any_size(exported, height, width):
    network, path = exported
    L = np.random.default_rng(0).uniform(0, 100, (height, width)).astype(np.float32)
    found = Model(path, threads=1).predict(L)
    with torch.no_grad():
        ab, logits, _ = network(torch.from_numpy(L)[None, None])
    # weights are rounded to half precision in the file
    assert np.abs(found.ab - ab[0].movedim(0, -1).numpy()).max() < 0.1
    assert np.abs(found.logits - logits[0].movedim(0, -1).numpy()).max() < 0.02


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


def test_weights_are_stored_in_half_precision(exported):
    network, path = exported
    count = sum(p.numel() for p in network.parameters())
    assert path.stat().st_size < 2 * count + 300_000
    large = [w for w in onnx.load(path).graph.initializer if np.prod(w.dims) >= 256]
    assert large and all(w.data_type == onnx.TensorProto.FLOAT16 for w in large)


def test_an_export_that_computes_something_else_is_refused(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differs from torch"):
        export_onnx(exported[0], tmp_path / "x.onnx", ExportOptions("x"))
    assert list(tmp_path.iterdir()) == []


def test_a_trained_run_exports_its_averaged_weights(tiny, pictures, tmp_path):
    torch.set_num_threads(1)
    best = train(tiny(), pictures, tmp_path, Silent(), RunOptions(accelerator="cpu"))
    checkpoint = load_checkpoint(best)
    network = network_of(checkpoint)
    export_onnx(network, tmp_path / "m.onnx", ExportOptions("m", card={"a": 1}))
    assert torch.equal(network.to_ab.weight, checkpoint.averaged["to_ab.weight"])
    assert len(checkpoint.prior) == 261
    assert sum(checkpoint.prior) == pytest.approx(1)
    assert json.dumps(dict(Model(tmp_path / "m.onnx", threads=1).description.card)) == '{"a": 1}'
