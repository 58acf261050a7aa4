"""Models by name: those that come with the package, then those of the user's own folder.

A model's name, size, licence, training data and figures stand in its file (`ModelDescription`);
this table adds what a file cannot say of itself: its checksum.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import ModelError
from photochrom.runtime import file_sha256
from photochrom.specialist import SUFFIX

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
DEFAULT_MODEL = "auto"

MODEL_SUFFIXES = (".onnx", SUFFIX)

PLAIN_MODEL = "general"
"""The bundled model without specialists: what a training of one's own begins with."""

BUNDLED: dict[str, tuple[str, str]] = {
    "auto": ("auto.onnx", "17b58ce50160bb5278c247697e1668b4ebce9c874a5c5d30e69d60e5620ac019"),
    "general": ("general.npz", "bfcb276d85e6a6c7b572b5a21d82f23993fa44206d581082223cabaa8fec2a13"),
    "scenes": ("scenes.npz", "05d0baf3194e655bf66ba2c7d4b88e1e8a2314018b054178a6cf97a99b9b4e08"),
    "flowers": ("flowers.npz", "f18d53a39b031e4e1a14cae615b45fedbcfdab5ae3fb4c6c3f6c60fe5a7ece87"),
}
"""Name -> file in weights/, and its SHA-256. The small files are parts of the large one."""


@dataclass(frozen=True)
class CatalogEntry:
    """A model that can be named.

    Attributes:
        name: what to call it.
        path: its file.
        bundled: whether it came with the package.
        sha256: what the file's checksum should be; None where nobody recorded one.
    """

    name: str
    path: Path
    bundled: bool
    sha256: str | None

    @property
    def megabytes(self) -> float:
        """Size of the file, 1 MB = 10^6 bytes."""
        return self.path.stat().st_size / 1e6

    def verify(self) -> None:
        """Raises ModelError unless the file is there and has the recorded checksum."""
        if not self.path.is_file():
            raise ModelError(f"{self.path}: missing; reinstall photochrom")
        if self.sha256 is not None and file_sha256(self.path) != self.sha256:
            raise ModelError(f"{self.path}: damaged (its checksum differs); reinstall photochrom")


def user_data_folder() -> Path:
    """This package's own folder in the platform's folder for a user's data."""
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"))
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share"))
    return base / "photochrom"


def user_models_folder() -> Path:
    """Where models trained here are kept: $PHOTOCHROM_MODELS, else the user's data folder."""
    named = os.environ.get("PHOTOCHROM_MODELS")
    return Path(named) if named else user_data_folder() / "models"


def list_models() -> list[CatalogEntry]:
    """Every model that can be named, bundled ones first."""
    bundled = [
        CatalogEntry(name, WEIGHTS_FOLDER / file, True, sha256)
        for name, (file, sha256) in BUNDLED.items()
    ]
    own = [
        CatalogEntry(path.stem, path, False, None)
        for path in sorted(user_models_folder().glob("*"))
        if path.suffix in MODEL_SUFFIXES and path.stem not in BUNDLED
    ]
    return bundled + own


def find_model(name: str | Path) -> CatalogEntry:
    """The model of a name, or of a path to an .onnx file.

    Raises:
        ModelError: neither; the message names what there is.
    """
    known = {entry.name: entry for entry in list_models()}
    if str(name) in known:
        return known[str(name)]
    path = Path(name)
    if path.suffix in MODEL_SUFFIXES or len(path.parts) > 1:
        if not path.is_file():
            raise ModelError(f"{path}: no such model file")
        return CatalogEntry(path.stem, path, False, None)
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}"
    raise ModelError(f"no model {str(name)!r}; {hint} (or give the path of an .onnx file)")
