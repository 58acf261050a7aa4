"""A model file at work: the one place that knows ONNX Runtime.

The file's contract: input `L` (N, 1, H, W) float32 0..100, sides a multiple of the size rule;
outputs `ab` (N, 2, h, w) in CIELAB units and, where the model knows a distribution, `logits`
(N, Q, h, w) over the classes of the palette that its metadata names.
"""

from __future__ import annotations

import functools
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
from photochrom.model_file import input_of, with_output
from photochrom.palette import Palette, palette_by_name
from photochrom.specialist import read_model_file

FORMAT_VERSION = "1"

FEATURES_READ_BY = (
    ("network.ups.0.0.weight",),
    ("network.ups.1.0.weight", "network.ups.1.weight"),
)
"""The weights, as a model file calls them with one expert or several, whose inputs tell best what
is alike in two pictures: in `networks.lite_unet` the decoder at strides 16 and 8, each beside the
encoder of that size."""


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
        path: the .onnx file, or that of a specialist beside its base.
        threads: CPU threads for one picture; None leaves it to ONNX Runtime (one a core).

    Raises:
        ModelError: the file is missing, damaged, or not a colorizer of this format.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        content, special = read_model_file(path)
        self._session = session_of(content, path, threads=threads)
        self.path = path
        self._threads = threads
        self.description = _read_description(self._session, path, special)
        self._outputs = [output.name for output in self._session.get_outputs()]

    def predict(self, luminance: FloatArray) -> ChromaPrediction:
        """The chroma of one picture of any size.

        Args:
            luminance: (H, W) float32, 0..100.

        Returns:
            ab, and logits if there are any, at ceil(H / stride) x ceil(W / stride).
        """
        batch = self._padded(luminance)
        found = dict(zip(self._outputs, self._session.run(None, {"L": batch}), strict=True))
        cut = {name: _cut(value, luminance.shape, batch.shape) for name, value in found.items()}
        return ChromaPrediction(cut["ab"], cut.get("logits"))

    def features(self, luminance: FloatArray) -> FloatArray:
        """What the network makes of each place of a picture on the way to its colours.

        Args:
            luminance: (H, W) float32, 0..100.

        Returns:
            (h, w, C) float32 at a coarser stride, vectors of length 1: the product of two says how
            alike places are, of one picture or of two, 1 for the same.

        Raises:
            ModelError: the model's network is not known to have such features.
        """
        batch = self._padded(luminance)
        session, names = self._inside
        found = [_cut(o, luminance.shape, batch.shape) for o in session.run(names, {"L": batch})]
        height, width, _ = found[-1].shape
        parts = []
        for plane in found:
            rows = np.arange(height) * plane.shape[0] // height
            columns = np.arange(width) * plane.shape[1] // width
            length = np.linalg.norm(plane, axis=-1, keepdims=True) * len(found) ** 0.5
            parts.append((plane / np.maximum(length, 1e-6))[rows[:, None], columns])
        return np.concatenate(parts, axis=-1)

    @functools.cached_property
    def _inside(self) -> tuple[Any, list[str]]:
        """A second session that also gives the features, and what they are called."""
        content, _ = read_model_file(self.path)
        called = [w for weights in FEATURES_READ_BY for w in weights]
        names = [name for weight in called if (name := input_of(content, weight))]
        if len(names) < len(FEATURES_READ_BY):
            raise ModelError(
                f"model {self.description.name!r} has no features to match a reference picture "
                "by; models of the network lite_unet have, such as general"
            )
        for name in names:
            content = with_output(content, name)
        return session_of(content, self.path, threads=self._threads), names

    def _padded(self, luminance: FloatArray) -> FloatArray:
        """(1, 1, H', W') the luminance at the next size that the network takes."""
        described = self.description
        height, width = luminance.shape
        fitted = [_fit(n, described.size_minimum, described.size_multiple) for n in (height, width)]
        padded = np.pad(luminance, ((0, fitted[0] - height), (0, fitted[1] - width)), "edge")
        return np.ascontiguousarray(padded[None, None], np.float32)


def open_session(path: Path, *, threads: int | None = None) -> Any:
    """An ONNX Runtime session of any ONNX file, on the CPU.

    Args:
        path: the .onnx file.
        threads: CPU threads for one run; None leaves it to ONNX Runtime (one a core).

    Raises:
        ModelError: the file is missing or damaged.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    return session_of(path.read_bytes(), path, threads=threads)


def session_of(content: bytes, path: Path, *, threads: int | None = None) -> Any:
    """An ONNX Runtime session of the bytes of an ONNX file.

    Args:
        content: the bytes.
        path: where they come from, for messages.
        threads: see `open_session`.

    Raises:
        ModelError: they are damaged.
    """
    import onnxruntime

    if threads is not None and threads < 1:
        raise OptionError(f"threads is {threads}; it must be at least 1")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised, not printed
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own classes share no public base
        raise ModelError(
            f"{path}: not a readable ONNX model file; "
            "`photochrom models verify` checks the bundled ones"
        ) from error


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_description(session: Any, path: Path, special: Mapping[str, str]) -> ModelDescription:
    found = session.get_modelmeta().custom_metadata_map | dict(special)
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


def _cut(output: FloatArray, shape: tuple[int, ...], padded: tuple[int, ...]) -> FloatArray:
    """(h, w, C) what an output (1, C, h', w') says of the picture without its padding."""
    _, _, rows, columns = output.shape
    h, w = -(-shape[0] * rows // padded[2]), -(-shape[1] * columns // padded[3])
    return np.ascontiguousarray(np.moveaxis(output[0, :, :h, :w], 0, -1))


def _fit(length: int, minimum: int, multiple: int) -> int:
    return -(-max(length, minimum) // multiple) * multiple
