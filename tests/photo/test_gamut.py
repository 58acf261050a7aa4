import numpy as np

from photochrom.color import lab_to_rgb
from photochrom.photo.gamut import fit_to_srgb, greatest_chroma

from .made import as_image


def fitted(lab):
    return fit_to_srgb(as_image(lab.astype(np.float32), "lab")).numpy()


def sweep():
    L, hue = np.meshgrid(np.linspace(0, 100, 331), np.radians(np.linspace(0, 360, 721)))
    return L, hue


def test_every_result_lies_inside_srgb():
    L, hue = sweep()
    rgb = lab_to_rgb(fitted(np.stack([L, 100 * np.cos(hue), 100 * np.sin(hue)], -1)), clip=False)
    assert rgb.min() > -0.001 and rgb.max() < 1.001


def test_lightness_and_hue_stay():
    L, hue = sweep()
    lab = fitted(np.stack([L, 100 * np.cos(hue), 100 * np.sin(hue)], -1))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    turned = np.angle(np.exp(1j * (np.arctan2(lab[..., 2], lab[..., 1]) - hue)))
    assert (lab[..., 0] == L.astype(np.float32)).all()
    assert np.abs(turned[chroma > 1]).max() < 1e-3


def test_colours_well_inside_are_not_touched():
    rgb = np.random.default_rng(0).uniform(0.15, 0.85, (50, 50, 3))
    from photochrom.color import rgb_to_lab

    lab = rgb_to_lab(rgb)
    assert np.abs(fitted(lab) - lab).max() < 1e-3


def test_little_chroma_is_given_away_at_the_surface():
    L, hue = np.meshgrid(np.arange(5, 96.0), np.radians(np.arange(0, 360, 3.0)))
    low, high = np.zeros(L.shape), np.full(L.shape, 140.0)
    for _ in range(20):
        middle = (low + high) / 2
        lab = np.stack([L, middle * np.cos(hue), middle * np.sin(hue)], -1)
        rgb = lab_to_rgb(lab, clip=False)
        inside = ((rgb >= 0) & (rgb <= 1)).all(-1)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    lab = fitted(np.stack([L, 139 * np.cos(hue), 139 * np.sin(hue)], -1))
    kept = np.hypot(lab[..., 1], lab[..., 2]) / low
    assert np.median(kept) > 0.98 and np.percentile(kept, 1) > 0.8


def test_grey_stays_grey():
    lab = np.zeros((1, 101, 3))
    lab[..., 0] = np.arange(101)
    assert (fitted(lab) == lab).all()


def test_table_has_no_chroma_at_black_and_white():
    table = greatest_chroma()
    assert table.shape == (182, 101)
    assert table[:, 0].max() < 0.01 and table[:, -1].max() < 0.1
