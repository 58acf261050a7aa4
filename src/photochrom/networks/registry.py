"""The table of networks: a name, its numbers, its class. Adding a network is adding a row."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import nn

from photochrom.errors import OptionError
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig


class NetworkEntry(NamedTuple):
    """A network's frozen config dataclass, and what builds it from one."""

    config: type[Any]
    build: Callable[[Any], nn.Module]


NETWORKS: dict[str, NetworkEntry] = {
    "lite_unet": NetworkEntry(LiteUNetConfig, LiteUNet),
}


def network_config(name: str, options: Mapping[str, Any]) -> Any:
    """The config of a network with some of its numbers set.

    Raises:
        OptionError: an unknown network, or an option it does not have.
    """
    if name not in NETWORKS:
        raise OptionError(f"no network {name!r}{_suggest(name, NETWORKS)}")
    config_class = NETWORKS[name].config
    fields = {field.name for field in dataclasses.fields(config_class)}
    for option in options:
        if option not in fields:
            raise OptionError(f"network {name} has no option {option!r}{_suggest(option, fields)}")
    # lists come from YAML and JSON; the configs are frozen and hold tuples
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    return config_class(**values)


def build_network(name: str, options: Mapping[str, Any]) -> nn.Module:
    """A network by its name in the table, with some of its numbers set."""
    return NETWORKS[name].build(network_config(name, options))


def _suggest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}"
