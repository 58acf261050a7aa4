"""Recognition by the packaged classifier, against the published network."""

import numpy as np
import pytest
import torch
from judged_pictures import garden

from photochrom.errors import DataError
from photochrom.evaluation.figures import SET_FIGURES
from photochrom.evaluation.recognition import (
    NAME,
    lite0_classes,
    read_labels,
    recognition_observers,
)
from photochrom.networks.efficientnet_lite import packaged_weights


def test_reference_classes_are_the_published_networks():
    published_class = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    published = published_class.from_name("efficientnet-lite0").eval()
    published.load_state_dict(torch.load(packaged_weights("lite0"), weights_only=True))
    observer = lite0_classes()
    for seed in range(3):
        bytes_ = np.rint(garden(seed, 256, 300) * 255).astype(np.uint8)
        middle = torch.from_numpy(bytes_[16:240, 38:262].copy()).permute(2, 0, 1)[None].float()
        with torch.no_grad():
            expected = published((middle - 127) / 128).argmax(1)
        found = observer.observe(bytes_.astype(np.float32) / 255)
        assert found.shape == (1,)
        assert found[0] == int(expected)
    assert observer.name == NAME


def test_pictures_of_any_size_are_brought_to_one():
    observe = lite0_classes().observe
    small = garden(3, 64, 80)
    larger = np.repeat(np.repeat(small, 8, 0), 8, 1)
    assert observe(small).dtype == observe(larger).dtype == np.int64
    assert 0 <= observe(small)[0] < 1000


def test_labels_are_read_by_line(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("val/a 1.webp 7\nb.webp\t999\n\n")
    assert read_labels(file) == {"val/a 1.webp": 7, "b.webp": 999}


def test_without_labels_there_is_agreement_alone_and_with_them_accuracy_beside_it(tmp_path):
    assert set(recognition_observers()) == {"recognition"}
    file = tmp_path / "labels.txt"
    file.write_text("a.webp 7\nb.webp 999\n")
    observers = recognition_observers(file)
    assert list(observers) == ["recognition", "recognition_accuracy"]
    own, by_label = observers.values()
    assert own.observe is by_label.observe, "the network looks once"
    assert own.labels_of(["a.webp"]) is None
    assert by_label.name.startswith(f"{NAME}, labels labels.txt ")
    seen = [np.array([7]), np.array([5])]
    figure = SET_FIGURES["recognition_accuracy"]
    assert figure.of(seen, by_label.labels_of(["a.webp", "b.webp"])) == 1 / 2
    with pytest.raises(DataError, match=r"c\.webp: has no label \(1 of 2 pictures\)"):
        by_label.labels_of(["b.webp", "c.webp"])


@pytest.mark.parametrize("line", ["a.webp", "a.webp cat", "a.webp 1000", "a.webp -1", "7"])
def test_a_wrong_line_of_labels_is_an_error_that_names_it(tmp_path, line):
    (tmp_path / "labels.txt").write_text(f"x.webp 1\n{line}\n")
    with pytest.raises(DataError, match=r"labels\.txt: line 2 is .* 0\.\.999 are needed"):
        read_labels(tmp_path / "labels.txt")
    with pytest.raises(DataError, match="no readable text"):
        read_labels(tmp_path / "none.txt")
