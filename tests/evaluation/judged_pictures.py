"""Made pictures for tests of figures."""

import numpy as np

from photochrom.color import lab_to_rgb


def garden(seed: int = 0, height: int = 180, width: int = 200) -> np.ndarray:
    """A made picture (H, W, 3) float32 sRGB in 0..1: a sky, a lawn and flowers, with some noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    sky = rows < height * rng.uniform(0.3, 0.6)
    flowers = np.sin(rows / 9) * np.cos(columns / (7 + seed)) > 0.6
    lightness = np.where(sky, 75.0, np.where(flowers, 60.0, 45.0))
    a = np.where(sky, -5.0, np.where(flowers, 55.0, -30.0))
    b = np.where(sky, -25.0, np.where(flowers, 20.0, 35.0))
    lab = np.stack([lightness, a, b], -1) + rng.normal(0, 1.5, (height, width, 3))
    return lab_to_rgb(lab).astype(np.float32)
