"""What can be judged, by the text that names it on a command line.

::

    grey            no colour at all: the least that has to be beaten
    truth           the pictures' own colours: the most that can be had
    general         a model by its name
    my.onnx         a model file
    runs/a          the best checkpoint of a run; also a .ckpt file
    dir:FOLDER      another program's output pictures
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np

from photochrom.catalog import find_model, list_models
from photochrom.color import Array, lab_to_rgb
from photochrom.colorizer import Colorizer
from photochrom.data.outputs import FOLDER_PREFIX
from photochrom.errors import CheckpointError, MissingDependencyError, ModelError, OptionError
from photochrom.evaluation.other_program import OtherProgram
from photochrom.evaluation.pictures import ListedPicture, OpenedPicture, PictureSet
from photochrom.photo import enlarge, upsample_chroma
from photochrom.runtime import file_sha256

GREY, TRUTH = "grey", "truth"


@dataclass(frozen=True, eq=False)
class Answer:
    """What a colorizer made of a picture.

    Attributes:
        rgb: (H, W, 3) float sRGB, 0..1, of the size of the judged picture.
        seconds: how long colouring took; None where nothing was coloured.
        note: anything about it that a report should say, e.g. that it was resized.
        confidence: (H, W) 0..1, how sure the colorizer is of each pixel's colour, or None.
    """

    rgb: Array
    seconds: float | None = None
    note: str | None = None
    confidence: Array | None = None


Painter = Callable[[OpenedPicture], Answer]


class Painters:
    """What colours pictures, opened when it is first needed and once only.

    Args:
        entrants: whose labels differ.
    """

    def __init__(self, entrants: Sequence[Entrant]) -> None:
        self._entrants = {entrant.label: entrant for entrant in entrants}
        self._open: dict[str, Painter] = {}

    def __getitem__(self, label: str) -> Painter:
        if label not in self._open:
            self._open[label] = self._entrants[label].open()
        return self._open[label]


class Entrant(Protocol):
    """One of those that are judged."""

    @property
    def label(self) -> str:
        """What tables call it."""
        ...

    @property
    def details(self) -> Mapping[str, Any]:
        """What a report says of it: kind, file, checksum, settings; plain values."""
        ...

    def fingerprint(self, picture: ListedPicture) -> str:
        """Changes when its answer to a picture may."""
        ...

    def open(self) -> Painter:
        """What colours pictures; from several threads at once."""
        ...


@dataclass(frozen=True)
class Anchor:
    """Grey or the truth."""

    label: str
    details: Mapping[str, Any] = field(default_factory=lambda: {"kind": "anchor"})

    def fingerprint(self, picture: ListedPicture) -> str:
        """The same for every picture."""
        return self.label

    def open(self) -> Painter:
        """Leaves the chroma out, or takes the picture's own."""
        if self.label == TRUTH:
            return lambda picture: Answer(picture.truth)
        return lambda picture: Answer(lab_to_rgb(picture.lab * (1, 0, 0)))


@dataclass(frozen=True)
class ModelFile:
    """An .onnx file, at its own size, vividness and looks."""

    label: str
    path: Path
    sha256: str
    details: Mapping[str, Any]

    def fingerprint(self, picture: ListedPicture) -> str:
        """The file's checksum."""
        return self.sha256

    def open(self) -> Painter:
        """Colours with one thread a picture: pictures run side by side instead."""
        return _painter(self.label, Colorizer(self.path, threads=1))


@dataclass(frozen=True)
class TrainedRun:
    """A checkpoint, exported as `photochrom export` would, at the size of its training crops."""

    label: str
    path: Path
    sha256: str
    details: Mapping[str, Any]

    def fingerprint(self, picture: ListedPicture) -> str:
        """The checkpoint's checksum, and the size it is used at."""
        return f"{self.sha256}@{self.details['size']}"

    def open(self) -> Painter:
        """Exports to a temporary file; once opened, the model needs it no more."""
        from photochrom.training.checkpoint import load_checkpoint
        from photochrom.training.export import ExportOptions, export_onnx, network_of

        checkpoint = load_checkpoint(self.path)
        options = ExportOptions(self.label, self.details["size"], prior=checkpoint.prior)
        with TemporaryDirectory(prefix="photochrom-") as folder:
            exported = Path(folder) / "run.onnx"
            export_onnx(network_of(checkpoint), exported, options)
            return _painter(self.label, Colorizer(exported, threads=1))


@dataclass(frozen=True)
class OutputFolder:
    """Another program's pictures."""

    label: str
    outputs: OtherProgram
    details: Mapping[str, Any]

    def fingerprint(self, picture: ListedPicture) -> str:
        """The checksum of the output picture."""
        return self.outputs.outputs[picture.name].sha256

    def open(self) -> Painter:
        """Reads the output picture."""

        def paint(picture: OpenedPicture) -> Answer:
            rgb, note = self.outputs.read(picture)
            return Answer(rgb, note=note)

        return paint


def find_entrants(texts: Sequence[str], pictures: PictureSet) -> list[Entrant]:
    """What the texts name, in their order; grey and the truth are added where they are not.

    Raises:
        OptionError: none is named, or one twice.
        ModelError, CheckpointError: no such model, or not one.
        InputError: a folder lacks outputs, or has others than the pictures'.
    """
    wanted = [text.strip() for text in texts if text.strip()]
    if not wanted:
        raise OptionError("no models are named; for instance general,grey or my.onnx")
    name, times = Counter(wanted).most_common(1)[0]
    if times > 1:
        raise OptionError(f"{name} is named {times} times among the models; once is enough")
    wanted += [anchor for anchor in (GREY, TRUTH) if anchor not in wanted]
    found = [_find(text, pictures) for text in wanted]
    labels = Counter(entrant.label for entrant in found)
    return [
        # two of one label are called as they were named
        replace(one, label=text) if labels[one.label] > 1 else one
        for one, text in zip(found, wanted, strict=True)
    ]


def _find(text: str, pictures: PictureSet) -> Anchor | ModelFile | TrainedRun | OutputFolder:
    if text in (GREY, TRUTH):
        return Anchor(text)
    if text.startswith(FOLDER_PREFIX):
        folder = Path(text.removeprefix(FOLDER_PREFIX))
        details = {"kind": "another program's pictures", "folder": folder.name}
        return OutputFolder(folder.resolve().name, OtherProgram.find(folder, pictures), details)
    path = Path(text)
    named = text in {entry.name for entry in list_models()}
    if not named and (path.is_dir() or path.suffix == ".ckpt"):
        return _find_run(path)
    return _find_model(text)


def _find_model(text: str) -> ModelFile:
    entry = find_model(text)
    described = Colorizer(entry.path).model.description
    sha256 = file_sha256(entry.path)
    details = {
        "kind": "model", "file": entry.path.name, "sha256": sha256,
        "megabytes": round(entry.megabytes, 2), "size": described.size,
        "vividness": described.vividness, "looks": described.looks,
    }  # fmt: skip
    return ModelFile(entry.name, entry.path, sha256, details)


def _find_run(path: Path) -> TrainedRun:
    try:
        from photochrom.training.checkpoint import load_checkpoint
        from photochrom.training.export import ExportOptions
        from photochrom.training.loop import BEST
    except ImportError as error:
        raise MissingDependencyError(
            f"{path}: a run needs {error.name}, which is not installed: "
            'pip install "photochrom[train]"'
        ) from error
    checkpoint_file = path / BEST if path.is_dir() else path
    if path.is_dir() and not checkpoint_file.is_file():
        raise CheckpointError(
            f"{path}: no {BEST} in this folder; another program's pictures are "
            f"{FOLDER_PREFIX}{path}"
        )
    recipe = load_checkpoint(checkpoint_file).recipe
    sha256, defaults = file_sha256(checkpoint_file), ExportOptions("")
    details = {
        "kind": "run", "file": f"{checkpoint_file.resolve().parent.name}/{checkpoint_file.name}",
        "sha256": sha256, "megabytes": round(checkpoint_file.stat().st_size / 1e6, 2),
        "recipe": recipe["name"], "network": recipe["network"]["name"],
        "size": recipe["data"]["crop"], "vividness": defaults.vividness, "looks": defaults.looks,
    }  # fmt: skip
    label = path.resolve().name if path.is_dir() else path.stem
    return TrainedRun(label, checkpoint_file, sha256, details)


def _painter(label: str, colorizer: Colorizer) -> Painter:
    def paint(picture: OpenedPicture) -> Answer:
        luminance = np.ascontiguousarray(picture.lab[..., 0])
        begin = time.perf_counter()
        seen = colorizer.see(luminance)
        small = colorizer.read(seen)[0]
        if small.shape != (*seen.luminance.shape, 2) or not np.isfinite(small).all():
            raise ModelError(
                f"{label}: chroma of shape {small.shape}, or not finite, for {picture.listed.name} "
                f"of {luminance.shape}; such a model cannot be judged"
            )
        ab = upsample_chroma(small, luminance)
        seconds = time.perf_counter() - begin
        confidence = colorizer.confidence(seen, small)
        if confidence is not None:
            confidence = enlarge(confidence, *luminance.shape, cubic=False)
        rgb = lab_to_rgb(np.concatenate([picture.lab[..., :1], ab], -1))
        return Answer(rgb, seconds, confidence=confidence)

    return paint
