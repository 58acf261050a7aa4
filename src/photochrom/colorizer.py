"""Colorizer: open a model once, colour many pictures.

The way of a picture: luminance at a small size -> model -> ab at an even smaller one -> merged with
the full-size luminance. Options go in, a result comes out; both are frozen.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from photochrom.catalog import DEFAULT_MODEL, find_model
from photochrom.color import FloatArray
from photochrom.confidence import confidence_map
from photochrom.decoding import Decoder, bolder_where_unsure
from photochrom.errors import GreyResultWarning, ModelError, OptionError
from photochrom.looks import LOOKS, Look, luminance_at, predict_with_looks, working_size
from photochrom.looks import Seen as Seen
from photochrom.options import SIZE_RANGE, VARIANTS_RANGE, ColorizeOptions, check_range
from photochrom.photo import (
    Photo,
    WriteOptions,
    as_photo,
    encode_photo,
    merge_chroma,
    to_array,
    to_eight_bits,
    upsample_chroma,
    write_photo,
)
from photochrom.runtime import Model, ModelDescription
from photochrom.steering import known_colours, sure_by_hints, with_hints, with_reference
from photochrom.suggestions import Suggestion, suggest_colors
from photochrom.variants import departures

if TYPE_CHECKING:
    import pyvips
    from PIL import Image

GREY_CHROMA = 2.0
"""Mean chroma, CIELAB units, below which a result is as good as grey."""

NOT_CALIBRATED = (
    "model {!r} cannot say how sure it is: it knows no distribution, or was exported without "
    "--calibrate"
)


def knows_its_confidence(described: ModelDescription) -> bool:
    """Whether a model can say how sure it is of its colours."""
    return described.palette is not None and bool(
        described.calibration and described.calibration.right
    )


@dataclass(frozen=True, eq=False)
class ColorizeResult:
    """A coloured picture.

    Attributes:
        photo: the picture it was made from.
        ab: (h, w, 2) float32 chroma at the network's output size, or finer with hints.
        model: name of the model.
        mean_chroma: mean chroma of `ab`, CIELAB units; below 2 the picture stayed grey.
        variant: 0 for the most likely colouring.
    """

    photo: Photo
    ab: FloatArray
    model: str
    mean_chroma: float
    variant: int = 0
    _confidence: Callable[[], FloatArray | None] = lambda: None

    @functools.cached_property
    def confidence(self) -> FloatArray:
        """(h, w) float32: the probability, 0..1, that a colour of `ab` is right.

        Right is a colour within 10 CIEDE2000 of the truth; the probabilities were calibrated on
        pictures that the model had not seen. Colours of later variants are judged like the first's;
        where a hint reaches, its colour is right.

        Raises:
            ModelError: the model knows no distribution, or was never calibrated.
        """
        found = self._confidence()
        if found is None:
            raise ModelError(NOT_CALIBRATED.format(self.model))
        return found

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
        described = self._model.description
        self._decoder = Decoder(described.palette, described.prior, described.calibration)
        self.known = functools.lru_cache(4)(functools.partial(known_colours, self._model))

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
        photo = as_photo(source)
        seen = self.see(photo, options)
        results = []
        for index, ab in enumerate(self.read(seen, count, options)):
            mean = float(np.hypot(ab[..., 0], ab[..., 1]).mean())
            judge = functools.partial(self.confidence, seen, ab, options)
            name = self._model.description.name
            results.append(ColorizeResult(photo, ab, name, mean, index, judge))
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
        return upsample_chroma(self.read(self.see(luminance, options), 1, options)[0], luminance)

    def see(
        self, picture: Photo | FloatArray, options: ColorizeOptions = ColorizeOptions()
    ) -> Seen:
        """What the model says of a photo, or of a luminance (H, W) 0..100; `read` makes colours."""
        shape = (picture.height, picture.width) if isinstance(picture, Photo) else picture.shape
        looks, largest = self.looks_at(shape, options)
        luminance = luminance_at(picture, *largest)
        return Seen(predict_with_looks(self._model, luminance, looks), luminance)

    def read(
        self, seen: Seen, count: int = 1, options: ColorizeOptions = ColorizeOptions()
    ) -> list[FloatArray]:
        """The chroma (h, w, 2) of so many colourings of what was seen, the most likely first.

        Seeing is the costly part: one picture can be seen once and read many times.

        Raises:
            OptionError: more than one is asked of a model that knows no distribution.
            MissingDependencyError: there are hints, but SciPy is not installed.
        """
        check_range("variants", count, *VARIANTS_RANGE)
        described, logits = self._model.description, seen.prediction.logits
        vividness = described.vividness if options.vividness is None else options.vividness
        found = [self._decoder.decode(seen.prediction.ab, logits, vividness)]
        if options.reference is not None:
            known = self.known(as_photo(options.reference))
            found = [with_reference(self._model, self._decoder, seen, found[0], known)]
        if count > 1:
            if logits is None or described.palette is None:
                raise OptionError(
                    f"model {described.name!r} knows one answer only; variants must be 1"
                )
            read, factor = self._decoder.rebalanced(logits), self._decoder.factor(vividness)
            rest = departures(read, seen.luminance, described.palette, count - 1, seed=options.seed)
            bolder = np.float32(factor) * bolder_where_unsure(logits, described.palette)
            found += [found[0] + bolder * other for other in rest]
        for guard in options.hue_guards:
            found = [guard.apply(ab) for ab in found]
        found = [ab * np.float32(options.saturation) for ab in found]
        return [with_hints(ab, seen.shown, options.hints) for ab in found]

    def suggest(self, seen: Seen, x: float, y: float) -> list[Suggestion]:
        """Up to eight colours for a spot of what was seen, the most likely first.

        They have the spot's own lightness; a model without a distribution knows none.

        Args:
            seen: the picture.
            x: to the right, as a fraction of its width, 0..1.
            y: down, as a fraction of its height, 0..1.
        """
        check_range("x", x, 0, 1)
        check_range("y", y, 0, 1)
        logits, palette = seen.prediction.logits, self._model.description.palette
        if logits is None or palette is None:
            return []
        height, width = logits.shape[:2]
        spot = min(int(y * height), height - 1), min(int(x * width), width - 1)
        read = self._decoder.rebalanced(logits[spot])
        return suggest_colors(read, palette, float(seen.luminance[spot]))

    def looks_at(
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

    def confidence(
        self, seen: Seen, ab: FloatArray, options: ColorizeOptions = ColorizeOptions()
    ) -> FloatArray | None:
        """(h, w) 0..1: how likely colours that were read so from what was seen are right.

        None where the model cannot say: it knows no distribution, or was never calibrated.
        """
        described, logits = self._model.description, seen.prediction.logits
        palette, calibration = described.palette, described.calibration
        if not knows_its_confidence(described):
            return None
        assert logits is not None and palette is not None and calibration is not None
        found = confidence_map(logits, ab, seen.luminance, palette, calibration)
        return sure_by_hints(found, seen.shown, options.hints)


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
