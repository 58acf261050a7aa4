"""What augmentation yields, against plain forms of the same formulas."""

import pytest
import torch
import torch.nn.functional as F

from photochrom.data.augmentation import (
    AugmentationConfig,
    centre_crops,
    film_look,
    random_crops,
    random_windows,
)


def generator(seed=3):
    return torch.Generator().manual_seed(seed)


def smooth_pictures(count=32, side=48):
    coarse = torch.rand(count, 3, 6, 6, generator=generator(1))
    lab = F.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)
    return lab * torch.tensor([100, 120, 120]).view(1, 3, 1, 1) - torch.tensor([0, 60, 60]).view(
        1, 3, 1, 1
    )


def drawn(shape, low, high, chance):
    return torch.rand(shape, generator=chance) * (high - low) + low


@pytest.mark.parametrize("side", [48, 32])
def test_crops_are_the_affine_windows_that_chance_draws(side):
    lab, chance = smooth_pictures(), generator()
    zoom = drawn(32, 0.7, 1.0, chance)
    shift_x = drawn(32, -1, 1, chance) * (1 - zoom)
    shift_y = drawn(32, -1, 1, chance) * (1 - zoom)
    shear = drawn(32, -0.1, 0.1, chance)
    mirror = torch.where(torch.rand(32, generator=chance) < 0.5, -1.0, 1.0)
    zero = torch.zeros(32)
    rows = [torch.stack([mirror * zoom, shear, shift_x], 1), torch.stack([zero, zoom, shift_y], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), [32, 3, side, side], align_corners=False)
    expected = F.grid_sample(lab, grid, padding_mode="reflection", align_corners=False)
    config = AugmentationConfig(flip=0.5, zoom=0.7, shear=0.1)
    crops, mirrored = random_crops(lab, side, config, generator())
    assert torch.allclose(crops, expected, atol=2e-3)
    assert torch.equal(mirrored, mirror < 0)


@pytest.mark.parametrize("side", [48, 32])
def test_pictures_shown_whole_are_those_of_validation_or_their_mirror_images(side):
    lab = smooth_pictures()
    config = AugmentationConfig(flip=0.5, zoom=1, shear=0)
    crops, mirrored = random_crops(lab, side, config, generator())
    whole = centre_crops(lab, side)
    assert torch.equal(crops[mirrored], whole.flip(-1)[mirrored])
    assert torch.equal(crops[~mirrored], whole[~mirrored])
    assert 0.2 < mirrored.float().mean() < 0.8


def test_zoom_and_shear_of_nothing_tend_to_the_whole_picture():
    lab = smooth_pictures()
    whole, mirrored = random_crops(lab, 48, AugmentationConfig(zoom=1, shear=0), generator())
    nearly = AugmentationConfig(zoom=1 - 1e-6, shear=0)
    crops, also_mirrored = random_crops(lab, 48, nearly, generator())
    assert torch.equal(mirrored, also_mirrored)
    assert torch.allclose(crops, whole, atol=1e-2)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_the_film_look_is_the_one_of_its_formulas_on_all_pictures(share):
    lab, chance = smooth_pictures(), generator()

    def uniform(low, high):
        return drawn((32, 1, 1, 1), low, high, chance)

    luminance, a, b = lab[:, :1], lab[:, 1:2], lab[:, 2:]
    look = luminance - uniform(0, 1) * (uniform(0, 1) < 0.4) * (0.25 * a.clamp(min=0) + 0.15 * b)
    look = 100 * (look / 100).clamp(0, 1) ** uniform(0.75, 1.3)
    black, white = uniform(-4, 14), uniform(80, 104)
    look = torch.where(uniform(0, 1) < 0.6, black + look * (white - black) / 100, look)
    bell = torch.exp(-(torch.arange(-2, 3.0) ** 2) / 2)
    kernel = torch.outer(bell, bell) / bell.sum() ** 2
    blurred = F.conv2d(F.pad(look, (2,) * 4, mode="replicate"), kernel[None, None])
    look = torch.where(uniform(0, 1) < 0.4, blurred, look)
    grain = torch.randn(look.shape, generator=chance)
    look = look + grain * uniform(0, 4) * (uniform(0, 1) < 0.5)
    expected = torch.where(uniform(0, 1) < share, look, luminance).clamp(0, 100)
    assert torch.allclose(film_look(lab, share, generator()), expected, atol=1e-3)


def test_the_film_look_leaves_the_true_picture_as_it_is():
    lab = smooth_pictures()
    before = lab.clone()
    film_look(lab, 1.0, generator())
    film_look(lab, 0.0, generator()).zero_()
    assert torch.equal(lab, before)


def test_windows_are_pieces_of_the_picture_pixel_for_pixel():
    lab = smooth_pictures(count=40, side=24)
    windows = random_windows(lab, 16, 0.5, generator())
    assert windows.shape == (40, 3, 16, 16)
    mirrored, places = 0, set()
    for picture, window in zip(lab, windows, strict=True):
        for flipped, piece in ((False, window), (True, window.flip(2))):
            for top in range(9):
                for left in range(9):
                    if torch.equal(picture[:, top : top + 16, left : left + 16], piece):
                        mirrored += flipped
                        places.add((top, left))
                        break
    assert 10 < mirrored < 30  # half of them
    assert len(places) > 20
    assert {top for top, _ in places} >= {0, 8} and {left for _, left in places} >= {0, 8}


def test_a_window_as_large_as_the_picture_is_the_picture():
    lab = smooth_pictures(count=3, side=24)
    assert torch.equal(random_windows(lab, 24, 0.0, generator()), lab)
