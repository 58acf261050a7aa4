import pytest
import torch
from torch import nn

from photochrom.errors import OptionError
from photochrom.networks.discriminators import PatchGAN, PatchGANConfig, receptive_field
from photochrom.networks.pix2pix import Pix2PixConfig, Pix2PixUNet


def count(module):
    return sum(p.numel() for p in module.parameters())


def pictures(size, count=2):
    generator = torch.Generator().manual_seed(1)
    L = torch.rand(count, 1, size, size, generator=generator) * 100
    return L, torch.rand(count, 2, size, size, generator=generator) * 200 - 100


def small(**options):
    torch.manual_seed(0)
    return Pix2PixUNet(Pix2PixConfig(**{"levels": 3, "width": 4, **options}))


@pytest.mark.parametrize(("levels", "expected"), [(7, 41_824_898), (8, 54_409_858)])
def test_the_generators_have_the_published_number_of_parameters(levels, expected):
    with torch.device("meta"):
        network = Pix2PixUNet(Pix2PixConfig(levels=levels))
    assert count(network) == expected
    assert network.size_rule.multiple == 2**levels


def test_the_generator_of_256_pixels_has_the_published_layers():
    with torch.device("meta"):
        network = Pix2PixUNet(Pix2PixConfig(levels=8))
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert {(m.kernel_size, m.stride) for m in layers} == {((4, 4), (2, 2))}
    assert [m.out_channels for m in layers] == [
        64, 128, 256, 512, 512, 512, 512, 512,
        512, 512, 512, 512, 256, 128, 64, 2,
    ]  # fmt: skip
    assert [m.bias is not None for m in layers] == 15 * [False] + [True]
    normalised = [
        any(isinstance(m, nn.BatchNorm2d) for m in part.modules()) for part in network.downs
    ]
    assert normalised == [False, *6 * [True], False]
    dropped = [any(isinstance(m, nn.Dropout) for m in part.modules()) for part in network.ups]
    assert dropped == [False, True, True, True, False, False, False]


def test_at_its_own_size_the_innermost_level_is_one_pixel():
    network = small().eval()
    assert network(pictures(8, 1)[0]).ab.shape == (1, 2, 8, 8)


@pytest.mark.parametrize("options", [{}, {"output": "rgb"}, {"noise": True}, {"levels": 6}])
def test_the_gradient_reaches_every_parameter(options):
    network = small(**options).train()
    (network(pictures(64)[0]).ab ** 2).mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_ab_stays_within_its_scale_and_rgb_within_0_and_1():
    network = small().eval()
    nn.init.constant_(network.close[1].bias, 100.0)
    assert network(pictures(16)[0]).ab.max() == 110
    rgb = small(output="rgb").eval()(pictures(16)[0]).rgb
    assert rgb.min() >= 0
    assert rgb.max() <= 1


@pytest.mark.parametrize("options", [{"levels": 6}, {"noise": True}])
def test_dropout_and_noise_act_in_training_alone(options):
    network, L = small(**options), pictures(64)[0]
    network.train()
    assert not torch.equal(network(L).ab, network(L).ab)
    network.eval()
    assert torch.equal(network(L).ab, network(L).ab)


def test_a_generator_without_skips_and_a_judge_without_halvings_are_errors():
    with pytest.raises(OptionError, match="levels is 1; it must be at least 2"):
        small(levels=1)
    with pytest.raises(OptionError, match="halvings is 0; it must be at least 1"):
        PatchGAN(PatchGANConfig(halvings=0))


@pytest.mark.parametrize(("conditional", "expected"), [(True, 2_765_633), (False, 2_764_609)])
def test_the_discriminators_have_the_published_number_of_parameters(conditional, expected):
    with torch.device("meta"):
        judge = PatchGAN(PatchGANConfig(conditional=conditional))
    assert count(judge) == expected
    convolutions = [m for m in judge.modules() if isinstance(m, nn.Conv2d)]
    assert [m.stride[0] for m in convolutions] == [2, 2, 2, 1, 1]
    assert [m.bias is not None for m in convolutions] == [True, False, False, False, True]


@pytest.mark.parametrize(("halvings", "side"), [(3, 70), (2, 34), (1, 16)])
def test_a_logit_judges_a_patch_of_the_stated_side(halvings, side):
    judge = PatchGAN(PatchGANConfig(width=4, halvings=halvings)).eval()
    assert receptive_field(judge) == side
    L, ab = pictures(128, 1)
    logits = judge(L, ab.requires_grad_())
    h, w = (n // 2 for n in logits.shape[2:])
    logits[..., h, w].sum().backward()
    rows = ab.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows.max() - rows.min() + 1 == side


@pytest.mark.parametrize(("size", "side"), [(24, 1), (128, 14), (256, 30)])
def test_the_discriminator_takes_any_size(size, side):
    judge = PatchGAN(PatchGANConfig(width=2)).eval()
    assert judge(*pictures(size)).shape == (2, 1, side, side)


@pytest.mark.parametrize("conditional", [True, False])
def test_only_a_conditional_discriminator_looks_at_the_luminance(conditional):
    judge = PatchGAN(PatchGANConfig(width=4, conditional=conditional)).eval()
    L, ab = pictures(32)
    assert torch.equal(judge(L, ab), judge(100 - L, ab)) != conditional


def test_the_gradient_reaches_the_discriminator_and_the_colour_it_judges():
    torch.manual_seed(0)
    judge = PatchGAN(PatchGANConfig(width=4)).train()
    L, ab = pictures(32)
    (judge(L, ab.requires_grad_()) ** 2).mean().backward()
    assert ab.grad.any()
    assert all(p.grad.any() for p in judge.parameters())
