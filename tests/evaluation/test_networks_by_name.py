"""Figures that need a network: named on the command line, measured, and named in the report."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from evaluated import Muted, evaluate_muted

from photochrom.errors import MissingDependencyError, ModelError, OptionError
from photochrom.evaluation.figures import FIGURES, Observer
from photochrom.evaluation.networks import with_networks

SOME = {"psnr": FIGURES["psnr"]}


@pytest.fixture(scope="module")
def segmentation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX network whose class is the strongest channel of a pixel."""
    from onnx import TensorProto, helper, save

    graph = helper.make_graph(
        [helper.make_node("Identity", ["picture"], ["logits"])],
        "strongest",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "H", "W"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3, "H", "W"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = tmp_path_factory.mktemp("networks") / "strongest.onnx"
    save(model, path)
    return path


def test_no_network_is_opened_unless_it_is_named() -> None:
    judging = with_networks(SOME, [])
    assert dict(judging.figures) == SOME
    assert judging.networks == {}


def test_a_segmentation_network_is_asked_and_named(segmentation: Path, tmp_path: Path) -> None:
    judging = with_networks(SOME, [f"miou={segmentation}"])
    assert judging.networks["miou"].startswith("strongest.onnx ")
    _, summary = evaluate_muted(
        tmp_path, Muted("most", 0.9), figures=judging.figures, observers=judging.observers
    )
    found = {label: cells["miou"].interval.value for label, cells in summary.cells.items()}
    assert found["truth"] == 1
    assert found["grey"] < found["most"] < 1


def test_an_autoencoder_serves_two_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the file holds; here the "density" is the mean of all values."""
    from photochrom.evaluation import density

    class Mean:
        def observer(self) -> Observer:
            return Observer("the mean", lambda rgb: np.array([rgb.mean()]))

    monkeypatch.setattr(density, "load_density", lambda path: Mean())
    judging = with_networks(SOME, ["density=any.pt"])
    assert judging.observers["density"] is judging.observers["density_gap"]
    _, summary = evaluate_muted(
        tmp_path, count=2, figures=judging.figures, observers=judging.observers
    )
    assert summary.cells["truth"]["density_gap"].interval.value == 0
    assert summary.cells["grey"]["density_gap"].interval.value > 0
    assert np.isfinite(summary.cells["grey"]["density"].interval.value)


@pytest.mark.parametrize(
    ("texts", "error", "told"),
    [
        (["fid"], OptionError, "no network figure 'fid'; there are: frechet, recognition, miou"),
        (["miou"], OptionError, "not of the form miou=FILE.onnx"),
        (["frechet=inception_v3"], OptionError, "not of the form frechet or frechet=inception_v3"),
        (["frechet=vgg,weights"], OptionError, "no feature network 'vgg'"),
        (["lpips=alex"], OptionError, "not of the form lpips=alex,WEIGHTS,LINEAR"),
        (["miou=none.onnx"], ModelError, "none.onnx"),
        (["density=none.pt"], ModelError, "none.pt: no such file"),
    ],
)
def test_error_for_what_is_no_network(texts: list[str], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        with_networks(SOME, texts)


def test_error_for_a_network_named_twice(segmentation: Path) -> None:
    with pytest.raises(OptionError, match="miou is named twice"):
        with_networks(SOME, [f"miou={segmentation}"] * 2)


def test_error_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("photochrom.evaluation.recogn")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"recognition needs torch.*\[train\]"):
        with_networks(SOME, ["recognition"])
