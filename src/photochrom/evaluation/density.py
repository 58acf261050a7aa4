"""S3's density: a variational autoencoder fitted to a data set, and the KL of pictures under it.

A picture's KL(q(z | x), N(0, I)), in nats, is what the autoencoder has to say of it beyond what it
expects. S3 publishes the mean over a set's pictures. Neither less nor more of it is better:
measured on photographs of flowers (64 px, 540 steps), grey pictures had less than the true ones,
217 against 230, and those with inverted hues more, 276. So a report shows the mean in
relation to the truth's (`SET_FIGURES["density"]`), and how far each picture's lies from its own
truth's (`SET_FIGURES["density_gap"]`). Neither is comparable between two fits.
"""

from __future__ import annotations

import dataclasses
import io
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from photochrom.atomic import written_whole
from photochrom.color import CHROMA_SCALE, LIGHTNESS_MAX, Array, rgb_to_lab
from photochrom.data.batches import lab_from_bytes
from photochrom.data.decoded import DecodedPictures
from photochrom.errors import DataError, ModelError, OptionError
from photochrom.evaluation.figures import Observer
from photochrom.networks.blocks import freeze
from photochrom.networks.chroma_vae import ChromaVAE, ChromaVAEConfig, kl_to_standard_normal

FORMAT = 1

SAMPLE = 2000
"""Pictures whose KL is measured behind a fit."""

SMALLEST_ERROR = 1e-6
"""Mean squared error, in the network's units, below which a fit is not rewarded any more."""


@dataclass(frozen=True)
class FitOptions:
    """How an autoencoder is fitted.

    Attributes:
        steps: optimiser steps.
        batch: pictures in each, every second one mirrored.
        learning_rate: of Adam.
        seed: of weights, order and noise.
        device: where to compute, as torch calls it.
    """

    steps: int = 3000
    batch: int = 64
    learning_rate: float = 1e-3
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 2 or self.learning_rate <= 0:
            raise OptionError(
                f"steps {self.steps}, batch {self.batch}, learning rate {self.learning_rate}; "
                "at least 1, at least 2 and above 0 are needed"
            )


@dataclass(frozen=True, eq=False)
class Density:
    """A fitted autoencoder.

    Attributes:
        network: in evaluation mode.
        config: its numbers.
        fitted_to: the pictures, in words.
        expected: the mean KL of those pictures, nats.
    """

    network: ChromaVAE
    config: ChromaVAEConfig
    fitted_to: str
    expected: float

    @torch.inference_mode()
    def kl(self, lab: Tensor) -> Array:
        """The KL (N,) float64, in nats, of CIELAB pictures (N, 3, size, size)."""
        found = self.network(lab)
        kl: Array = kl_to_standard_normal(found.mean, found.log_variance).double().numpy()
        return kl

    def observer(self) -> Observer:
        """The KL (1,) of a picture's middle square, shrunk to the network's size (Lanczos)."""
        size = self.config.size

        def observe(rgb: Array) -> Array:
            image = Image.fromarray(np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8))
            square = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
            lab = rgb_to_lab(np.asarray(square))
            return self.kl(torch.from_numpy(lab.transpose(2, 0, 1)[None]).float())

        return Observer(
            f"VAE of {self.config.latent} latents fitted to {self.fitted_to} "
            f"(mean KL {self.expected:.1f} nats), middle square at {size} px",
            observe,
        )


def fit_density(
    pictures: DecodedPictures,
    fitted_to: str,
    config: ChromaVAEConfig,
    options: FitOptions = FitOptions(),
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> Density:
    """An autoencoder fitted to pictures.

    It minimises D/2 log(mean squared error) + KL, D the numbers of a picture: the likelihood of
    a Gaussian whose width is always the best one, so that no weight has to be chosen between the
    two (Rybkin, Daniilidis and Levine 2021). Errors count in the network's own units, in which
    chroma is small beside lightness.

    Args:
        pictures: decoded at the network's size.
        fitted_to: what they are, in words, for reports.
        config: the network's numbers; the published ones, 128 px, want a GPU or hours.
        options: how it is fitted.
        progress: called with the steps done, and how many there are.

    Raises:
        DataError: fewer than two pictures, or of another size.
    """
    if len(pictures) < 2 or pictures.side != config.size:
        raise DataError(
            f"{len(pictures)} pictures of {pictures.side} px; the fit needs 2 or more "
            f"of {config.size} px"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = ChromaVAE(config).to(options.device)
        optimizer = torch.optim.Adam(network.parameters(), options.learning_rate)
        rng = np.random.default_rng(options.seed)
        for step in range(options.steps):
            chosen = rng.integers(len(pictures), size=options.batch)
            lab = lab_from_bytes(pictures.take(chosen)).to(options.device)
            lab[::2] = lab[::2].flip(-1)
            loss = _loss(network, lab)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            progress(step + 1, options.steps)
    freeze(network.cpu())
    described = f"{fitted_to}, {len(pictures):,} pictures, {options.steps:,} steps"
    density = Density(network, config, described, math.nan)
    return dataclasses.replace(density, expected=_mean_kl(density, pictures, options))


def save_density(density: Density, path: Path) -> None:
    """Writes a fitted autoencoder.

    Raises:
        OutputError: it cannot be written.
    """
    content = {
        "format": FORMAT,
        "fitted_to": density.fitted_to,
        "expected": density.expected,
        "config": asdict(density.config),
        "weights": density.network.state_dict(),
    }
    buffer = io.BytesIO()  # torch hides why a file could not be written
    torch.save(content, buffer)
    with written_whole(path) as partial:
        partial.write_bytes(buffer.getbuffer())


def load_density(path: Path) -> Density:
    """The fitted autoencoder in a file.

    Raises:
        ModelError: missing, damaged, or something else.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such file; `photochrom density` makes one")
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}")
        numbers = content["config"]
        config = ChromaVAEConfig(**{**numbers, "widths": tuple(numbers["widths"])})
        network = ChromaVAE(config)
        network.load_state_dict(content["weights"])
        density = Density(network, config, content["fitted_to"], content["expected"])
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise ModelError(f"{path}: not a fitted density of format {FORMAT}") from error
    freeze(network)
    return density


def _mean_kl(density: Density, pictures: DecodedPictures, options: FitOptions) -> float:
    """The mean KL of the pictures, of a sample where there are many."""
    drawn = np.random.default_rng(options.seed).permutation(len(pictures))[:SAMPLE]
    blocks = np.array_split(drawn, -(-len(drawn) // options.batch))
    found = [density.kl(lab_from_bytes(pictures.take(block))) for block in blocks]
    return float(np.concatenate(found).mean())


def _loss(network: ChromaVAE, lab: Tensor) -> Tensor:
    """The negative evidence lower bound of a batch, in nats a picture, up to a constant."""
    found = network(lab)
    units = lab.new_tensor([LIGHTNESS_MAX / 2, CHROMA_SCALE, CHROMA_SCALE])[:, None, None]
    error = ((found.reconstruction - lab) / units).square().mean().clamp(min=SMALLEST_ERROR)
    kl = kl_to_standard_normal(found.mean, found.log_variance).mean()
    loss: Tensor = lab[0].numel() / 2 * error.log() + kl
    return loss
