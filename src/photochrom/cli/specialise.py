"""`photochrom train PATH... --name NAME`: the shipped model made a specialist, and compared."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photochrom.atomic import make_folder, written_whole
from photochrom.catalog import BUNDLED, PLAIN_MODEL, find_model, user_models_folder
from photochrom.cli.console import complain, say
from photochrom.cli.requests import TrainRequest
from photochrom.cli.training import (
    STOPPED,
    TrainingObserver,
    find_recipe,
    find_start,
    require_training,
)
from photochrom.errors import DataError, OptionError

if TYPE_CHECKING:
    from photochrom.data.decoded import DecodedPictures
    from photochrom.training.comparison import Judged
    from photochrom.training.config import Recipe
    from photochrom.training.specialise import Plan
    from photochrom.training.start import Start

RECIPE, RECORD, SHEET = "specialise", "specialise.json", "comparison.png"

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

REPORT_EVERY = 5
"""Steps between two looks at the clock."""

NOT_BETTER = 1
"""Exit code where the new model is not installed."""

EXPECTATION = (
    "what to expect: 20 and 100 pictures of wild animals lowered the colour difference on unseen "
    "ones by 2 and 10 %, 200 of sunflowers by 21 %; where colours are anybody's choice, as of "
    "cars, hardly anything"
)
"""Measured with `general`, on 25 to 60 pictures that decided nothing."""


@dataclass(frozen=True, eq=False)
class _Base:
    """The model that is started from: what it is called, its file, and what training needs."""

    name: str
    file: Path
    start: Start


def run_specialising(request: TrainRequest) -> int:
    """Trains a specialist, compares, installs it where it is better; returns the exit code."""
    target = _target(request)
    folder = request.run or Path("runs") / target.stem
    require_training()

    import torch

    if request.threads is not None:
        torch.set_num_threads(request.threads)
    recipe, base = _prepare(request, folder)
    try:
        planned = _plan(request, recipe, base, folder)
        return _train_and_compare(request, planned, base, folder, target)
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here")
        return STOPPED


def _target(request: TrainRequest) -> Path:
    """Where the model is to be installed.

    Raises:
        OptionError: a name that cannot be one, or that another model has.
    """
    name = request.name or ""
    if not NAME.fullmatch(name):
        raise OptionError(f"--name {name!r}: letters, digits, - and _ make a name, e.g. trams")
    if name in BUNDLED:
        raise OptionError(f"--name {name}: a model that comes with photochrom; choose another name")
    if request.devices > 1:
        raise OptionError(f"devices is {request.devices}; --name trains on one")
    target = user_models_folder() / f"{name}.onnx"
    goes_on = ((request.run or Path("runs") / name) / RECORD).exists()
    if target.exists() and not (request.force or goes_on):
        raise OptionError(
            f"{target}: there is a model of this name; choose another --name, or add --force"
        )
    return target


def _prepare(request: TrainRequest, folder: Path) -> tuple[Recipe, _Base]:
    """The recipe, with the network of the model that is started from, and that model."""
    from photochrom.training.config import load_recipe
    from photochrom.training.specialise import with_network_of

    recipe = load_recipe(find_recipe(request.recipe or RECIPE), request.overrides)
    make_folder(folder)
    base = _find_base(request.start or PLAIN_MODEL, folder)
    return with_network_of(recipe, base.start), base


def _find_base(named: str, folder: Path) -> _Base:
    """A model by name or file, or a run or checkpoint, whose model file goes into the folder."""
    start, from_model = find_start(named)
    if from_model:
        entry = find_model(named)
        return _Base(entry.name, entry.path, start)
    path = Path(named)
    base = _Base(path.resolve().stem, folder / "start.onnx", start)
    say(f"writing the model file of {path}, to compare with")
    _export(base.start, base.file, {})
    return base


def _plan(request: TrainRequest, recipe: Recipe, base: _Base, folder: Path) -> Plan:
    """What is to be trained on what, told.

    Raises:
        DataError: too few coloured pictures, or others than those of the run that is there.
    """
    from photochrom.training.specialise import plan

    pictures = _coloured_pictures(request, recipe.data.side, folder)
    planned = plan(recipe, pictures)
    _note(folder, base, pictures)
    schedule = planned.recipe.schedule
    steps = schedule.epochs * (schedule.steps_per_epoch or 1)
    say(
        f"{planned.training} to train on, {planned.validation} to choose the best epoch by, "
        f"{len(planned.comparison)} to compare with; {steps} steps; run folder {folder}"
    )
    say(EXPECTATION)
    return planned


def _coloured_pictures(request: TrainRequest, side: int, folder: Path) -> DecodedPictures:
    """The pictures that have colour to learn; the others are counted.

    Raises:
        DataError: too few are left.
    """
    from photochrom.data.coloured import find_coloured, only
    from photochrom.data.decoded import decode_pictures
    from photochrom.training.specialise import LEAST_PICTURES

    say("reading the pictures")
    cache = request.cache or folder / "decoded"
    pictures = decode_pictures(request.data, side, cache, jobs=request.threads)
    coloured = find_coloured(pictures)
    count, kept = len(pictures), int(coloured.sum())
    if kept < LEAST_PICTURES:
        raise DataError(
            f"{count - kept} of {count} pictures are grey or of one tint, which leaves {kept} to "
            f"learn colour from; give at least {LEAST_PICTURES} coloured ones"
        )
    left_out = f", {count - kept} of them grey or of one tint and left out" if kept < count else ""
    say(f"{count} pictures{left_out}")
    return only(pictures, coloured) if kept < count else pictures


def _note(folder: Path, base: _Base, pictures: DecodedPictures) -> None:
    """Notes what a run is made of, or raises DataError where it was made of something else."""
    from photochrom.training.loop import LAST

    keys = hashlib.sha256("\n".join(pictures.keys).encode()).hexdigest()
    made_of = {"start": base.name, "pictures": keys}
    file = folder / RECORD
    found = json.loads(file.read_text()) if file.is_file() else None
    if (folder / LAST).exists() and found != made_of:
        raise DataError(
            f"{folder}: holds a run on other pictures or from another model; "
            "begin anew in another folder with --run"
        )
    with written_whole(file) as partial:
        partial.write_text(json.dumps(made_of))


def _train_and_compare(
    request: TrainRequest, planned: Plan, base: _Base, folder: Path, target: Path
) -> int:
    from photochrom.training.checkpoint import load_checkpoint
    from photochrom.training.comparison import draw_comparison, judge
    from photochrom.training.export import add_to_card
    from photochrom.training.loop import LAST, RunOptions, train
    from photochrom.training.specialise import blend

    size = planned.recipe.data.crop
    before = judge(base.name, base.file, planned.comparison, size)
    say(f"{before.name}: {before}")
    if (folder / LAST).exists():
        say(f"going on from {folder / LAST}")
    with _Observer() as observer:
        options = RunOptions(request.device, report_every=REPORT_EVERY)
        best = train(
            planned.recipe, planned.pictures, folder, observer, options, start=base.start.weights
        )
    way, model = blend(base.start, load_checkpoint(best), planned)
    say(f"writing the model file: {way:.0%} of the way from {base.name} to the trained weights")
    made = folder / target.name
    _export(model, made, {"recipe": planned.recipe.name})
    after = judge(target.stem, made, planned.comparison, size)
    add_to_card(made, _card(planned, base, before, after))
    draw_comparison(before, after, planned.comparison, folder / SHEET)
    _tell_comparison(before, after, size, folder)
    better = bool(after.difference.mean() < before.difference.mean())
    return _install(made, target, base, better=better, force=request.force)


def _export(model: Start, file: Path, card: dict[str, Any]) -> None:
    """Writes weights as a model file."""
    from photochrom.networks.registry import build_network
    from photochrom.training.export import ExportOptions, export_onnx

    network = build_network(**model.network)
    network.load_state_dict(model.weights)
    options = ExportOptions(
        file.stem, model.size, model.vividness, model.prior, card, model.network, model.looks,
        model.calibration,
    )  # fmt: skip
    export_onnx(network.eval(), file, options)


def _card(planned: Plan, base: _Base, before: Judged, after: Judged) -> dict[str, Any]:
    return {
        "trained_on": [f"{len(planned.pictures)} pictures of its owner's, from {base.name} on"],
        "figures": {
            "protocol": f"{len(after.difference)} pictures kept out of the training, "
            f"network at {planned.recipe.data.crop} pixels",
            base.name: str(before),
            "this model": str(after),
        },
    }


def _tell_comparison(before: Judged, after: Judged, size: int, folder: Path) -> None:
    from photochrom.statistics import paired_bootstrap

    count = len(after.difference)
    say(f"on {count} pictures kept out of the training, the network at {size} pixels:")
    for judged in (before, after):
        say(f"{judged.name}: {judged}")
    gain = paired_bootstrap(before.difference, after.difference)
    wins = int((after.difference < before.difference).sum())
    say(f"closer on {wins} of {count}; lower by {gain.difference} (95 %); see {folder / SHEET}")


def _install(made: Path, target: Path, base: _Base, *, better: bool, force: bool) -> int:
    if not better:
        complain(f"{target.stem} is no better than {base.name} on pictures it has not seen")
    if not better and not force:
        say(f"not installed; --force would; the run is kept, its model is {made}")
        return NOT_BETTER
    make_folder(target.parent)
    with written_whole(target) as partial:
        shutil.copyfile(made, partial)
    say(f"installed: {target}; photochrom colorize --model {target.stem} photo.jpg uses it")
    return 0


class _Observer(TrainingObserver):
    """Also says how long it will take, once the first steps have told."""

    def __init__(self) -> None:
        super().__init__()
        self._first: tuple[int, float] | None = None
        self._told = False

    def step_done(self, step: int, total: int, loss: float) -> None:
        """Moves the bar; at the second call there is something to go by."""
        super().step_done(step, total, loss)
        now = time.monotonic()
        if self._first is None:
            self._first = (step, now)
        elif not self._told:
            seconds = (now - self._first[1]) / (step - self._first[0])
            minutes = (total - step) * seconds / 60
            self.say(f"about {minutes:.0f} minutes" if minutes >= 1.5 else "about a minute")
            self._told = True
