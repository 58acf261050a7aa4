"""Several specialists in one network, and a gate that says how much each counts for a picture.

The specialists began with the same weights and share the encoder, so the mean of their weights is
a working network, too (Wortsman et al. 2022, "Model soups"); a mixture therefore needs no training
of its own, only its gate. That is a linear function of the encoder's mean feature that learns to
tell the specialists' topics. Learned from the specialists' errors instead, it did not carry over
to other pictures: single errors say too little (docs/decisions/0009).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import Tensor, nn

from photochrom.color import ciede2000
from photochrom.errors import TrainingError
from photochrom.networks.blocks import NORM_EPS, ConvNormReLU, norm_that_adds
from photochrom.networks.experts import ExpertConv
from photochrom.networks.lite_unet import LiteUNet
from photochrom.runtime import file_sha256
from photochrom.specialist import Specialist
from photochrom.training.export import HALF, ROOT
from photochrom.training.validation import picture_at

STEPS, RATE, DECAY = 300, 0.05, 0.3
"""Of the gate's training: a few hundred numbers, on all pictures at once."""

SHARPNESS = 3.0
"""The gate decides so many times more firmly than it is sure: measured, half a specialist gains
little where it fits and costs something where it does not."""

GATE_WEIGHT, GATE_BIAS = f"{ROOT}gate.weight{HALF}", f"{ROOT}gate.bias"
"""What the gate is called in a model file."""

SURE = 100.0
"""A lead that leaves the other experts a share of 0 in single precision."""


@dataclass(frozen=True, eq=False)
class Judged:
    """How N pictures look to the encoder, and what K specialists make of them.

    Attributes:
        features: (N, C) mean feature of each picture.
        differences: (N, K) mean CIEDE2000 of each specialist's regression.
    """

    features: Tensor
    differences: Tensor


@torch.no_grad()
def judge(networks: Sequence[LiteUNet], batches: Iterable[Tensor]) -> Judged:
    """What specialists make of pictures.

    Args:
        networks: in eval mode, with one encoder.
        batches: CIELAB (N, 3, H, W), sides that keep the size rule.
    """
    features, differences = [], []
    for lab in batches:
        seen = networks[0].encoder(lab[:, :1])
        features.append(seen[-1].mean((2, 3)))
        found = []
        for network in networks:
            ab = network.decode(seen).ab
            truth = picture_at(lab, *ab.shape[-2:]).movedim(1, -1).numpy()
            predicted = np.concatenate([truth[..., :1], ab.movedim(1, -1).numpy()], -1)
            found.append(ciede2000(predicted, truth).mean((1, 2)))
        differences.append(torch.from_numpy(np.stack(found, 1)).float())
    return Judged(torch.cat(features), torch.cat(differences))


def learn_gate(features: Tensor, topics: Tensor, experts: int) -> tuple[Tensor, Tensor]:
    """The gate's weight (K, C) and bias (K,): which expert's topic a picture has.

    Args:
        features: (N, C) mean feature of each picture.
        topics: (N,) the expert whose topic it has; 0, the first, for every other topic.
        experts: K, their number.
    """
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    known = (features - mean) / deviation
    linear = nn.Linear(known.shape[1], experts)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    optimizer = torch.optim.AdamW(linear.parameters(), lr=RATE, weight_decay=DECAY)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        loss = F.cross_entropy(linear(known), topics)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        weight = SHARPNESS * linear.weight / deviation
        return weight.detach(), (SHARPNESS * linear.bias - weight @ mean).detach()


@torch.no_grad()
def mixture_of(networks: Sequence[LiteUNet], gate: tuple[Tensor, Tensor]) -> LiteUNet:
    """One network with the specialists as its experts, in eval mode.

    Args:
        networks: of one configuration, without experts; equal but for what experts can differ in.
        gate: weight (K, C) and bias (K,).

    Raises:
        TrainingError: the networks differ in other weights, too.
    """
    first = networks[0]
    mixed = LiteUNet(replace(first.config, experts=len(networks), pretrained=False))
    folded = [_folded(network.eval()) for network in networks]
    state = mixed.state_dict()
    for name in state:
        if name in folded[0]:  # an expert's
            state[name] = torch.stack([one[name].flatten() for one in folded])
        elif not name.startswith("gate."):
            state[name] = _shared(name, networks)
    state["gate.weight"], state["gate.bias"] = gate
    mixed.load_state_dict(state)
    return mixed.eval()


def pinned(mixture: Path, index: int, metadata: Mapping[str, str]) -> Specialist:
    """The file of one of a mixture's experts: a gate that is sure of it, whatever it sees.

    Args:
        mixture: the model file of a network with experts.
        index: of the expert, 0 for the first.
        metadata: what the expert says of itself in place of the mixture.

    Raises:
        TrainingError: the file has no such expert.
    """
    stored = {weight.name: weight for weight in onnx.load(mixture).graph.initializer}
    found = [stored.get(name) for name in (GATE_WEIGHT, GATE_BIAS)]
    weight, bias = (None if one is None else numpy_helper.to_array(one) for one in found)
    if weight is None or bias is None or not 0 <= index < len(bias):
        raise TrainingError(f"{mixture}: has no expert number {index}")
    sure = (SURE * (np.arange(len(bias)) == index)).astype(bias.dtype)
    weights = {GATE_WEIGHT: np.zeros_like(weight), GATE_BIAS: sure}
    return Specialist(mixture.stem, file_sha256(mixture), metadata, weights)


@torch.no_grad()
def sole_expert(mixed: LiteUNet) -> LiteUNet | None:
    """A network without experts that is the same function; None where the gate has a choice.

    A gate that asks nothing of the picture is one that was made sure of a specialist.
    """
    if mixed.gate is None or bool(mixed.gate.weight.any()):
        return None
    index = int(mixed.gate.bias.argmax())
    single = LiteUNet(replace(mixed.config, experts=1, pretrained=False))
    state, mine = single.state_dict(), mixed.state_dict()
    for name in state:
        if name in mine and mine[name].shape == state[name].shape:
            state[name] = mine[name]
    for scale, up in enumerate(mixed.ups):
        if isinstance(up, ExpertConv):
            state[f"ups.{scale}.0.weight"] = up.weight[index].view(up.shape)
            own = norm_that_adds(up.bias[index], NORM_EPS)
            state |= {f"ups.{scale}.1.{key}": value for key, value in own.items()}
    for name, head in (("to_ab", mixed.to_ab), ("to_logits", mixed.to_logits)):
        if isinstance(head, ExpertConv):
            state[f"{name}.weight"] = head.weight[index].view(head.shape)
            state[f"{name}.bias"] = head.bias[index]
    single.load_state_dict(state)
    return single.eval()


def _shared(name: str, networks: Sequence[LiteUNet]) -> Tensor:
    first: Tensor = networks[0].state_dict()[name]
    others = [network.state_dict()[name] for network in networks[1:]]
    if not all(torch.equal(first, other) for other in others):
        raise TrainingError(f"the specialists differ in {name}, which a mixture has but once")
    return first


def _folded(network: LiteUNet) -> dict[str, Tensor]:
    """The weights that experts have, each norm folded into the convolution before it."""
    found = {}
    for index, up in enumerate(network.ups):
        if index == 0:
            continue
        assert isinstance(up, ConvNormReLU)
        own = up.state_dict()
        scale = own["1.weight"] / (own["1.running_var"] + NORM_EPS).sqrt()
        found[f"ups.{index}.weight"] = own["0.weight"] * scale[:, None, None, None]
        found[f"ups.{index}.bias"] = own["1.bias"] - scale * own["1.running_mean"]
    for name, head in (("to_ab", network.to_ab), ("to_logits", network.to_logits)):
        if head is not None:
            found |= {f"{name}.{key}": value for key, value in head.state_dict().items()}
    return found
