"""S3's mIoU among the experiments: one segmentation network for all rows of a system.

It is fitted once to labelled pictures: the packaged EfficientNet-Lite0, left as it is, and above
it a small decoder that reads its features at four scales together (hypercolumns, Hariharan et al.
2015). What it was fitted to, and how well it does on a tenth of them that it never saw, stands in
its name. It is an ONNX file, so `photochrom evaluate --network miou=FILE` takes it, too.

A folder of labelled pictures has `pictures/NAME.jpg` and `labels/NAME.png`, the label of each
pixel: 1 for what is looked for, 0 where nobody said, any other number for all else.
"""

from __future__ import annotations

import dataclasses
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from experiment_data import data_folder, digest
from PIL import Image, ImageOps
from torch import Tensor, nn

from photochrom.atomic import make_folder, written_whole
from photochrom.color import Array
from photochrom.errors import DataError
from photochrom.evaluation.observer import Observer
from photochrom.evaluation.segmentation import segmentation_observer
from photochrom.metrics import mean_iou
from photochrom.networks.blocks import freeze
from photochrom.networks.efficientnet_lite import EfficientNetLiteEncoder

SIDE = 64
"""Pixels at which it sees pictures, those of a shortened run."""

STEPS, BATCH, LEARNING_RATE, SEED = 600, 32, 1e-3, 0
HELD_OUT = 10
"""One in so many pictures."""

NOBODY_SAID, LOOKED_FOR = 0, 1
"""Labels of a folder."""

UNKNOWN, OTHER, FOUND = -100, 0, 1
"""Classes of a pixel, the first one as `cross_entropy` ignores it."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled pictures.

    Attributes:
        rgb: (N, 3, SIDE, SIDE) sRGB in 0..1.
        classes: (N, SIDE, SIDE) UNKNOWN, OTHER or FOUND.
    """

    rgb: Tensor
    classes: Tensor

    def part(self, indices: Array) -> Labelled:
        """Those of the indices."""
        return Labelled(self.rgb[indices], self.classes[indices])


class Segmenter(nn.Module):
    """Logits (N, 2, H, W) of OTHER and FOUND for sRGB (N, 3, H, W) in 0..1, sides of 16 n."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLiteEncoder("lite0", colour=True)
        self.encoder.load_imagenet()
        freeze(self.encoder)
        width = sum(self.encoder.channels[1:])
        self.decoder = nn.Sequential(
            nn.Conv2d(width, 64, 1), nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(),
            nn.Conv2d(64, 2, 1),
        )  # fmt: skip

    def forward(self, rgb: Tensor) -> Tensor:
        """See the class."""
        # at twice the size, since the encoder's finest features used here are at a quarter of it
        enlarged = F.interpolate(rgb, scale_factor=2.0, mode="bilinear")
        fine, *coarse = self.encoder(enlarged)[1:]
        size = fine.shape[-2:]
        column = [fine, *(F.interpolate(each, size=size, mode="bilinear") for each in coarse)]
        logits = self.decoder(torch.cat(column, 1))
        return F.interpolate(logits, size=rgb.shape[-2:], mode="bilinear")


def segmentation_of(folder: str, runs: Path) -> Observer | None:
    """The network fitted to a folder of labelled pictures, kept in `runs`.

    Args:
        folder: below the data folder.
        runs: folder of run folders.

    Returns:
        What it sees in a picture; None where there is no such folder.

    Raises:
        DataError: no labelled picture in it, or one that cannot be read.
    """
    place = data_folder() / folder
    if not place.is_dir():
        return None
    names = sorted(path.stem for path in (place / "labels").glob("*.png"))
    if not names:
        raise DataError(f"{place}: has no labels/NAME.png beside pictures/NAME.jpg")
    file = runs / f"segmentation-{digest(names)}.onnx"
    described = file.with_suffix(".json")
    if not described.is_file():
        make_folder(runs)
        network, words = fit_segmenter(_read(place, names), folder)
        _export(network, file)
        # last, since it is what tells that the network is there
        with written_whole(described) as partial:
            partial.write_text(json.dumps(words))
    observer = segmentation_observer(file)
    return dataclasses.replace(observer, name=json.loads(described.read_text()))


def fit_segmenter(labelled: Labelled, fitted_to: str) -> tuple[Segmenter, str]:
    """A network fitted to labelled pictures, and what it is in words.

    Raises:
        DataError: too few pictures to hold one out.
    """
    count = len(labelled.rgb)
    if count < HELD_OUT:
        raise DataError(f"{fitted_to}: {count} labelled pictures; at least {HELD_OUT} are needed")
    held_out = np.arange(count) % HELD_OUT == 0
    training, unseen = labelled.part(~held_out), labelled.part(held_out)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = Segmenter()
        optimizer = torch.optim.Adam(network.decoder.parameters(), LEARNING_RATE)
        rng = np.random.default_rng(SEED)
        for _ in range(STEPS):
            batch = training.part(rng.integers(len(training.rgb), size=BATCH))
            if rng.random() < 0.5:
                batch = Labelled(batch.rgb.flip(-1), batch.classes.flip(-1))
            loss = F.cross_entropy(network(batch.rgb), batch.classes, ignore_index=UNKNOWN)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    freeze(network)
    return network, (
        f"EfficientNet-Lite0 with a decoder fitted to {fitted_to}, {len(training.rgb):,} pictures, "
        f"{STEPS:,} steps (mIoU {_iou(network, unseen):.3f} on {len(unseen.rgb)} more), whole "
        f"pictures at {SIDE} px"
    )


@torch.inference_mode()
def _iou(network: Segmenter, labelled: Labelled) -> float:
    """Mean IoU with the labels, over the pixels that have one."""
    found = [network(rgb[None]).argmax(1)[0].numpy() for rgb in labelled.rgb]
    truths = list(labelled.classes.numpy())
    known = [truth != UNKNOWN for truth in truths]
    return mean_iou(
        [one[mask] for one, mask in zip(found, known, strict=True)],
        [one[mask] for one, mask in zip(truths, known, strict=True)],
    )


def _read(place: Path, names: list[str]) -> Labelled:
    rgb, classes = [], []
    for name in names:
        try:
            picture = Image.open(place / "pictures" / f"{name}.jpg").convert("RGB")
            labels = Image.open(place / "labels" / f"{name}.png")
            square = ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
            label = np.asarray(ImageOps.fit(labels, (SIDE, SIDE), Image.Resampling.NEAREST))
        except OSError as error:
            raise DataError(f"{place}: {name}: not a picture with its labels ({error})") from error
        rgb.append(np.asarray(square, np.float32).transpose(2, 0, 1) / 255)
        known = np.where(label == LOOKED_FOR, FOUND, OTHER)
        classes.append(np.where(label == NOBODY_SAID, UNKNOWN, known))
    return Labelled(torch.from_numpy(np.stack(rgb)), torch.from_numpy(np.stack(classes)).long())


def _export(network: Segmenter, file: Path) -> None:
    sample = torch.zeros(1, 3, SIDE, SIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own insides
        program = torch.onnx.export(
            network, (sample,), dynamo=True, verbose=False, input_names=["rgb"],
            output_names=["logits"],
        )  # fmt: skip
    assert program is not None  # None only where a file name was given
    with written_whole(file) as partial:
        partial.write_bytes(program.model_proto.SerializeToString())
    with written_whole(file.with_suffix(".yaml")) as partial:
        partial.write_text(f"size: [{SIDE}, {SIDE}]\n")  # how it wants its picture
