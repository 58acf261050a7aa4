"""Batches for training and validation, cut from decoded pictures."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from photochrom.data.augmentation import (
    AugmentationConfig,
    centre_crops,
    film_look,
    random_crops,
    random_windows,
)
from photochrom.data.decoded import AB_OFFSET, L_LEVELS_PER_UNIT, ByteArray, DecodedPictures
from photochrom.errors import DataError


@dataclass(frozen=True, eq=False)
class Batch:
    """What a step sees.

    Attributes:
        luminance: (N, 1, H, W) 0..100, as the network gets it.
        lab: (N, 3, H, W) the true picture in CIELAB.
        embedding: (N, classes) what the network's global branch says of `luminance`, where that
            is kept; None otherwise.
    """

    luminance: Tensor
    lab: Tensor
    embedding: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        embedding = None if self.embedding is None else self.embedding.to(device)
        return Batch(self.luminance.to(device), self.lab.to(device), embedding)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What a network is called with: L, channels last, and the embedding where it is kept."""
        known = () if self.embedding is None else (self.embedding,)
        return (self.luminance.contiguous(memory_format=torch.channels_last), *known)


class Embeddings(Protocol):
    """Where batches find what the global branch says; see `photochrom.data.embeddings`."""

    def rows(self, indices: np.ndarray, mirrored: Tensor | None = None) -> Tensor:
        """(N, classes) of pictures by their index, of their mirror images where `mirrored` is."""
        ...


def lab_from_bytes(squares: ByteArray) -> Tensor:
    """CIELAB (N, 3, H, W) float of decoded pictures (N, H, W, 3) uint8."""
    # plane by plane and in place: this runs for every batch
    lab = torch.from_numpy(squares).permute(0, 3, 1, 2).contiguous().float()
    lab[:, 0] *= 1 / L_LEVELS_PER_UNIT
    lab[:, 1:] -= AB_OFFSET
    return lab


@dataclass(frozen=True)
class BatchOptions:
    """How batches are made of pictures.

    Attributes:
        side: height and width of a crop in pixels.
        size: pictures in a batch.
        weights: how often each source is drawn, relative to its number of pictures (1 where not
            named).
        augmentation: how far pictures are changed.
        seed: the source of all chance.
        patches: crops are windows of `side` pixels at the stored scale, mirrored or not: no zoom,
            no shear.
        sides: each batch draws its side from these, in place of `side`; it has as many pictures as
            make about the pixels of `size` ones of `side`.
    """

    side: int
    size: int
    weights: Mapping[str, float]
    augmentation: AugmentationConfig
    seed: int
    patches: bool = False
    sides: Sequence[int] = ()


def embeddings_fit(options: BatchOptions) -> bool:
    """Whether pictures are shown as they are, mirrored at most, so that embeddings can be kept."""
    augmentation = options.augmentation
    whole = augmentation.keeps_whole and not options.patches and not options.sides
    return whole and augmentation.film == 0


class TrainingBatches:
    """An endless, repeatable stream of augmented batches.

    Batch number k is made from the seed and k alone, so a run that stops and goes on sees what an
    uninterrupted one sees. Where all sources weigh the same and all batches are of one size, every
    picture comes once in each pass; otherwise pictures are drawn with replacement, each source by
    its weight.

    Args:
        pictures: the decoded pictures.
        chosen: indices of those to train on.
        options: how batches are made of them.
        embeddings: of the chosen pictures and their mirror images; used if `embeddings_fit`.
    """

    def __init__(
        self, pictures: DecodedPictures, chosen: np.ndarray, options: BatchOptions,
        embeddings: Embeddings | None = None,
    ) -> None:  # fmt: skip
        self.pictures, self.chosen, self.options = pictures, chosen, options
        self.embeddings = embeddings
        weights = options.weights
        share = np.array([weights.get(pictures.sources[i], 1.0) for i in chosen], np.float64)
        if not share.sum() > 0:
            raise DataError("every source has weight 0: nothing is left to train on")
        even = bool((share == share[0]).all()) and not options.sides
        self._cumulative = None if even else np.cumsum(share / share.sum())

    def make(self, number: int) -> Batch:
        """Batch number `number`."""
        options = self.options
        chance = np.random.default_rng((options.seed, number))
        side, size = self._shape(chance)
        indices = self.chosen[self._draw(number, size, chance)]
        generator = torch.Generator().manual_seed(int(chance.integers(2**62)))
        pictures = lab_from_bytes(self.pictures.take(indices))
        mirrored, embedding = None, None
        if options.patches:
            lab = random_windows(pictures, side, options.augmentation.flip, generator)
        else:
            lab, mirrored = random_crops(pictures, side, options.augmentation, generator)
        if self.embeddings is not None and embeddings_fit(options):
            embedding = self.embeddings.rows(indices, mirrored)
        return Batch(film_look(lab, options.augmentation.film, generator), lab, embedding)

    def _shape(self, chance: np.random.Generator) -> tuple[int, int]:
        """The side of a batch's crops in pixels, and how many there are."""
        options = self.options
        if not options.sides:
            return options.side, options.size
        side = int(chance.choice(options.sides))
        return side, max(1, round(options.size * (options.side / side) ** 2))

    def _draw(self, number: int, size: int, chance: np.random.Generator) -> np.ndarray:
        """Which of the chosen pictures a batch shows."""
        count = len(self.chosen)
        if self._cumulative is not None:
            drawn = np.searchsorted(self._cumulative, chance.random(size), side="right")
            return drawn.clip(0, count - 1)
        places = np.arange(number * size, (number + 1) * size)
        orders = {n: self._order(n) for n in {int(place) // count for place in places}}
        return np.array([orders[int(place) // count][place % count] for place in places])

    def _order(self, passed: int) -> np.ndarray:
        """The order of the pictures in one pass over all of them."""
        return np.random.default_rng((self.options.seed, passed, 1)).permutation(len(self.chosen))

    def stream(self, numbers: Sequence[int], *, ahead: int = 3) -> Iterator[Batch]:
        """The batches of these numbers in order, made a few ahead by a thread."""
        ready: queue.Queue[Batch | BaseException] = queue.Queue(ahead)
        stop = threading.Event()

        def work() -> None:
            try:
                for number in numbers:
                    _put(ready, self.make(number), stop)
                    if stop.is_set():
                        return
            except BaseException as error:
                _put(ready, error, stop)

        threading.Thread(target=work, daemon=True, name="batches").start()
        try:
            for _ in numbers:
                item = ready.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stop.set()


def validation_batches(
    pictures: DecodedPictures, chosen: np.ndarray, side: int, size: int,
    embeddings: Embeddings | None = None,
) -> Iterator[Batch]:  # fmt: skip
    """The held-out pictures, whole and unchanged, at the training size."""
    for start in range(0, len(chosen), size):
        indices = chosen[start : start + size]
        lab = centre_crops(lab_from_bytes(pictures.take(indices)), side)
        yield Batch(lab[:, :1], lab, None if embeddings is None else embeddings.rows(indices))


def _put(
    ready: queue.Queue[Batch | BaseException], item: Batch | BaseException, stop: threading.Event
) -> None:
    while not stop.is_set():
        try:
            ready.put(item, timeout=0.2)
            return
        except queue.Full:
            continue
