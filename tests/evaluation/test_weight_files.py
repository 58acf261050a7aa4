import hashlib

import pytest
import torch
from torch import nn

from photochrom.errors import ModelError
from photochrom.evaluation.weights import WeightFile, load_published


def test_a_file_is_named_by_its_name_and_the_first_digits_of_its_checksum(tmp_path):
    path = tmp_path / "made.pth"
    torch.save({"weight": torch.ones(2)}, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert WeightFile(str(path)).label == f"made.pth {sha256[:8]}"
    assert WeightFile(str(path), sha256.upper()).label == f"made.pth {sha256[:8]}"
    assert torch.equal(WeightFile(str(path), sha256).read()["weight"], torch.ones(2))
    assert WeightFile(path.as_uri(), sha256[:10]).label == f"made.pth {sha256[:8]}"


def test_a_command_lines_word_may_carry_the_checksum():
    assert WeightFile.from_text("a/b.pth") == WeightFile("a/b.pth")
    assert WeightFile.from_text("https://x.org/b.pth#0123abcd") == WeightFile(
        "https://x.org/b.pth", "0123abcd"
    )


def test_published_weights_are_taken_over_whole_and_what_is_ignored_is_not():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    state = {
        name: torch.full_like(value, 3)
        for name, value in network.state_dict().items()
        if "num_batches" not in name
    }
    load_published(
        network, {**state, "head.weight": torch.ones(9)}, "f", needed="g", ignored=("head.",)
    )
    assert all((p == 3).all() for p in network.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": None}, "made.pth: lacks 0.weight; that file is needed"),
        ({"2.weight": torch.ones(1)}, "made.pth: holds an unknown 2.weight; that file is needed"),
        ({"0.bias": torch.ones(3)}, r"made.pth: has 0.bias of shape \(3,\), not \(2,\); that"),
    ],
)
def test_weights_that_do_not_fit_are_an_error_that_names_the_first(change, message):
    network = nn.Sequential(nn.Conv2d(1, 2, 1))
    state = {**network.state_dict(), **change}
    state = {name: value for name, value in state.items() if value is not None}
    with pytest.raises(ModelError, match=message):
        load_published(network, state, "made.pth", needed="that file")
