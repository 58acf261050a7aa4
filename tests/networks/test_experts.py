import pytest
import torch
import torch.nn.functional as F

from photochrom.errors import OptionError
from photochrom.networks.experts import ExpertConv, Gate
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig


@pytest.fixture
def layer():
    torch.manual_seed(0)
    layer = ExpertConv(5, 7, 3, 4)
    with torch.no_grad():
        layer.weight.normal_()
        layer.bias.normal_()
    return layer


def expert(layer, index, x):
    return F.conv2d(x, layer.weight[index].view(7, 5, 3, 3), layer.bias[index], padding=1)


@torch.no_grad()
def test_one_expert_alone_is_an_ordinary_convolution(layer):
    x = torch.randn(4, 5, 6, 8)
    found = layer(x, torch.eye(4))
    for index in range(4):
        assert torch.allclose(found[index], expert(layer, index, x)[index], atol=1e-5)


@torch.no_grad()
def test_a_mixture_of_weights_is_the_mixture_of_what_the_experts_say(layer):
    x, shares = torch.randn(2, 5, 6, 8), torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.7, 0, 0, 0.3]])
    said = torch.stack([expert(layer, index, x) for index in range(4)], 1)  # (N, K, D, H, W)
    assert torch.allclose(layer(x, shares), torch.einsum("nk,nkdhw->ndhw", shares, said), atol=1e-4)


@torch.no_grad()
def test_a_picture_comes_out_the_same_alone_and_among_others(layer):
    x, shares = torch.randn(3, 5, 6, 8), torch.rand(3, 4)
    together = layer(x, shares)
    alone = torch.cat([layer(x[i : i + 1], shares[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-5)


def test_experts_begin_alike_so_that_a_new_gate_changes_nothing():
    torch.manual_seed(0)
    layer = ExpertConv(2, 3, 1, 5)
    assert torch.equal(layer.weight, layer.weight[:1].expand(5, -1))
    shares = Gate(6, 5)(torch.randn(4, 6))
    assert torch.allclose(shares.sum(1), torch.ones(4)) and bool((shares > 0).all())


def test_the_default_network_without_experts_is_what_it_was():
    names = {name for name, _ in LiteUNet(LiteUNetConfig(pretrained=False)).named_parameters()}
    assert not any(name.startswith("gate") for name in names)
    assert {"ups.2.0.weight", "to_ab.weight", "to_logits.bias"} <= names
    with pytest.raises(OptionError, match="experts is 0; it must be at least 1"):
        LiteUNetConfig(experts=0)
