"""What one scene carries from frame to frame, and how it is joined with what a frame says itself.

Every place has a colour and a weight: how many sure looks of the network that colour stands for.
A new look counts by how sure it is against the weight that is there, so that the colour is the mean
of many looks, until the weight is full and the oldest are slowly forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from photochrom.color import Array, FloatArray
from photochrom.film.flow import Motion, carry
from photochrom.film.keys import Known, fitted
from photochrom.photo import area_resize, enlarge

BLACK = 16.0
"""What is added to L so that chroma goes with it in proportion when the light changes: CIELAB's
a, b and L + 16 are all linear in the cube root of light."""

LEAST = 0.15
"""Sure looks that any carried colour counts for, however little its motion is believed: taken over
at once, each look at the edge of a moving thing would be a jump."""

FADES, LEAST_LEFT = 0.88, 0.25
"""Share that is kept from frame to frame of the colours before a dissolve, and the CIELAB units at
which they are gone."""

_SLOWLY = 0.15
"""Share of a change of light that chroma follows in one frame: flicker is left out."""

_MOST_LIGHT = 2.0
"""Factor by which light changes chroma in one frame at most."""


@dataclass(frozen=True, eq=False)
class Carried:
    """The colours of a scene at one frame.

    Attributes:
        ab: (h, w, 2) CIELAB units.
        weight: (h, w) sure looks that they stand for.
        light: (h, w) L 0..100 of the surroundings, smoothed over time: what `ab` goes with.
        left: (h, w, 2) what is shown beside `ab` of the scene before a dissolve, fading; or None.
    """

    ab: FloatArray
    weight: FloatArray
    light: FloatArray
    left: FloatArray | None = None

    @property
    def shown(self) -> FloatArray:
        """(h, w, 2) the colours of this frame."""
        return self.ab if self.left is None else self.ab + self.left

    def moved(self, motion: Motion, light: FloatArray) -> Carried:
        """Where all of it is in the next frame, whose surroundings have the (h, w) light."""
        planes = carry(np.dstack([self.ab, self.weight, self.light]), motion.came_from)
        before = planes[..., 3]
        follows = 1 - (1 - _SLOWLY) * motion.trust
        now = before + follows * (light - before)
        factor = ((now + BLACK) / (before + BLACK)).clip(1 / _MOST_LIGHT, _MOST_LIGHT)
        ab = planes[..., :2] * factor[..., None]
        left = self.left
        if left is not None:
            left = carry(left, motion.came_from) * np.float32(FADES)
            left = left if np.abs(left).max() > LEAST_LEFT else None
        return Carried(ab, planes[..., 2].clip(0) * motion.trust, now, left)

    def joined(self, look: FloatArray, sure: FloatArray, drift: float, fullest: float) -> Carried:
        """With what a new look says.

        Args:
            look: (h, w, 2) its colours.
            sure: (h, w) 0..1.
            drift: share of a picture-wide change of colour that is let through.
            fullest: the weight that no number of looks exceeds.
        """
        before = np.maximum(self.weight, np.float32(LEAST))
        look = look - np.float32(1 - drift) * common_change(self.ab, look, before * sure)
        total = before + sure
        ab = (before[..., None] * self.ab + sure[..., None] * look) / total[..., None]
        weight = np.maximum(np.minimum(total, fullest), self.weight)
        return replace(self, ab=ab.astype(np.float32), weight=weight.astype(np.float32))

    def pinned(self, known: Known) -> Carried:
        """With colours that are known, each place by its weight.

        Where none are known, the picture-wide change of colour is made nevertheless. Known colours
        of fewer places change the mean of what lies between, and leave its detail.
        """
        known = fitted(known, self.weight.shape)
        apart = known.ab - area_resize(self.ab, *known.weight.shape)
        common = common_change(np.zeros_like(apart), apart, known.weight)
        change, weight = (
            enlarge(p, *self.weight.shape, cubic=False) for p in (apart, known.weight)
        )
        share = (weight / (weight + self.weight + 1e-6))[..., None]
        ab = self.ab + share * change + (1 - share) * common
        return Carried(ab.astype(np.float32), np.maximum(self.weight, weight), self.light)

    def as_arrays(self, prefix: str) -> dict[str, Array]:
        """Plain arrays by name, each name behind the prefix."""
        return {
            f"{prefix}ab": self.ab,
            f"{prefix}weight": self.weight,
            f"{prefix}light": self.light,
        } | ({} if self.left is None else {f"{prefix}left": self.left})

    @classmethod
    def from_arrays(cls, state: Mapping[str, Array], prefix: str) -> Carried:
        """What `as_arrays` gave."""
        ab, weight, light = (state[f"{prefix}{name}"] for name in ("ab", "weight", "light"))
        return cls(ab, weight, light, state.get(f"{prefix}left"))


def common_change(before: FloatArray, after: FloatArray, weight: FloatArray) -> FloatArray:
    """(2,) the mean change from one chroma (h, w, 2) to another, by weights (h, w)."""
    total = float(weight.sum(dtype=np.float64))
    change = ((after - before) * weight[..., None]).sum((0, 1), dtype=np.float64)
    return np.asarray(change / max(total, 1e-6), np.float32)
