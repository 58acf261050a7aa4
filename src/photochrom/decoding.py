"""From what a network says to a picture's chroma: how boldly a distribution is read.

A model with a distribution over ab classes knows more than one answer. Its most likely colours
alone are dull: grey is a little plausible everywhere. So the logits are rebalanced by the classes'
rarity (Zhang et al. 2016, but at use instead of in training) with an exponent, the **boldness**,
and the annealed mean at their temperature gives one colour. Measured, this keeps more accuracy at
any colourfulness than scaling chroma or than moving the temperature
(docs/decisions/0001-vividness.md). A model without a distribution has only its regression, whose
chroma is scaled by 2 to the power of the boldness.

**Vividness**, 0..1, is what people turn. Calibrated, it means the same for every model: results
half as colourful as their originals at 0, 1.1 times as colourful at 1, evenly between
(`photochrom.calibration`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.calibration import Calibration
from photochrom.color import Array, FloatArray
from photochrom.palette import Palette, rebalancing_weights

TEMPERATURE = 0.38
"""Annealing temperature, the published compromise between the mean (1) and the mode (0)."""

UNCALIBRATED, UNCALIBRATED_REGRESSION = Calibration((0.0, 0.8)), Calibration((-1.0, 1.0))
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

    def boldness(self, vividness: float) -> float:
        """The boldness that a vividness of 0..1 stands for."""
        plain = UNCALIBRATED_REGRESSION if self.palette is None else UNCALIBRATED
        return (self.calibration or plain).boldness_at(vividness)

    def decode(self, ab: FloatArray, logits: FloatArray | None, vividness: float) -> FloatArray:
        """The chroma that a prediction stands for.

        Args:
            ab: (h, w, 2) the regression, CIELAB units.
            logits: (h, w, Q) of the distribution, or None.
            vividness: 0 (safe, muted) to 1 (bold).

        Returns:
            (h, w, 2) float32, CIELAB units.
        """
        boldness = self.boldness(vividness)
        if logits is None or self.palette is None:
            return (ab * np.float32(2.0**boldness)).astype(np.float32)
        return annealed_mean_of(self.rebalanced(logits, boldness), self.palette)

    def rebalanced(self, logits: FloatArray, boldness: float) -> FloatArray:
        """The logits (h, w, Q) with the log of the rebalancing weights, times boldness, added."""
        if self.prior is None or self.palette is None:
            return logits
        weights = rebalancing_weights(self.palette.smooth_prior(self.prior))
        return logits + (boldness * np.log(weights)).astype(np.float32)


def annealed_mean_of(logits: Array, palette: Palette) -> FloatArray:
    """The annealed mean of (h, w, Q) logits, (h, w, 2): `palette.annealed_mean` without the log."""
    shares = probabilities(logits / np.float32(TEMPERATURE))
    mean: FloatArray = shares @ palette.centers
    return mean


def probabilities(logits: Array) -> FloatArray:
    """The softmax of logits over their last axis."""
    shares: FloatArray = logits - logits.max(-1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= shares.sum(-1, keepdims=True)
    return shares
