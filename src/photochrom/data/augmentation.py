"""What a batch goes through before a network sees it: geometry for all of it, a film look for L.

Old photographs differ from today's turned grey: they have faded, are soft and grainy, and early
film saw reds too dark and blues too light. Only the luminance gets that look; the target colours
stay true.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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

    @property
    def keeps_whole(self) -> bool:
        """Whether pictures are shown whole: mirrored or not, and otherwise as in validation."""
        return self.zoom == 1 and self.shear == 0


def random_crops(
    lab: Tensor, side: int, config: AugmentationConfig, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Random windows of pictures, mirrored, zoomed and sheared, resampled to one size.

    Args:
        lab: (N, 3, H, W) float.
        side: height and width of the result in pixels.
        config: how far to go.
        generator: the source of all chance.

    Returns:
        The windows (N, 3, side, side), and which of them are mirrored, (N,) bool.
    """

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(len(lab), 1, 1, generator=generator) * (high - low) + low

    zoom = uniform(config.zoom, 1.0)
    shift_x, shift_y = (uniform(-1, 1) * (1 - zoom) for _ in range(2))
    shear = uniform(-config.shear, config.shear)
    mirrored = torch.rand(len(lab), generator=generator) < config.flip
    if config.keeps_whole:
        whole = centre_crops(lab, side)
        chosen = mirrored.view(-1, 1, 1, 1).to(lab.device)
        return torch.where(chosen, whole.flip(-1), whole), mirrored
    sign = torch.where(mirrored, -1.0, 1.0).view(-1, 1, 1)
    # pixel centres in -1..1; F.affine_grid gives the same in three times the time
    y, x = _pixel_centres(side).view(-1, 1), _pixel_centres(side)
    from_x = (sign * zoom * x + shift_x) + shear * y
    from_y = (zoom * y + shift_y).expand_as(from_x)
    grid = torch.stack([from_x, from_y], -1).to(lab.device)
    crops = F.grid_sample(lab, grid, padding_mode="reflection", align_corners=False)
    return crops, mirrored


def random_windows(lab: Tensor, side: int, flip: float, generator: torch.Generator) -> Tensor:
    """Random windows of pictures as they are, pixel for pixel, some of them mirrored.

    Args:
        lab: (N, C, H, W) float.
        side: height and width of a window in pixels, at most H and W.
        flip: share of windows mirrored left to right.
        generator: the source of all chance.

    Returns:
        (N, C, side, side).
    """
    n, _, height, width = lab.shape
    tops = torch.randint(height - side + 1, (n,), generator=generator).tolist()
    lefts = torch.randint(width - side + 1, (n,), generator=generator).tolist()
    mirrored = (torch.rand(n, generator=generator) < flip).tolist()
    windows = []
    for picture, top, left, mirror in zip(lab, tops, lefts, mirrored, strict=True):
        window = picture[:, top : top + side, left : left + side]
        windows.append(window.flip(2) if mirror else window)
    return torch.stack(windows)


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
    luminance = lab[:, :1].clamp(0, 100)
    if share == 0:
        return luminance

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(len(lab), 1, 1, 1, generator=generator) * (high - low) + low

    # the order of these lines is the order of chance: another one would change every recipe's film
    blue_sensitive = uniform(0, 1) * (uniform(0, 1) < 0.4)
    gamma = uniform(0.75, 1.3)
    black, white = uniform(-4, 14), uniform(80, 104)
    faded = uniform(0, 1) < 0.6
    soft = uniform(0, 1) < 0.4
    grain = torch.randn(luminance.shape, generator=generator)
    grain_size = uniform(0, 4) * (uniform(0, 1) < 0.5)
    changed = (uniform(0, 1) < share).flatten()
    drawn = (blue_sensitive, gamma, black, white, faded, soft, grain, grain_size)
    blue_sensitive, gamma, black, white, faded, soft, grain, grain_size = (
        values[changed].to(lab.device) for values in drawn
    )
    L, a, b = lab[changed].chunk(3, dim=1)
    look = L - blue_sensitive * (0.25 * a.clamp(min=0) + 0.15 * b)
    look = 100 * (look / 100).clamp(0, 1) ** gamma
    look = torch.where(faded, black + look * (white - black) / 100, look)
    out_of_focus = soft.flatten()
    look[out_of_focus] = _soften(look[out_of_focus])
    luminance[changed] = (look + grain * grain_size).clamp(0, 100)
    return luminance


def _soften(luminance: Tensor, sigma: float = 1.0) -> Tensor:
    """A Gaussian blur, (N, 1, H, W)."""
    reach = math.ceil(2 * sigma)
    offsets = torch.arange(-reach, reach + 1, dtype=luminance.dtype)
    bell = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = (bell / bell.sum()).tolist()
    height, width = luminance.shape[-2:]
    padded = F.pad(luminance, (reach,) * 4, mode="replicate")
    # shifted sums: torch's convolution of one channel takes up to fifty times as long
    across = _weighted_sum([padded[..., i : i + width] for i in range(2 * reach + 1)], kernel)
    return _weighted_sum([across[..., i : i + height, :] for i in range(2 * reach + 1)], kernel)


def _weighted_sum(parts: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    total = weights[0] * parts[0]
    for weight, part in zip(weights[1:], parts[1:], strict=True):
        total.add_(part, alpha=weight)
    return total


def _pixel_centres(side: int) -> Tensor:
    """Where the pixels of a row lie between its ends at -1 and 1, (side,)."""
    return (torch.arange(side) * 2 + 1) / side - 1
