"""The speed of training is measured on every network, with the step that training takes."""

import dataclasses
import sys
from pathlib import Path

import pytest
import torch

from photochrom.networks.global_branch import GlobalBranch
from photochrom.networks.registry import NETWORKS
from photochrom.training.config import load_recipe

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import training  # noqa: E402


@pytest.fixture(autouse=True)
def small(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(training, "PICTURES", 8)
    monkeypatch.setattr(training, "STORED_SIDE", 40)
    yield
    torch.set_num_threads(before)


def test_every_network_has_a_row_and_a_recipe_of_its_own():
    assert {row.network for row in training.ROWS} == set(NETWORKS)
    for row in training.ROWS:
        recipe = load_recipe(training.ROOT / "recipes" / f"{row.recipe}.yaml")
        assert recipe.network.name == row.network
    assert training.DEFAULT in {row.name for row in training.ROWS}


def test_a_run_prints_the_protocol_and_writes_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(training, "PAGE", tmp_path / "training.md")
    training.main(
        ["cifar_convnet", "--rounds", "1", "--seconds", "0", "--batch", "2", "--threads", "1",
         "--write"]
    )  # fmt: skip
    printed = capsys.readouterr().out
    written = training.PAGE.read_text()
    assert printed.strip() in written
    assert f"torch {torch.__version__.split('+')[0]}" in printed
    row = next(line for line in printed.splitlines() if line.startswith("| cifar_convnet, 32 px"))
    assert all(float(cell) > 0 for cell in row.strip("| ").split(" | ")[2:])
    assert "128 px, augmentation of general.yaml" in printed
    assert written.startswith("# Training: speed\n")


def test_a_turn_does_not_count_the_first_call():
    calls = []
    seconds, cpu = training.turn(lambda: calls.append(1), 0)
    assert len(calls) == 2
    assert len(seconds) == len(cpu) == 1


def test_an_unknown_network_is_an_error_that_names_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        training.main(["no_such_network"])
    assert "there are cifar_convnet" in capsys.readouterr().err


def test_the_row_with_kept_embeddings_does_not_run_the_global_branch(monkeypatch):
    row = next(row for row in training.ROWS if row.kept)
    step = training.build(dataclasses.replace(row, side=32), "32-true", 1)

    def run(_branch, _luminance):
        raise AssertionError("the branch ran")

    monkeypatch.setattr(GlobalBranch, "forward", run)
    assert step() > 0
