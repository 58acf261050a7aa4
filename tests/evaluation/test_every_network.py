"""Every figure that needs a network, from its files to the page: networks of the right formats.

Their weights are random but for the packaged classifier, so that values mean nothing here beyond
what any weights must give: the perfect score for the truth, and less for others.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from coloured_pictures import save_coloured
from onnx import TensorProto, helper, numpy_helper, save
from torch import nn

from photochrom.cli import main
from photochrom.evaluation.inception_v3 import InceptionV3
from photochrom.evaluation.judging import OBSERVED
from photochrom.evaluation.perceptual import LPIPS
from photochrom.evaluation.rows import RowFile

PERFECT = {
    "frechet": 0, "density": 1, "density_gap": 0, "miou": 1, "recognition": 1, "lpips": 0,
}  # fmt: skip
PICTURES, CLASSES, LABEL = 4, 5, 7


def save_segmentation(path: Path) -> None:
    """Class logits (1, 5, H, W) of a 3 x 3 convolution over sRGB in 0..1."""
    weights = np.random.default_rng(0).normal(size=(CLASSES, 3, 3, 3)).astype(np.float32)
    weights -= weights.mean((1, 2, 3), keepdims=True)
    node = helper.make_node("Conv", ["picture", "weights"], ["logits"], pads=[1, 1, 1, 1])
    sizes = {"picture": 3, "logits": CLASSES}
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "H", "W"])
        for name, channels in sizes.items()
    ]
    graph = helper.make_graph(
        [node], "segmentation", ends[:1], ends[1:], [numpy_helper.from_array(weights, "weights")]
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)


def save_lpips(backbone: Path, linear: Path) -> None:
    """Files as torchvision and the authors publish them."""
    network = LPIPS("alex")
    features = {f"features.{name}": value for name, value in network.features.state_dict().items()}
    torch.save({**features, "classifier.1.weight": torch.zeros(1)}, backbone)
    weights = {
        f"lin{layer}.model.1.weight": torch.rand_like(one.weight)
        for layer, one in enumerate(network.linear)
    }
    torch.save(weights, linear)


def save_inception(path: Path) -> None:
    """A file as torchvision publishes it, but for weights that let signals through."""
    network = InceptionV3()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    torch.save(network.state_dict(), path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Pictures, their labels, and the files of all networks."""
    folder = tmp_path_factory.mktemp("judged")
    save_coloured(folder / "photos", PICTURES, width=80, height=64)
    names = sorted(file.name for file in (folder / "photos").iterdir())
    (folder / "labels.txt").write_text("".join(f"{name} {LABEL}\n" for name in names))
    (folder / "tiny.onnx").write_bytes(tiny_model.read_bytes())
    torch.manual_seed(0)
    save_segmentation(folder / "segmentation.onnx")
    save_lpips(folder / "alexnet.pth", folder / "alex_linear.pth")
    save_inception(folder / "inception.pth")
    fit = ["density", str(folder / "photos"), "-o", str(folder / "density.pt")]
    assert main([*fit, "--size", "16", "--steps", "3", "--device", "cpu"]) == 0
    return folder


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    """The report of one command line with all networks, as report.json has it."""
    networks = (
        f"frechet=inception_v3,{folder / 'inception.pth'}",
        f"recognition={folder / 'labels.txt'}", f"miou={folder / 'segmentation.onnx'}",
        f"density={folder / 'density.pt'}",
        f"lpips=alex,{folder / 'alexnet.pth'},{folder / 'alex_linear.pth'}",
    )  # fmt: skip
    command = ["evaluate", "--models", str(folder / "tiny.onnx"), "--data", str(folder / "photos")]
    command += ["-o", str(folder / "report"), "--size", "64", "--figures", "ciede2000"]
    assert main([*command, *(part for text in networks for part in ("--network", text))]) == 0
    return json.loads((folder / "report/report.json").read_text())


def values(report: dict[str, Any], label: str) -> dict[str, float]:
    one = next(one for one in report["colorizers"] if one["label"] == label)
    return {name: figure["value"] for name, figure in one["figures"].items()}


def test_the_truth_is_perfect_by_every_network(report: dict[str, Any]) -> None:
    truth = values(report, "truth")
    assert {name: truth[name] for name in PERFECT} == pytest.approx(PERFECT, abs=1e-4)


@pytest.mark.parametrize("label", ["grey", "tiny"])
def test_others_are_measured_and_are_not_perfect(report: dict[str, Any], label: str) -> None:
    found = values(report, label)
    assert set(found) == {"ciede2000", "recognition_accuracy", *PERFECT}
    assert np.isfinite(list(found.values())).all()
    for name in ("frechet", "density_gap", "lpips"):
        assert found[name] > PERFECT[name] + 1e-6, name
    assert found["miou"] < 1


def test_accuracy_counts_the_answers_that_are_the_labels(
    folder: Path, report: dict[str, Any]
) -> None:
    for label in ("grey", "tiny", "truth"):
        rows = [r for r in RowFile(folder / "report/rows.jsonl") if r.colorizer == label]
        seen = [int(row.arrays[f"{OBSERVED}recognition_accuracy"][0]) for row in rows]
        assert len(seen) == PICTURES
        expected = np.mean([answer == LABEL for answer in seen])
        assert values(report, label)["recognition_accuracy"] == expected


def test_error_for_a_picture_without_a_label_before_anything_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "few.txt").write_text("00.png 7\n")
    command = ["evaluate", "--models", "grey", "--data", str(folder / "photos")]
    command += ["--network", f"recognition={folder / 'few.txt'}", "-o", str(folder / "none")]
    assert main(command) == 1
    assert "01.png: has no label (3 of 4 pictures)" in " ".join(capsys.readouterr().err.split())
    assert not (folder / "none").exists()


def test_the_page_names_every_network_and_its_file(folder: Path, report: dict[str, Any]) -> None:
    page = (folder / "report/report.html").read_text()
    for file in ("inception.pth", "segmentation.onnx", "alexnet.pth", "labels.txt"):
        digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()[:8]
        assert f"{file} {digest}" in page
        assert page.count(digest) == 1
    assert "fitted to photos, 4 pictures, 3 steps" in page
    for row in report["figures"].values():
        assert row["caveat"] in page.replace("&#39;", "'")
