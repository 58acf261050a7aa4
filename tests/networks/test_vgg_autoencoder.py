import copy
import hashlib

import pytest
import torch
from torch import nn

from photochrom.errors import ModelError, OptionError
from photochrom.networks.blocks import predict_any_size
from photochrom.networks.vgg import VGG19ToPool3, load_vgg19
from photochrom.networks.vgg_autoencoder import VGGAutoencoder, VGGAutoencoderConfig

TORCHVISION_WIDTHS = {2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256),
                      14: (256, 256), 16: (256, 256)}  # fmt: skip


def small(**options):
    torch.manual_seed(0)
    options = {"pretrained": False, "widths": (8, 8), **options}
    return VGGAutoencoder(VGGAutoencoderConfig(**options)).eval()


def learned(network):
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def luminance(*size):
    return torch.rand(*size, generator=torch.Generator().manual_seed(1)) * 100


@pytest.fixture(scope="module")
def torchvision_state():
    """Random weights under torchvision's names, with the first convolution and a later one."""
    torch.manual_seed(2)
    widths = {0: (3, 64), **TORCHVISION_WIDTHS, 19: (256, 512)}
    state = {}
    for index, (inputs, outputs) in widths.items():
        state[f"features.{index}.weight"] = torch.randn(outputs, inputs, 3, 3) / 30
        state[f"features.{index}.bias"] = torch.randn(outputs)
    return state


@pytest.fixture
def weight_file(torchvision_state, tmp_path):
    torch.save(torchvision_state, tmp_path / "vgg19.pth")
    return tmp_path / "vgg19.pth"


def test_the_published_form_learns_four_layers_and_keeps_seven():
    with torch.device("meta"):
        network = VGGAutoencoder(VGGAutoencoderConfig(pretrained=False))
    layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    assert sum(layer.weight.requires_grad for layer in layers) == 4
    assert learned(network) == 4_203_906
    assert sum(p.numel() for p in network.backbone.parameters()) == 2_323_776
    assert [(m.in_channels, m.out_channels) for m in layers] == [
        (1, 64), *TORCHVISION_WIDTHS.values(), (256, 512), (512, 256), (256, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("kernel", [3, 4, 5])
def test_every_kernel_doubles_the_size(kernel):
    assert small(kernel=kernel)(luminance(1, 1, 8, 24)).ab.shape == (1, 2, 8, 24)


def test_the_two_layer_decoder_stops_at_half_the_size():
    network = small(widths=(16,))
    assert network(luminance(1, 1, 16, 8)).ab.shape == (1, 2, 8, 4)
    assert network.stride == 2


@pytest.mark.parametrize(("height", "width"), [(1, 1), (9, 31)])
def test_any_size_comes_back_at_its_own_size(height, width):
    network = small()
    L = luminance(1, 1, height, width)
    assert predict_any_size(network, L, network.size_rule, 1).ab.shape == (1, 2, height, width)


@pytest.mark.parametrize("encoder", ["vgg19", "lite0"])
def test_a_step_of_training_changes_all_but_the_frozen_encoder(encoder):
    network = small(encoder=encoder).train()
    before = copy.deepcopy(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2, weight_decay=0.1)
    network(luminance(2, 1, 16, 16)).ab.square().mean().backward()
    optimizer.step()
    same = {name for name, value in network.state_dict().items() if value.equal(before[name])}
    assert same == {name for name in before if name.startswith("backbone.")}


def test_an_encoder_that_is_not_frozen_learns():
    network = small(freeze_encoder=False).train()
    network(luminance(2, 1, 16, 16)).ab.square().mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_the_packaged_encoder_stands_in_offline():
    network = small(encoder="lite0", pretrained=True)
    assert network(luminance(1, 1, 24, 40)).ab.shape == (1, 2, 24, 40)
    assert network.decoder[0].in_channels == 40
    published, random = (
        small(encoder="lite0", pretrained=p).backbone.encoder.stem.conv.weight
        for p in (True, False)
    )
    assert not published.equal(random)


def test_the_loaded_layers_compute_what_vgg19_computes(torchvision_state, weight_file):
    layers = VGG19ToPool3()
    load_vgg19(layers, str(weight_file), None)
    given = torch.randn(1, 64, 16, 8)
    x = given.relu()
    for index in TORCHVISION_WIDTHS:
        weight, bias = (torchvision_state[f"features.{index}.{n}"] for n in ("weight", "bias"))
        x = nn.functional.conv2d(x, weight, bias, padding=1).relu()
        if index in (2, 7, 16):  # the last before each pooling
            x = nn.functional.max_pool2d(x, 2)
    assert torch.allclose(layers(given.clone()), x, atol=1e-4)


def test_the_network_takes_weights_from_a_path_or_a_checked_url(
    weight_file, torchvision_state, monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sha256 = hashlib.sha256(weight_file.read_bytes()).hexdigest()
    for location in (str(weight_file), weight_file.as_uri()):
        network = small(pretrained=True, weights=location, weights_sha256=sha256)
        assert network.backbone[1].weight.equal(torchvision_state["features.2.weight"])
        assert not network.backbone[1].weight.requires_grad


def test_without_a_name_the_weights_are_torchvisions(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "photochrom.networks.vgg.pretrained_state",
        lambda location, sha256: asked.append((location, sha256)) or {},
    )
    with pytest.raises(ModelError, match=r"no features\.2\.weight"):
        VGGAutoencoder()
    assert asked == [("https://download.pytorch.org/models/vgg19-dcbb9e9d.pth", "dcbb9e9d")]


def test_weights_of_another_network_are_an_error(torchvision_state, tmp_path):
    path = tmp_path / "other.pth"
    torch.save({k: v for k, v in torchvision_state.items() if "16" not in k}, path)
    with pytest.raises(ModelError, match=r"other\.pth: no features\.16\.weight .*not vgg16"):
        load_vgg19(VGG19ToPool3(), str(path), None)
    torch.save({**torchvision_state, "features.2.weight": torch.zeros(64, 3, 3, 3)}, path)
    with pytest.raises(ModelError, match=r"features\.2\.weight is \(64, 3, 3, 3\) and must be"):
        load_vgg19(VGG19ToPool3(), str(path), None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": "vgg16"}, "known are vgg19, lite0"),
        ({"widths": (8, 8, 8)}, "3 widths .* 1 or 2 fit"),
        ({"kernel": 2}, "kernel is 2; it must be 3, 4 or 5"),
    ],
)
def test_numbers_that_do_not_fit_are_errors(options, message):
    with pytest.raises(OptionError, match=message):
        small(**options)
