"""Runs whose global branch is asked once for each picture: the same run in less time."""

from pathlib import Path

import pytest
from listening import Listener

from photochrom.data import batches as batches_module
from photochrom.networks.global_branch import GlobalBranch
from photochrom.training.config import load_recipe
from photochrom.training.loop import RunOptions, train

RECIPES = Path(__file__).parents[2] / "recipes"
SMALL = [
    "data.side=48", "data.crop=48", "data.batch=4", "data.validation=0.25", "schedule.epochs=1",
    "schedule.steps_per_epoch=4", "network.options.global_size=32",
    "network.options.encoder_widths=[8,8,8,16,16,16,16,16]", "network.options.fused_width=16",
    "network.options.decoder_widths=[16,8,8,8]",
]  # fmt: skip


@pytest.fixture
def seen(monkeypatch):
    """How many pictures each call of a global branch saw."""
    counts, forward = [], GlobalBranch.forward

    def counting(self, luminance):
        counts.append(len(luminance))
        return forward(self, luminance)

    monkeypatch.setattr(GlobalBranch, "forward", counting)
    return counts


def run(recipe, pictures, folder, *, stop_after=None, cache=None):
    listener = Listener(stop_after)
    options = RunOptions("cpu", report_every=1, cache=cache)
    train(load_recipe(RECIPES / f"{recipe}.yaml", SMALL), pictures, folder, listener, options)
    return listener


def test_a_run_with_kept_embeddings_equals_one_that_computes_them(
    pictures, tmp_path, seen, monkeypatch
):
    kept = run("s4_fusion_cached", pictures, tmp_path / "kept")
    held_out = seen[0]
    assert sum(seen) == held_out + 2 * (len(pictures) - held_out)
    seen.clear()
    with monkeypatch.context() as without:
        without.setattr(batches_module, "embeddings_fit", lambda options: False)
        computed = run("s4_fusion_cached", pictures, tmp_path / "computed", cache=tmp_path / "kept")
    assert sum(seen) == 4 * 4  # the steps' own
    assert kept.losses == pytest.approx(computed.losses, rel=1e-4)
    for one, other in zip(kept.rows, computed.rows, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


def test_a_run_that_zooms_keeps_the_embeddings_of_validation_alone(pictures, tmp_path, seen):
    run("s4_fusion", pictures, tmp_path)
    files = list((tmp_path / "embeddings").iterdir())
    assert len(files) == 1
    assert sum(seen) - 4 * 4 <= len(pictures)


def test_a_run_that_goes_on_computes_nothing_again_and_ends_the_same(pictures, tmp_path, seen):
    whole = run("s4_fusion_cached", pictures, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run("s4_fusion_cached", pictures, tmp_path / "parts", stop_after=2)
    seen.clear()
    resumed = run("s4_fusion_cached", pictures, tmp_path / "parts")
    assert seen == []
    one, other = resumed.rows[-1], whole.rows[-1]
    assert one.pop("train_loss") != other.pop("train_loss")  # of the steps after the stop alone
    assert one == other
