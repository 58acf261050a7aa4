import itertools
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import yaml
from listening import Listener
from torch import nn

from photochrom.catalog import find_model
from photochrom.data.batches import validation_batches
from photochrom.data.split import split
from photochrom.errors import CheckpointError, ModelError
from photochrom.losses import WeightedLoss
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig
from photochrom.networks.registry import build_network, network_config
from photochrom.runtime import Model
from photochrom.training import start
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.loop import RunOptions, train
from photochrom.training.start import (
    Start,
    grown,
    network_of_model,
    start_from_checkpoint,
    start_from_model,
    weights_of_model,
)
from photochrom.training.validation import validate

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(scope="module")
def read_back(exported):
    """The exported network as its file gives it back."""
    network = build_network(**network_of_model(exported[1]))
    network.load_state_dict(weights_of_model(exported[1], network))
    return network.eval()


def random_luminance(height, width):
    return np.random.default_rng(height).uniform(0, 100, (height, width)).astype(np.float32)


@torch.no_grad()
def differences(network, expected):
    """The largest difference of (ab, logits), each as a share of the expected range."""
    L, outputs = expected
    prediction = network(torch.from_numpy(L)[None, None])
    return [
        float((found[0].movedim(0, -1) - torch.from_numpy(wanted)).abs().max())
        / float(np.abs(wanted).max())
        for found, wanted in zip(prediction[:2], outputs, strict=True)
    ]


def from_file(path, height, width):
    L = random_luminance(height, width)
    found = Model(path, threads=1).predict(L)
    return L, (found.ab, found.logits)


@torch.no_grad()
def from_torch(network, height, width):
    L = random_luminance(height, width)
    prediction = network(torch.from_numpy(L)[None, None])
    return L, [output[0].movedim(0, -1).numpy() for output in prediction[:2]]


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 160)])
def test_a_network_comes_back_from_its_model_file(exported, read_back, height, width):
    network, path = exported
    # the file has the very same weights, and computes in single precision, too
    assert max(differences(read_back, from_file(path, height, width))) < 1e-5
    # the network's own weights are not rounded to 2^-11 of each; some fifty layers add that up at
    # random: 50^0.5 2^-11 = 0.35 %
    apart = differences(read_back, from_torch(network, height, width))
    assert 1e-4 < max(apart) < 0.007


@pytest.mark.parametrize(
    ("ending", "value"), [("running_var", 1.0), ("2.1.bias", 0.0), ("scene.bias", 0.0)]
)
def test_the_test_above_would_notice_a_mistake(exported, read_back, ending, value):
    state = {
        name: torch.full_like(kept, value) if name.endswith(ending) else kept
        for name, kept in read_back.state_dict().items()
    }
    wrong = build_network(**network_of_model(exported[1]))
    wrong.load_state_dict(state)
    assert max(differences(wrong.eval(), from_file(exported[1], 64, 64))) > 1e-3


def test_folded_norms_come_back_as_norms_that_only_add(read_back):
    norms = [module for module in read_back.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 52  # 48 in the encoder, 4 in the decoder
    for norm in norms:
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        assert torch.allclose(scale, torch.ones_like(scale), rtol=0, atol=1e-7)
        assert not norm.running_mean.any()
    assert all(norm.bias.any() for norm in norms)


@pytest.mark.parametrize("name", ["auto", "general", "flowers"])
def test_a_shipped_model_gives_in_torch_what_it_gives_in_onnx_runtime(name):
    path = find_model(name).path
    begun = start_from_model(path)
    network = build_network(**begun.network)
    network.load_state_dict(begun.weights)
    network.eval()
    # both compute in single precision with the very same weights
    assert max(differences(network, from_file(path, 96, 128))) < 1e-5
    described = Model(path, threads=1).description
    assert (begun.size, begun.vividness) == (described.size, described.vividness)
    assert np.allclose(begun.prior, described.prior)


def test_a_file_names_its_network_and_one_that_does_not_is_of_the_first(exported, tmp_path):
    assert network_config(**network_of_model(exported[1])).widths == (32, 24, 16, 16)
    recipe = yaml.safe_load((RECIPES / "general.yaml").read_text())["network"]
    recipe["options"]["pretrained"] = False
    assert network_config(**start.FIRST_NETWORK) == network_config(**recipe)
    general = start_from_model(find_model("general").path).network
    assert network_config(**general) == network_config(**recipe)
    nameless = onnx.load(exported[1])
    kept = [entry for entry in nameless.metadata_props if entry.key != "network"]
    del nameless.metadata_props[:]
    nameless.metadata_props.extend(kept)
    onnx.save(nameless, tmp_path / "nameless.onnx")
    assert network_of_model(tmp_path / "nameless.onnx") == start.FIRST_NETWORK


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"widths": (32, 24, 16, 8)}, r"ups\.2\.0\.weight is \(16, 40, 3, 3\), not \(8, 40,"),
        ({"widths": (32, 24, 16, 16), "palette": None}, r"to_logits\.\w+ has no place"),
        ({"widths": (32, 24, 16, 16), "encoder": "lite2"}, r"no weights for encoder\.stages\.1\.2"),
    ],
)
def test_another_networks_file_is_refused(exported, options, told):
    other = LiteUNet(LiteUNetConfig(**options, pretrained=False))
    with pytest.raises(CheckpointError, match=told) as caught:
        weights_of_model(exported[1], other)
    assert str(caught.value).startswith(str(exported[1]))


def test_a_model_file_that_we_did_not_export_is_refused(tiny_model, tmp_path):
    with pytest.raises(CheckpointError, match=r"tiny\.onnx: .*no weights for"):
        start_from_model(tiny_model)
    (tmp_path / "x.onnx").write_bytes(b"text")
    with pytest.raises(ModelError, match=r"x\.onnx"):
        start_from_model(tmp_path / "x.onnx")


def test_weights_that_compute_something_else_are_refused(exported, tmp_path):
    model = onnx.load(exported[1])
    convolution = next(node for node in model.graph.node if node.op_type == "Conv")
    strides = next(a for a in convolution.attribute if a.name == "pads")
    strides.ints[:] = list(itertools.chain(strides.ints[2:], strides.ints[:2]))
    onnx.save(model, tmp_path / "shifted.onnx")
    with pytest.raises(CheckpointError, match="differ by"):
        start_from_model(tmp_path / "shifted.onnx")


def test_a_checkpoint_is_a_start_too(tiny, pictures, tmp_path):
    torch.set_num_threads(1)
    best = train(tiny("schedule.epochs=1"), pictures, tmp_path, Listener(), RunOptions("cpu"))
    begun = start_from_checkpoint(best)
    checkpoint = load_checkpoint(best)
    assert begun.prior == checkpoint.prior
    network = build_network(**begun.network)
    network.load_state_dict(begun.weights)
    assert torch.equal(network.to_ab.weight, checkpoint.averaged["to_ab.weight"])


@pytest.mark.parametrize("frozen", [True, False])
def test_a_training_begins_at_the_model_s_own_figures(exported, tiny, pictures, tmp_path, frozen):
    torch.set_num_threads(1)
    begun = start_from_model(exported[1])
    network = build_network(**begun.network)
    network.load_state_dict(begun.weights)
    recipe = tiny(
        "schedule.epochs=1", "schedule.steps_per_epoch=1", "optim.lr=1e-12",
        "optim.encoder_lr=1e-12", f"optim.freeze_norms={str(frozen).lower()}", "optim.ema=0",
    )  # fmt: skip
    listener = Listener()
    train(recipe, pictures, tmp_path, listener, RunOptions("cpu"), start=begun.weights)
    _, held_out = split(pictures, "hash", recipe.data.validation)
    whole = validation_batches(pictures, held_out, recipe.data.crop, 8)
    loss = WeightedLoss(recipe.loss, palette="gamut-10")
    expected = validate(torch.no_grad()(network.eval()), whole, loss)["ciede2000"]
    found = listener.rows[0]["ciede2000"]
    # norms that learn statistics again leave the function that the file has
    assert (found == pytest.approx(expected, rel=1e-5)) is frozen


SMALL = {"pretrained": False, "widths": [64, 64, 16, 16]}
WITH_CONTEXT = {"name": "lite_unet", "options": {**SMALL, "context": [1, 2]}}


@torch.no_grad()
def test_a_network_can_grow_context_blocks_that_change_little_at_first():
    torch.manual_seed(0)
    network = build_network("lite_unet", SMALL).eval()
    start = Start({"name": "lite_unet", "options": SMALL}, network.state_dict())
    more = grown(start, WITH_CONTEXT)
    assert more.network == WITH_CONTEXT
    larger = build_network(**WITH_CONTEXT)
    larger.load_state_dict(more.weights)
    L = torch.rand(1, 1, 64, 96) * 100
    before, after = network(L), larger.eval()(L)
    assert not torch.equal(before.ab, after.ab)
    assert (before.ab - after.ab).abs().max() < 0.02 * before.ab.abs().max()


@pytest.mark.parametrize(
    "options",
    [
        SMALL,
        {**SMALL, "widths": [64, 64, 16, 8]},
        {**SMALL, "widths": [64, 64, 16, 8], "context": [1, 0]},
        {**SMALL, "context": [1, 0], "encoder": "lite2"},
    ],
)
def test_a_network_that_differs_in_more_is_not_grown_into(options):
    weights = build_network("lite_unet", SMALL).state_dict()
    start = Start({"name": "lite_unet", "options": SMALL}, weights)
    assert grown(start, {"name": "lite_unet", "options": options}) is start
