"""Fixtures for films."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom import Colorizer


@pytest.fixture(scope="session")
def colorizer(tiny_model: Path) -> Colorizer:
    """One that works with the tiny model, in one thread."""
    return Colorizer(tiny_model, threads=1)
