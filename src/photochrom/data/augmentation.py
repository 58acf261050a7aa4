"""What a batch goes through before a network sees it: geometry for all of it, a film look for L.

Old photographs differ from today's turned grey: they have faded, are soft and grainy, and early
film saw reds too dark and blues too light. Only the luminance gets that look; the target colours
stay true.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class AugmentationConfig:
    """How far pictures are changed; each number 0 leaves its change out.

    Attributes:
        flip: share of pictures mirrored left to right.
        zoom: smallest share of the picture's side that a crop shows, 1 for all of it.
        shear: largest shear, as a share of the side.
        film: share of pictures that get a film look on their luminance.
    """

    flip: float = 0.5
    zoom: float = 0.75
    shear: float = 0.05
    film: float = 0.5


def random_crops(
    lab: Tensor, side: int, config: AugmentationConfig, generator: torch.Generator
) -> Tensor:
    """Random windows of pictures, mirrored, zoomed and sheared, resampled to one size.

    Args:
        lab: (N, 3, H, W) float.
        side: height and width of the result in pixels.
        config: how far to go.
        generator: the source of all chance.

    Returns:
        (N, 3, side, side).
    """
    n = len(lab)

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    zoom = uniform(config.zoom, 1.0)
    shift_x, shift_y = (uniform(-1, 1) * (1 - zoom) for _ in range(2))
    shear = uniform(-config.shear, config.shear)
    mirror = torch.where(torch.rand(n, generator=generator) < config.flip, -1.0, 1.0)
    theta = torch.stack(
        [
            torch.stack([mirror * zoom, shear, shift_x], 1),
            torch.stack([torch.zeros(n), zoom, shift_y], 1),
        ],
        1,
    ).to(lab.device)
    grid = F.affine_grid(theta, [n, lab.shape[1], side, side], align_corners=False)
    return F.grid_sample(lab, grid, padding_mode="reflection", align_corners=False)


def centre_crops(lab: Tensor, side: int) -> Tensor:
    """The whole pictures at one size, for validation: (N, 3, H, W) -> (N, 3, side, side)."""
    return F.interpolate(lab, (side, side), mode="bilinear", antialias=True, align_corners=False)


def film_look(lab: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """The luminance as an old film might have kept it.

    Film response (panchromatic to orthochromatic), gamma, fading, softness and grain, each drawn
    for each picture. The ranges are ours, chosen by eye on photographs of 1860 to 1960.

    Args:
        lab: (N, 3, H, W), CIELAB.
        share: how many of the pictures are changed at all.
        generator: the source of all chance.

    Returns:
        L (N, 1, H, W), 0..100.
    """
    n, device = len(lab), lab.device

    def uniform(low: float, high: float) -> Tensor:
        drawn = torch.rand(n, 1, 1, 1, generator=generator) * (high - low) + low
        return drawn.to(device)

    luminance, a, b = lab[:, :1], lab[:, 1:2], lab[:, 2:]
    blue_sensitive = uniform(0, 1) * (uniform(0, 1) < 0.4)
    look = luminance - blue_sensitive * (0.25 * a.clamp(min=0) + 0.15 * b)
    look = 100 * (look / 100).clamp(0, 1) ** uniform(0.75, 1.3)
    black, white = uniform(-4, 14), uniform(80, 104)
    faded = uniform(0, 1) < 0.6
    look = torch.where(faded, black + look * (white - black) / 100, look)
    look = torch.where(uniform(0, 1) < 0.4, _soften(look), look)
    grain = torch.randn(look.shape, generator=generator).to(device)
    look = look + grain * uniform(0, 4) * (uniform(0, 1) < 0.5)
    return torch.where(uniform(0, 1) < share, look, luminance).clamp(0, 100)


def _soften(luminance: Tensor, sigma: float = 1.0) -> Tensor:
    """A Gaussian blur, (N, 1, H, W)."""
    reach = math.ceil(2 * sigma)
    offsets = torch.arange(-reach, reach + 1, device=luminance.device, dtype=luminance.dtype)
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    padded = F.pad(luminance, (reach,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
