"""Fixtures for all tests."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings
from tiny_model import write_tiny_model

# how long an example takes says what else the machine does
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# a shell starts its background jobs with Ctrl-C ignored, and so would be all that the tests start
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of our format whose hue turns with L at a chroma of 25, with logits."""
    path = tmp_path_factory.mktemp("models") / "tiny.onnx"
    write_tiny_model(path)
    return path
