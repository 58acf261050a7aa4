import pytest
import torch

from photochrom.errors import ModelError
from photochrom.networks.inception_resnet_v2 import InceptionResNetV2

PUBLISHED_SHAPES = {
    "conv2d_1a.conv.weight": (32, 3, 3, 3),
    "conv2d_1a.bn.running_var": (32,),
    "mixed_5b.branch0.conv.weight": (96, 192, 1, 1),
    "mixed_5b.branch1.1.conv.weight": (64, 48, 5, 5),
    "mixed_5b.branch3.1.conv.weight": (64, 192, 1, 1),
    "repeat.9.branch2.2.conv.weight": (64, 48, 3, 3),
    "repeat.0.conv2d.weight": (320, 128, 1, 1),
    "mixed_6a.branch1.2.bn.weight": (384,),
    "repeat_1.19.branch1.1.conv.weight": (160, 128, 1, 7),
    "repeat_1.0.conv2d.bias": (1088,),
    "mixed_7a.branch2.2.conv.weight": (320, 288, 3, 3),
    "repeat_2.8.branch1.2.conv.weight": (256, 224, 3, 1),
    "block8.conv2d.weight": (2080, 448, 1, 1),
    "conv2d_7b.conv.weight": (1536, 2080, 1, 1),
    "classif.weight": (1000, 1536),
}
"""Some names and shapes of timm's inception_resnet_v2, one or two of every module."""


@pytest.fixture(scope="module")
def state():
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in InceptionResNetV2().state_dict().items()}
    return {name: torch.ones(()).expand(shape) for name, shape in shapes.items()}


def meta_network(classes=1000):
    with torch.device("meta"):
        return InceptionResNetV2(classes)


def test_names_shapes_and_counts_are_those_of_the_published_weights(state):
    assert {name: tuple(state[name].shape) for name in PUBLISHED_SHAPES} == PUBLISHED_SHAPES
    assert len(state) == 1306
    assert sum(p.numel() for p in meta_network().parameters()) == 55_843_464
    assert meta_network(1001).classif.out_features == 1001


@pytest.mark.parametrize("size", [75, 299])
def test_the_logits_have_one_value_per_class(size):
    assert meta_network()(torch.empty(2, 3, size, size, device="meta")).shape == (2, 1000)


def test_published_weights_are_taken_over_with_or_without_norm_counters(state):
    network = meta_network().to_empty(device="cpu")
    network.load_published(
        {n: v for n, v in state.items() if not n.endswith("num_batches_tracked")}, "weights.pth"
    )
    assert all((p == 1).all() for p in network.parameters())


def test_weights_of_another_network_are_an_error_of_one_line(state):
    missing = {n: v for n, v in state.items() if n != "classif.bias"}
    reshaped = {**state, "classif.bias": torch.zeros(1001)}
    for wrong, message in [
        (missing, "weights.pth: .* lacks classif.bias; .* fits$"),
        ({**state, "fc.weight": torch.zeros(1)}, "holds an unknown fc.weight"),
        (reshaped, r"classif.bias has shape \(1001,\), \(1000,\) is needed"),
    ]:
        with pytest.raises(ModelError, match=message) as caught:
            meta_network().load_published(wrong, "weights.pth")
        assert "\n" not in str(caught.value)
