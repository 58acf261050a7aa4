"""LPIPS against a loop written out, and against torchmetrics with the authors' linear weights."""

import copy
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from judged_pictures import garden

from photochrom.errors import ModelError, OptionError
from photochrom.evaluation.figures import Judged
from photochrom.evaluation.perceptual import BACKBONES, LPIPS, lpips_figure
from photochrom.evaluation.weights import WeightFile

CHANNELS = {"alex": (64, 192, 384, 256, 256), "vgg": (64, 128, 256, 512, 512)}
CONVOLUTIONS = {"alex": 2_469_696, "vgg": 14_714_688}
"""Parameters of torchvision's `features`."""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, tuple[WeightFile, WeightFile]]:
    """Random weights, laid out as torchvision's and the authors' files, for each backbone."""
    folder, made = tmp_path_factory.mktemp("weights"), {}
    for name in BACKBONES:
        torch.manual_seed(0)
        features = LPIPS(name).features.state_dict()
        state = {f"features.{key}": value for key, value in features.items()}
        state["classifier.1.weight"] = torch.zeros(3, 3)
        linear = {
            f"lin{i}.model.1.weight": torch.rand(1, n, 1, 1) for i, n in enumerate(CHANNELS[name])
        }
        torch.save(state, folder / f"{name}.pth")
        torch.save(linear, folder / f"{name}_linear.pth")
        paths = (folder / f"{name}.pth", folder / f"{name}_linear.pth")
        made[name] = tuple(WeightFile(str(path)) for path in paths)
    return made


def loaded(name: str, files) -> LPIPS:
    network = LPIPS(name)
    network.load(*files[name])
    return network.eval()


def pair(height: int = 48, width: int = 56) -> tuple[torch.Tensor, torch.Tensor]:
    one, two = torch.rand(2, 2, 3, height, width, generator=torch.Generator().manual_seed(1))
    return one, two


@pytest.mark.parametrize("name", BACKBONES)
def test_the_convolutions_are_the_published_ones(name):
    network = LPIPS(name)
    assert sum(p.numel() for p in network.features.parameters()) == CONVOLUTIONS[name]
    assert tuple(layer.in_channels for layer in network.linear) == CHANNELS[name]


@pytest.mark.parametrize("name", BACKBONES)
@torch.no_grad()
def test_equal_pictures_are_at_0_others_above_it_and_order_does_not_matter(name, files):
    network, (one, two) = loaded(name, files), pair()
    assert network(one, one).tolist() == [0, 0]
    assert (network(one, two) > 0).all()
    assert torch.allclose(network(one, two), network(two, one))
    nearer = network(one, one + 0.2 * (two - one))
    assert (nearer < network(one, two)).all()


@torch.no_grad()
def test_reference_the_formula_place_by_place(files):
    network, (one, two) = loaded("alex", files), pair(35, 33)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = 0.0
    maps = []
    for picture in (one[:1], two[:1]):
        x, found = (picture - mean[:, None, None]) / std[:, None, None], []
        for number, layer in enumerate(network.features):
            x = layer(x)
            if number in (1, 4, 7, 9, 11):  # behind every ReLU
                found.append(x[0].double().numpy())
        maps.append(found)
    for layer, first, second in zip(network.linear, *maps, strict=True):
        weights, (channels, height, width) = layer.weight[0, :, 0, 0].tolist(), first.shape
        for y in range(height):
            for x in range(width):
                lengths = [math.sqrt(sum(m[c, y, x] ** 2 for c in range(channels))) + 1e-10
                           for m in (first, second)]  # fmt: skip
                expected += sum(
                    weights[c] * (first[c, y, x] / lengths[0] - second[c, y, x] / lengths[1]) ** 2
                    for c in range(channels)
                ) / (height * width)
    assert float(network(one, two)[0]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", BACKBONES)
@torch.no_grad()
def test_reference_torchmetrics_with_the_authors_linear_weights(name, files, monkeypatch):
    reference = pytest.importorskip("torchmetrics.functional.image.lpips")
    authors = Path(reference.__file__).parent / "lpips_models" / f"{name}.pth"
    network = LPIPS(name)
    network.load(files[name][0], WeightFile(str(authors)))
    network.eval()
    monkeypatch.setattr(
        reference, "_get_tv_model_features", lambda *_, **__: copy.deepcopy(network.features)
    )
    theirs = reference._LPIPS(pretrained=True, net=name)
    one, two = pair(65, 80)
    expected = theirs(one, two, normalize=True).ravel()
    assert torch.allclose(network(one, two), expected, rtol=1e-4, atol=1e-6)


def test_a_figure_from_files_end_to_end(files):
    figure = lpips_figure("alex", *files["alex"])
    truth = garden(height=64, width=64)
    grey = np.repeat(truth.mean(-1, keepdims=True), 3, -1)
    assert figure.of(Judged(truth, truth)) == 0
    assert figure.of(Judged(grey, truth)) > 0.001
    assert figure.label == "LPIPS, AlexNet"
    assert figure.network.startswith("AlexNet (alex.pth ")
    assert figure.name == "lpips"


def test_errors_name_what_would_work(files, tmp_path):
    with pytest.raises(OptionError, match="known are alex, vgg"):
        LPIPS("squeeze")
    with pytest.raises(OptionError, match="40 x 31; LPIPS needs 32"):
        LPIPS()(*pair(31, 40))
    weights, linear = files["vgg"]
    with pytest.raises(ModelError, match=r"vgg\.pth: .*torchvision's alexnet is needed"):
        LPIPS("alex").load(weights, linear)
    with pytest.raises(ModelError, match=r"vgg_linear\.pth: .*LPIPS's linear weights"):
        LPIPS("alex").load(files["alex"][0], linear)
    below = {
        f"lin{i}.model.1.weight": -torch.ones(1, n, 1, 1) for i, n in enumerate(CHANNELS["alex"])
    }
    torch.save(below, tmp_path / "below.pth")
    with pytest.raises(ModelError, match="weights below 0"):
        LPIPS("alex").load(files["alex"][0], WeightFile(str(tmp_path / "below.pth")))
