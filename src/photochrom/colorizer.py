"""Colorizer: open a model once, colour many pictures.

The way of a picture: luminance at a small size -> model -> ab at an even smaller one -> merged with
the full-size luminance. Options go in, a result comes out; both are frozen.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from photochrom import decoding
from photochrom.catalog import DEFAULT_MODEL, find_model
from photochrom.color import FloatArray
from photochrom.errors import GreyResultWarning, InputError, OptionError
from photochrom.looks import LOOKS, Look, predict_with_looks
from photochrom.photo import (
    Photo,
    WriteOptions,
    area_resize,
    encode_photo,
    merge_chroma,
    open_photo,
    photo_from_array,
    to_array,
    to_eight_bits,
    upsample_chroma,
    write_photo,
)
from photochrom.runtime import ChromaPrediction, Model

if TYPE_CHECKING:
    import pyvips
    from PIL import Image

GREY_CHROMA = 2.0
"""Mean chroma, CIELAB units, below which a result is as good as grey."""

SIZE_RANGE = (32, 2048)
VARIANTS_RANGE = (1, 16)


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    # written so that not-a-number fails, too
    if value is not None and not low <= value <= high:
        raise OptionError(f"{name} is {value}; it must lie in {low} to {high}")


@dataclass(frozen=True)
class ColorizeOptions:
    """How a picture is coloured; None takes the model's own default.

    Attributes:
        size: short side, in pixels, at which the network sees the picture (32..2048).
        vividness: 0 (safe, muted) to 1 (bold); what lies between costs accuracy gradually.
        saturation: chroma is multiplied by this at the end (0..3).
        looks: how many looks at the picture are averaged (1..3): test-time augmentation. One is
            fastest; three take four times its network time and are more accurate.
    """

    size: int | None = None
    vividness: float | None = None
    saturation: float = 1.0
    looks: int | None = None

    def __post_init__(self) -> None:
        _check_range("size", self.size, *SIZE_RANGE)
        _check_range("vividness", self.vividness, 0, 1)
        _check_range("saturation", self.saturation, 0, 3)
        _check_range("looks", self.looks, 1, len(LOOKS))


@dataclass(frozen=True, eq=False)
class ColorizeResult:
    """A coloured picture.

    Attributes:
        photo: the picture it was made from.
        ab: (h, w, 2) float32 predicted chroma at the network's output size.
        model: name of the model.
        mean_chroma: mean chroma of `ab`, CIELAB units; below 2 the picture stayed grey.
        variant: 0 for the most likely colouring.
    """

    photo: Photo
    ab: FloatArray
    model: str
    mean_chroma: float
    variant: int = 0

    @property
    def image(self) -> pyvips.Image:
        """The full-size picture as a streaming libvips image in the input's depth."""
        return merge_chroma(self.photo, self.ab)

    def save(self, target: str | Path, options: WriteOptions = WriteOptions()) -> None:
        """Writes the picture; a file is there whole or not at all."""
        write_photo(self.image, self.photo, Path(target), options)

    def to_bytes(self, options: WriteOptions = WriteOptions()) -> bytes:
        """The encoded picture, by default in the input's own format."""
        return encode_photo(self.image, self.photo, options)

    def to_array(self) -> np.ndarray[Any, Any]:
        """(H, W, 3), or 4 with alpha, uint8 or uint16: sRGB values in the picture's depth."""
        return to_array(self.image)

    def to_pil(self) -> Image.Image:
        """The picture as an 8-bit PIL image."""
        from PIL import Image

        image = self.image if self.photo.depth == 8 else to_eight_bits(self.image)
        return Image.fromarray(to_array(image))


class Colorizer:
    """Colours pictures with one model.

    Args:
        model: a name from `photochrom models list`, or the path of an .onnx file.
        threads: CPU threads for one picture; None uses all cores.

    Raises:
        ModelError: there is no such model, or the file is not one.
    """

    def __init__(self, model: str | Path = DEFAULT_MODEL, *, threads: int | None = None) -> None:
        self._model = Model(find_model(model).path, threads=threads)

    @property
    def model(self) -> Model:
        """The opened model file."""
        return self._model

    def colorize(self, source: Any, options: ColorizeOptions = ColorizeOptions()) -> ColorizeResult:
        """The most likely colouring of a picture.

        Args:
            source: a path, encoded bytes, an array (H, W) or (H, W, 3 or 4) of sRGB values, a PIL
                image, or an opened `Photo`. Colour pictures are turned grey first.
            options: how.

        Raises:
            InputError: the picture cannot be read.
        """
        return self.variants(source, 1, options)[0]

    def variants(
        self, source: Any, count: int, options: ColorizeOptions = ColorizeOptions()
    ) -> list[ColorizeResult]:
        """Several plausible colourings of a picture, the most likely first.

        Args:
            source: see `colorize`.
            count: 1..16.
            options: how.

        Raises:
            OptionError: more than one is asked of a model that knows no distribution.
        """
        _check_range("variants", count, *VARIANTS_RANGE)
        photo = _as_photo(source)
        prediction = self._predict(photo, options)
        described = self._model.description
        if count > 1 and prediction.logits is None:
            raise OptionError(f"model {described.name!r} knows one answer only; variants must be 1")
        results = []
        for index, ab in enumerate(self._decode(prediction, count, options)):
            mean = float(np.hypot(ab[..., 0], ab[..., 1]).mean())
            results.append(ColorizeResult(photo, ab, described.name, mean, index))
        if results[0].mean_chroma < GREY_CHROMA and options.saturation >= 1:
            warnings.warn(
                f"{photo.name}: the result is nearly grey (mean chroma "
                f"{results[0].mean_chroma:.1f}); try a higher vividness",
                GreyResultWarning,
                stacklevel=2,
            )
        return results

    def predict_chroma(
        self, luminance: FloatArray, options: ColorizeOptions = ColorizeOptions()
    ) -> FloatArray:
        """Chroma (H, W, 2) at full size for a luminance (H, W) 0..100: what measuring needs."""
        looks, largest = self._looks(luminance.shape, options)
        prediction = predict_with_looks(self._model, area_resize(luminance, *largest), looks)
        return upsample_chroma(self._decode(prediction, 1, options)[0], luminance)

    def _predict(self, photo: Photo, options: ColorizeOptions) -> ChromaPrediction:
        looks, largest = self._looks((photo.height, photo.width), options)
        return predict_with_looks(self._model, photo.small_luminance(*largest), looks)

    def _looks(
        self, shape: tuple[int, ...], options: ColorizeOptions
    ) -> tuple[list[tuple[Look, tuple[int, int]]], tuple[int, int]]:
        """The looks at a picture with the size of each, and the size that holds them all."""
        described = self._model.description
        short_side = options.size or described.size
        looks = []
        for look in LOOKS[: options.looks or described.looks]:
            side = min(max(round(short_side * look.zoom), SIZE_RANGE[0]), SIZE_RANGE[1])
            looks.append((look, working_size(shape[0], shape[1], side, described.size_multiple)))
        heights, widths = zip(*(size for _, size in looks), strict=True)
        return looks, (max(heights), max(widths))

    def _decode(
        self, prediction: ChromaPrediction, count: int, options: ColorizeOptions
    ) -> list[FloatArray]:
        described = self._model.description
        vividness = described.vividness if options.vividness is None else options.vividness
        decoded = decoding.decode(
            prediction.ab, prediction.logits, described.palette, vividness, described.prior
        )
        found = [decoded]
        if count > 1 and prediction.logits is not None and described.palette is not None:
            found += decoding.tilted_variants(
                prediction.logits, described.palette, vividness, count - 1, described.prior
            )
        return [ab * np.float32(options.saturation) for ab in found]


def colorize(source: Any, *, model: str | Path = DEFAULT_MODEL, **options: Any) -> Any:
    """A picture in colour, in the kind of thing it came as.

    Args:
        source: a path or PIL image (gives a PIL image), bytes (gives bytes in the same format), or
            an array (gives an array).
        model: a name from `photochrom models list`, or the path of an .onnx file.
        options: the fields of `ColorizeOptions`.

    Raises:
        InputError, ModelError, OptionError: see the messages.
    """
    result = Colorizer(model).colorize(source, ColorizeOptions(**options))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return result.to_bytes()
    return result.to_array() if isinstance(source, np.ndarray) else result.to_pil()


def working_size(height: int, width: int, short_side: int, multiple: int) -> tuple[int, int]:
    """Height and width at which the network sees a picture.

    Never larger than the picture; the longer side at most eight times the asked short one, so that
    a strip costs no more than a photograph. Sides are rounded to what the network takes: a picture
    squeezed by a few percent is coloured better than one with made-up borders (measured at 176
    pixels with a multiple of 32: CIEDE2000 3 % lower).

    Args:
        height: of the picture, pixels.
        width: of the picture, pixels.
        short_side: the asked length of the shorter side.
        multiple: of what the network takes sides.
    """
    zoom = min(1.0, short_side / min(height, width), 8 * short_side / max(height, width))
    small = []
    for side in (height, width):
        fitted = round(side * zoom / multiple) * multiple
        largest = side // multiple * multiple
        # what is smaller than one multiple keeps its size and is padded by the runtime
        small.append(min(max(fitted, multiple), largest) or side)
    return small[0], small[1]


def _as_photo(source: Any) -> Photo:
    if isinstance(source, Photo):
        return source
    if isinstance(source, (str, Path)):
        return open_photo(Path(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return open_photo(bytes(source))
    if isinstance(source, np.ndarray):
        return photo_from_array(source)
    if hasattr(source, "convert") and hasattr(source, "mode"):  # a PIL image, without importing it
        return photo_from_array(_pil_to_array(source))
    raise InputError(
        f"cannot colour a {type(source).__name__}; give a path, bytes, an array or a PIL image"
    )


def _pil_to_array(image: Any) -> np.ndarray[Any, Any]:
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):
        return np.asarray(upright)
    if upright.mode not in ("L", "RGB", "RGBA"):
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    return np.asarray(upright)
