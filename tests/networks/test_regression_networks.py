import numpy as np
import pytest
import torch
from torch import nn

from photochrom.color import rgb_to_lab
from photochrom.errors import OptionError
from photochrom.networks.blocks import predict_any_size
from photochrom.networks.conv_autoencoder import ConvAutoencoder, ConvAutoencoderConfig
from photochrom.networks.deep_cnn import DeepCNN, DeepCNNConfig
from photochrom.networks.densenet import DenseNet, DenseNetConfig
from photochrom.networks.planes import OutputHead, rgb_prediction, with_noise
from photochrom.networks.resnet import PreActivationBottleneck, ResNet, ResNetConfig
from photochrom.networks.unet import UNet, UNetConfig

BUILDS = {
    ConvAutoencoder: lambda **o: ConvAutoencoderConfig(widths=(8, 8, 8), blocks=1, **o),
    DeepCNN: lambda **o: DeepCNNConfig(width=8, blocks=3, **o),
    UNet: lambda **o: UNetConfig(widths=(8, 8), bottom=8, blocks=1, **o),
    ResNet: lambda **o: ResNetConfig(stem=8, widths=(4, 4, 4), blocks=1, **o),
    DenseNet: lambda **o: DenseNetConfig(stem=8, layers=1, growth=8, bottleneck=8, **o),
}


def small(kind, **options):
    torch.manual_seed(0)
    return kind(BUILDS[kind](**options))


def pictures(height=16, width=16, count=2):
    return torch.rand(count, 1, height, width, generator=torch.Generator().manual_seed(1)) * 100


def convolutions(module):
    """(in, out, kernel, stride) of each convolution."""
    return [
        (m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0])
        for m in module.modules()
        if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ConvAutoencoder, 2_843_523),
        (DeepCNN, 518_787),
        (UNet, 20_548_803),
        (ResNet, 8_423_363),
        (DenseNet, 2_945_403),
    ],
)
def test_the_published_forms_have_their_number_of_parameters(kind, expected):
    with torch.device("meta"):
        assert sum(p.numel() for p in kind().parameters()) == expected


def test_the_autoencoder_has_fifteen_blocks_between_two_halvings_and_two_doublings():
    network = ConvAutoencoder()
    *body, last = convolutions(network)
    assert last == (64, 3, 1, 1)
    assert [c for c in body if c[3] == 2] == [(64, 64, 3, 2), (128, 128, 3, 2)]
    widths = [outputs for _, outputs, kernel, stride in body if stride == 1 and kernel == 3]
    assert widths == 3 * [64] + 3 * [128] + 3 * [256] + 3 * [128] + 3 * [64]
    assert sum(isinstance(m, nn.Upsample) for m in network.modules()) == 2


def test_the_deep_cnn_has_fifteen_blocks_of_64_at_full_size():
    first, *body, last = convolutions(DeepCNN())
    assert (first, last) == ((1, 64, 3, 1), (64, 3, 1, 1))
    assert body == 14 * [(64, 64, 3, 1)]


def test_the_deep_cnn_sees_31_pixels_and_no_further():
    torch.manual_seed(0)
    L = pictures(41, 41, 1).requires_grad_()
    DeepCNN(DeepCNNConfig(width=8)).eval()(L).ab[..., 20, 20].sum().backward()
    rows = L.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert rows.min() >= 5
    assert rows.max() <= 35


def test_the_unet_has_two_blocks_a_level_and_concatenated_skips():
    with torch.device("meta"):
        network = UNet()
    downs = [c[:2] for c in convolutions(network.downs)]
    ups = [c[:2] for c in convolutions(network.ups)]
    assert downs == [
        (1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 512), (512, 512)
    ]  # fmt: skip
    assert convolutions(network.bottom) == 2 * [(512, 512, 3, 1)]
    assert convolutions(network.rises) == [
        (512, 512, 2, 2), (512, 256, 2, 2), (256, 128, 2, 2), (128, 64, 2, 2)
    ]  # fmt: skip
    assert ups == [
        (1024, 512), (512, 512), (512, 256), (256, 256), (256, 128), (128, 128), (128, 64), (64, 64)
    ]  # fmt: skip
    assert network.size_rule.multiple == 16


def test_the_resnet_has_three_stages_of_four_bottlenecks_and_two_back():
    with torch.device("meta"):
        network = ResNet()
    stages = [
        [(b.reduce.in_channels, b.spread[1].out_channels, b.spread[3].out_channels) for b in stage]
        for stage in [*network.downs, *network.ups]
    ]
    assert stages == [
        [(64, 64, 256), *3 * [(256, 64, 256)]],
        [(256, 128, 512), *3 * [(512, 128, 512)]],
        [(512, 256, 1024), *3 * [(1024, 256, 1024)]],
        4 * [(512, 128, 512)],
        4 * [(256, 64, 256)],
    ]
    strides = [c[3] for c in convolutions(network.downs) if c[2] == 3]
    assert strides == [1, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1]


def test_a_bottleneck_block_whose_last_convolution_is_zero_changes_nothing():
    block = PreActivationBottleneck(16, 4)
    nn.init.zeros_(block.spread[-1].weight)
    x = torch.randn(2, 16, 5, 5)
    assert torch.equal(block(x.clone()), x)


def test_the_densenet_has_six_layers_a_block_and_halving_transitions():
    with torch.device("meta"):
        network = DenseNet()
    blocks = [convolutions(block) for block in [*network.down_blocks, *network.up_blocks]]
    for start, block in zip((64, 128, 160, 496, 600), blocks, strict=True):
        grown = range(start, start + 6 * 32, 32)
        assert block == [c for i in grown for c in ((i, 128, 1, 1), (128, 32, 3, 1))]
    transitions = [*network.down_transitions, *network.up_transitions]
    assert [convolutions(t)[0][:2] for t in transitions] == [
        (256, 128), (320, 160), (352, 176), (688, 344)
    ]  # fmt: skip


def test_a_dense_block_hands_its_input_on_unchanged():
    block = small(DenseNet).down_blocks[0]
    x = torch.randn(2, 8, 6, 6)
    assert torch.equal(block(x.clone())[:, :8], x)


@pytest.mark.parametrize("kind", BUILDS)
def test_ab_of_an_rgb_network_is_the_lab_of_its_picture(kind):
    ab, logits, rgb = small(kind).eval()(pictures())
    assert logits is None
    assert rgb.shape == (2, 3, 16, 16)
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    lab = rgb_to_lab(rgb.detach().movedim(1, -1).numpy())
    assert np.allclose(ab.detach().movedim(1, -1).numpy(), lab[..., 1:], atol=1e-3)


@pytest.mark.parametrize("kind", BUILDS)
def test_a_lab_network_predicts_two_channels_and_no_picture(kind):
    prediction = small(kind, output="lab").eval()(pictures())
    assert prediction.ab.shape == (2, 2, 16, 16)
    assert prediction.rgb is None


@pytest.mark.parametrize("kind", BUILDS)
@pytest.mark.parametrize("output", ["rgb", "lab"])
def test_the_gradient_reaches_every_parameter_in_both_output_spaces(kind, output):
    network = small(kind, output=output).train()
    (network(pictures()).ab ** 2).mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("kind", BUILDS)
def test_odd_sizes_come_back_whole_with_the_rgb_picture(kind):
    network = small(kind).eval()
    prediction = predict_any_size(network, pictures(13, 22), network.size_rule, network.stride)
    assert prediction.ab.shape == (2, 2, 13, 22)
    assert prediction.rgb.shape == (2, 3, 13, 22)


def test_an_unknown_output_space_is_an_error_that_names_the_known_ones():
    with pytest.raises(OptionError, match=r"no output space 'hsv'; known are rgb, lab"):
        OutputHead(4, "hsv")


def test_the_gradient_is_finite_at_black_and_white():
    rgb = torch.tensor([0.0, 1.0]).expand(1, 3, 1, 2).clone().requires_grad_()
    rgb_prediction(rgb).ab.sum().backward()
    assert rgb.grad.isfinite().all()


def test_half_precision_pictures_become_lab_in_single():
    assert rgb_prediction(torch.rand(1, 3, 2, 2).bfloat16()).ab.dtype == torch.float32


def test_global_context_carries_one_corner_to_the_other():
    L = pictures(64, 64, 1)
    changed = L.clone()
    changed[..., :8, :8] = 0
    far = {}
    for context in (False, True):
        network = small(UNet, global_context=context).eval()
        with torch.no_grad():
            moved = network(changed).ab - network(L).ab
        far[context] = bool(moved[..., -8:, -8:].any())
    assert far == {False: False, True: True}


def test_noise_is_drawn_in_training_and_zero_in_use():
    plane = torch.randn(2, 1, 8, 8)
    drawn, quiet = with_noise(plane, draw=True), with_noise(plane, draw=False)
    assert torch.equal(drawn[:, :1], plane)
    assert drawn[:, 1:].any()
    assert not quiet[:, 1:].any()
    network = small(UNet, noise=True)
    assert convolutions(network.downs)[0][0] == 2
    L = pictures()
    assert not torch.equal(network.train()(L).ab, network(L).ab)
    assert torch.equal(network.eval()(L).ab, network(L).ab)
