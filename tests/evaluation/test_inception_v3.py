"""InceptionV3 against torchvision's published numbers and its blocks written out a second time."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from photochrom.errors import ModelError
from photochrom.evaluation.inception_v3 import InceptionV3
from photochrom.evaluation.weights import load_published

PUBLISHED, OF_THE_AUXILIARY_CLASSIFIER = 27_161_264, 3_326_696


@pytest.fixture(scope="module")
def network() -> InceptionV3:
    torch.manual_seed(0)
    made = InceptionV3()
    for module in made.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, torch.nn.BatchNorm2d):  # so that a norm left out would be seen
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    return made.eval()


def convolution(
    state: dict[str, Tensor], name: str, x: Tensor, stride: int = 1, same: bool = True
) -> Tensor:
    weight = state[f"{name}.conv.weight"]
    padding = (weight.shape[2] // 2, weight.shape[3] // 2) if same else 0
    norm = [state[f"{name}.bn.{n}"] for n in ("running_mean", "running_var", "weight", "bias")]
    return F.relu(F.batch_norm(F.conv2d(x, weight, None, stride, padding), *norm, eps=1e-3))


def chained(state: dict[str, Tensor], x: Tensor, *names: str) -> Tensor:
    for name in names:
        x = convolution(state, name, x)
    return x


def test_the_published_number_of_parameters():
    with torch.device("meta"):
        counted = sum(p.numel() for p in InceptionV3().parameters())
    # 1 x 1 to 128, 5 x 5 to 768, both without bias and with a norm; then 1,000 classes
    auxiliary = 768 * 128 + 2 * 128 + 128 * 768 * 25 + 2 * 768 + 768 * 1000 + 1000
    assert auxiliary == OF_THE_AUXILIARY_CLASSIFIER
    assert counted == PUBLISHED - auxiliary == 23_834_568


def test_sizes_on_the_way_are_the_published_ones(network):
    found = {}
    names = ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7a", "Mixed_7c")
    hooks = [
        getattr(network, name).register_forward_hook(
            lambda module, args, output, name=name: found.update({name: tuple(output.shape[1:])})
        )
        for name in names
    ]
    rgb = torch.rand(1, 3, 299, 299, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert network(rgb).shape == (1, 1000)
        assert network.pooled(rgb).shape == (1, 2048)
    for hook in hooks:
        hook.remove()
    assert found == {
        "Conv2d_2b_3x3": (64, 147, 147), "Conv2d_4a_3x3": (192, 71, 71),
        "Mixed_5d": (288, 35, 35), "Mixed_6e": (768, 17, 17),
        "Mixed_7a": (1280, 8, 8), "Mixed_7c": (2048, 8, 8),
    }  # fmt: skip


@torch.no_grad()
def test_reference_blocks_written_out(network):
    state, generator = network.state_dict(), torch.Generator().manual_seed(2)

    def compare(block: str, channels: int, side: int, reference) -> None:
        x = torch.rand(1, channels, side, side, generator=generator)
        expected = torch.cat(reference(block, x), 1)
        assert torch.allclose(getattr(network, block)(x), expected, rtol=1e-4, atol=1e-4)

    def mean_behind(b: str, x: Tensor) -> Tensor:
        return convolution(state, f"{b}.branch_pool", F.avg_pool2d(x, 3, 1, 1))

    compare("Mixed_5c", 256, 7, lambda b, x: [
        chained(state, x, f"{b}.branch1x1"),
        chained(state, x, f"{b}.branch5x5_1", f"{b}.branch5x5_2"),
        chained(state, x, *(f"{b}.branch3x3dbl_{i}" for i in (1, 2, 3))),
        mean_behind(b, x),
    ])  # fmt: skip
    compare("Mixed_6a", 288, 7, lambda b, x: [
        convolution(state, f"{b}.branch3x3", x, 2, same=False),
        convolution(state, f"{b}.branch3x3dbl_3", chained(
            state, x, f"{b}.branch3x3dbl_1", f"{b}.branch3x3dbl_2"), 2, same=False),
        F.max_pool2d(x, 3, 2),
    ])  # fmt: skip
    compare("Mixed_6c", 768, 5, lambda b, x: [
        chained(state, x, f"{b}.branch1x1"),
        chained(state, x, *(f"{b}.branch7x7_{i}" for i in (1, 2, 3))),
        chained(state, x, *(f"{b}.branch7x7dbl_{i}" for i in (1, 2, 3, 4, 5))),
        mean_behind(b, x),
    ])  # fmt: skip
    compare("Mixed_7a", 768, 5, lambda b, x: [
        convolution(state, f"{b}.branch3x3_2", chained(state, x, f"{b}.branch3x3_1"), 2, False),
        convolution(state, f"{b}.branch7x7x3_4", chained(
            state, x, *(f"{b}.branch7x7x3_{i}" for i in (1, 2, 3))), 2, same=False),
        F.max_pool2d(x, 3, 2),
    ])  # fmt: skip
    compare("Mixed_7b", 1280, 4, lambda b, x: [
        chained(state, x, f"{b}.branch1x1"),
        *(chained(state, x, f"{b}.branch3x3_1", f"{b}.branch3x3_2{side}") for side in "ab"),
        *(chained(state, x, f"{b}.branch3x3dbl_1", f"{b}.branch3x3dbl_2",
                  f"{b}.branch3x3dbl_3{side}") for side in "ab"),
        mean_behind(b, x),
    ])  # fmt: skip


def test_kernels_of_the_chains_lie_across_and_down_as_published(network):
    shapes = {name: tuple(p.shape[2:]) for name, p in network.named_parameters()}
    for name, shape in {
        "Mixed_6b.branch7x7_2": (1, 7), "Mixed_6b.branch7x7_3": (7, 1),
        "Mixed_6b.branch7x7dbl_2": (7, 1), "Mixed_6b.branch7x7dbl_5": (1, 7),
        "Mixed_7a.branch7x7x3_2": (1, 7), "Mixed_7b.branch3x3_2a": (1, 3),
        "Mixed_7c.branch3x3dbl_3b": (3, 1), "Mixed_5b.branch5x5_2": (5, 5),
    }.items():  # fmt: skip
        assert shapes[f"{name}.conv.weight"] == shape


def test_weights_of_another_network_are_refused():
    with torch.device("meta"):
        network = InceptionV3()
    with pytest.raises(ModelError, match=r"x\.pth: lacks Conv2d_1a_3x3.conv.weight; torchvision's"):
        load_published(network, {}, "x.pth", needed="torchvision's inception_v3")
