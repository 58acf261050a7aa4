"""Kept embeddings: the same numbers as computed ones, computed once, and never stale ones."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from photochrom.data import embeddings as embeddings_module
from photochrom.data.augmentation import AugmentationConfig
from photochrom.data.batches import (
    BatchOptions,
    TrainingBatches,
    embeddings_fit,
    validation_batches,
)
from photochrom.data.decoded import DecodedPictures
from photochrom.data.embeddings import Shown, keep_embeddings, pictures_shown
from photochrom.errors import DataError
from photochrom.losses import mean_squared_error
from photochrom.networks.fusion import FusionConfig, FusionNetwork
from photochrom.training.config import load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
FLIPS = AugmentationConfig(flip=0.5, zoom=1, shear=0, film=0)
TRAINING, HELD_OUT = np.arange(0, 9), np.arange(9, 12)


class CountingNetwork(FusionNetwork):
    """A small fusion network that counts the pictures its global branch sees."""

    def __init__(self, stop_at=None):
        torch.manual_seed(0)
        super().__init__(
            FusionConfig(
                encoder_widths=(8, 8, 8, 16, 16, 16, 16, 16), fused_width=16,
                decoder_widths=(16, 8, 8, 8), global_branch="lite0", global_size=64,
            )
        )  # fmt: skip
        self.seen, self.stop_at = 0, stop_at
        self.global_branch.register_forward_hook(self._count)

    def _count(self, _module, inputs, _output):
        self.seen += len(inputs[0])
        if self.stop_at is not None and self.seen >= self.stop_at:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setattr(embeddings_module, "BLOCK", 4)
    yield
    torch.set_num_threads(before)


def pictures(side=64):
    """Twelve smooth pictures, none of which is its own mirror image."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.uniform(40, 220, (12, 3, 5, 5)))
    smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 255)
    lab = smooth.movedim(1, -1).numpy().astype(np.uint8)
    return DecodedPictures((lab[:7], lab[7:]), tuple(f"{i}.png" for i in range(12)), ("a",) * 12)


def options(augmentation=FLIPS, side=64, **changes):
    return BatchOptions(side, 4, {}, augmentation, seed=7, **changes)


def kept(network, folder, data=None, side=64, progress=lambda done, total: None):
    shown = pictures_shown(options(side=side), TRAINING, HELD_OUT, side)
    return keep_embeddings(network, data or pictures(), shown, folder, progress)


@pytest.mark.parametrize("side", [64, 48])
def test_kept_embeddings_equal_those_computed_on_the_very_same_batch(tmp_path, side):
    network = CountingNetwork()
    batches = TrainingBatches(
        pictures(), TRAINING, options(side=side), kept(network, tmp_path, side=side)
    )
    for number in range(5):
        batch = batches.make(number)
        computed = network.embed(batch.luminance)
        assert torch.allclose(batch.embedding, computed, rtol=1e-4, atol=1e-4)
        # the comparison can tell a picture from its mirror image
        mirrored = network.embed(batch.luminance.flip(-1))
        assert ((mirrored - computed).abs().amax(1) > 0.1).all()


def test_validation_gets_embeddings_of_pictures_as_they_are(tmp_path):
    network = CountingNetwork()
    found = kept(network, tmp_path)
    mixed = np.array([10, 2, 11])
    batch = next(validation_batches(pictures(), mixed, 64, 3, found))
    assert torch.allclose(batch.embedding, network.embed(batch.luminance), rtol=1e-4, atol=1e-4)
    assert next(validation_batches(pictures(), mixed, 64, 3)).embedding is None


def losses_of_a_run(batches, steps=6):
    network = CountingNetwork()
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], 1e-3)
    losses = []
    for number in range(steps):
        batch = batches.make(number)
        loss = mean_squared_error(network(*batch.inputs), batch.lab)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, network.seen


def test_a_run_with_kept_embeddings_has_the_losses_of_one_without(tmp_path):
    found = kept(CountingNetwork(), tmp_path)
    computed, seen = losses_of_a_run(TrainingBatches(pictures(), TRAINING, options()))
    assert seen == 24
    cached, seen = losses_of_a_run(TrainingBatches(pictures(), TRAINING, options(), found))
    assert seen == 0
    assert np.allclose(cached, computed, rtol=1e-4)
    assert abs(computed[-1] - computed[0]) > 0.01 * computed[0]


def test_the_branch_sees_each_picture_and_each_mirror_image_once(tmp_path):
    network, heard = CountingNetwork(), []
    kept(network, tmp_path, progress=lambda done, total: heard.append((done, total)))
    assert network.seen == 2 * len(TRAINING) + len(HELD_OUT)
    assert heard == sorted(heard)
    assert heard[-1] == (12, 12)
    again = CountingNetwork()
    kept(again, tmp_path)
    assert again.seen == 0


def test_what_was_embedded_before_a_stop_is_not_embedded_again(tmp_path):
    stopped = CountingNetwork(stop_at=12)  # 3 held out, 8 of the first block, 1 of the second
    with pytest.raises(KeyboardInterrupt):
        kept(stopped, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    going_on = CountingNetwork()
    found = kept(going_on, tmp_path)
    assert going_on.seen == 10
    whole = kept(CountingNetwork(), tmp_path / "whole")
    assert torch.equal(found.rows(TRAINING), whole.rows(TRAINING))


def other_weights(network):
    network.global_branch.classifier.classes.bias.data += 1


def other_size(network):
    network.global_branch.size = 32


@pytest.mark.parametrize("change", [other_weights, other_size])
def test_another_branch_never_meets_the_numbers_of_the_old_one(tmp_path, change):
    old = kept(CountingNetwork(), tmp_path)
    network = CountingNetwork()
    change(network)
    new = kept(network, tmp_path)
    assert network.seen == 21
    assert not torch.allclose(old.rows(TRAINING), new.rows(TRAINING), atol=0.1)


def test_changed_pictures_and_another_side_are_embedded_anew(tmp_path):
    kept(CountingNetwork(), tmp_path)
    changed = pictures()
    changed.parts[0][0, :8] += 1
    network = CountingNetwork()
    kept(network, tmp_path, changed)
    assert network.seen == 8  # the first block of training pictures alone
    smaller = CountingNetwork()
    kept(smaller, tmp_path, side=48)
    assert smaller.seen == 21


@pytest.mark.parametrize("content", [b"", b"text", None])
def test_a_damaged_file_is_computed_anew(tmp_path, content):
    before = kept(CountingNetwork(), tmp_path).rows(TRAINING).clone()
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes()[:-5] if content is None else content)
    network = CountingNetwork()
    assert torch.equal(kept(network, tmp_path).rows(TRAINING), before)
    assert network.seen == 21


def test_a_picture_that_was_not_embedded_is_an_error(tmp_path):
    found = keep_embeddings(
        CountingNetwork(), pictures(), Shown(64, HELD_OUT, TRAINING[:0]), tmp_path, lambda *_: None
    )
    with pytest.raises(DataError, match="picture 3 has no kept embedding"):
        found.rows(np.array([9, 3]))


@pytest.mark.parametrize("change", [{"zoom": 0.9}, {"shear": 0.1}, {"film": 0.2}])
def test_augmentation_that_changes_the_picture_leaves_the_branch_to_run(tmp_path, change):
    changed = options(dataclasses.replace(FLIPS, **change))
    assert not embeddings_fit(changed)
    found = kept(CountingNetwork(), tmp_path)
    assert TrainingBatches(pictures(), TRAINING, changed, found).make(0).embedding is None
    shown = pictures_shown(changed, TRAINING, np.array([1, 10]), 64)
    assert list(shown.plain) == [1, 10]
    assert len(shown.both) == 0


def test_windows_leave_the_branch_to_run():
    assert not embeddings_fit(options(patches=True))


@pytest.mark.parametrize(("name", "fits"), [("s4_fusion", False), ("s4_fusion_cached", True)])
def test_whether_embeddings_fit_follows_from_the_recipe(name, fits):
    recipe = load_recipe(RECIPES / f"{name}.yaml")
    made = BatchOptions(
        recipe.data.crop, recipe.data.batch, {}, recipe.augmentation.build(), recipe.seed,
        recipe.data.patches,
    )  # fmt: skip
    assert embeddings_fit(made) == fits


def test_the_two_recipes_of_s4_differ_in_their_augmentation_alone():
    one, other = (load_recipe(RECIPES / f"{n}.yaml") for n in ("s4_fusion", "s4_fusion_cached"))
    differing = {k for k, v in one.model_dump().items() if other.model_dump()[k] != v}
    assert differing == {"name", "about", "augmentation"}
