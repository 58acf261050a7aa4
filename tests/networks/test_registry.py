"""One tester for every network of the table; a new network is one more row of SMALL."""

import pytest
import torch
from torch import nn

from photochrom.errors import OptionError
from photochrom.networks.blocks import SizeRule, predict_any_size
from photochrom.networks.registry import NETWORKS, build_network, network_config

SMALL = {
    # argmax, the published decoding, has no gradient to learn ab by
    "cifar_convnet": {
        "convolutions": [8, 8],
        "transposed": [16, 16],
        "palette": "uniform-4",
        "decoding": "mean",
    },
    "conv_autoencoder": {"widths": [16, 24, 32], "blocks": 1},
    "dcgan": {"widths": [8, 16, 16, 16]},
    "deep_cnn": {"width": 16, "blocks": 4},
    "densenet": {"stem": 16, "layers": 2, "growth": 8, "bottleneck": 16},
    "eight_layer": {
        "widths": [8, 16, 16, 16, 16, 16, 16, 16],
        "strides": [2, 1, 1, 1, 1, 1, 1, 1],
    },
    "fusion": {
        "encoder_widths": [8, 16, 16, 24, 24, 32, 32, 32],
        "fused_width": 32,
        "decoder_widths": [32, 24, 24, 16],
        "global_branch": "lite0",
        "global_size": 32,
        "pretrained": False,
        "random_branch": True,
    },
    "pix2pix": {"levels": 3, "width": 16},
    "resnet": {"stem": 16, "widths": [8, 12, 16], "blocks": 1, "output": "lab"},
    "skip_autoencoder": {"widths": [8, 16, 16, 16, 16]},
    "unet": {"widths": [12, 16, 24], "bottom": 24, "blocks": 1, "global_context": True},
    "vgg_autoencoder": {"encoder": "lite0", "freeze_encoder": False, "widths": [64, 32]},
    "lite_unet": {"pretrained": False, "widths": [32, 24, 16, 16], "palette": "gamut-10"},
}
"""Options that make each network small enough to test."""


@pytest.fixture(params=sorted(NETWORKS), scope="module")
def network(request) -> nn.Module:
    torch.manual_seed(0)
    return build_network(request.param, SMALL[request.param])


def luminance(network, factor=(1, 2), count=2):
    rule = network.size_rule
    generator = torch.Generator().manual_seed(1)
    height, width = (rule.fit(rule.minimum * f) for f in factor)
    return torch.rand(count, 1, height, width, generator=generator) * 100


def test_every_network_has_a_small_form_here():
    assert set(SMALL) == set(NETWORKS)


def test_the_output_has_the_promised_shape(network):
    L = luminance(network)
    prediction = network.eval()(L)
    h, w = (n // network.stride for n in L.shape[-2:])
    assert prediction.ab.shape == (2, 2, h, w)
    assert (prediction.logits is not None) == (network.palette is not None)
    if prediction.logits is not None:
        assert prediction.logits.shape[2:] == (h, w)


def test_the_gradient_reaches_every_parameter(network):
    network.train()
    network.zero_grad()
    prediction = network(luminance(network))
    total = sum((output.float() ** 2).mean() for output in prediction if output is not None)
    total.backward()
    lost = [
        name
        for name, parameter in network.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    assert lost == []


def test_four_pictures_can_be_learned_by_heart(network):
    torch.manual_seed(0)
    network.train()
    # flat cells: a network whose last step enlarges cannot follow single pixels
    cells = torch.rand(4, 1, 2, 2, generator=torch.Generator().manual_seed(1)) * 100
    L = nn.functional.interpolate(cells, scale_factor=float(network.size_rule.minimum))
    target = torch.stack([L[:, 0] - 50, 50 - L[:, 0]], 1)
    target = nn.functional.avg_pool2d(target, network.stride)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.l1_loss(network(L).ab, target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses) < losses[0] / 2


def test_saved_and_loaded_it_gives_the_same_output(network, tmp_path):
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    name = next(n for n in SMALL if isinstance(network, NETWORKS[n].build))
    again = build_network(name, SMALL[name])
    again.load_state_dict(torch.load(tmp_path / "weights.pt"))
    L = luminance(network)
    assert torch.equal(network.eval()(L).ab, again.eval()(L).ab)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (33, 70), (64, 31), (97, 129)])
def test_any_size_comes_back_at_the_output_stride(network, height, width):
    L = torch.rand(1, 1, height, width) * 100
    prediction = predict_any_size(network.eval(), L, network.size_rule, network.stride)
    assert prediction.ab.shape[2:] == (-(-height // network.stride), -(-width // network.stride))


def test_the_size_rule_gives_the_smallest_length_that_fits():
    rule = SizeRule(minimum=64, multiple=32)
    assert [rule.fit(n) for n in (1, 64, 65, 96, 97)] == [64, 64, 96, 96, 128]


def test_an_unknown_network_or_option_is_an_error_with_a_suggestion():
    with pytest.raises(OptionError, match="did you mean 'lite_unet'"):
        network_config("lite_unett", {})
    with pytest.raises(OptionError, match="did you mean 'widths'"):
        network_config("lite_unet", {"width": [1, 2, 3, 4]})
