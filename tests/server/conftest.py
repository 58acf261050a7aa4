"""What the tests of the page and of the service share: a browser, services, a small model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="the web extra is not installed")

from chromium import CHROMIUM, Chromium
from served_fake import Fake, served_fake
from serving_pictures import MODEL, Client, open_client


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One browser for all tests; each visit has a fresh profile."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    browser = Chromium()
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fake]:
    """The service's contract, kept by cheap made pictures, for tests of the page alone."""
    with served_fake(tmp_path_factory.mktemp("photos")) as fake:
        yield fake


@pytest.fixture(scope="module")
def models_folder(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user's folder of models with the tiny one in it."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copy(tiny_model, folder / f"{MODEL}.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTOCHROM_MODELS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def client(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service in this process, and what talks to it; one for all tests of a file."""
    with open_client(tmp_path_factory.mktemp("service") / "inner" / "data") as client:
        yield client
