import pytest
import torch
from torch import nn

from photochrom.errors import OptionError
from photochrom.networks.blocks import predict_any_size
from photochrom.networks.cifar_convnet import CifarConvNet, CifarConvNetConfig
from photochrom.palette import palette_by_name

SMALL = {"convolutions": (8, 8), "transposed": (8, 16), "palette": "uniform-4"}


def small(**options):
    torch.manual_seed(0)
    return CifarConvNet(CifarConvNetConfig(**{**SMALL, **options})).eval()


def count(modules, kinds):
    return sum(p.numel() for m in modules if isinstance(m, kinds) for p in m.parameters())


def luminance(*size):
    return torch.rand(*size, generator=torch.Generator().manual_seed(1)) * 100


@pytest.mark.parametrize(("head", "of_the_head"), [("classification", 0), ("regression", 802)])
def test_the_published_form_has_the_published_counts(head, of_the_head):
    with torch.device("meta"):
        network = CifarConvNet(CifarConvNetConfig(head=head))
    assert count(network.body, (nn.Conv2d, nn.ConvTranspose2d)) == 1_649_116
    assert count(network.body, nn.BatchNorm2d) == 1_560
    assert count(network.head.modules(), nn.Conv2d) == of_the_head


def test_the_published_layers_take_32_pixels_to_24_and_back():
    with torch.device("meta"):
        network = CifarConvNet()
        x = torch.empty(1, 1, 32, 32)
        sizes = []
        for layer in network.body:
            x = layer(x)
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                sizes.append((x.shape[1], x.shape[2]))
    assert sizes == [
        (32, 30), (48, 28), (64, 26), (96, 24), (120, 26), (180, 28), (240, 30), (400, 32),
    ]  # fmt: skip
    assert (network.palette, network.size_rule.minimum) == ("uniform-20", 9)


def test_argmax_gives_the_centre_of_the_likeliest_class():
    prediction = small()(luminance(2, 1, 9, 12))
    likeliest = prediction.logits.argmax(1)
    centers = palette_by_name("uniform-4").decode(likeliest.numpy())
    assert torch.equal(prediction.ab.movedim(1, -1), torch.from_numpy(centers))
    assert prediction.logits.shape == (2, 16, 9, 12)


def test_mean_gives_the_expectation_over_the_classes():
    prediction = small(decoding="mean")(luminance(2, 1, 9, 12))
    probabilities = prediction.logits.softmax(1).movedim(1, -1)
    centers = torch.from_numpy(palette_by_name("uniform-4").centers)
    assert torch.allclose(prediction.ab.movedim(1, -1), probabilities @ centers, atol=1e-3)


def test_regression_starts_near_grey_and_has_no_palette():
    network = small(head="regression")
    prediction = network(luminance(2, 1, 9, 12))
    assert prediction.logits is None and network.palette is None
    assert prediction.ab.abs().max() < 20


@pytest.mark.parametrize("options", [{}, {"decoding": "mean"}, {"head": "regression"}])
def test_the_gradient_reaches_every_parameter_of_every_form(options):
    network = small(**options).train()
    ab, logits = network(luminance(2, 1, 9, 12))[:2]
    (ab if logits is None else logits).square().mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 31)])
def test_any_size_comes_back_at_its_own_size(height, width):
    network = small(head="regression")
    L = luminance(1, 1, height, width)
    assert predict_any_size(network, L, network.size_rule, 1).ab.shape == (1, 2, height, width)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": "both"}, "known are regression, classification"),
        ({"decoding": "mode"}, "known are argmax, mean"),
        ({"transposed": (16,)}, "2 convolutions and 1 transposed"),
        ({"convolutions": (), "transposed": ()}, "at least one"),
        ({"transposed": (8, 15)}, "last width is 15; .* uniform-4 and must be 16"),
    ],
)
def test_numbers_that_do_not_fit_are_errors(options, message):
    with pytest.raises(OptionError, match=message):
        small(**options)
