from itertools import pairwise

import pytest
import torch
from listening import Listener

from photochrom.errors import RecipeError
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.config import OptimSection
from photochrom.training.loop import RunOptions, train
from photochrom.training.optimizer import (
    build_optimizer,
    freeze_others,
    learning_rate_factor,
    parameter_groups,
)
from photochrom.training.start import start_from_model


def test_the_rate_rises_straight_then_falls_along_a_cosine_to_zero():
    optim = OptimSection(warmup_steps=10)
    factors = [learning_rate_factor(step, 110, optim) for step in range(111)]
    assert factors[:10] == pytest.approx([(n + 1) / 10 for n in range(10)])
    assert factors[10] == 1
    assert factors[60] == pytest.approx(0.5)
    assert factors[110] == pytest.approx(0, abs=1e-9)
    assert all(a >= b for a, b in pairwise(factors[10:]))
    constant = OptimSection(warmup_steps=0, decay="none")
    assert {learning_rate_factor(step, 110, constant) for step in range(111)} == {1.0}


def test_the_recipe_names_the_optimiser(tiny):
    network = LiteUNet(LiteUNetConfig(widths=(16, 16, 16, 16), pretrained=False))
    for name, kind in (("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)):
        assert type(build_optimizer(network, tiny(f"optim.name={name}"))) is kind


def test_the_encoder_has_a_rate_of_its_own_and_every_parameter_one_group(tiny):
    network = LiteUNet(LiteUNetConfig(widths=(16, 16, 16, 16), pretrained=False))
    rest, encoder = parameter_groups(network, tiny("optim.lr=1e-3", "optim.encoder_lr=1e-5"))
    assert (rest["base_lr"], encoder["base_lr"]) == (1e-3, 1e-5)
    assert len(encoder["params"]) == len(list(network.encoder.parameters()))
    assert len(rest["params"] + encoder["params"]) == len(list(network.parameters()))


def test_only_the_named_parts_of_a_network_learn(tiny, exported, pictures, tmp_path):
    learning = ("ups.2", "to_ab", "to_logits")
    recipe = tiny(
        f"optim.only=[{','.join(learning)}]", "optim.freeze_encoder=1", "optim.freeze_norms=true"
    )
    begin = start_from_model(exported[1]).weights
    best = train(recipe, pictures, tmp_path, Listener(), RunOptions("cpu"), start=begin)
    learns = tuple(f"{part}." for part in learning)
    for name, value in load_checkpoint(best).averaged.items():
        if not name.startswith(learns):
            assert torch.equal(value, begin[name]), name
        elif name.endswith("weight"):
            assert not torch.equal(value, begin[name]), name


def test_a_part_that_the_network_does_not_have_is_named():
    network = LiteUNet(LiteUNetConfig(widths=(16, 16, 16, 16), pretrained=False))
    with pytest.raises(RecipeError, match=r"optim.only: the network has no part 'ups.7'; there"):
        freeze_others(network, ["to_ab", "ups.7"])
    freeze_others(network, [])
    assert all(parameter.requires_grad for parameter in network.parameters())
