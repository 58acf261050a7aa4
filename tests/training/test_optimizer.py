from itertools import pairwise

import pytest
import torch

from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig
from photochrom.training.config import OptimSection
from photochrom.training.optimizer import (
    build_optimizer,
    learning_rate_factor,
    parameter_groups,
)


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
