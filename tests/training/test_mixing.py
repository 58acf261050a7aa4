import copy

import numpy as np
import pytest
import torch

from photochrom.color import ciede2000
from photochrom.errors import TrainingError
from photochrom.networks.lite_unet import LiteUNet, LiteUNetConfig
from photochrom.networks.registry import build_network
from photochrom.runtime import Model
from photochrom.training.export import ExportOptions, add_metadata, export_onnx
from photochrom.training.mixing import (
    judge,
    learn_gate,
    mixture_of,
    pinned,
    sole_expert,
)
from photochrom.training.start import start_from_model

OPTIONS = {"widths": [32, 24, 16, 16], "experts": 3, "pretrained": False}

CONFIG = LiteUNetConfig(widths=(32, 24, 16, 16), pretrained=False)


@pytest.fixture(scope="module")
def networks():
    """Three networks that differ where experts may: in the fine scales and the heads."""
    torch.manual_seed(0)
    first = LiteUNet(CONFIG)
    for _ in range(3):
        first(torch.rand(4, 1, 64, 64) * 100)
    found = [first.eval()]
    for _ in range(2):
        other = copy.deepcopy(first)
        with torch.no_grad():
            for name, value in [*other.named_parameters(), *other.named_buffers()]:
                if name.startswith(("ups.1.", "ups.2.", "to_")) and value.is_floating_point():
                    value.mul_(1 + 0.3 * torch.rand_like(value)).add_(0.02)
        found.append(other.eval())
    return found


def always(index, count=3):
    """A gate that is sure of one expert."""
    return torch.zeros(count, 320), 100 * torch.eye(count)[index]


@torch.no_grad()
@pytest.mark.parametrize("index", range(3))
def test_a_mixture_that_is_sure_is_the_specialist_itself(networks, index):
    L = torch.rand(2, 1, 64, 96) * 100
    found, expected = mixture_of(networks, always(index))(L), networks[index](L)
    assert torch.allclose(found.ab, expected.ab, atol=1e-3)
    assert torch.allclose(found.logits, expected.logits, atol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("index", range(3))
def test_the_specialist_comes_out_again_of_a_mixture_that_is_sure_of_it(networks, index):
    L = torch.rand(2, 1, 64, 96) * 100
    found, expected = sole_expert(mixture_of(networks, always(index)))(L), networks[index](L)
    assert torch.allclose(found.ab, expected.ab, atol=1e-3)
    assert torch.allclose(found.logits, expected.logits, atol=1e-3)


def test_a_mixture_that_has_a_choice_is_no_single_specialist(networks):
    assert sole_expert(mixture_of(networks, (torch.ones(3, 320), torch.zeros(3)))) is None
    assert sole_expert(networks[0]) is None


def test_a_mixture_is_read_back_and_each_of_its_experts_is_a_file_of_a_few_kilobytes(
    networks, tmp_path
):
    torch.manual_seed(3)
    mixed = mixture_of(networks, (torch.randn(3, 320) / 9, torch.randn(3)))
    path, section = tmp_path / "all.onnx", {"name": "lite_unet", "options": OPTIONS}
    export_onnx(mixed, path, ExportOptions("all", 96, 0.4, None, {}, section))
    L = (torch.rand(1, 1, 64, 96) * 100).float()
    with torch.no_grad():
        blended = mixed(L).ab[0].movedim(0, -1).numpy()
    assert np.abs(Model(path).predict(L[0, 0].numpy()).ab - blended).max() < 0.1
    read = start_from_model(path)  # compares what torch and the file say
    assert read.network["options"]["experts"] == 3
    assert torch.allclose(read.weights["gate.weight"], mixed.gate.weight, atol=1e-3)
    for index, network in enumerate(networks):
        file = tmp_path / f"{index}.npz"
        pinned(path, index, {"name": f"expert {index}"}).save(file)
        assert file.stat().st_size < 5000
        with torch.no_grad():
            expected = network(L)
        found = Model(file).predict(L[0, 0].numpy())
        assert np.abs(found.ab - expected.ab[0].movedim(0, -1).numpy()).max() < 0.1
        assert Model(file).description.name == f"expert {index}"
        begun = start_from_model(file)  # the expert alone, as training takes it
        assert begun.network["options"]["experts"] == 1
        single = build_network(**begun.network)
        single.load_state_dict(begun.weights)
        with torch.no_grad():
            assert torch.allclose(single.eval()(L).ab, expected.ab, atol=0.1)
    add_metadata(tmp_path / "1.npz", {"vividness": "0.9"})
    assert Model(tmp_path / "1.npz").description.vividness == 0.9
    with pytest.raises(TrainingError, match=r"all\.onnx: has no expert number 3"):
        pinned(path, 3, {})


def test_networks_that_differ_elsewhere_cannot_be_mixed(networks):
    other = copy.deepcopy(networks[1])
    with torch.no_grad():
        other.bottom[0].weight.add_(1)
    with pytest.raises(TrainingError, match=r"differ in bottom\.0\.weight"):
        mixture_of([networks[0], other], always(0, 2))


def test_judging_gives_what_each_specialist_alone_is_worth(networks):
    torch.manual_seed(1)
    lab = torch.cat([torch.rand(3, 1, 64, 64) * 100, torch.randn(3, 2, 64, 64) * 20], 1)
    judged = judge(networks, [lab[:2], lab[2:]])
    assert judged.features.shape == (3, 320)
    small = torch.nn.functional.avg_pool2d(lab, 4).movedim(1, -1).numpy()
    for index, network in enumerate(networks):
        with torch.no_grad():
            predicted = small.copy()
            predicted[..., 1:] = network(lab[:, :1]).ab.movedim(1, -1).numpy()
        wanted = torch.from_numpy(ciede2000(predicted, small).mean((1, 2))).float()
        assert torch.allclose(judged.differences[:, index], wanted, atol=1e-3)


def test_the_gate_tells_the_topics_and_keeps_to_the_first_elsewhere():
    torch.manual_seed(2)
    features = torch.randn(4000, 320)
    topics = torch.randint(0, 3, (4000,))
    features[:, 5] += 8 * (topics == 1)
    features[:, 9] += 8 * (topics == 2)
    weight, bias = learn_gate(features[:3000], topics[:3000], 3)
    found = (features[3000:] @ weight.T + bias).argmax(1)
    assert float((found == topics[3000:]).float().mean()) > 0.95
