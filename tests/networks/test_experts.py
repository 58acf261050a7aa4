import numpy as np
import pytest
import torch
import torch.nn.functional as F

from photochrom.errors import OptionError
from photochrom.networks.experts import ExpertConv, Gate
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig
from photochrom.networks.registry import build_network
from photochrom.runtime import Model
from photochrom.training.export import ExportOptions, export_onnx
from photochrom.training.start import start_from_model

SMALL = {"widths": [32, 24, 16, 16], "experts": 3, "pretrained": False}


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


def test_a_network_with_experts_is_exported_and_read_back(tmp_path):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = build_network("lite_unet", SMALL).eval()
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.startswith(("gate", "ups.1", "ups.2", "to_")):
                value.add_(0.1 * torch.randn_like(value))
    path, section = tmp_path / "mixed.onnx", {"name": "lite_unet", "options": SMALL}
    export_onnx(network, path, ExportOptions("mixed", 96, 0.4, None, {}, section))
    L = np.random.default_rng(1).uniform(0, 100, (64, 96)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(L)[None, None]).ab[0].movedim(0, -1).numpy()
    assert np.abs(Model(path).predict(L).ab - expected).max() < 0.05 * np.abs(expected).max()
    start = start_from_model(path)  # compares what torch and the file say
    assert start.network["options"]["experts"] == 3
    assert torch.allclose(start.weights["gate.weight"], network.gate.weight, atol=1e-3)
