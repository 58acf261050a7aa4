"""One experiment: trained or resumed, judged, and written down.

A run folder remembers what it was begun with, and no other experiment goes on in it; a result is
written from its own run alone, when that has come to its end.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from experiment_clock import Clock
from experiment_data import Chosen, choose, digest
from experiment_density import density_of
from experiment_judging import (
    DEFAULT,
    GREY,
    KEPT,
    ROW,
    Networks,
    Values,
    judge,
    network_painter,
    no_colour,
    rounded,
    told,
)
from experiment_segmentation import segmentation_of
from experiment_table import Experiment, Resolved

from photochrom.atomic import make_folder, written_whole
from photochrom.catalog import DEFAULT_MODEL, find_model
from photochrom.colorizer import Colorizer
from photochrom.data.coloured import only
from photochrom.data.decoded import DecodedPictures
from photochrom.data.split import split
from photochrom.errors import OutputError
from photochrom.evaluation.machine import versions
from photochrom.evaluation.pictures import spread
from photochrom.runtime import file_sha256
from photochrom.training.checkpoint import load_checkpoint
from photochrom.training.export import network_of
from photochrom.training.loop import LAST, RunOptions, train

TEST_PICTURES, TRAINING_PICTURES = 300, 200
"""Judged at most."""

ROW_FILE, CLOCK_FILE = "row.json", "clock.json"
HISTORY = ("epoch", "step", "train_loss", "loss", "ciede2000", "ciede2000_ratio", "chroma_ratio")


@dataclass(frozen=True)
class Places:
    """Where an experiment reads and writes.

    Attributes:
        runs: gets a folder for each row and budget.
        results: gets NAME.json.
    """

    runs: Path
    results: Path


def run_experiment(
    experiment: Experiment, resolved: Resolved, places: Places, accelerator: str = "auto"
) -> Path:
    """Trains an experiment to its end, judges it and the default model, and writes the result.

    Args:
        experiment: the row of the table.
        resolved: the same at a budget.
        places: where to.
        accelerator: as the training loop calls it.

    Raises:
        OutputError: the run folder was begun with other settings, or a full result is there.
        PhotochromError: no data, or training cannot go on.
    """
    target = places.results / f"{resolved.name}.json"
    if resolved.budget == "cpu" and target.is_file() and read_result(target)["budget"] == "full":
        raise OutputError(f"{target}: holds a full run, which a shortened one does not replace")
    folder = places.runs / f"{resolved.name}-{resolved.budget}"
    cache = places.runs / "decoded"
    chosen = choose(resolved.data, resolved.recipe.data.side, cache)
    _claim_folder(folder, resolved, chosen.pictures)
    clock = clock_in(folder, accelerator)
    steps = resolved.recipe.schedule.steps_per_epoch
    report_every = 10 if steps is None else max(1, min(10, steps // 4))
    options = RunOptions(accelerator, report_every=report_every, cache=places.runs / "kept")
    try:
        train(resolved.recipe, chosen.pictures, folder, clock, options)
    finally:
        clock.stop()
    write_result(_result(experiment, resolved, chosen, folder, clock, cache), target)
    return target


def clock_in(folder: Path, accelerator: str) -> Clock:
    """The clock of a run folder; without a GPU it counts processor time."""
    on_gpu = accelerator != "cpu" and torch.cuda.is_available()
    return Clock(folder / CLOCK_FILE, None if on_gpu else torch.get_num_threads())


def write_result(result: Mapping[str, Any], target: Path) -> None:
    """Writes a result, whole or not at all."""
    make_folder(target.parent)
    with written_whole(target) as partial:
        partial.write_text(as_text(result), encoding="utf-8")


def _claim_folder(folder: Path, resolved: Resolved, pictures: DecodedPictures) -> None:
    """Notes what a run is begun with, or makes sure that it goes on with the same."""
    begun = {
        "name": resolved.name, "budget": resolved.budget,
        "recipe": resolved.recipe.model_dump(mode="json"), "pictures": digest(pictures.keys),
    }  # fmt: skip
    make_folder(folder)
    note = folder / ROW_FILE
    if not note.is_file():
        with written_whole(note) as partial:
            partial.write_text(json.dumps(begun, indent=1))
    elif (known := json.loads(note.read_text())) != begun:
        other = next(key for key in begun if known.get(key) != begun[key])
        raise OutputError(
            f"{folder}: was begun with another {other}; move it away, and the row starts anew"
        )


def _result(
    experiment: Experiment, resolved: Resolved, chosen: Chosen, folder: Path, clock: Clock,
    cache: Path,
) -> dict[str, Any]:  # fmt: skip
    checkpoint = load_checkpoint(folder / LAST)
    recipe = resolved.recipe
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network_of(checkpoint)
    paint = network_painter(network, device)
    training, held_out = split(chosen.pictures, recipe.data.split, recipe.data.validation)
    test, test_words = _test_pictures(resolved, chosen.pictures, held_out, cache)
    model = find_model(DEFAULT_MODEL)
    painters = {ROW: paint, DEFAULT: Colorizer().predict_chroma, GREY: no_colour}
    networks = _networks(resolved, folder.parent)
    tested = judge(painters, test, networks)
    sample = _some(chosen.pictures, training, TRAINING_PICTURES)
    seen = judge({ROW: paint}, sample, networks)
    figures = {name: told(values) for name, values in tested.items()}
    return {
        "name": resolved.name,
        "system": resolved.system,
        "budget": resolved.budget,
        "about": experiment.about,
        "date": datetime.date.today().isoformat(),
        "overrides": resolved.overrides,
        "recipe": recipe.model_dump(mode="json"),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "seed": recipe.seed,
        "data": {
            **resolved.data.model_dump(), "used": len(chosen.pictures),
            "full": full_count(resolved, chosen.found),
            "training": len(training), "held_out": len(held_out), "side": recipe.data.side,
            "sha256": digest(chosen.pictures.keys),
        },
        "test": {
            **test_words,
            "density": networks.density and networks.density.observer().name,
            "segmentation": networks.segmentation and networks.segmentation.name,
        },
        "training": _effort(resolved, chosen, clock, checkpoint.step, len(training)),
        "versions": {**versions(), "torch": torch.__version__},
        "machine": machine_class(),
        "default_model": {
            "name": DEFAULT_MODEL, "sha256": file_sha256(model.path)[:16],
            "saw_test_pictures": resolved.default_saw,
        },
        "history": [{key: rounded(row[key]) for key in HISTORY} for row in checkpoint.history],
        "published": {key: value.model_dump() for key, value in experiment.published.items()},
        "published_words": experiment.published_words,
        "figures": {**figures, "training_sample": told(seen[ROW])},
        "pictures": {name: _kept(name, tested[name]) for name in KEPT},
    }  # fmt: skip


def _networks(resolved: Resolved, runs: Path) -> Networks:
    return Networks(
        density_of(resolved.density, runs) if resolved.density else None,
        segmentation_of(resolved.segmentation, runs) if resolved.segmentation else None,
    )


def _test_pictures(
    resolved: Resolved, pictures: DecodedPictures, held_out: np.ndarray, cache: Path
) -> tuple[DecodedPictures, dict[str, Any]]:
    """What the row is judged on, and that in words."""
    if resolved.test is None:
        test = _some(pictures, held_out, TEST_PICTURES)
        words: dict[str, Any] = {"what": "held out of the training folders", "note": ""}
    else:
        chosen = choose(resolved.test, resolved.recipe.data.side, cache).pictures
        test = _some(chosen, np.arange(len(chosen)), TEST_PICTURES)
        words = {
            "what": ", ".join(resolved.test.sources or resolved.test.folders),
            "note": resolved.test.note,
        }
    return test, {**words, "pictures": len(test), "side": test.side, "sha256": digest(test.keys)}


def _some(pictures: DecodedPictures, indices: np.ndarray, most: int) -> DecodedPictures:
    kept = np.zeros(len(pictures), bool)
    kept[indices[spread(len(indices), most)]] = True
    return only(pictures, kept)


def _effort(
    resolved: Resolved, chosen: Chosen, clock: Clock, steps: int, training: int
) -> dict[str, Any]:
    """Steps, time, and what the published schedule on all pictures found would take."""
    recipe, full = resolved.recipe, resolved.full
    batch, step = recipe.data.batch, clock.median_step
    per_picture = None if step is None else step / batch
    one_pass = full_count(resolved, chosen.found) * training / len(chosen.pictures)
    shown_in_full = round(full.schedule.epochs * one_pass)
    zoom = (full.data.crop / recipe.data.crop) ** 2
    return {
        "steps": steps,
        "pictures_shown": steps * batch,
        "wall_seconds": rounded(clock.wall_seconds),
        "seconds_per_picture": None if per_picture is None else rounded(per_picture),
        "full_pictures_shown": shown_in_full,
        "full_hours": (
            None if per_picture is None else rounded(per_picture * zoom * shown_in_full / 3600)
        ),
    }


def full_count(resolved: Resolved, found: int) -> int:
    """How many of the pictures found a full run would use."""
    return min(resolved.full_pictures or found, found)


def _kept(name: str, values: Values) -> dict[str, list[float | None]]:
    """Each picture's figures; None where one says nothing."""
    return {
        figure: [rounded(v) if np.isfinite(v) else None for v in values[figure]]
        for figure in KEPT[name]
    }


def machine_class() -> dict[str, Any]:
    """Cores and GPU, and no names."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "processor": f"{platform.machine()} ({torch.backends.cpu.get_cpu_capability()})",
        "cores": cores, "threads": torch.get_num_threads(), "gpu": gpu,
    }  # fmt: skip


def as_text(result: Mapping[str, Any]) -> str:
    """JSON with a line for each key, and one for each figure, picture or point below it."""
    lines = []
    for key, value in result.items():
        if key in ("figures", "pictures"):
            inner = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            lines.append(f"{json.dumps(key)}: {{\n{inner}\n }}")
        elif key == "points":
            inner = ",\n".join(f"  {json.dumps(point)}" for point in value)
            lines.append(f"{json.dumps(key)}: [\n{inner}\n ]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def read_result(path: Path) -> dict[str, Any]:
    """A result.

    Raises:
        OutputError: not a result of that name.
    """
    try:
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        named = result["name"]
    except (OSError, ValueError, KeyError) as error:
        raise OutputError(f"{path}: not a readable result; run the experiment again") from error
    if named != path.stem:
        raise OutputError(f"{path}: is the result of {named}; a row is filled from its own run")
    return result


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """All results of a folder by name."""
    return {path.stem: read_result(path) for path in sorted(folder.glob("*.json"))}
