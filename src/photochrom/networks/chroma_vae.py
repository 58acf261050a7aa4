"""S3's measure of density: a variational autoencoder fitted to colour pictures.

It is no colorizer: it tells how far a picture lies from those it was fitted to. Kingma and
Welling, "Auto-encoding variational Bayes", 2014.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from photochrom.color import CHROMA_SCALE, LIGHTNESS_MAX
from photochrom.errors import OptionError


@dataclass(frozen=True)
class ChromaVAEConfig:
    """The numbers of a `ChromaVAE`.

    Attributes:
        size: side of the pictures it sees, in pixels; a multiple of 2 per width.
        widths: channels of the stride-2 convolutions.
        latent: numbers that a picture becomes.
    """

    size: int = 128
    widths: tuple[int, ...] = (64, 128, 256, 512)
    latent: int = 128


class VAEOutput(NamedTuple):
    """What a `ChromaVAE` returns.

    Attributes:
        reconstruction: (N, 3, H, W) CIELAB.
        mean: (N, latent) of q(z | x).
        log_variance: (N, latent) of q(z | x), whose covariance is diagonal.
    """

    reconstruction: Tensor
    mean: Tensor
    log_variance: Tensor


class ChromaVAE(nn.Module):
    """CIELAB pictures (N, 3, size, size) through `latent` numbers and back.

    Our reading of its layers: 4x4, stride 2, batch norm, ReLU; two fully connected layers to mean
    and log variance; a mirrored decoder whose tanh is L / 50 - 1 and ab / 110. In training mode z
    is drawn from q(z | x), otherwise it is the mean.
    """

    def __init__(self, config: ChromaVAEConfig = ChromaVAEConfig()) -> None:
        super().__init__()
        scale = 2 ** len(config.widths)
        if config.size < scale or config.size % scale:
            raise OptionError(f"size is {config.size}; it must be a multiple of {scale}")
        self.size, smallest = config.size, config.size // scale
        features = (config.widths[-1], smallest, smallest)
        halvings = [
            (nn.Conv2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))
            for i, o in pairwise((3, *config.widths))
        ]
        doublings = [
            (nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(True))
            for i, o in pairwise(reversed(config.widths))
        ]
        self.body = nn.Sequential(*(layer for stage in halvings for layer in stage), nn.Flatten())
        self.to_mean = nn.Linear(math.prod(features), config.latent)
        self.to_log_variance = nn.Linear(math.prod(features), config.latent)
        self.decoder = nn.Sequential(
            nn.Linear(config.latent, math.prod(features)),
            nn.Unflatten(1, features),
            *(layer for stage in doublings for layer in stage),
            nn.ConvTranspose2d(config.widths[0], 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, lab: Tensor) -> VAEOutput:
        """The reconstruction of CIELAB (N, 3, size, size) and its place in latent space.

        Raises:
            OptionError: pictures of another size.
        """
        if lab.shape[-2:] != (self.size, self.size):
            height, width = lab.shape[-2:]
            raise OptionError(f"pictures of {height} x {width}; this VAE takes {self.size} squared")
        # (3, 1, 1) each: L 0..100 and ab as -1..1
        scale = lab.new_tensor([LIGHTNESS_MAX / 2, CHROMA_SCALE, CHROMA_SCALE])[:, None, None]
        shift = lab.new_tensor([1.0, 0.0, 0.0])[:, None, None]
        features = self.body(lab / scale - shift)
        mean, log_variance = self.to_mean(features), self.to_log_variance(features)
        z = mean
        if self.training:
            z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return VAEOutput((self.decoder(z) + shift) * scale, mean, log_variance)


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q(z | x), N(0, I)) of each picture: (N,), in nats.

    Args:
        mean: (N, latent).
        log_variance: (N, latent).

    Kingma and Welling 2014, appendix B. S3's figure is its mean over pictures.
    """
    return (mean**2 + log_variance.exp() - 1 - log_variance).sum(1) / 2
