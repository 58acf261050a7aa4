"""Whether a classifier recognises in a result what it recognises in the truth.

Top-1 of the packaged EfficientNet-Lite0 on ImageNet's 1,000 classes. Without class labels the
figure is agreement with its own answer to the true picture (`SET_FIGURES["recognition"]`); with
labels it is accuracy as well (`SET_FIGURES["recognition_accuracy"]`).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from photochrom.color import Array
from photochrom.errors import DataError
from photochrom.evaluation.features import as_batch
from photochrom.evaluation.figures import Observer
from photochrom.evaluation.weights import SHOWN_DIGITS
from photochrom.networks.blocks import freeze, to_channels_last
from photochrom.networks.global_branch import LITE_CLASSES, LITE_SIZE, LiteClassifier
from photochrom.runtime import file_sha256

SHORT_SIDE = 256

NAME = (
    "EfficientNet-Lite0 (ImageNet), top-1 of 1,000 classes, middle 224 x 224 px of a short side "
    "of 256"
)


def recognition_observers(labels: Path | None = None) -> dict[str, Observer]:
    """The packaged classifier, by the set figures that it serves.

    Args:
        labels: a file of them, see `read_labels`; None leaves accuracy out.

    Raises:
        MissingDependencyError: the package with the weights is not installed.
        DataError: see `read_labels`.
    """
    known = read_labels(labels) if labels is not None else {}
    own = lite0_classes()
    if labels is None:
        return {"recognition": own}
    by_label = dataclasses.replace(
        own,
        name=f"{own.name}, labels {labels.name} {file_sha256(labels)[:SHOWN_DIGITS]}",
        labels={name: np.array([label], np.int64) for name, label in known.items()},
    )
    return {"recognition": own, "recognition_accuracy": by_label}


def lite0_classes() -> Observer:
    """The most likely class (1,) int64, 0..999, of a picture.

    Raises:
        MissingDependencyError: the package with the weights is not installed.
    """
    network = LiteClassifier("lite0", colour=True)
    network.load_imagenet()
    freeze(network)
    to_channels_last(network)

    @torch.inference_mode()
    def observe(rgb: Array) -> Array:
        label: Array = network(as_batch(_middle(rgb))).argmax(1).numpy()
        return label

    return Observer(NAME, observe)


def read_labels(path: Path) -> dict[str, int]:
    """Picture name -> ImageNet class 0..999, from lines "NAME CLASS"; blank lines are left out.

    Raises:
        DataError: it cannot be read, or a line is something else.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: no readable text; lines of NAME CLASS are needed") from error
    labels = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, *rest = line.strip().rsplit(maxsplit=1)
        if not rest or not rest[0].isdecimal() or int(rest[0]) >= LITE_CLASSES:
            raise DataError(
                f"{path}: line {number} is {line!r}; a name and a class 0..{LITE_CLASSES - 1} "
                "are needed"
            )
        labels[name] = int(rest[0])
    return labels


def _middle(rgb: Array) -> Array:
    """The middle 224 x 224, 0..1, of the picture at a short side of 256 (Lanczos)."""
    image = Image.fromarray(np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8))
    zoom = SHORT_SIDE / min(image.size)
    if zoom != 1:
        size = (round(image.width * zoom), round(image.height * zoom))
        image = image.resize(size, Image.Resampling.LANCZOS)
    left, top = (image.width - LITE_SIZE) // 2, (image.height - LITE_SIZE) // 2
    middle = image.crop((left, top, left + LITE_SIZE, top + LITE_SIZE))
    return np.asarray(middle, np.float32) / 255
