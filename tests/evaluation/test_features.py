"""Feature networks of the Frechet distance: the packaged one, and InceptionV3 from a file."""

import hashlib

import numpy as np
import pytest
import torch
from judged_pictures import garden

from photochrom.errors import ModelError, OptionError
from photochrom.evaluation.features import FEATURE_NETWORKS, LITE0_NAME, open_features
from photochrom.evaluation.figures import SET_FIGURES
from photochrom.evaluation.inception_v3 import InceptionV3
from photochrom.evaluation.weights import WeightFile
from photochrom.networks.efficientnet_lite import packaged_weights


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory) -> WeightFile:
    """Random weights, laid out as torchvision's file, its auxiliary classifier included."""
    torch.manual_seed(0)
    state = InceptionV3().state_dict()
    state["AuxLogits.conv0.conv.weight"] = torch.zeros(128, 768, 1, 1)
    state = {name: value for name, value in state.items() if "num_batches" not in name}
    path = tmp_path_factory.mktemp("weights") / "inception_v3_made.pth"
    torch.save(state, path)
    return WeightFile(str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def test_reference_packaged_features_are_the_published_networks():
    published_class = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    published = published_class.from_name("efficientnet-lite0").eval()
    published.load_state_dict(torch.load(packaged_weights("lite0"), weights_only=True))
    rgb = garden(height=230, width=251)
    middle = torch.from_numpy(rgb[3:227, 13:237]).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = published.extract_features((middle * 255 - 127) / 128).mean((2, 3))[0].numpy()
    observer = open_features()
    found = observer.observe(rgb)
    assert found.shape == (1280,)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert observer.name == LITE0_NAME
    assert "EfficientNet-Lite0" in LITE0_NAME


def test_the_packaged_network_needs_224_pixels_and_no_weights():
    with pytest.raises(OptionError, match="224 pixels a side"):
        open_features("lite0").observe(garden(height=200, width=300))
    with pytest.raises(OptionError, match="comes with its weights"):
        open_features("lite0", WeightFile("other.pth"))


def test_inception_sees_the_whole_picture_and_names_its_weights(inception_file):
    observer = open_features("inception_v3", inception_file)
    one = observer.observe(garden(0, 64, 90))
    assert one.shape == (2048,)
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, observer.observe(garden(0, 64, 90)))
    corner = garden(0, 64, 90).copy()
    corner[:6, :6] = 1 - corner[:6, :6]
    assert not np.array_equal(one, observer.observe(corner))
    assert inception_file.sha256[:8] in observer.name
    assert "InceptionV3 (inception_v3_made.pth" in observer.name


def test_a_frechet_distance_end_to_end_tells_the_truths_from_grey(inception_file):
    truths = [garden(seed, 64, 64) for seed in range(4)]
    greys = [np.repeat(rgb.mean(-1, keepdims=True), 3, -1) for rgb in truths]
    observe = open_features("inception_v3", inception_file).observe
    of_truths, of_greys = ([observe(rgb) for rgb in rgbs] for rgbs in (truths, greys))
    frechet = SET_FIGURES["frechet"].of
    assert frechet(of_truths, of_truths) == pytest.approx(0, abs=1e-6)
    assert frechet(of_greys, of_truths) > 10 * abs(frechet(of_truths, of_truths))


def test_errors_name_what_would_work(tmp_path, inception_file):
    with pytest.raises(OptionError, match=r"inception_v3 needs its weights .*0cc3c7bd fits"):
        open_features("inception_v3")
    with pytest.raises(OptionError, match="known are lite0, inception_v3"):
        open_features("resnet")
    with pytest.raises(ModelError, match="does not begin with 00000000"):
        open_features("inception_v3", WeightFile(inception_file.location, "0" * 8))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match=r"other\.pth: lacks .*torchvision's inception_v3"):
        open_features("inception_v3", WeightFile(str(tmp_path / "other.pth")))
    assert set(FEATURE_NETWORKS) == {"lite0", "inception_v3"}
