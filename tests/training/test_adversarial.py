"""Training against a discriminator: it learns, it resumes exactly, and it can start late."""

import pytest
import torch
from listening import Listener, assert_same

from photochrom.errors import RecipeError
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.loop import LAST, RunOptions, train

CPU = RunOptions(accelerator="cpu", report_every=1)
PIX2PIX = (
    "network.name=pix2pix",
    "network.options={levels: 4, width: 8}",
    "data.crop=32",
    "loss={mean_absolute_error: 0.9}",
    "adversarial={options: {width: 8, halvings: 2}}",
    "optim.ema=0",
)


def judge_of(folder):
    return load_checkpoint(folder / LAST).training["judge"]


def test_both_networks_learn_and_the_checkpoint_holds_both(tiny, pictures, tmp_path):
    listener = Listener()
    train(tiny(*PIX2PIX), pictures, tmp_path, listener, CPU)
    one_epoch = tmp_path / "one"
    train(tiny(*PIX2PIX, "schedule.epochs=1"), pictures, one_epoch, Listener(), CPU)
    early, late = judge_of(one_epoch), judge_of(tmp_path)
    assert early.keys() == late.keys()
    assert not torch.equal(early["body.0.weight"], late["body.0.weight"])
    assert {"ciede2000_ratio", "mean_absolute_error", "loss"} <= listener.rows[-1].keys()


def test_a_resumed_run_equals_an_uninterrupted_one_dropout_noise_and_judge_included(
    tiny, pictures, tmp_path
):
    recipe = tiny(*PIX2PIX, "network.options.noise=true")  # dropout 0.5 is the network's default
    train(recipe, pictures, tmp_path / "whole", Listener(), CPU)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, pictures, tmp_path / "parts", Listener(stop_after=3), CPU)
    train(recipe, pictures, tmp_path / "parts", Listener(), CPU)
    whole, parts = (load_checkpoint(tmp_path / name / LAST) for name in ("whole", "parts"))
    assert_same(whole.network, parts.network)
    assert_same(whole.training["judge"], parts.training["judge"])


def test_the_discriminator_waits_for_its_share_of_the_steps(tiny, pictures, tmp_path):
    late = tiny(*PIX2PIX, "adversarial.start=0.5", "adversarial.weight=1000")
    plain = tiny(*PIX2PIX[:-2], "optim.ema=0")
    losses = {}
    for name, recipe in (("late", late), ("plain", plain)):
        listener = Listener()
        train(recipe, pictures, tmp_path / name, listener, CPU)
        losses[name] = listener
    # the first four of eight steps are the plain run's, to the last bit
    assert losses["late"].losses[:4] == losses["plain"].losses[:4]
    assert losses["late"].losses[-1] > 10 * losses["plain"].losses[-1]


def test_alone_with_a_discriminator_colours_move_towards_the_real_ones(tiny, pictures, tmp_path):
    recipe = tiny(
        "network.name=unet", "network.options={widths: [8, 16], bottom: 16}",
        "loss={mean_absolute_error: 0}",
        "adversarial={options: {width: 8, halvings: 1}, lr: 5e-3}",
        "optim.ema=0", "optim.lr=5e-3", "augmentation.film=0",
        "schedule.epochs=3", "schedule.steps_per_epoch=40",
    )  # fmt: skip
    listener = Listener()
    train(recipe, pictures, tmp_path, listener, CPU)
    assert listener.rows[-1]["loss"] == 0  # reported, not minimised
    assert min(row["ciede2000_ratio"] for row in listener.rows) < 0.85


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("adversarial.discriminator=patch", "no discriminator 'patch'; did you mean 'patch_gan'"),
        ("adversarial.options={halving: 2}", "did you mean 'halvings'"),
        ("adversarial.wieght=2", r"did you mean 'adversarial\.weight'"),
        ("loss={mean_absolute_error: 0}", "weight 0 and there is no adversarial"),
    ],
)
def test_a_mistake_in_the_section_is_one_line_with_a_cure(tiny, override, message):
    with pytest.raises(RecipeError, match=message):
        tiny(override)
