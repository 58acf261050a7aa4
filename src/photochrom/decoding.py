"""From what a network says to a picture's chroma.

A model with a distribution over ab classes knows more than one answer, and its most likely colours
alone are dull: grey is a little plausible everywhere. So the logits are rebalanced a little by the
classes' rarity (Zhang et al. 2016, but at use instead of in training), their annealed mean is
taken, and the regression, which is never quite grey, has an equal say. Both hold back where the
distribution is wide, and more than is good: there, chroma is raised, and where the model is sure it
is lowered. The numbers below were measured to be best together (docs/decisions/0005, 0010).

**Vividness**, 0..1, is what people turn: chroma is multiplied by 2 to the power of a **boldness**.
Calibrated, a vividness means the same for every model: results half as colourful as their
originals at 0, 1.1 times as colourful at 1, evenly between (`photochrom.calibration`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from photochrom.calibration import Calibration
from photochrom.color import Array, FloatArray
from photochrom.palette import Palette, rebalancing_weights
from photochrom.sums import weighted_sums

TEMPERATURE = 0.3
"""Of the annealed mean, which lies between the mean of the distribution (1) and its mode (0)."""

REBALANCING = 0.3
"""Exponent of the rebalancing weights that probabilities are multiplied by."""

REGRESSION = 0.5
"""Share of the regression in the colour of a model that also has a distribution."""

UNSURE_BOLDER, USUAL_SPREAD, LEAST_SPREAD = 1 / 3, 18.0, 2.25
"""Chroma grows with this power of the distribution's spread by the usual one, CIELAB units; a
spread counts as no smaller than the last number, which halves chroma."""

LEAST_CHROMA, MOST_LIFT = 3.3, 3.0
"""A picture whose mean chroma would be less, in CIELAB units, is lifted so far, and up to so many
times: among photographs that come out as good as grey, hardly any was."""

UNCALIBRATED, UNCALIBRATED_REGRESSION = Calibration((-0.2, 0.9)), Calibration((-1.0, 1.0))
"""Boldness by vividness where nothing was measured, with and without a distribution."""


@dataclass(frozen=True, eq=False)
class Decoder:
    """How a model's predictions are read.

    Attributes:
        palette: the classes of its distribution, or None.
        prior: (Q,) share of each class in the training data; None takes all for equally rare.
        calibration: what vividness means for this model; None for the uncalibrated lines.
    """

    palette: Palette | None
    prior: FloatArray | None = None
    calibration: Calibration | None = None

    def factor(self, vividness: float) -> float:
        """What chroma is multiplied by at a vividness of 0..1."""
        plain = UNCALIBRATED_REGRESSION if self.palette is None else UNCALIBRATED
        return float(2.0 ** (self.calibration or plain).boldness_at(vividness))

    def decode(self, ab: FloatArray, logits: FloatArray | None, vividness: float) -> FloatArray:
        """The chroma that a prediction stands for.

        Args:
            ab: (h, w, 2) the regression, CIELAB units.
            logits: (h, w, Q) of the distribution, or None.
            vividness: 0 (safe, muted) to 1 (bold).

        Returns:
            (h, w, 2) float32, CIELAB units.
        """
        return (self.plain(ab, logits) * np.float32(self.factor(vividness))).astype(np.float32)

    def plain(self, ab: FloatArray, logits: FloatArray | None) -> FloatArray:
        """The chroma (h, w, 2) at a boldness of 0."""
        if logits is None or self.palette is None:
            return ab
        mean = annealed_mean_of(self.rebalanced(logits), self.palette)
        mixed: FloatArray = REGRESSION * ab + (1 - REGRESSION) * mean
        mixed *= bolder_where_unsure(logits, self.palette)
        chroma = float(np.hypot(mixed[..., 0], mixed[..., 1]).mean())
        return mixed * np.float32(np.clip(LEAST_CHROMA / max(chroma, 1e-6), 1, MOST_LIFT))

    def rebalanced(self, logits: FloatArray) -> FloatArray:
        """The logits (..., Q) as they are read: rare classes have gained."""
        return logits if self._bonus is None else logits + self._bonus

    @functools.cached_property
    def _bonus(self) -> FloatArray | None:
        """(Q,) what each class gains: the log of its rebalancing weight, times `REBALANCING`."""
        if self.prior is None or self.palette is None:
            return None
        weights = rebalancing_weights(self.palette.smooth_prior(self.prior))
        return (REBALANCING * np.log(weights)).astype(np.float32)


def annealed_mean_of(logits: Array, palette: Palette) -> FloatArray:
    """The annealed mean of (h, w, Q) logits, (h, w, 2): `palette.annealed_mean` without the log."""
    shares = probabilities(logits / np.float32(TEMPERATURE))
    return weighted_sums(shares, palette.centers)


def bolder_where_unsure(logits: Array, palette: Palette) -> FloatArray:
    """What chroma is multiplied by, (h, w, 1), for logits (h, w, Q): 1 at the usual spread."""
    wide = spread_of(logits, palette).clip(LEAST_SPREAD) / np.float32(USUAL_SPREAD)
    return (wide ** np.float32(UNSURE_BOLDER)).astype(np.float32)[..., None]


def spread_of(logits: Array, palette: Palette) -> FloatArray:
    """How far the colours of a distribution lie apart, (h, w): their standard deviation in ab.

    The square root of the mean squared distance from the mean colour, CIELAB units.
    """
    squares = np.square(palette.centers).sum(1, keepdims=True)
    moments = weighted_sums(probabilities(logits), np.concatenate([palette.centers, squares], 1))
    variance = moments[..., 2] - np.square(moments[..., :2]).sum(-1)
    spread: FloatArray = np.sqrt(variance.clip(0))
    return spread


def probabilities(logits: Array) -> FloatArray:
    """The softmax of logits over their last axis."""
    shares: FloatArray = logits - logits.max(-1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= shares.sum(-1, keepdims=True)
    return shares
