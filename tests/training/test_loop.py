import json
import signal

import pytest
from listening import Listener, assert_same
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from photochrom.data.decoded import decode_pictures
from photochrom.errors import CheckpointError, DataError, OutputError, TrainingError
from photochrom.networks.lite_unet import LiteUNet
from photochrom.training.checkpoint import load_checkpoint, save_checkpoint
from photochrom.training.loop import BEST, LAST, RunOptions, train
from photochrom.training.validation import picture_at

CPU = RunOptions(accelerator="cpu", report_every=1)


def weights(folder, name=LAST):
    return load_checkpoint(folder / name).averaged


def picture_width(path):
    with Image.open(path) as picture:
        return picture.width


def logged_steps(folder, tag):
    events = EventAccumulator(str(folder)).Reload()
    return [event.step for event in events.Scalars(tag)]


def test_a_run_leaves_checkpoints_curves_samples_and_history(tiny, pictures, tmp_path):
    listener = Listener()
    best = train(tiny(), pictures, tmp_path, listener, CPU)
    assert best == tmp_path / BEST
    assert [row["epoch"] for row in listener.rows] == [1, 2]
    assert listener.steps[-1][:2] == (8, 8)
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [4, 8]
    assert picture_width(tmp_path / "curves.png") > 300
    assert picture_width(tmp_path / "samples.png") == 3 * 32  # grey, predicted, true
    assert load_checkpoint(best).recipe["name"] == "tiny"
    assert logged_steps(tmp_path / "tensorboard", "ciede2000_ratio") == [4, 8]
    assert not list(tmp_path.glob("*.part"))


def test_stopped_and_resumed_equals_uninterrupted_bit_for_bit(tiny, pictures, tmp_path):
    train(tiny(), pictures, tmp_path / "whole", Listener(), CPU)
    with pytest.raises(KeyboardInterrupt):
        train(tiny(), pictures, tmp_path / "parts", Listener(stop_after=3), CPU)
    assert load_checkpoint(tmp_path / "parts" / LAST).step == 3
    train(tiny(), pictures, tmp_path / "parts", Listener(), CPU)
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_ctrl_c_in_the_middle_of_a_step_waits_for_its_end(tiny, pictures, tmp_path, monkeypatch):
    train(tiny(), pictures, tmp_path / "whole", Listener(), CPU)
    calls = []

    def interrupted(lab, height, width):
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return picture_at(lab, height, width)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("photochrom.training.steps.picture_at", interrupted)
        train(tiny(), pictures, tmp_path / "parts", Listener(), CPU)
    assert load_checkpoint(tmp_path / "parts" / LAST).step == 3
    train(tiny(), pictures, tmp_path / "parts", Listener(), CPU)
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_validation_falls_below_that_of_predicting_grey(tiny, pictures, tmp_path):
    recipe = tiny(
        "schedule.epochs=2", "schedule.steps_per_epoch=30", "optim.lr=5e-3", "optim.clip_norm=10",
        "augmentation.film=0", "optim.freeze_encoder=0.2", "optim.train_encoder_from=0",
    )  # fmt: skip
    listener = Listener()
    train(recipe, pictures, tmp_path, listener, CPU)
    assert listener.rows[-1]["ciede2000_ratio"] < 0.85
    assert listener.rows[-1]["loss"] < listener.rows[0]["loss"]


def test_a_finished_run_does_nothing_when_started_again(tiny, pictures, tmp_path):
    train(tiny(), pictures, tmp_path, Listener(), CPU)
    listener = Listener()
    train(tiny(), pictures, tmp_path, listener, CPU)
    assert listener.steps == []


def test_batch_size_and_learning_rate_may_change_on_resume(tiny, pictures, tmp_path):
    train(tiny("schedule.epochs=1"), pictures, tmp_path, Listener(), CPU)
    listener = Listener()
    train(tiny("data.batch=4", "optim.lr=1e-4"), pictures, tmp_path, listener, CPU)
    assert listener.rows[-1]["epoch"] == 2


def test_another_networks_run_folder_is_refused(tiny, pictures, tmp_path):
    train(tiny("schedule.epochs=1"), pictures, tmp_path, Listener(), CPU)
    other = tiny("network.options.widths=[16,16,16,16]")
    with pytest.raises(CheckpointError, match="another run folder"):
        train(other, pictures, tmp_path, Listener(), CPU)


def test_a_loss_that_is_not_a_number_stops_the_run_and_says_where(tiny, pictures, tmp_path):
    recipe = tiny("optim.lr=1e30", "optim.warmup_steps=0", "optim.clip_norm=1e30")
    with pytest.raises(TrainingError, match=r"not a number at step \d+.*optim\.lr"):
        train(recipe, pictures, tmp_path, Listener(), CPU)


def test_too_few_pictures_are_an_error(tiny, pictures, tmp_path):
    with pytest.raises(DataError, match=r"data\.validation"):
        train(tiny("data.validation=0.001"), pictures, tmp_path, Listener(), CPU)


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(tiny, pictures, tmp_path):
    resource = pytest.importorskip("resource")  # not on Windows
    train(tiny("schedule.epochs=1"), pictures, tmp_path, Listener(), CPU)
    before = (tmp_path / LAST).read_bytes()
    checkpoint = load_checkpoint(tmp_path / LAST)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # to a program that writes, a limit for its files looks like a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(OutputError, match=rf"{LAST}: cannot be written \(File too large\)"):
            save_checkpoint(checkpoint, tmp_path / LAST)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / LAST).read_bytes() == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken"])
def test_a_damaged_checkpoint_is_an_error_that_names_it(tmp_path, content):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.ckpt"):
        load_checkpoint(tmp_path / "x.ckpt")
    with pytest.raises(CheckpointError, match="no such"):
        load_checkpoint(tmp_path / "y.ckpt")


def test_patches_are_trained_on_and_whole_pictures_validated_with(
    tiny, picture_folder, tmp_path, monkeypatch
):
    sizes = {True: set(), False: set()}

    def noted(network, luminance):
        sizes[network.training].add(tuple(luminance.shape[-2:]))
        return network.decode(network.encoder(luminance))

    monkeypatch.setattr(LiteUNet, "forward", noted)
    large = decode_pictures([picture_folder], 64, tmp_path / "cache", jobs=1)
    recipe = tiny("data.side=64", "data.crop=32", "data.patches=true", "schedule.epochs=1")
    train(recipe, large, tmp_path, Listener(), CPU)
    assert sizes == {True: {(32, 32)}, False: {(64, 64)}}
    assert picture_width(tmp_path / "samples.png") == 3 * 64
