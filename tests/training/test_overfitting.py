"""The watch over a run's history, and the stop that follows from it."""

import pytest
from listening import Listener

from photochrom.training.loop import RunOptions, train
from photochrom.training.overfitting import epochs_since_best, parted_at


def history(validation, training):
    return [
        {"epoch": n + 1, "loss": v, "train_sample_loss": t, "ciede2000": v}
        for n, (v, t) in enumerate(zip(validation, training, strict=True))
    ]


def test_the_epoch_after_which_only_training_got_better_is_named():
    rows = history([9, 7, 6, 6.2, 6.5, 7], [9, 7, 6, 5, 4, 3])
    assert parted_at(rows) == 3
    assert parted_at(rows[:5]) is None  # two worse epochs may be chance


@pytest.mark.parametrize(
    ("validation", "training"),
    [
        ([9, 8, 7, 6, 5, 4], [9, 8, 7, 6, 5, 4]),  # both still fall
        ([5, 6, 7, 8, 9, 9], [5, 6, 7, 8, 9, 9]),  # both get worse: not over-fitting
        ([9, 6, 7, 7, 5, 6], [9, 8, 7, 6, 5, 4]),  # a wobble with a new best after it
        ([], []),
    ],
)
def test_no_alarm_where_both_go_the_same_way(validation, training):
    assert parted_at(history(validation, training)) is None


def test_a_run_judged_by_its_discriminator_alone_is_watched_by_colour_difference():
    rows = [
        {"epoch": n + 1, "loss": 0.0, "train_sample_loss": 0.0, "ciede2000": v,
         "train_sample_ciede2000": t}
        for n, (v, t) in enumerate(zip([9, 7, 8, 8, 9], [9, 7, 6, 5, 4], strict=True))
    ]  # fmt: skip
    assert parted_at(rows) == 2


def test_epochs_since_the_best_are_counted():
    assert epochs_since_best(history([5, 4, 6, 7], [5, 4, 3, 2])) == 2
    assert epochs_since_best(history([5, 4], [5, 4])) == 0
    assert epochs_since_best([]) == 0


def test_patience_ends_a_run_that_no_longer_gets_better_and_it_stays_ended(
    tiny, pictures, tmp_path
):
    # after the first epoch the learning rate is nothing: no epoch can be better than the first
    overrides = [
        "schedule.epochs=9", "schedule.steps_per_epoch=2", "schedule.patience=2", "optim.lr=1e-30",
        "optim.encoder_lr=1e-30", "optim.freeze_norms=true", "optim.ema=0",
    ]  # fmt: skip
    listener = Listener()
    options = RunOptions(accelerator="cpu")
    train(tiny(*overrides), pictures, tmp_path, listener, options)
    assert [row["epoch"] for row in listener.rows] == [1, 2, 3]
    again = Listener()
    train(tiny(*overrides), pictures, tmp_path, again, options)
    assert again.rows == []
