"""S5's three networks: the encoder-decoder with skips, its eight-layer form, and the DCGAN."""

import pytest
import torch
from torch import nn

from photochrom.errors import OptionError
from photochrom.networks.blocks import predict_any_size
from photochrom.networks.dcgan import (
    DCGANConfig,
    DCGANDiscriminator,
    DCGANDiscriminatorConfig,
    DCGANGenerator,
)
from photochrom.networks.eight_layer import EightLayer, EightLayerConfig
from photochrom.networks.ladder import Ladder, halvings
from photochrom.networks.skip_autoencoder import (
    SkipAutoencoder,
    SkipAutoencoderConfig,
    sigmoid_to_ab,
)

SMALL = {
    "skip_autoencoder": lambda: SkipAutoencoder(SkipAutoencoderConfig((4, 6, 8))),
    "eight_layer": lambda: EightLayer(EightLayerConfig((4, 4, 6, 6), (2, 1, 2, 1))),
    "dcgan": lambda: DCGANGenerator(DCGANConfig((4, 6, 8))),
    "dcgan without skips": lambda: DCGANGenerator(DCGANConfig((4, 6, 8), skips=False)),
}
LOWEST = {"dcgan": -110, "dcgan without skips": -110}
HIGHEST = {"dcgan": 110, "dcgan without skips": 110}


@pytest.fixture(params=SMALL)
def named(request):
    torch.manual_seed(0)
    return request.param, SMALL[request.param]()


def luminance(*size):
    return torch.rand(*size, generator=torch.Generator().manual_seed(1)) * 100


def convolutions(network, kinds=(nn.Conv2d, nn.ConvTranspose2d)):
    return [m for m in network.modules() if isinstance(m, kinds)]


def table(network):
    return [
        (m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0])
        for m in convolutions(network)
    ]


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_the_encoder_decoder_has_five_layers_down_and_five_up_with_mates():
    with torch.device("meta"):
        network = SkipAutoencoder()
    assert table(network) == [
        (1, 64, 4, 2), (64, 128, 4, 2), (128, 256, 4, 2), (256, 512, 4, 2), (512, 512, 4, 2),
        (512, 512, 4, 2), (1024, 256, 4, 2), (512, 128, 4, 2), (256, 64, 4, 2), (128, 2, 4, 2),
    ]  # fmt: skip
    assert [type(m) for m in convolutions(network)] == [nn.Conv2d] * 5 + [nn.ConvTranspose2d] * 5
    assert sum(isinstance(m, nn.BatchNorm2d) for m in network.modules()) == 9
    assert count(network) == 16_656_130
    assert network.size_rule.multiple == 32


def test_the_second_form_has_eight_layers_and_the_one_to_ab():
    with torch.device("meta"):
        network = EightLayer()
    assert table(network) == [
        (1, 64, 3, 2), (64, 128, 3, 1), (128, 128, 3, 2), (128, 256, 3, 1), (256, 256, 3, 2),
        (256, 512, 3, 1), (512, 256, 3, 1), (256, 128, 3, 1), (128, 2, 3, 1),
    ]  # fmt: skip
    assert count(network) == 3_766_466
    assert network.size_rule.multiple == 8


def test_the_dcgan_has_four_levels_on_both_sides():
    with torch.device("meta"):
        to_the_letter = DCGANGenerator(DCGANConfig(skips=False))
        with_skips, critic = DCGANGenerator(), DCGANDiscriminator()
    assert table(to_the_letter)[4:] == [
        (1024, 512, 4, 2), (512, 256, 4, 2), (256, 128, 4, 2), (128, 2, 4, 2),
    ]  # fmt: skip
    assert [layer[0] for layer in table(with_skips)[4:]] == [1024, 1024, 512, 256]
    assert table(critic) == [
        (3, 128, 4, 2), (128, 256, 4, 2), (256, 512, 4, 2), (512, 1024, 4, 2), (1024, 1, 4, 1),
    ]  # fmt: skip
    assert (count(to_the_letter), count(with_skips)) == (22_031_746, 24_657_282)
    assert count(critic) == 11_036_289
    assert not any(isinstance(m, nn.BatchNorm2d) for m in critic.levels[0])


def test_the_output_has_the_size_of_the_input_and_stays_in_its_range(named):
    name, network = named
    for parameter in network.parameters():
        parameter.data *= 100  # far into both ends of the last activation
    ab = network.eval()(luminance(2, 1, 8, 16)).ab
    assert ab.shape == (2, 2, 8, 16)
    assert ab.min() >= LOWEST.get(name, -128) and ab.max() <= HIGHEST.get(name, 127)
    assert ab.max() - ab.min() > 100


def test_the_gradient_reaches_every_parameter(named):
    network = named[1].train()
    network(luminance(2, 1, 16, 24)).ab.square().mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize(("height", "width"), [(1, 1), (9, 31)])
def test_any_size_comes_back_at_its_own_size(named, height, width):
    network = named[1].eval()
    L = luminance(1, 1, height, width)
    assert predict_any_size(network, L, network.size_rule, 1).ab.shape == (1, 2, height, width)


def test_the_sigmoid_covers_the_encoded_range_of_ab():
    ends = sigmoid_to_ab(torch.tensor([-1e4, 0.0, 1e4], dtype=torch.bfloat16))
    assert ends.tolist() == [-128.0, -0.5, 127.0]


def test_skips_bring_detail_that_the_lowest_level_cannot_hold():
    torch.manual_seed(0)
    x = torch.zeros(1, 1, 16, 16)
    x[..., 5, 5] = 1

    def reach(skips):
        ladder = Ladder(halvings(1, (4, 4)), (4, 4), 2, skips=skips).eval()
        ladder.downs[-1].register_forward_hook(lambda *_: torch.zeros(1, 4, 4, 4))
        return (ladder(x) - ladder(torch.zeros_like(x))).abs().max().item()

    assert reach(skips=False) == 0
    assert reach(skips=True) > 0


def test_dcgan_weights_start_from_a_narrow_normal_distribution():
    torch.manual_seed(0)
    network = DCGANGenerator(DCGANConfig((64, 64)))
    for convolution in convolutions(network):
        assert 0.015 < convolution.weight.std() < 0.025
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert all(0.9 < m.weight.mean() < 1.1 and m.weight.std() > 0 for m in norms)


@pytest.mark.parametrize("conditional", [True, False])
def test_the_discriminator_scores_windows_and_looks_at_luminance_only_if_conditional(conditional):
    torch.manual_seed(0)
    critic = DCGANDiscriminator(DCGANDiscriminatorConfig((4, 6, 8, 8), conditional)).eval()
    L, ab = luminance(2, 1, 64, 96), luminance(2, 2, 64, 96) - 50
    scores = critic(L, ab)
    assert scores.shape == (2, 1, 1, 3)
    assert critic(100 - L, ab).equal(scores) is not conditional
    scores.sum().backward()
    assert all(p.grad is not None for p in critic.parameters())


def test_colours_smaller_than_a_window_are_an_error():
    critic = DCGANDiscriminator(DCGANDiscriminatorConfig((4, 6)))
    with pytest.raises(OptionError, match="8 x 16 pixels; a score needs 16 a side"):
        critic(torch.zeros(1, 1, 8, 16), torch.zeros(1, 2, 8, 16))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SkipAutoencoder(SkipAutoencoderConfig(())), "widths is empty"),
        (lambda: DCGANGenerator(DCGANConfig(())), "widths is empty"),
        (lambda: EightLayer(EightLayerConfig((8, 8), (1,))), "2 widths and 1 strides"),
        (lambda: EightLayer(EightLayerConfig((8,), (3,))), "each must be 1 or 2"),
    ],
)
def test_numbers_that_do_not_fit_are_errors(build, message):
    with pytest.raises(OptionError, match=message):
        build()
