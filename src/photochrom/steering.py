"""What people know of a picture's colours, put on what a model says of them.

Colours are read from a model at a quarter of the size that it saw. Hints need edges, so they are
worked out at a size between that and the one it saw, and the result has this size. A reference
picture is compared at the size that the model sees by default.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from photochrom.color import FloatArray
from photochrom.decoding import Decoder, probabilities
from photochrom.errors import OptionError
from photochrom.hints import Hint, hinted_change, hinted_share
from photochrom.looks import Seen, luminance_at
from photochrom.looks import working_size as network_size
from photochrom.photo import Photo, area_resize, fit_to, upsample_chroma
from photochrom.photo.colours import small_chroma
from photochrom.reference import ReferenceColours, reference_change
from photochrom.runtime import Model

WORKING_SIDE = 192
"""The short side, in pixels, at which hints spread: finer, the same edges take longer."""

MOST_PIXELS = 80_000
"""A long strip is made smaller still."""

LEAST_COLOUR = 2.0
"""Mean chroma, CIELAB units, that a reference picture must have."""


def with_hints(ab: FloatArray, shown: FloatArray, hints: Sequence[Hint]) -> FloatArray:
    """The chroma of a picture with hints carried over their regions.

    Args:
        ab: (h, w, 2) without hints, CIELAB units.
        shown: (H, W) 0..100, the luminance that the model saw, no smaller than `ab`.
        hints: any number.

    Returns:
        (h', w', 2) float32 at the working size, or that of `ab` where it is finer; `ab` itself
        where there are no hints.

    Raises:
        MissingDependencyError: there are hints, but SciPy is not installed.
    """
    if not hints:
        return ab
    height, width = working_size(shown.shape[0], shown.shape[1])
    luminance = area_resize(shown, height, width)
    change = hinted_change(upsample_chroma(ab, luminance), luminance, hints)
    finest = area_resize(shown, max(height, ab.shape[0]), max(width, ab.shape[1]))
    return upsample_chroma(ab, finest) + upsample_chroma(change, finest)


def sure_by_hints(confidence: FloatArray, shown: FloatArray, hints: Sequence[Hint]) -> FloatArray:
    """Confidence that knows what people have said: where a hint reaches, its colour is right.

    A colour is wrong only if the model's would be and no hint has taken its place:
    ``1 - (1 - confidence) * (1 - share)`` with the share of `hinted_share`.

    Args:
        confidence: (h, w) 0..1, how likely the shown colours are right by the model alone.
        shown: (H, W) 0..100, the luminance that the model saw.
        hints: any number.

    Returns:
        (h, w) float32, nowhere less than before; `confidence` itself where there are no hints.

    Raises:
        MissingDependencyError: there are hints, but SciPy is not installed.
    """
    if not hints:
        return confidence
    share = hinted_share(area_resize(shown, *working_size(*shown.shape)), hints)
    reached = fit_to(share, *confidence.shape, cubic=False).clip(0, 1)
    surer: FloatArray = 1 - (1 - confidence) * (1 - reached)
    return surer


def working_size(height: int, width: int) -> tuple[int, int]:
    """The height and width at which hints spread over a picture of so many rows and columns."""
    zoom = min(1.0, WORKING_SIDE / min(height, width), (MOST_PIXELS / (height * width)) ** 0.5)
    return max(1, round(height * zoom)), max(1, round(width * zoom))


def known_colours(model: Model, reference: Photo) -> ReferenceColours:
    """What a model makes of the places of a reference picture, and their colours.

    Raises:
        ModelError: the model has no features to compare places by.
        OptionError: the picture has no colours.
        InputError: it cannot be read.
    """
    described = model.description
    size = network_size(reference.height, reference.width, described.size, described.size_multiple)
    features = model.features(luminance_at(reference, *size))
    ab = small_chroma(reference, *features.shape[:2])
    if float(np.hypot(ab[..., 0], ab[..., 1]).mean()) < LEAST_COLOUR:
        raise OptionError(f"{reference.name}: a reference must be in colour; this picture is grey")
    return ReferenceColours(features.reshape(-1, features.shape[-1]), ab.reshape(-1, 2))


def with_reference(
    model: Model, decoder: Decoder, seen: Seen, ab: FloatArray, known: ReferenceColours
) -> FloatArray:
    """The chroma of a picture that follows a reference where the two look alike.

    Args:
        model: that saw the picture.
        decoder: of the model.
        seen: what it said.
        ab: (h, w, 2) without the reference, CIELAB units.
        known: what `known_colours` gave.

    Returns:
        (h, w, 2) float32.
    """
    described = model.description
    size = network_size(
        seen.shown.shape[0], seen.shown.shape[1], described.size, described.size_multiple
    )
    features = model.features(area_resize(seen.shown, *size))
    height, width = features.shape[:2]
    shares = None
    if seen.prediction.logits is not None and decoder.palette is not None:
        logits = area_resize(seen.prediction.logits, height, width)
        shares = probabilities(decoder.rebalanced(logits))
    change = reference_change(
        features, area_resize(ab, height, width), known, shares, decoder.palette
    )
    return ab + upsample_chroma(change, seen.luminance)
