"""Pictures in colour, made on the spot, for tests that judge colorizers."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.color import lab_to_rgb


def coloured(seed: int, width: int = 52, height: int = 40) -> np.ndarray:
    """(height, width, 3) uint8: warm lights, cold shadows, and some noise of its own."""
    rng = np.random.default_rng(seed)
    lightness = np.linspace(20, 80, width) + rng.normal(0, 3, (height, width))
    warmth = (lightness - 50) / 3 + rng.normal(0, 3)
    lab = np.stack([lightness, warmth, 1.5 * warmth + rng.normal(0, 2, warmth.shape)], -1)
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


def save_coloured(folder: Path, count: int, **size: int) -> Path:
    """A folder of coloured pictures 00.png, 01.png and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        Image.fromarray(coloured(seed, **size)).save(folder / f"{seed:02}.png")
    return folder


def save_tar(path: Path, contents: dict[str, bytes]) -> Path:
    """A tar of encoded pictures by name."""
    with tarfile.open(path, "w") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def encoded(rgb: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    """A picture's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, kind, **options)
    return buffer.getvalue()
