"""`photochrom density`: the autoencoder by which `photochrom evaluate` reports S3's density."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import messages, say
from photochrom.cli.requests import check_counts
from photochrom.cli.training import Device, DeviceOption, Threads, require_training
from photochrom.errors import DataError, OptionError, OutputError

if TYPE_CHECKING:
    from photochrom.data.decoded import DecodedPictures
    from photochrom.evaluation.density import Density, FitOptions

SMALLEST, FEWEST = 16, 2
"""Side in pixels; pictures."""


def density(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="Folders of colour pictures, or .tar shards."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")] = Path(
        "density.pt"
    ),
    size: Annotated[
        int, typer.Option(help="Side in pixels at which pictures are seen, a multiple of 16.")
    ] = 64,
    steps: Annotated[int, typer.Option(help="Steps of 64 pictures.")] = 500,
    seed: Annotated[int, typer.Option(help="Another one gives another fit.")] = 0,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps the decoded pictures; default: none.")
    ] = None,
    device: DeviceOption = Device.auto,
    threads: Threads = None,
) -> None:
    """Fits a variational autoencoder to a data set, S3's measure of density.

    `photochrom evaluate --network density=FILE` then reports how results lie under it. Take the
    kind of pictures that will be judged, but not the same ones. Pictures without colour are left
    out. The published size is 128, which wants a GPU or hours; 64 takes ten minutes on a CPU.

    [bold]Examples[/bold]

      photochrom density flowers/ -o flowers.pt

      photochrom evaluate --models general --data photos/ --network density=flowers.pt -o report/
    """
    if size < SMALLEST or size % SMALLEST:
        raise OptionError(f"size is {size}; it must be a multiple of {SMALLEST}")
    check_counts(steps=steps, threads=threads)
    if output.is_dir():
        raise OutputError(f"{output}: is a folder; give the name of a file")
    require_training()

    import torch

    from photochrom.atomic import make_folder
    from photochrom.evaluation.density import FitOptions, save_density

    if threads is not None:
        torch.set_num_threads(threads)
    make_folder(output.parent)
    where = device.value
    if device is Device.auto:
        where = "cuda" if torch.cuda.is_available() else "cpu"
    with TemporaryDirectory(prefix="photochrom-") as folder:
        pictures = _coloured_pictures(data, size, cache or Path(folder))
        fitted = _fit(pictures, data, FitOptions(steps, seed=seed, device=where))
    save_density(fitted, output)
    say(f"{output}: fitted to {fitted.fitted_to}; their mean KL is {fitted.expected:.1f} nats")


def _coloured_pictures(data: Sequence[Path], size: int, cache: Path) -> DecodedPictures:
    from photochrom.data.coloured import find_coloured, only
    from photochrom.data.decoded import decode_pictures

    pictures = decode_pictures(data, size, cache)
    coloured = find_coloured(pictures)
    kept = int(coloured.sum())
    if kept < FEWEST:
        raise DataError(f"{kept} of {len(pictures)} pictures have colour; a fit needs {FEWEST}")
    if kept < len(pictures):
        say(f"{len(pictures) - kept} left out: grey or of one tint")
    return only(pictures, coloured)


def _fit(pictures: DecodedPictures, data: Sequence[Path], options: FitOptions) -> Density:
    from rich import progress

    from photochrom.evaluation.density import fit_density
    from photochrom.networks.chroma_vae import ChromaVAEConfig

    names = ", ".join(path.resolve().name for path in data)
    bar = progress.Progress(
        progress.BarColumn(), progress.MofNCompleteColumn(), progress.TimeRemainingColumn(),
        console=messages, transient=True, disable=not messages.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("steps", total=options.steps)
        return fit_density(
            pictures, names, ChromaVAEConfig(pictures.side), options,
            lambda done, steps: bar.update(task, completed=done),
        )  # fmt: skip
