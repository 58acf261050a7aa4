"""What commands were asked for: where several modules carry it out, they import it from here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import OptionError


def check_counts(**counts: int | None) -> None:
    """Raises OptionError where one of the numbers, named as options, is given and below 1."""
    for name, value in counts.items():
        if value is not None and value < 1:
            raise OptionError(f"{name.replace('_', '-')} is {value}; it must be at least 1")


@dataclass(frozen=True)
class Request:
    """The command line of `colorize`; each field is the option of its name."""

    inputs: tuple[str, ...]
    output: str | None = None
    model: str | None = None
    size: int | None = None
    vividness: float | None = None
    saturation: float = 1.0
    looks: int | None = None
    variants: int = 1
    seed: int = 0
    hue_guards: tuple[str, ...] = ()
    confidence: Path | None = None
    hints: Path | None = None
    reference: Path | None = None
    suffix: str = ".color"
    format: str = "keep"
    quality: int | None = None
    overwrite: bool = False
    jobs: int | None = None
    threads: int | None = None
    as_json: bool = False
    strip: bool = False
    mark: bool = True
    max_pixels: int | None = None

    def __post_init__(self) -> None:
        check_counts(jobs=self.jobs, threads=self.threads, max_pixels=self.max_pixels)
        if not 1 <= self.variants <= 16:
            raise OptionError(f"variants is {self.variants}; it must be 1 to 16")


@dataclass(frozen=True)
class TrainRequest:
    """The command line of `train`; each field is the option of its name."""

    recipe: str | None
    data: tuple[Path, ...]
    run: Path | None = None
    overrides: tuple[str, ...] = ()
    cache: Path | None = None
    device: str = "auto"
    devices: int = 1
    threads: int | None = None
    name: str | None = None
    start: str | None = None
    force: bool = False

    def __post_init__(self) -> None:
        if not self.data:
            raise OptionError("no training pictures; name folders or .tar shards (--data)")
        if self.name is None:
            if self.recipe is None:
                raise OptionError(
                    "what to train? --name NAME makes a model of your own from the shipped one, "
                    "--recipe RECIPE trains a recipe"
                )
            if self.force:
                raise OptionError("--force belongs to --name NAME")
        check_counts(devices=self.devices, threads=self.threads)
