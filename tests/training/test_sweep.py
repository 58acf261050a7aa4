"""Grid search: every point once, whoever trains it and however often it is stopped."""

from __future__ import annotations

import math
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
import torch

from photochrom.errors import CheckpointError, DataError, OutputError
from photochrom.training import sweep as sweep_module
from photochrom.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from photochrom.training.grid import grid_points
from photochrom.training.loop import LAST, RunOptions, train
from photochrom.training.study import STUDY
from photochrom.training.sweep import OBJECTIVE, Sweep, decode_for

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"
CPU = RunOptions(accelerator="cpu", report_every=1)
GRID = ("optim.lr=1e-3,1e-2", "data.batch=4,8")
SHORT = ("schedule.epochs=1", "schedule.steps_per_epoch=1")
DIVERGES = ("optim.lr=1e30,1e-3",)
UNBRIDLED = (*SHORT, "optim.warmup_steps=0", "optim.clip_norm=1e30", "schedule.steps_per_epoch=3")


class Listener:
    """Notes what it hears; raises Ctrl-C, or what a program's mistake would, at a step."""

    def __init__(self, stop_at=math.inf, break_at=math.inf):
        self.points, self.steps = [], []
        self.stop_at, self.break_at = stop_at, break_at

    @contextmanager
    def start(self, point):
        self.points.append(point.name)
        yield self

    def step_done(self, step, total, loss):
        self.steps.append(step)
        if step == self.stop_at:
            signal.raise_signal(signal.SIGINT)
        if step == self.break_at:
            raise ZeroDivisionError

    def epoch_done(self, row):
        pass


@pytest.fixture
def opened(pictures, tmp_path):
    """Opens a sweep over the tiny recipe."""

    @contextmanager
    def open_sweep(*grids, overrides=SHORT, folder=tmp_path / "sweep", pictures=pictures):
        points = grid_points(TINY, grids or GRID, overrides)
        with Sweep(folder, points, {48: pictures}) as study:
            yield study

    return open_sweep


@pytest.fixture
def quick(monkeypatch):
    """In place of the training, what it leaves and what is heard of it: enough for the study."""

    def leave(recipe, pictures, folder, observer, options):
        observer.step_done(1, 1, 1.0)
        row = {"epoch": 1, OBJECTIVE: recipe.data.batch / 10, "chroma_ratio": 0.5, "loss": 2.0}
        made = Checkpoint(recipe.model_dump(mode="json"), 1, {}, {}, {}, 0.0, [row])
        save_checkpoint(made, folder / LAST)
        observer.epoch_done(row)

    monkeypatch.setattr(sweep_module, "train", leave)


def train_all(study, listener=None):
    listener = listener or Listener()
    while study.train_next(listener.start, CPU):
        pass
    return listener


def trials(folder):
    """What Optuna itself finds in the study's file."""
    url = f"sqlite:///{folder / STUDY}"
    storage = optuna.storages.RDBStorage(url)
    try:
        return optuna.load_study(study_name="sweep", storage=storage).trials
    finally:
        storage.remove_session()
        storage.engine.dispose()


def test_every_point_is_trained_once_and_gives_what_its_recipe_alone_gives(
    opened, pictures, tmp_path
):
    with opened("data.batch=4,8") as study:
        listener = train_all(study)
        results = study.results()
    names = [point.name for point in study.points]
    assert listener.points == names
    for result in results:
        alone = tmp_path / "alone" / result.point.name
        train(result.point.recipe, pictures, alone, Listener(), CPU)
        assert [result.best] == load_checkpoint(alone / LAST).history
        assert 0 < result.seconds < 60
    ratios = [result.best[OBJECTIVE] for result in results]
    assert ratios == sorted(ratios)
    assert len(set(ratios)) == 2


def test_the_study_is_one_that_optuna_reads(opened, quick, tmp_path):
    with opened("data.batch=4,8", "network.options.widths=[16,16,8,8]") as study:
        train_all(study)
        best = study.results()[0]
    found = trials(tmp_path / "sweep")
    assert [trial.state.name for trial in found] == ["COMPLETE", "COMPLETE"]
    assert [trial.params["data.batch"] for trial in found] == [4, 8]
    assert found[0].params["network.options.widths"] == "[16, 16, 8, 8]"
    assert min(trial.value for trial in found) == best.best[OBJECTIVE]


def test_the_figure_is_that_of_the_best_epoch(opened, quick, monkeypatch):
    rows = [{"epoch": e, OBJECTIVE: r} for e, r in ((1, 0.9), (2, 0.7), (3, math.nan), (4, 0.8))]
    checkpoint = load_checkpoint

    def changed(path):
        return replace(checkpoint(path), history=rows)

    monkeypatch.setattr(sweep_module, "load_checkpoint", changed)
    with opened("data.batch=4") as study:
        assert study.train_next(Listener().start, CPU).best == rows[1]


def test_a_sweep_that_is_done_does_nothing_when_opened_again(opened, quick):
    with opened("data.batch=4,8") as study:
        train_all(study)
        before = study.results()
    with opened("data.batch=4,8") as study:
        assert train_all(study).points == []
        assert study.results() == before


def test_the_order_of_keys_and_values_is_no_change(opened, quick):
    with opened() as study:
        study.train_next(Listener().start, CPU)
    with opened("data.batch=8,4", "optim.lr=0.01,0.001") as study:
        assert len(set(train_all(study).points)) == 3


@pytest.mark.parametrize("way", ["stop_at", "break_at"])
def test_a_point_that_was_stopped_or_whose_process_died_goes_on_from_its_checkpoint(
    opened, pictures, tmp_path, way
):
    longer = ("schedule.epochs=2", "schedule.steps_per_epoch=2")
    listener = Listener(**{way: 3})
    error = KeyboardInterrupt if way == "stop_at" else ZeroDivisionError
    with opened("data.batch=4,8", overrides=longer) as study:
        with pytest.raises(error):
            train_all(study, listener)
        assert listener.steps == [1, 2, 3]
        assert [result.best for result in study.results()] == [None, None]
    later = Listener()
    with opened("data.batch=4,8", overrides=longer) as study:
        result = study.train_next(later.start, CPU)
    assert result.point == study.points[0]
    # Ctrl-C saves the step; who dies has his last epoch
    assert later.steps == ([4] if way == "stop_at" else [3, 4])
    train(result.point.recipe, pictures, tmp_path / "whole", Listener(), CPU)
    whole = load_checkpoint(tmp_path / "whole" / LAST).history[-1]
    # the mean over the epoch that was broken off is one of its later steps alone
    assert {**result.best, "train_loss": 0} == {**whole, "train_loss": 0}


def test_a_point_that_another_process_trains_is_left_to_it(opened, quick, tmp_path):
    with opened("data.batch=4,8") as study:
        other = study.points[1]

        class Meanwhile(Listener):
            def step_done(self, step, total, loss):
                with opened("data.batch=4,8") as second:
                    assert train_all(second).points == [other.name]
                    assert [r.best is None for r in second.results()] == [False, True]

        train_all(study, Meanwhile())
        assert all(result.best for result in study.results())
    assert len(trials(tmp_path / "sweep")) == 2


def test_a_point_that_fails_is_told_and_the_others_are_trained(opened, tmp_path):
    with opened(*DIVERGES, overrides=UNBRIDLED) as study:
        assert len(train_all(study).points) == 2
        good, bad = study.results()
    assert good.point.values == {"optim.lr": 0.001}
    assert good.best and good.error is None
    assert bad.best is None
    assert "not a number at step" in bad.error
    states = [trial.state.name for trial in trials(tmp_path / "sweep")]
    assert states == ["FAIL", "COMPLETE"]
    with opened(*DIVERGES, overrides=UNBRIDLED) as study:
        assert train_all(study).points == []


def test_a_failed_point_is_tried_again_once_its_folder_is_deleted(opened, tmp_path):
    with opened(*DIVERGES, overrides=UNBRIDLED) as study:
        train_all(study)
        bad = study.results()[-1].point.name
        for file in (tmp_path / "sweep" / bad).iterdir():
            file.unlink()
        (tmp_path / "sweep" / bad).rmdir()
        with pytest.raises(ZeroDivisionError):  # and if that is stopped, it goes on
            train_all(study, Listener(break_at=1))
        assert train_all(study).points == [bad]
        assert study.results()[-1].error


def test_too_little_memory_on_a_gpu_fails_the_point(opened, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate\n 2 GiB")

    monkeypatch.setattr(sweep_module, "train", full)
    with opened("data.batch=4,8") as study:
        train_all(study)
        assert {result.error for result in study.results()} == {
            "not enough memory on the GPU; lower data.batch or data.crop"
        }


def test_a_full_disk_ends_the_sweep_and_fails_no_point(opened, quick, monkeypatch):
    def full(*_):
        raise OutputError("last.ckpt: cannot be written (No space left on device)")

    with monkeypatch.context() as patched, opened("data.batch=4,8") as study:
        patched.setattr(sweep_module, "train", full)
        with pytest.raises(OutputError):
            train_all(study)
    with opened("data.batch=4,8") as study:
        assert len(train_all(study).points) == 2


def test_another_grid_recipe_or_other_pictures_are_refused(opened, pictures):
    with opened("data.batch=4,8"):
        pass
    fewer = replace(pictures, keys=pictures.keys[:-1])
    for grids, changed, told in (
        (("data.batch=4,8,16",), {}, r"another grid \(data.batch=4,8\)"),
        (("optim.lr=1,2",), {}, r"another grid \(data.batch=4,8\)"),
        (
            ("data.batch=4,8",),
            {"overrides": (*SHORT, "optim.decay=none")},
            r"another recipe \(optim.decay: cosine, now none\)",
        ),
        (("data.batch=4,8",), {"pictures": fewer}, r"other pictures \(24, now 23\)"),
    ):
        with pytest.raises(CheckpointError, match=told), opened(*grids, **changed):
            pass


def test_pictures_are_decoded_at_every_side_that_the_grid_has(picture_folder, tmp_path):
    points = grid_points(TINY, ["data.side=32,40", "data.batch=4,8"])
    decoded = decode_for(points, [picture_folder], tmp_path / "cache", 1)
    assert {side: found.side for side, found in decoded.items()} == {32: 32, 40: 40}
    with pytest.raises(DataError, match="nowhere"):
        decode_for(points, [tmp_path / "nowhere"], tmp_path / "cache", 1)


def test_the_time_is_that_of_all_who_took_part(opened, quick, monkeypatch):
    clock = iter([0, 10, 100, 130, 140])  # begun and an epoch done, twice; done
    monkeypatch.setattr(sweep_module.time, "monotonic", lambda: next(clock))
    with opened("data.batch=4") as study:

        class Dying(Listener):
            @contextmanager
            def start(self, point):
                yield self
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            train_all(study, Dying())
        assert study.results()[0].seconds == 10
        train_all(study)
        assert study.results()[0].seconds == 10 + 40
