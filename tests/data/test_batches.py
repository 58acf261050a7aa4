import numpy as np
import pytest
import torch

from photochrom.data.augmentation import AugmentationConfig, film_look, random_crops
from photochrom.data.batches import BatchOptions, TrainingBatches, validation_batches
from photochrom.data.decoded import DecodedPictures
from photochrom.errors import DataError

STILL = AugmentationConfig(flip=0, zoom=1, shear=0, film=0)


def pictures(count=12, side=40, sources=("a", "b")):
    lab = np.random.default_rng(0).integers(60, 200, (count, side, side, 3)).astype(np.uint8)
    keys = tuple(f"{i}.png" for i in range(count))
    return DecodedPictures((lab,), keys, tuple(sources[i % len(sources)] for i in range(count)))


def batches(augmentation=AugmentationConfig(), **weights):
    return TrainingBatches(
        pictures(), np.arange(12), BatchOptions(32, 6, weights, augmentation, seed=7)
    )


def test_batch_k_is_the_same_however_it_is_reached():
    stream = list(batches().stream(range(4)))
    later = next(batches().stream([3]))
    assert torch.equal(stream[3].lab, later.lab)
    assert torch.equal(stream[3].luminance, later.luminance)
    assert not torch.equal(stream[2].lab, later.lab)


def test_shapes_and_ranges_are_as_promised():
    batch = batches().make(0)
    assert batch.luminance.shape == (6, 1, 32, 32)
    assert batch.lab.shape == (6, 3, 32, 32)
    assert 0 <= batch.luminance.min() <= batch.luminance.max() <= 100


def test_a_source_of_weight_zero_is_never_drawn():
    only_b = TrainingBatches(
        pictures(), np.arange(12), BatchOptions(40, 6, {"a": 0}, STILL, seed=7)
    )
    stored = torch.from_numpy(pictures().take(range(12))[..., 0]) / 2.55
    for number in range(5):
        for crop in only_b.make(number).lab[:, 0]:
            nearest = int((stored - crop).abs().amax((1, 2)).argmin())
            assert nearest % 2 == 1


def test_without_weights_every_picture_comes_once_in_each_pass():
    plain = TrainingBatches(pictures(), np.arange(12), BatchOptions(40, 5, {}, STILL, seed=7))
    stored = torch.from_numpy(pictures().take(range(12))[..., 0]) / 2.55
    shown = [
        int((stored - crop).abs().amax((1, 2)).argmin())
        for number in range(12)
        for crop in plain.make(number).lab[:, 0]
    ]
    passes = [shown[start : start + 12] for start in range(0, 60, 12)]
    assert all(sorted(one) == list(range(12)) for one in passes)
    assert passes[0] != passes[1]


def test_sides_vary_by_batch_and_batches_keep_their_pixels():
    options = BatchOptions(32, 6, {}, AugmentationConfig(), seed=7, sides=(16, 32, 48))
    varied = TrainingBatches(pictures(), np.arange(12), options)
    shapes = {tuple(varied.make(number).lab.shape) for number in range(20)}
    assert shapes == {(24, 3, 16, 16), (6, 3, 32, 32), (3, 3, 48, 48)}
    assert torch.equal(varied.make(5).lab, next(varied.stream([5])).lab)


def test_weights_of_zero_everywhere_are_an_error():
    with pytest.raises(DataError, match="weight 0"):
        batches(a=0, b=0)


def test_an_error_while_making_a_batch_reaches_the_reader():
    broken = batches()
    broken.chosen = np.array([999])
    with pytest.raises(IndexError):
        next(broken.stream([0]))


def test_without_augmentation_a_crop_of_the_full_size_is_the_picture():
    lab = torch.rand(2, 3, 24, 24) * 100
    crops, _ = random_crops(lab, 24, STILL, torch.Generator())
    assert torch.allclose(crops, lab, atol=1e-3)


def test_the_film_look_leaves_the_asked_share_alone_and_stays_in_range():
    lab = torch.rand(64, 3, 8, 8) * 100
    assert torch.equal(film_look(lab, 0.0, torch.Generator()), lab[:, :1])
    looked = film_look(lab, 0.5, torch.Generator().manual_seed(0))
    same = (looked == lab[:, :1]).flatten(1).all(1).float().mean()
    assert 0.3 < same < 0.7
    assert 0 <= looked.min() <= looked.max() <= 100


def test_early_film_darkens_red_and_lightens_blue():
    red, blue = torch.zeros(2, 200, 3, 4, 4)
    red[:, 0], red[:, 1], blue[:, 0], blue[:, 2] = 50, 60, 50, -60
    generator = torch.Generator()
    change = [(film_look(lab, 1.0, generator.manual_seed(1)) - 50).mean() for lab in (red, blue)]
    assert change[0] < change[1]


def test_validation_shows_every_held_out_picture_once_and_unchanged():
    lab = torch.cat([b.lab for b in validation_batches(pictures(), np.arange(5), 40, 2)])
    stored = torch.from_numpy(pictures().take(range(5)))
    assert lab.shape == (5, 3, 40, 40)
    assert torch.allclose(lab[:, 0], stored[..., 0] / 2.55, atol=1e-3)
