"""What a frozen global branch says of every picture: computed once, kept on disk, read by batches.

Such a branch gives the same answer for the same picture in every epoch. Its answers can be kept as
long as a batch shows pictures as they are, mirrored at most (`embeddings_fit`), and always for
validation. Pictures are embedded in blocks. The file of a block is named after everything that its
numbers depend on, and appears whole or not at all: a stopped run goes on with the next block, and
a changed picture or branch never meets numbers of the old one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from photochrom.atomic import make_folder, written_whole
from photochrom.data.batches import Batch, BatchOptions, embeddings_fit, validation_batches
from photochrom.data.decoded import ByteArray, DecodedPictures
from photochrom.errors import DataError
from photochrom.networks.global_branch import GlobalBranch

FORMAT = 1
"""To be raised when the code changes what is embedded: kept files of another format are let be."""

BLOCK = 256
"""Pictures in a file: what a stopped run loses at most."""

AT_ONCE = 32
"""Pictures that the branch sees at once."""

Embedded = npt.NDArray[np.float32]


class EmbeddingNetwork(Protocol):
    """A network whose global branch never learns, such as `FusionNetwork`."""

    global_branch: GlobalBranch

    def embed(self, luminance: Tensor) -> Tensor:
        """The global branch's output (N, classes) for L (N, 1, H, W), 0..100."""
        ...


@dataclass(frozen=True, eq=False)
class Shown:
    """Which pictures a run shows whole, by their index, and how large.

    Attributes:
        side: height and width in pixels.
        plain: those shown only as they are.
        both: those shown as they are and mirrored.
    """

    side: int
    plain: npt.NDArray[np.intp]
    both: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.plain) + len(self.both)


def pictures_shown(
    options: BatchOptions, training: np.ndarray, validated: np.ndarray, side: int
) -> Shown:
    """What of a run's pictures can be embedded once.

    Args:
        options: how training batches are made; unless `embeddings_fit`, those need none.
        training: indices of the pictures that are trained on.
        validated: indices of those that validation shows; some may be trained on, too.
        side: pixels at which validation shows them.
    """
    both = training if embeddings_fit(options) else training[:0]
    return Shown(side, np.setdiff1d(validated, both), both)


@dataclass(frozen=True, eq=False)
class KeptEmbeddings:
    """Embeddings on disk.

    Attributes:
        blocks: memory-mapped (n, views, classes) float32 each; view 1 is of the mirror image.
        places: (pictures, 2) block and row of every picture, -1 where none is kept.
    """

    blocks: tuple[Embedded, ...]
    places: npt.NDArray[np.int32]

    def rows(self, indices: np.ndarray, mirrored: Tensor | None = None) -> Tensor:
        """The embeddings (N, classes) of pictures.

        Args:
            indices: (N,) which pictures.
            mirrored: (N,) bool, which of them are shown mirrored; None for none.

        Raises:
            DataError: a picture that was not embedded.
        """
        places = self.places[indices]
        if (places < 0).any():
            raise DataError(
                f"picture {int(indices[(places < 0).any(1)][0])} has no kept embedding; "
                "embed it with the others"
            )
        views = [0] * len(indices) if mirrored is None else mirrored.int().tolist()
        rows = [
            self.blocks[block][row, view]
            for (block, row), view in zip(places.tolist(), views, strict=True)
        ]
        return torch.from_numpy(np.stack(rows))


def keep_embeddings(
    network: EmbeddingNetwork, pictures: DecodedPictures, shown: Shown, folder: Path,
    progress: Callable[[int, int], None],
) -> KeptEmbeddings:  # fmt: skip
    """The embeddings of pictures; those that the folder does not hold yet are computed.

    Args:
        network: its global branch must have the weights that it will be used with.
        pictures: the decoded pictures.
        shown: which of them, and how.
        folder: for the files, about 4 bytes a class, picture and view. Whatever lies in it can be
            deleted when no run uses it.
        progress: called with how many pictures are done, and how many there are.

    Raises:
        OutputError: the folder cannot be written to.
    """
    make_folder(folder)
    state = _state_of(network.global_branch)
    places = np.full((len(pictures), 2), -1, np.int32)
    blocks: list[Embedded] = []
    done = 0
    for indices, mirror in _blocks(shown):
        file = folder / _name(pictures.take(indices), shown.side, mirror, state)
        kept = _opened(file)
        if kept is None:
            parts = []
            for batch in validation_batches(pictures, indices, shown.side, AT_ONCE):
                parts.append(_embed(network, batch, mirror))
                progress(done + sum(map(len, parts)), len(shown))
            _write(file, np.concatenate(parts))
            kept = np.load(file, mmap_mode="r")
        places[indices, 0], places[indices, 1] = len(blocks), np.arange(len(indices))
        blocks.append(kept)
        done += len(indices)
        progress(done, len(shown))
    return KeptEmbeddings(tuple(blocks), places)


def _blocks(shown: Shown) -> Iterator[tuple[np.ndarray, bool]]:
    """The pictures of each file, and whether it holds their mirror images, too."""
    for indices, mirror in ((shown.plain, False), (shown.both, True)):
        for start in range(0, len(indices), BLOCK):
            yield indices[start : start + BLOCK], mirror


def _embed(network: EmbeddingNetwork, batch: Batch, mirror: bool) -> Embedded:
    """The embeddings (n, views, classes) of pictures, view 1 of their mirror images."""
    device = next(network.global_branch.parameters()).device
    luminance, *_ = batch.to(device).inputs
    views = (luminance, luminance.flip(-1)) if mirror else (luminance,)
    embedded = torch.stack([network.embed(view) for view in views], 1)
    return embedded.float().cpu().numpy()


def _name(squares: ByteArray, side: int, mirror: bool, state: str) -> str:
    """A file's name: a hash of the pictures themselves, how they are shown, and the branch."""
    digest = hashlib.sha256(f"{FORMAT} {side} {mirror} {state} {squares.shape} ".encode())
    digest.update(squares.tobytes())
    return f"{digest.hexdigest()[:32]}.npy"


def _state_of(branch: GlobalBranch) -> str:
    """A hash of a branch's name, size and weights."""
    digest = hashlib.sha256(f"{branch.name} {branch.size}".encode())
    for name, value in branch.state_dict().items():
        digest.update(name.encode())
        digest.update(value.cpu().contiguous().numpy())
    return digest.hexdigest()


def _opened(file: Path) -> Embedded | None:
    """The embeddings in a file; None where it is missing or damaged."""
    try:
        embedded: Embedded = np.load(file, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return embedded


def _write(file: Path, embedded: Embedded) -> None:
    with written_whole(file) as partial, partial.open("wb") as opened:
        np.save(opened, embedded)
