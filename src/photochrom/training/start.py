"""Weights to begin a training with: those of a model file, or of another run's checkpoint.

A model file holds no batch norms any more: the exporter folded each of them into the convolution
before it, y = s (w * x) + t with s = weight / sqrt(var + eps) and t = bias - s mean. Read back, the
convolution keeps s w, and the norm becomes one that only adds t: mean 0, var + eps = 1, weight 1,
bias t. In evaluation mode that is the same function. In training mode it is another one, since a
batch's own mean and variance would take the place of 0 and 1: such norms are to be kept in
evaluation mode (`optim.freeze_norms`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from photochrom.calibration import Calibration
from photochrom.errors import CheckpointError
from photochrom.networks.blocks import ColorizingNetwork, norm_that_adds
from photochrom.networks.lite_unet import LiteUNet
from photochrom.networks.registry import build_network
from photochrom.runtime import Model
from photochrom.specialist import read_model_file
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.export import (
    HALF,
    ROOT,
    TOLERANCE,
    ExportOptions,
    largest_difference,
    network_section,
)
from photochrom.training.mixing import sole_expert

FIRST_NETWORK: Mapping[str, Any] = {"name": "lite_unet", "options": {"pretrained": False}}
"""The network of model files that were written before they named theirs."""


@dataclass(frozen=True, eq=False)
class Start:
    """What a training may begin with.

    Attributes:
        network: the recipe's network section that the weights fit: "name" and "options".
        weights: the network's state dict.
        prior: (Q,) share of each colour class in the pictures behind the weights, or None.
        size: short side, in pixels, at which the model is used by default.
        vividness: the model's default, 0..1.
        looks: how many looks at a picture it averages by default.
        calibration: what was measured of the model, or None.
    """

    network: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    prior: Sequence[float] | None = None
    size: int = ExportOptions.size
    vividness: float = ExportOptions.vividness
    looks: int = ExportOptions.looks
    calibration: Calibration | None = None


def start_from_checkpoint(path: Path) -> Start:
    """The averaged weights of a checkpoint.

    Raises:
        CheckpointError: missing, damaged, or not one of ours.
    """
    checkpoint = load_checkpoint(path)
    return Start(network_section(checkpoint.recipe), checkpoint.averaged, checkpoint.prior)


def start_from_model(path: Path) -> Start:
    """The weights of a model file, checked: torch computes with them what the file computes.

    Raises:
        ModelError: not a readable model file.
        CheckpointError: its graph cannot be read back into its network.
    """
    model = Model(path, threads=1)
    described = model.description
    section = network_of_model(path)
    network = build_network(section["name"], section["options"])
    network.load_state_dict(weights_of_model(path, network))
    _check(network.eval(), model)
    single = sole_expert(network) if isinstance(network, LiteUNet) else None
    if single is not None:
        network, section = single, {**section, "options": {**section["options"], "experts": 1}}
    prior = None if described.prior is None else described.prior.tolist()
    return Start(
        section, network.state_dict(), prior, described.size, described.vividness, described.looks,
        described.calibration,
    )  # fmt: skip


def grown(start: Start, network: Mapping[str, Any]) -> Start:
    """The start for a network with more parts, if those change next to nothing while they are new.

    Args:
        start: what there is.
        network: "name" and "options" of the wanted network.

    Returns:
        Weights of the wanted network; the start as it was where growing alone does not lead there.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        wanted = build_network(network["name"], network["options"])
    own, parts = wanted.state_dict(), getattr(wanted, "grows", ())
    new = own.keys() - start.weights.keys()
    misfits = [
        name
        for name, value in start.weights.items()
        if name not in own or own[name].shape != value.shape
    ]
    if misfits or not new or not all(name.startswith(tuple(parts)) for name in new):
        return start
    return replace(start, network=network, weights=own | dict(start.weights))


def network_of_model(path: Path) -> Mapping[str, Any]:
    """Which network a model file was exported from: "name" and "options".

    Files that do not say hold the first default network; a file of another network that does not
    say so is refused by `weights_of_model`.
    """
    found = {entry.key: entry.value for entry in _loaded(path).metadata_props}
    section: Mapping[str, Any] | None = json.loads(found.get("network", "null"))
    return section or FIRST_NETWORK


def weights_of_model(path: Path, network: nn.Module) -> dict[str, Tensor]:
    """The state dict of a network from the model file that it, or one like it, was exported to.

    Args:
        path: a model file that `photochrom.training.export` wrote, or a specialist of one.
        network: gives names and shapes; stays as it is.

    Returns:
        Name -> tensor on the CPU, complete. Large weights have the rounding of half precision.

    Raises:
        CheckpointError: the file holds the weights of another network.
    """
    stored = _StoredWeights(path)
    own = network.state_dict()
    state: dict[str, Tensor] = {}
    before: tuple[str, nn.Module] | None = None
    for name, module in network.named_modules():
        keys = [key for key in own if key.rpartition(".")[0] == name]
        if not keys:
            continue
        if isinstance(module, nn.BatchNorm2d) and not stored.has(f"{name}.running_var"):
            state |= _folded_norm(name, module, before, stored)
        else:
            for key in keys:
                state[key] = stored.take(key, own[key])
        before = (name, module)
    stored.check_all_taken()
    return state


def _loaded(path: Path) -> onnx.ModelProto:
    """The graph of a model file, with the weights of a specialist if it is one."""
    return onnx.load_model_from_string(read_model_file(path)[0])


def _folded_norm(
    name: str, norm: nn.BatchNorm2d, before: tuple[str, nn.Module] | None, stored: _StoredWeights
) -> dict[str, Tensor]:
    """The state of a norm that was folded into the convolution before it."""
    if before is None or not isinstance(before[1], nn.Conv2d | nn.ConvTranspose2d):
        raise stored.misfit(f"no weights for {name}")
    convolution = before[0]
    added = stored.take_bias(f"{convolution}.weight", norm.num_features)
    state = {f"{name}.{key}": value for key, value in norm_that_adds(added, norm.eps).items()}
    if before[1].bias is not None:  # it went into the sum above
        state[f"{convolution}.bias"] = torch.zeros_like(added)
    return state


class _StoredWeights:
    """The arrays of a model file, by the names that the network's modules give them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        graph = _loaded(path).graph
        self._arrays = {
            weight.name.removesuffix(HALF): numpy_helper.to_array(weight)
            for weight in graph.initializer
        }
        self._bias_of = {
            node.input[1]: node.input[2]
            for node in graph.node
            if node.op_type in ("Conv", "ConvTranspose") and len(node.input) > 2
        }
        self._left = {name for name in self._arrays if name.startswith(ROOT)}

    def has(self, name: str) -> bool:
        return ROOT + name in self._arrays

    def take(self, name: str, like: Tensor) -> Tensor:
        """The array of this name, which must have the shape of `like`."""
        if name.endswith(".num_batches_tracked"):
            return torch.zeros_like(like)  # a count that no graph needs
        if name.endswith(".bias") and not self.has(name):
            return self.take_bias(f"{name.removesuffix('.bias')}.weight", len(like))
        return self._take(ROOT + name, like.shape)

    def take_bias(self, weight: str, count: int) -> Tensor:
        """What is added behind the convolution with this weight; (count,) zeros if nothing is."""
        bias = self._bias_of.get(ROOT + weight)
        return torch.zeros(count) if bias is None else self._take(bias, torch.Size([count]))

    def check_all_taken(self) -> None:
        if self._left:
            raise self.misfit(f"{min(self._left).removeprefix(ROOT)} has no place in it")

    def misfit(self, reason: str) -> CheckpointError:
        return CheckpointError(
            f"{self.path}: not the weights of this network ({reason}); start from the run's "
            "checkpoint instead, or from a model of the same network"
        )

    def _take(self, name: str, shape: torch.Size) -> Tensor:
        if name not in self._arrays:
            raise self.misfit(f"no weights for {name.removeprefix(ROOT)}")
        found = self._arrays[name]
        if found.shape != tuple(shape):
            raise self.misfit(f"{name.removeprefix(ROOT)} is {found.shape}, not {tuple(shape)}")
        self._left.discard(name)
        return torch.from_numpy(found.astype(np.float32))


@torch.no_grad()
def _check(network: nn.Module, model: Model) -> None:
    """Raises CheckpointError unless torch and the file agree on a random picture."""
    described: ColorizingNetwork = network  # type: ignore[assignment]
    side = described.size_rule.fit(64)
    L = np.random.default_rng(0).uniform(0, 100, (side, side)).astype(np.float32)
    found = model.predict(L)
    prediction = described(torch.from_numpy(L)[None, None])
    theirs = [np.moveaxis(v, -1, 0)[None] for v in (found.ab, found.logits) if v is not None]
    ours = [v.numpy() for v in (prediction.ab, prediction.logits) if v is not None]
    worst = largest_difference(ours, theirs)
    if not worst <= TOLERANCE:
        raise CheckpointError(
            f"{model.path}: read back, its weights give results that differ by {worst:.2g} of "
            "their range; start from the run's checkpoint instead"
        )
