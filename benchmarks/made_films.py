"""Films made of colour photographs, whose true colours and true motion are known.

A window of 4:3 pans, zooms and trembles over a photograph. Into that come, as asked, grain, a light
that flickers, and a thing cut out of another photograph that moves across.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from photochrom.color import (
    Array,
    FloatArray,
    lab_to_rgb,
    linear_to_srgb,
    rgb_to_lab,
    srgb_to_linear,
)
from photochrom.film.colours import FilmFrame

HEIGHT, WIDTH = 192, 256
RATE = 24.0


@dataclass(frozen=True)
class FilmKind:
    """What a made film is like.

    Attributes:
        frames: how many.
        speed: how far the window goes, as a share of the way that the picture leaves it, 0..1.
        tremble: standard deviation of the hand that holds the camera, pixels of the film.
        grain: standard deviation of what is added to the lightness, CIELAB units.
        exposure: standard deviation of the logarithm of the light from frame to frame.
        thing: whether a thing cut out of another photograph moves across.
    """

    frames: int = 48
    speed: float = 1.0
    tremble: float = 0.4
    grain: float = 0.0
    exposure: float = 0.0
    thing: bool = False


@dataclass(frozen=True, eq=False)
class MadeFrame:
    """A frame of which all is known.

    Attributes:
        lab: (H, W, 3) its true colours, without the grain.
        luminance: (H, W) 0..100 as a colorizer sees it.
        came_from: (H, W, 2) x and y of each pixel in the frame before, None in the first one.
        known: (H, W) bool: where it could be seen in the frame before.
    """

    lab: FloatArray
    luminance: FloatArray
    came_from: FloatArray | None
    known: Array | None

    def as_seen(self, index: int) -> FilmFrame:
        """What a colorizer is given."""
        return FilmFrame(index, index / RATE, self.luminance)


@dataclass(frozen=True, eq=False)
class _Thing:
    """A round cut-out (h, w, 3) with its mask, and where its corner lies in each frame (n, 2)."""

    picture: Array
    mask: Array
    corners: Array


def make_film(
    picture: Array, kind: FilmKind, seed: int, other: Array | None = None
) -> Iterator[MadeFrame]:
    """The frames of a film over a photograph, one after the other.

    Args:
        picture: (H, W, 3) uint8 sRGB.
        kind: what happens in it.
        seed: of the window's way, the grain and the light.
        other: the photograph that the moving thing is cut out of.
    """
    chance = np.random.default_rng(seed)
    boxes = window_way(picture.shape[:2], kind, chance)
    light = np.exp(kind.exposure * chance.standard_normal(kind.frames))
    thing = _cut_out(other, kind.frames, chance) if kind.thing and other is not None else None
    image = Image.fromarray(picture)
    for index, box in enumerate(boxes):
        seen = np.asarray(
            image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS, box=tuple(map(float, box)))
        )
        came_from, known = None, None
        if index:
            came_from, known = _background_motion(boxes[index - 1], box)
        if thing is not None:
            seen = _put(seen, thing, index)
            if came_from is not None and known is not None:
                _move_thing(thing, index, came_from, known)
        lit = linear_to_srgb(srgb_to_linear(seen / np.float32(255)) * np.float32(light[index]))
        lab = rgb_to_lab(lit.clip(0, 1).astype(np.float32))
        grain = kind.grain * chance.standard_normal((HEIGHT, WIDTH))
        luminance = (lab[..., 0] + grain).clip(0, 100).astype(np.float32)
        yield MadeFrame(lab, luminance, came_from, known)


def make_dissolve(
    one: Array, other: Array, seed: int, lengths: tuple[int, int, int]
) -> Iterator[MadeFrame]:
    """The frames of a film that goes over slowly from one photograph to another.

    Args:
        one: (H, W, 3) uint8 sRGB.
        other: likewise.
        seed: of the windows' ways and the grain.
        lengths: frames before the dissolve, during it and after it.
    """
    before, during, after = lengths
    kind = FilmKind(speed=0.3, grain=1.0)
    first = list(make_film(one, replace(kind, frames=before + during), seed))
    second = list(make_film(other, replace(kind, frames=during + after), seed + 1))
    yield from first[:before]
    for step, (a, b) in enumerate(zip(first[before:], second[:during], strict=True), 1):
        share = np.float32(step / (during + 1))
        lab = rgb_to_lab((1 - share) * lab_to_rgb(a.lab) + share * lab_to_rgb(b.lab))
        grain = (1 - share) * (a.luminance - a.lab[..., 0]) + share * (b.luminance - b.lab[..., 0])
        yield MadeFrame(lab, (lab[..., 0] + grain).clip(0, 100), None, None)
    yield from second[during:]


def window_way(shape: tuple[int, ...], kind: FilmKind, chance: np.random.Generator) -> Array:
    """(n, 4) left, top, right and bottom of the window: from one random box smoothly to another."""
    height, width = shape[:2]
    largest = min(height / HEIGHT, width / WIDTH)
    ends = []
    for _ in range(2):
        zoom = largest * chance.uniform(0.7, 0.95)
        size = np.array([zoom * WIDTH, zoom * HEIGHT])
        ends.append((zoom, chance.uniform(0, 1, 2) * (np.array([width, height]) - size)))
    way = kind.speed * (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, kind.frames)))[:, None]
    zooms = (1 - way[:, 0]) * ends[0][0] + way[:, 0] * ends[1][0]
    corners = (1 - way) * ends[0][1] + way * ends[1][1]
    corners = corners + kind.tremble * zooms[:, None] * chance.standard_normal((kind.frames, 2))
    sizes = zooms[:, None] * np.array([WIDTH, HEIGHT])
    corners = corners.clip(0, np.array([width, height]) - sizes)
    return np.concatenate([corners, corners + sizes], 1)


def _background_motion(before: Array, now: Array) -> tuple[FloatArray, Array]:
    """Where each pixel of a window was seen through the window before, and whether it was."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    places = [
        (low + (high - low) * at / side - low0) / (high0 - low0) * side - 0.5
        for at, side, low, high, low0, high0 in (
            (x, WIDTH, now[0], now[2], before[0], before[2]),
            (y, HEIGHT, now[1], now[3], before[1], before[3]),
        )
    ]
    came_from = np.stack(places, -1).astype(np.float32)
    inside = (came_from >= 0) & (came_from <= np.array([WIDTH - 1, HEIGHT - 1]))
    return came_from, inside.all(-1)


def _cut_out(other: Array, frames: int, chance: np.random.Generator) -> _Thing:
    side = HEIGHT // 3
    image = Image.fromarray(other)
    square = min(image.size)
    left, top = (image.width - square) / 2, (image.height - square) / 2
    box = (left, top, left + square, top + square)
    picture = np.asarray(image.resize((side, side), Image.Resampling.LANCZOS, box=box))
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    rows = chance.uniform(0, HEIGHT - side, 2)
    columns = np.array([-side / 2, WIDTH - side / 2])[:: chance.choice([-1, 1])]
    way = np.linspace(0, 1, frames)[:, None]
    corners = (1 - way) * [columns[0], rows[0]] + way * [columns[1], rows[1]]
    return _Thing(picture, np.hypot(x, y) < side / 2 - 0.5, np.rint(corners).astype(int))


def _thing_mask(thing: _Thing, index: int) -> Array:
    """(H, W) bool: where the thing is."""
    found = np.zeros((HEIGHT, WIDTH), bool)
    places = np.argwhere(thing.mask) + thing.corners[index][::-1]
    inside = ((places >= 0) & (places < [HEIGHT, WIDTH])).all(1)
    found[tuple(places[inside].T)] = True
    return found


def _put(seen: Array, thing: _Thing, index: int) -> Array:
    mask = _thing_mask(thing, index)
    places = np.argwhere(mask) - thing.corners[index][::-1]
    changed = seen.copy()
    changed[mask] = thing.picture[tuple(places.T)]
    return changed


def _move_thing(thing: _Thing, index: int, came_from: FloatArray, known: Array) -> None:
    """Corrects the background's motion where the thing is, or has been."""
    now, before = _thing_mask(thing, index), _thing_mask(thing, index - 1)
    step = thing.corners[index] - thing.corners[index - 1]
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    nearest = np.rint(came_from).astype(int).clip(0, [WIDTH - 1, HEIGHT - 1])
    known &= ~before[nearest[..., 1], nearest[..., 0]]
    moved = np.stack([x - step[0], y - step[1]], -1).astype(np.float32)
    inside = ((moved >= 0) & (moved < [WIDTH, HEIGHT])).all(-1)
    came_from[now] = moved[now]
    known[now] = inside[now]
