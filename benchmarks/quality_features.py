"""Features of EfficientNet-Lite0 for a Frechet distance that needs no download.

Not the Inception features of published FID figures: those and these cannot be compared.
"""

from __future__ import annotations

import numpy as np
from quality_rows import Embedder

from photochrom.color import Array, FloatArray

NAME = "EfficientNet-Lite0 (ImageNet), 1,280 pooled features, middle 224 x 224 px"


def lite0_embedder() -> Embedder | None:
    """Pooled features (1280,) of a picture's middle 224 x 224; None without the packages."""
    try:
        import torch

        from photochrom.evaluation.features import lite0_features

        observer = lite0_features()
    except ImportError:
        return None
    torch.set_num_threads(1)  # pictures already run side by side

    def embed(rgb: Array) -> FloatArray:
        return observer.observe(rgb / np.float32(255))

    return embed
