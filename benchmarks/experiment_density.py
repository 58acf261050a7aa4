"""S3's density among the experiments: one autoencoder for all rows of a system."""

from __future__ import annotations

from pathlib import Path

from experiment_data import choose, digest
from experiment_table import Selection

from photochrom.evaluation.density import (
    Density,
    FitOptions,
    fit_density,
    load_density,
    save_density,
)
from photochrom.networks.chroma_vae import ChromaVAEConfig

FIT = FitOptions(steps=500)
SIDE = 64
"""Pixels at which it sees pictures, the side published being 128."""


def density_of(selection: Selection, runs: Path) -> Density:
    """The autoencoder fitted to a system's training pictures, kept in `runs`.

    Args:
        selection: the system's own, so that all of its rows are judged by the same one.
        runs: folder of run folders.

    Raises:
        PhotochromError: no data, or the file kept is damaged.
    """
    pictures = choose(selection, SIDE, runs / "decoded").pictures
    file = runs / f"density-{digest(pictures.keys)}.pt"
    if not file.is_file():
        named = ", ".join(selection.sources or selection.folders)
        save_density(fit_density(pictures, named, ChromaVAEConfig(SIDE), FIT), file)
    return load_density(file)
