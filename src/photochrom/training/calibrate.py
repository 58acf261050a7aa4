"""What the controls of a model mean, measured with its file on pictures that it has not seen.

Two things are found: how boldly its predictions must be read for results that are so and so
colourful (vividness), and how often a colour is right where the model expects such and such an
error (confidence). Both go into the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sized
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from photochrom.calibration import RIGHT_WITHIN, Calibration, colourfulness_meant
from photochrom.color import Array, FloatArray, ciede2000, lab_to_rgb
from photochrom.colorizer import Colorizer
from photochrom.confidence import expected_error
from photochrom.data.batches import lab_from_bytes
from photochrom.data.decoded import DecodedPictures
from photochrom.decoding import Decoder
from photochrom.errors import DataError
from photochrom.metrics import colourfulness
from photochrom.photo import area_resize
from photochrom.training.export import add_metadata

LEAST_PICTURES, MOST_PICTURES = 20, 500
"""Fewer say too little; more change the figures by less than other pictures would."""

PLACES = 256
"""Places of a picture that are looked at."""

VIVIDNESS = np.linspace(0, 1, 5)
"""Where the boldness is found."""

BOLDNESS = np.linspace(-2, 3, 21)
"""What is tried."""

KNOTS = 20
"""Of the confidence: each stands for an equal share of all places."""


@dataclass(frozen=True, eq=False)
class _Places:
    """Single places of pictures, and what a model says of them.

    Attributes:
        lab: (P, n, 3) the truth.
        ab: (P, n, 2) the regression.
        logits: (P, n, Q) of the distribution, in half precision, or None.
    """

    lab: FloatArray
    ab: FloatArray
    logits: Array | None

    def plain(self, decoder: Decoder) -> FloatArray:
        """(P, n, 2) the colours at a boldness of 0, picture by picture."""
        return np.stack([decoder.plain(self.ab[i], self._logits(i)) for i in range(len(self.ab))])

    def expected_errors(self, decoder: Decoder, shown: FloatArray) -> FloatArray:
        """(P, n) the differences that the model itself expects; nothing without a distribution."""
        if self.logits is None or decoder.palette is None:
            return np.empty((0,), np.float32)
        rows = [
            expected_error(
                self.logits[i : i + 1].astype(np.float32), shown[i : i + 1],
                self.lab[i : i + 1, :, 0], decoder.palette,
            )
            for i in range(len(self.ab))
        ]  # fmt: skip
        return np.concatenate(rows)

    def _logits(self, picture: int) -> FloatArray | None:
        return None if self.logits is None else self.logits[picture].astype(np.float32)


def check_enough(chosen: Sized) -> None:
    """Raises DataError where there are fewer pictures than a calibration needs."""
    if len(chosen) < LEAST_PICTURES:
        raise DataError(
            f"{len(chosen)} held-out pictures; calibrating needs at least {LEAST_PICTURES}"
        )


def calibrate(
    path: Path, pictures: DecodedPictures, chosen: np.ndarray,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Calibration:  # fmt: skip
    """Measures a model file as it is used by default, and writes what was found into it.

    Args:
        path: a model file or specialist of ours; replaced atomically.
        pictures: decoded pictures ...
        chosen: ... and the indices of those that the model was not trained on; some are drawn.
        progress: hears how many pictures are done, and how many there are.

    Raises:
        DataError: fewer than 20 pictures.
        ModelError: not a model file.
        OutputError: it cannot be written; it is as it was.
    """
    check_enough(chosen)
    colorizer = Colorizer(path)
    described = colorizer.model.description
    drawn = np.sort(np.random.default_rng(0).permutation(chosen)[:MOST_PICTURES])
    places = _look(colorizer, pictures, drawn, progress)
    decoder = Decoder(described.palette, described.prior)
    plain = places.plain(decoder)
    boldness = _boldness_by_vividness(places.lab, plain)
    default = Calibration(boldness).boldness_at(described.vividness)
    shown = _bolder(plain, default)
    expected = places.expected_errors(decoder, shown)
    right = ciede2000(_with_lightness(places.lab, shown), places.lab) <= RIGHT_WITHIN
    knots = _falling(expected.ravel(), right.ravel()) if expected.size else ((), ())
    found = Calibration(boldness, *knots, pictures=len(drawn))
    add_metadata(path, {"calibration": json.dumps(found.as_json())})
    return found


def _look(
    colorizer: Colorizer, pictures: DecodedPictures, drawn: np.ndarray,
    progress: Callable[[int, int], None],
) -> _Places:  # fmt: skip
    chance = np.random.default_rng(0)
    labs, abs_, logits = [], [], []
    for done, index in enumerate(drawn, 1):
        lab = lab_from_bytes(pictures.take([index]))[0].permute(1, 2, 0).numpy()
        prediction = colorizer.see(np.ascontiguousarray(lab[..., 0])).prediction
        truth = area_resize(lab, *prediction.ab.shape[:2])
        places = chance.integers(0, truth[..., 0].size, PLACES)
        labs.append(truth.reshape(-1, 3)[places])
        abs_.append(prediction.ab.reshape(-1, 2)[places])
        if prediction.logits is not None:
            classes = prediction.logits.shape[-1]
            logits.append(prediction.logits.reshape(-1, classes)[places].astype(np.float16))
        progress(done, len(drawn))
    return _Places(np.stack(labs), np.stack(abs_), np.stack(logits) if logits else None)


def _boldness_by_vividness(lab: FloatArray, plain: FloatArray) -> tuple[float, ...]:
    """The boldness that makes results as colourful as each of `VIVIDNESS` means."""
    truth = _mean_colourfulness(lab)
    results = [_with_lightness(lab, _bolder(plain, boldness)) for boldness in BOLDNESS]
    rising = np.maximum.accumulate([_mean_colourfulness(one) / truth for one in results])
    wanted = [colourfulness_meant(vividness) for vividness in VIVIDNESS]
    return tuple(float(boldness) for boldness in np.interp(wanted, rising, BOLDNESS))


def _bolder(plain: FloatArray, boldness: float) -> FloatArray:
    return plain * np.float32(2.0**boldness)


def _mean_colourfulness(lab: FloatArray) -> float:
    return float(np.mean([colourfulness(rgb) for rgb in lab_to_rgb(lab)]))


def _with_lightness(lab: FloatArray, ab: FloatArray) -> FloatArray:
    return np.concatenate([lab[..., :1], ab], -1)


def _falling(
    expected: FloatArray, right: np.ndarray
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots of P(right | expected error): means of equal shares, pooled until they fall.

    Isotonic regression by pooling adjacent violators (Ayer et al. 1955) on `KNOTS` groups.
    """
    order = np.argsort(expected, kind="stable")
    pools = [
        (float(expected[group].mean()), float(right[group].mean()), len(group))
        for group in np.array_split(order, KNOTS)
    ]
    kept: list[tuple[float, float, int]] = []
    for pool in pools:
        kept.append(pool)
        while len(kept) > 1 and kept[-2][1] < kept[-1][1]:
            (e1, r1, n1), (e2, r2, n2) = kept[-2:]
            n = n1 + n2
            kept[-2:] = [((e1 * n1 + e2 * n2) / n, (r1 * n1 + r2 * n2) / n, n)]
    return tuple(e for e, _, _ in kept), tuple(r for _, r, _ in kept)
