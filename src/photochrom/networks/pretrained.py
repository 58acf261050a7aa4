"""Published weights from a file or the web: downloaded once, checked, loaded as tensors only."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import re
import shutil
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from photochrom.errors import ModelError, OptionError, OutputError

TIMEOUT = 60.0
"""Seconds without a byte after which a download has failed."""

_SCHEMES = ("https", "http", "file")


def pretrained_state(
    location: str, sha256: str | None, cache: Path | None = None
) -> dict[str, Tensor]:
    """The state dict in a weight file; a URL is downloaded once and kept.

    Args:
        location: a path, or an https, http or file URL, of what `torch.save` wrote.
        sha256: of the file, 64 hexadecimal digits or at least the first 8 of them (torchvision's
            file names carry those). None leaves a path unchecked; a URL needs it.
        cache: folder for downloads; None takes `cache_folder()`.

    Returns:
        Name -> tensor, on the CPU.

    Raises:
        OptionError: a checksum that is not one, or a URL without one.
        ModelError: not found, not what the checksum promises, or not a state dict.
        OutputError: the download cannot be kept.
    """
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{8,64}", sha256):
        raise OptionError(f"{sha256!r} is no SHA-256; give its 8 to 64 first hexadecimal digits")
    if "://" in location:
        return _load(_downloaded(location, sha256, cache or cache_folder()))
    path = Path(location).expanduser()
    if not path.is_file():
        raise ModelError(f"{path}: no such weight file; give the path or URL of one")
    if sha256 is not None and not _matches(path, sha256):
        raise ModelError(
            f"{path}: its SHA-256 does not begin with {sha256.lower()}; "
            "it is another file or a damaged one, download it again"
        )
    return _load(path)


def cache_folder() -> Path:
    """Where downloads are kept: photochrom in XDG_CACHE_HOME, or in ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "photochrom"


def _downloaded(url: str, sha256: str | None, cache: Path) -> Path:
    """The kept download of a URL; whatever lies there was checked, and is checked again."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise OptionError(f"{url}: not a URL this can read; known are {', '.join(_SCHEMES)}")
    if sha256 is None:
        raise OptionError(f"{url}: a download needs its SHA-256, at least the first 8 digits")
    name = Path(urllib.parse.unquote(parts.path)).name or "weights"
    kept = cache / f"{sha256[:8].lower()}-{name}"
    if not (kept.is_file() and _matches(kept, sha256)):
        _download(url, sha256, kept)
    return kept


def _download(url: str, sha256: str, kept: Path) -> None:
    """Fetches a URL beside `kept` and moves it there only when its checksum is right."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{kept.name}.", suffix=".part", dir=kept.parent)
    except OSError as error:
        raise OutputError(
            f"{kept.parent}: downloads cannot be kept there ({error.strerror}); "
            "set XDG_CACHE_HOME to a folder that can be written"
        ) from error
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file, urllib.request.urlopen(url, timeout=TIMEOUT) as page:
            shutil.copyfileobj(page, file)
        if not _matches(partial, sha256):
            raise ModelError(
                f"{url}: {partial.stat().st_size} bytes came whose SHA-256 does not begin with "
                f"{sha256.lower()}; try again, or give the path of the right file"
            )
        partial.replace(kept)
    except (OSError, http.client.HTTPException) as error:
        raise ModelError(
            f"{url}: could not be downloaded to {kept.parent} ({error}); "
            "try again, or download it by hand and give its path"
        ) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()


def _matches(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(sha256.lower())


def _load(path: Path) -> dict[str, Tensor]:
    try:
        # tensors only: a weight file from the web must not run code
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # its unpickler raises whatever the bytes make it
        raise ModelError(
            f"{path}: not a weight file that can be read; one written by torch.save is needed"
        ) from error
    if not isinstance(state, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in state.items()
    ):
        raise ModelError(f"{path}: holds something else than a state dict (name -> tensor)")
    return dict(state)
