"""A segmentation network from any ONNX file: what it sees in a result against what in the truth.

The figure is `SET_FIGURES["miou"]`. No labels are needed: the network's own answer to the true
picture is what a result is measured by.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.color import Array, FloatArray
from photochrom.errors import MissingDependencyError, ModelError, OptionError
from photochrom.evaluation.figures import Observer
from photochrom.runtime import file_sha256, open_session

MANY_CLASSES = 256
CHANNEL_ORDERS = ("rgb", "bgr")
LAYOUTS = ("nchw", "nhwc")


@dataclass(frozen=True)
class SegmentationInput:
    """How a network wants its picture; by default sRGB in 0..1, (1, 3, H, W), as it is.

    Attributes:
        size: height and width to which the whole picture is squeezed; None leaves it its own.
        multiple: sides must be multiples of this; edges are repeated, and cut off the answer.
        scale: value of white: 1, or 255.
        mean: taken off each channel, in units of `scale`.
        std: what each channel is then divided by.
        channels: "rgb" or "bgr".
        layout: "nchw" or "nhwc", of input and output.
        output: name of the output with the logits; None for the first.
    """

    size: tuple[int, int] | None = None
    multiple: int = 1
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channels: str = "rgb"
    layout: str = "nchw"
    output: str | None = None

    def __post_init__(self) -> None:
        if self.size is not None and min(self.size) < 1:
            raise OptionError(f"size is {self.size}; height and width must be at least 1")
        if self.multiple < 1 or self.scale <= 0 or min(self.std) <= 0:
            raise OptionError(
                f"multiple {self.multiple}, scale {self.scale} and std {self.std}; "
                "all must be above 0"
            )
        if self.channels not in CHANNEL_ORDERS or self.layout not in LAYOUTS:
            raise OptionError(
                f"channels {self.channels!r} and layout {self.layout!r}; "
                f"known are {', '.join(CHANNEL_ORDERS)} and {', '.join(LAYOUTS)}"
            )


def read_input(path: Path) -> SegmentationInput:
    """The description in a YAML file, whose keys are the fields of `SegmentationInput`.

    Raises:
        OptionError: it cannot be read, an unknown key, or a value of another kind.
        MissingDependencyError: PyYAML is not installed.
    """
    try:
        import pydantic
        import yaml
    except ImportError as error:
        raise MissingDependencyError(
            f'{path}: reading it needs {error.name}: pip install "photochrom[train]"'
        ) from error
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise OptionError(f"{path}: not a readable YAML file") from error
    known = [field.name for field in dataclasses.fields(SegmentationInput)]
    if not isinstance(content, dict) or not content.keys() <= set(known):
        raise OptionError(f"{path}: not a description; known keys are {', '.join(known)}")
    try:
        return pydantic.TypeAdapter(SegmentationInput).validate_python(content)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "value"
        raise OptionError(
            f"{path}: {where}: {first['msg'].removeprefix('Value error, ')}"
        ) from error


def segmentation_observer(path: Path, wanted: SegmentationInput | None = None) -> Observer:
    """The classes (h, w) that a network sees in a picture, at its own output size.

    Args:
        path: an ONNX file with one picture in and class logits (1, C, h, w) out.
        wanted: how it wants its picture; None reads FILE.yaml beside FILE.onnx where there is one,
            and takes the defaults where there is none.

    Raises:
        ModelError: missing, damaged, or of other inputs and outputs.
        OptionError: see `read_input`.
    """
    beside = path.with_suffix(".yaml")
    if wanted is None:
        wanted = read_input(beside) if beside.is_file() else SegmentationInput()
    session = open_session(path, threads=1)  # pictures run side by side instead
    inputs, outputs = (
        [e.name for e in each] for each in (session.get_inputs(), session.get_outputs())
    )
    output = wanted.output or outputs[0]
    if len(inputs) != 1 or output not in outputs:
        raise ModelError(
            f"{path}: inputs {inputs} and outputs {outputs}; one input and "
            f"{wanted.output or 'one output'} are needed"
        )

    def observe(rgb: Array) -> Array:
        prepared, kept = _prepared(rgb, wanted)
        try:
            (logits,) = session.run([output], {inputs[0]: prepared})
        except Exception as error:  # ONNX Runtime's own classes share no public base
            raise ModelError(
                f"{path}: does not take a picture of shape {prepared.shape}; describe what it "
                f"wants in {beside.name} ({str(error).splitlines()[0]})"
            ) from error
        return _classes(logits, wanted.layout, kept, path)

    name = f"{path.name} {file_sha256(path)[:8]}, {_described(wanted)}"
    return Observer(name, observe)


def _prepared(rgb: Array, wanted: SegmentationInput) -> tuple[FloatArray, tuple[float, float]]:
    """The network's input, and the share of its height and width that is picture."""
    picture = np.clip(rgb, 0, 1).astype(np.float32)
    if wanted.size is not None:
        picture = _squeezed(picture, wanted.size)
    height, width = picture.shape[:2]
    below, right = -height % wanted.multiple, -width % wanted.multiple
    picture = np.pad(picture, ((0, below), (0, right), (0, 0)), "edge")
    if wanted.channels == "bgr":
        picture = picture[..., ::-1]
    values = (picture * wanted.scale - wanted.mean) / wanted.std
    batch = values[None] if wanted.layout == "nhwc" else values.transpose(2, 0, 1)[None]
    kept = height / (height + below), width / (width + right)
    return np.ascontiguousarray(batch, np.float32), kept


def _squeezed(picture: FloatArray, size: tuple[int, int]) -> FloatArray:
    height, width = size
    planes = [
        Image.fromarray(picture[..., channel]).resize((width, height), Image.Resampling.BILINEAR)
        for channel in range(3)
    ]
    return np.stack([np.asarray(plane) for plane in planes], -1)


def _classes(logits: Array, layout: str, kept: tuple[float, float], path: Path) -> Array:
    axis = 1 if layout == "nchw" else 3
    if logits.ndim != 4 or len(logits) != 1 or logits.shape[axis] < 2:
        raise ModelError(
            f"{path}: gives an output of shape {logits.shape}; logits of at least 2 classes, "
            f"{layout}, are needed"
        )
    classes = logits[0].argmax(axis - 1)
    h, w = (round(n * share) for n, share in zip(classes.shape, kept, strict=True))
    small = np.uint8 if logits.shape[axis] <= MANY_CLASSES else np.uint16
    found: Array = classes[: max(h, 1), : max(w, 1)].astype(small)
    return found


def _described(wanted: SegmentationInput) -> str:
    """What of a description is not the default."""
    chosen = [
        f"{field.name} {getattr(wanted, field.name)}"
        for field in dataclasses.fields(wanted)
        if getattr(wanted, field.name) != field.default
    ]
    return ", ".join(chosen) or "sRGB 0..1 at the pictures' own size"
