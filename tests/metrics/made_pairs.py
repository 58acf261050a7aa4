"""Made pictures for tests of metrics."""

import numpy as np


def made_pair(seed: int = 0, shape: tuple[int, ...] = (48, 61, 3)) -> tuple[np.ndarray, np.ndarray]:
    """A smooth made picture and a noisy, shifted copy, sRGB 0..1."""
    rng = np.random.default_rng(seed)
    waves = np.add.outer(np.sin(np.arange(shape[0]) / 7), np.cos(np.arange(shape[1]) / 5)) / 4
    truth = (0.5 + waves[..., None] + rng.normal(0, 0.02, shape)).clip(0, 1)
    result = (0.9 * truth + 0.03 + rng.normal(0, 0.05, shape)).clip(0, 1)
    return result, truth
