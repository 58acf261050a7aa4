"""The table of networks: a name, its numbers, its class. Adding a network is adding a row."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import nn

from photochrom.errors import OptionError
from photochrom.networks.cifar_convnet import CifarConvNet, CifarConvNetConfig
from photochrom.networks.conv_autoencoder import ConvAutoencoder, ConvAutoencoderConfig
from photochrom.networks.dcgan import (
    DCGANConfig,
    DCGANDiscriminator,
    DCGANDiscriminatorConfig,
    DCGANGenerator,
)
from photochrom.networks.deep_cnn import DeepCNN, DeepCNNConfig
from photochrom.networks.densenet import DenseNet, DenseNetConfig
from photochrom.networks.discriminators import PatchGAN, PatchGANConfig
from photochrom.networks.eight_layer import EightLayer, EightLayerConfig
from photochrom.networks.fusion import FusionConfig, FusionNetwork
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig
from photochrom.networks.pix2pix import Pix2PixConfig, Pix2PixUNet
from photochrom.networks.resnet import ResNet, ResNetConfig
from photochrom.networks.skip_autoencoder import SkipAutoencoder, SkipAutoencoderConfig
from photochrom.networks.unet import UNet, UNetConfig
from photochrom.networks.vgg_autoencoder import VGGAutoencoder, VGGAutoencoderConfig


class NetworkEntry(NamedTuple):
    """A network's frozen config dataclass, and what builds it from one."""

    config: type[Any]
    build: Callable[[Any], nn.Module]


NETWORKS: dict[str, NetworkEntry] = {
    "cifar_convnet": NetworkEntry(CifarConvNetConfig, CifarConvNet),
    "conv_autoencoder": NetworkEntry(ConvAutoencoderConfig, ConvAutoencoder),
    "dcgan": NetworkEntry(DCGANConfig, DCGANGenerator),
    "deep_cnn": NetworkEntry(DeepCNNConfig, DeepCNN),
    "densenet": NetworkEntry(DenseNetConfig, DenseNet),
    "eight_layer": NetworkEntry(EightLayerConfig, EightLayer),
    "fusion": NetworkEntry(FusionConfig, FusionNetwork),
    "lite_unet": NetworkEntry(LiteUNetConfig, LiteUNet),
    "pix2pix": NetworkEntry(Pix2PixConfig, Pix2PixUNet),
    "resnet": NetworkEntry(ResNetConfig, ResNet),
    "skip_autoencoder": NetworkEntry(SkipAutoencoderConfig, SkipAutoencoder),
    "unet": NetworkEntry(UNetConfig, UNet),
    "vgg_autoencoder": NetworkEntry(VGGAutoencoderConfig, VGGAutoencoder),
}


DISCRIMINATORS: dict[str, NetworkEntry] = {
    "dcgan": NetworkEntry(DCGANDiscriminatorConfig, DCGANDiscriminator),
    "patch_gan": NetworkEntry(PatchGANConfig, PatchGAN),
}
"""What judges colour in adversarial training: L (N, 1, H, W), ab (N, 2, H, W) -> logits."""


def network_config(name: str, options: Mapping[str, Any]) -> Any:
    """The config of a network with some of its numbers set.

    Raises:
        OptionError: an unknown network, or an option it does not have.
    """
    return _config(NETWORKS, "network", name, options)


def build_network(name: str, options: Mapping[str, Any]) -> nn.Module:
    """A network by its name in the table, with some of its numbers set."""
    return NETWORKS[name].build(network_config(name, options))


def build_discriminator(name: str, options: Mapping[str, Any]) -> nn.Module:
    """A discriminator by its name in the table, with some of its numbers set.

    Raises:
        OptionError: an unknown discriminator, or an option it does not have.
    """
    config = _config(DISCRIMINATORS, "discriminator", name, options)
    return DISCRIMINATORS[name].build(config)


def _config(
    table: Mapping[str, NetworkEntry], kind: str, name: str, options: Mapping[str, Any]
) -> Any:
    if name not in table:
        raise OptionError(f"no {kind} {name!r}{_suggest(name, table)}")
    config_class = table[name].config
    fields = {field.name for field in dataclasses.fields(config_class)}
    for option in options:
        if option not in fields:
            raise OptionError(f"{kind} {name} has no option {option!r}{_suggest(option, fields)}")
    # lists come from YAML and JSON; the configs are frozen and hold tuples
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    return config_class(**values)


def _suggest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}"
