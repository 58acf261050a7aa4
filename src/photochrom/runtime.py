"""A model file at work: the one place that knows ONNX Runtime.

The file's contract: input `L` (N, 1, H, W) float32 0..100, sides a multiple of the size rule;
outputs `ab` (N, 2, h, w) in CIELAB units and, where the model knows a distribution, `logits`
(N, Q, h, w) over the classes of the palette that its metadata names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.calibration import Calibration
from photochrom.color import FloatArray
from photochrom.errors import ModelError, OptionError
from photochrom.palette import Palette, palette_by_name

FORMAT_VERSION = "1"


@dataclass(frozen=True, eq=False)
class ModelDescription:
    """What a model file says of itself.

    Attributes:
        name: what it is called.
        palette: the classes of its distribution, or None.
        stride: pixels of L per pixel of ab.
        size_minimum: smallest side it takes.
        size_multiple: sides are multiples of this.
        size: short side, in pixels, at which it is used by default.
        vividness: its default vividness, 0..1.
        looks: how many looks at a picture are averaged by default, see `photochrom.looks`.
        prior: (Q,) share of each class in its training data, or None.
        calibration: what was measured of it on held-out pictures, or None.
        card: data, recipe, measured figures, licence.
    """

    name: str
    palette: Palette | None
    stride: int
    size_minimum: int
    size_multiple: int
    size: int
    vividness: float
    looks: int
    prior: FloatArray | None
    calibration: Calibration | None
    card: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class ChromaPrediction:
    """What the network says about one picture.

    Attributes:
        ab: (h, w, 2) float32, CIELAB units.
        logits: (h, w, Q) float32, or None.
    """

    ab: FloatArray
    logits: FloatArray | None


class Model:
    """An opened model file.

    Args:
        path: the .onnx file.
        threads: CPU threads for one picture; None leaves it to ONNX Runtime (one a core).

    Raises:
        ModelError: the file is missing, damaged, or not a colorizer of this format.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self._session = open_session(path, threads=threads)
        self.path = path
        self.description = _read_description(self._session, path)
        self._outputs = [output.name for output in self._session.get_outputs()]

    def predict(self, luminance: FloatArray) -> ChromaPrediction:
        """The chroma of one picture of any size.

        Args:
            luminance: (H, W) float32, 0..100.

        Returns:
            ab, and logits if there are any, at ceil(H / stride) x ceil(W / stride).
        """
        described = self.description
        height, width = luminance.shape
        fitted = [_fit(n, described.size_minimum, described.size_multiple) for n in (height, width)]
        padded = np.pad(luminance, ((0, fitted[0] - height), (0, fitted[1] - width)), "edge")
        batch = np.ascontiguousarray(padded[None, None], np.float32)
        found = dict(zip(self._outputs, self._session.run(None, {"L": batch}), strict=True))
        h, w = -(-height // described.stride), -(-width // described.stride)
        cut = {
            name: np.ascontiguousarray(np.moveaxis(value[0, :, :h, :w], 0, -1))
            for name, value in found.items()
        }
        return ChromaPrediction(cut["ab"], cut.get("logits"))


def open_session(path: Path, *, threads: int | None = None) -> Any:
    """An ONNX Runtime session of any ONNX file, on the CPU.

    Args:
        path: the .onnx file.
        threads: CPU threads for one run; None leaves it to ONNX Runtime (one a core).

    Raises:
        ModelError: the file is missing or damaged.
    """
    import onnxruntime

    if threads is not None and threads < 1:
        raise OptionError(f"threads is {threads}; it must be at least 1")
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised, not printed
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own classes share no public base
        raise ModelError(
            f"{path}: not a readable ONNX model file; "
            "`photochrom models verify` checks the bundled ones"
        ) from error


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_description(session: Any, path: Path) -> ModelDescription:
    found = session.get_modelmeta().custom_metadata_map
    if found.get("photochrom_format") != FORMAT_VERSION:
        raise ModelError(
            f"{path}: an ONNX file, but not a Photochrom model of format {FORMAT_VERSION}; "
            "`photochrom train` makes one"
        )
    inputs = [i.name for i in session.get_inputs()]
    outputs = [o.name for o in session.get_outputs()]
    if inputs != ["L"] or "ab" not in outputs:
        raise ModelError(f"{path}: inputs {inputs} and outputs {outputs}; L and ab are needed")
    try:
        return ModelDescription(
            name=found["name"],
            palette=palette_by_name(found["palette"]) if found["palette"] else None,
            stride=int(found["stride"]),
            size_minimum=int(found["size_minimum"]),
            size_multiple=int(found["size_multiple"]),
            size=int(found["size"]),
            vividness=float(found["vividness"]),
            looks=int(found.get("looks", 1)),
            prior=_prior(json.loads(found.get("prior", "null"))),
            calibration=_calibration(json.loads(found.get("calibration", "null"))),
            card=json.loads(found["card"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: damaged description ({error})") from error


def _prior(shares: Any) -> FloatArray | None:
    return None if shares is None else np.array(shares, np.float32)


def _calibration(content: Any) -> Calibration | None:
    return None if content is None else Calibration.from_json(content)


def _fit(length: int, minimum: int, multiple: int) -> int:
    return -(-max(length, minimum) // multiple) * multiple
