"""mIoU by an ONNX network: a random one exported by torch, and made ones whose answer is known."""

import logging
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from judged_pictures import garden
from onnx import TensorProto, helper, save
from torch import nn

from photochrom.errors import ModelError, OptionError
from photochrom.evaluation.figures import SET_FIGURES
from photochrom.evaluation.segmentation import (
    SegmentationInput,
    read_input,
    segmentation_observer,
)


@pytest.fixture(scope="module")
def random_network(tmp_path_factory) -> tuple[nn.Module, Path]:
    """A random network of 6 classes at a quarter of the size, from torch.onnx."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 6, 1)
    ).eval()
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            nn.init.zeros_(layer.bias)  # or one class would be everywhere
    path = tmp_path_factory.mktemp("models") / "random.onnx"
    free = {2: torch.export.Dim("rows"), 3: torch.export.Dim("columns")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own insides
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            network, (torch.rand(1, 3, 64, 72),), path, dynamo=True, verbose=False,
            dynamic_shapes=(free,), external_data=False,
        )  # fmt: skip
    return network, path


def made(
    path: Path, nodes: list, shapes: tuple[list, list] = ([1, 3, "H", "W"], [1, "C", "h", "w"])
) -> Path:
    """A network from "picture" to "logits", made of ONNX nodes."""
    given, answered = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in zip(("picture", "logits"), shapes, strict=True)
    )
    graph = helper.make_graph(nodes, "made", [given], [answered])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    save(model, path)
    return path


def strongest_channel(path: Path, **options) -> Path:
    """A network whose class is the strongest channel of its input."""
    return made(path, [helper.make_node("Identity", ["picture"], ["logits"])], **options)


def test_reference_classes_are_those_of_torch(random_network):
    network, path = random_network
    rgb = garden(height=64, width=80)
    with torch.no_grad():
        expected = network(torch.from_numpy(rgb).permute(2, 0, 1)[None]).argmax(1)[0].numpy()
    observer = segmentation_observer(path)
    found = observer.observe(rgb)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found)) > 1
    assert observer.name.startswith("random.onnx ")
    assert observer.name.endswith("sRGB 0..1 at the pictures' own size")


def test_mean_iou_end_to_end_is_1_for_the_truth_and_falls_with_the_colour(random_network):
    _, path = random_network
    observe = segmentation_observer(path).observe
    truths = [garden(seed, 64, 64) for seed in range(3)]
    seen = {}
    for share in (1.0, 0.7, 0.0):
        pale = [t.mean(-1, keepdims=True) * (1 - share) + t * share for t in truths]
        seen[share] = [observe(rgb) for rgb in pale]
    figure = SET_FIGURES["miou"].of
    assert figure(seen[1.0], seen[1.0]) == 1
    assert 1 > figure(seen[0.7], seen[1.0]) > figure(seen[0.0], seen[1.0])


def test_a_description_is_followed(tmp_path):
    path = strongest_channel(tmp_path / "net.onnx")
    rgb = np.array([[[0.9, 0.5, 0.1], [0.1, 0.5, 0.9]]], np.float32).repeat(2, 0)

    def seen(**described) -> list:
        return segmentation_observer(path, SegmentationInput(**described)).observe(rgb).tolist()

    assert seen() == [[0, 2], [0, 2]]
    assert seen(channels="bgr") == [[2, 0], [2, 0]]
    assert seen(mean=(0.85, 0.0, 0.0)) == [[1, 2], [1, 2]]
    assert seen(mean=(220, 0, 0), scale=255) == [[1, 2], [1, 2]]
    assert seen(std=(9.0, 1.0, 1.0)) == [[1, 2], [1, 2]]
    assert seen(size=(1, 4)) == [[0, 0, 2, 2]]


def test_channels_may_come_last(tmp_path):
    shapes = ([1, "H", "W", 3], [1, "H", "W", 3])
    path = strongest_channel(tmp_path / "last.onnx", shapes=shapes)
    observe = segmentation_observer(path, SegmentationInput(layout="nhwc")).observe
    rgb = garden(height=5, width=7)
    np.testing.assert_array_equal(observe(rgb), rgb.argmax(-1))


def test_edges_are_repeated_to_the_multiple_and_cut_off_again(tmp_path):
    nodes = [
        helper.make_node(
            "AveragePool", ["picture"], ["logits"], kernel_shape=[4, 4], strides=[4, 4]
        )
    ]
    path = made(tmp_path / "quarter.onnx", nodes)
    observe = segmentation_observer(path, SegmentationInput(multiple=8)).observe
    flat = np.zeros((12, 20, 3), np.float32)
    flat[..., 1] = 0.5
    found = observe(flat)
    assert found.shape == (3, 5)
    assert (found == 1).all()
    assert observe(flat[:8, :16]).shape == (2, 4)


def test_an_output_is_taken_by_its_name(tmp_path):
    given = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "H", "W"])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "H", "W"])
        for name in ("other", "logits")
    ]
    nodes = [
        helper.make_node("Neg", ["picture"], ["other"]),
        helper.make_node("Identity", ["picture"], ["logits"]),
    ]
    graph = helper.make_graph(nodes, "two", [given], outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    save(model, tmp_path / "two.onnx")
    rgb = garden(height=6, width=6)
    (tmp_path / "two.yaml").write_text("output: logits\n")
    found = segmentation_observer(tmp_path / "two.onnx").observe(rgb)
    np.testing.assert_array_equal(found, rgb.argmax(-1))
    first = segmentation_observer(tmp_path / "two.onnx", SegmentationInput()).observe(rgb)
    np.testing.assert_array_equal(first, rgb.argmin(-1))
    with pytest.raises(ModelError, match=r"outputs \['other', 'logits'\]; one input and none"):
        segmentation_observer(tmp_path / "two.onnx", SegmentationInput(output="none"))


def test_a_description_is_read_from_yaml(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(
        "size: [512, 1024]\nmean: [0.485, 0.456, 0.406]\nstd: [0.229, 0.224, 0.225]\nscale: 1\n"
    )
    assert read_input(path) == SegmentationInput(
        size=(512, 1024), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    )
    path.write_text("")
    assert read_input(path) == SegmentationInput()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sice: 3", "known keys are size, multiple"),
        ("- 1", "not a description"),
        ("size: [1, 2, 3]", "size: "),
        ("multiple: many", "multiple: "),
        ("channels: rbg", "channels 'rbg' .* known are rgb, bgr"),
        ("multiple: 0", "multiple 0"),
        ("size: [0, 4]", "size is"),
        ("a: [", "not a readable YAML file"),
    ],
)
def test_a_wrong_description_is_an_error_of_one_line(tmp_path, text, message):
    path = tmp_path / "net.yaml"
    path.write_text(text)
    with pytest.raises(OptionError, match=rf"net\.yaml: .*{message}") as caught:
        read_input(path)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_segmentation_networks_are_errors(tmp_path):
    with pytest.raises(ModelError, match=r"none\.onnx: no such model file"):
        segmentation_observer(tmp_path / "none.onnx")
    one_class = made(
        tmp_path / "one.onnx",
        [helper.make_node("ReduceMean", ["picture"], ["logits"], axes=[1])],
        ([1, 3, "H", "W"], [1, 1, "H", "W"]),
    )
    with pytest.raises(ModelError, match=r"one\.onnx: gives an output of shape \(1, 1, 8, 8\)"):
        segmentation_observer(one_class).observe(garden(height=8, width=8))
    fixed = strongest_channel(tmp_path / "fixed.onnx", shapes=([1, 3, 4, 4], [1, 3, 4, 4]))
    with pytest.raises(ModelError, match=r"fixed\.onnx: does not take .* in fixed\.yaml") as caught:
        segmentation_observer(fixed).observe(garden(height=8, width=8))
    assert "\n" not in str(caught.value)
    assert segmentation_observer(fixed, SegmentationInput(size=(4, 4))).observe(garden()).shape == (
        4, 4,
    )  # fmt: skip
