"""What a measurement was made with: versions and machine, to be printed beside its figures."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("photochrom", "numpy", "onnxruntime", "pyvips", "Pillow")


def versions() -> dict[str, str]:
    """Of Python and the packages that decide figures."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def machine() -> str:
    """The processor and how many cores there are."""
    return f"{_processor()}, {os.cpu_count()} cores"


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
