"""Tiny films whose motion is known, for tests of steadiness: luminances, no files."""

from __future__ import annotations

import itertools

import numpy as np

from photochrom.film.colours import FilmFrame
from photochrom.film.flicker import unexplained
from photochrom.film.flow import places

HEIGHT, WIDTH = 96, 128


def scenery(seed: int, height: int = 160, width: int = 260) -> np.ndarray:
    """(height, width) float32 L: smooth patches, edges and texture, another with every seed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    L = np.full((height, width), 45.0)
    for _ in range(40):
        row, column = rng.uniform(0, height), rng.uniform(0, width)
        radius, step = rng.uniform(5, 35), rng.uniform(-28, 28)
        L += step * (np.hypot(y - row, x - column) < radius)
    L += 4 * np.sin(x / rng.uniform(2, 5)) * np.sin(y / rng.uniform(2, 5))
    return np.clip(L, 4, 96).astype(np.float32)


def panned(picture: np.ndarray, count: int, step: int = 2, top: int = 20) -> list[np.ndarray]:
    """Windows of a picture that go `step` pixels to the right in each frame."""
    return [
        np.ascontiguousarray(picture[top : top + HEIGHT, step * t : step * t + WIDTH])
        for t in range(count)
    ]


def noisy(frames: list[np.ndarray], grain: float, light: float = 0.0, seed: int = 0) -> list:
    """The same with grain, standard deviation in L, and a light that flickers by a share."""
    rng = np.random.default_rng(seed)
    return [
        ((L * (1 + light * rng.standard_normal())) + grain * rng.standard_normal(L.shape))
        .clip(0, 100)
        .astype(np.float32)
        for L in frames
    ]


def as_film(luminances: list[np.ndarray]) -> list[FilmFrame]:
    """Frames at 24 in a second."""
    return [FilmFrame(index, index / 24, L) for index, L in enumerate(luminances)]


def colour_all(colours, film):
    """The colours of every frame, after a first pass where there is one."""
    if hasattr(colours, "prepare"):
        colours.prepare(iter(film))
    return [colours.colour(frame) for frame in film]


def flicker(found, step):
    """By the motion that the film was made with, not by the one that the colouring estimates."""
    height, width = found[0].shape[:2]
    came_from = places(height, width) + np.float32([step * width / WIDTH, 0])
    known = came_from[..., 0] <= width - 1
    pairs = itertools.pairwise(found)
    return np.mean([unexplained(one, other, came_from, known) for one, other in pairs])
