"""What the command line's tests share: running it, and pictures to run it on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("photochrom: ")]


Run = Callable[..., Ran]


def make_picture(path: Path, width: int = 48, height: int = 40, seed: int = 0) -> Path:
    """A grey picture with some structure, in the format of its extension."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = np.sin(rows / (5 + seed % 7)) + np.cos(columns / (7 + seed % 5))
    grey = ((waves + 2) / 4 * 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).save(path)
    return path


def start(arguments: list[object], **options: object) -> subprocess.Popen[bytes]:
    """The command line as a process of its own."""
    command = [sys.executable, "-m", "photochrom", *map(str, arguments)]
    environment = dict(os.environ, OMP_NUM_THREADS="1", PYTHONWARNINGS="error")
    environment.pop("PHOTOCHROM_DEBUG", None)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, **{"env": environment, **pipes, **options})


def files_below(folder: Path) -> set[str]:
    """Every file of a folder, hidden ones too."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
