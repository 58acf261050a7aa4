import numpy as np
import pytest
import torch

from photochrom.data.batches import Batch
from photochrom.losses import WeightedLoss
from photochrom.networks.blocks import Prediction
from photochrom.palette import palette_by_name
from photochrom.training.validation import validate


def batches(count, size=3, side=8, seed=0):
    """Pictures of whole-numbered chroma."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        lab = np.concatenate(
            [
                rng.uniform(20, 80, (size, 1, side, side)),
                rng.integers(-100, 100, (size, 2, side, side)),
            ],
            1,
        )
        lab = torch.from_numpy(lab.astype(np.float32))
        yield Batch(lab[:, :1], lab)


def s1_class(a, b):
    """The published rule, a number at a time."""
    row, column = (min(int((v + 128) / 255 * 20), 19) for v in (a, b))
    return row * 20 + column


def test_pixel_accuracy_counts_pixels_whose_rounded_a_and_b_are_both_right():
    (batch,) = batches(1)
    ab = batch.lab[:, 1:].clone()
    ab[0] += 0.4  # rounds to the truth
    ab[1, 0] += 0.6  # a is wrong, b is right
    ab[2, :, :4] -= 1  # both are wrong in half of the picture
    figures = validate(lambda _: Prediction(ab), [batch], WeightedLoss({"mean_squared_error": 1}))
    assert figures["pixel_accuracy"] == pytest.approx((1 + 0 + 0.5) / 3)
    assert "bin_accuracy" not in figures


def test_bin_accuracy_counts_pixels_whose_likeliest_class_is_the_published_one():
    (batch,) = batches(1)
    truth = batch.lab[:, 1:].movedim(1, -1)
    classes = torch.tensor([s1_class(*ab) for ab in truth.reshape(-1, 2).tolist()])
    classes = classes.view(3, 8, 8)
    classes[2, :, :2] = (classes[2, :, :2] + 1) % 400  # wrong in a quarter of the last picture
    logits = torch.rand(3, 400, 8, 8).scatter(1, classes[:, None], 2.0)
    loss = WeightedLoss({"cross_entropy": 1}, palette="uniform-20")
    figures = validate(lambda _: Prediction(torch.zeros(3, 2, 8, 8), logits), [batch], loss)
    assert figures["bin_accuracy"] == pytest.approx((1 + 1 + 0.75) / 3)


def test_chroma_on_the_border_of_a_class_counts_for_the_class_that_the_loss_gives_it():
    lab = torch.full((1, 3, 4, 4), 51.0 - 128)  # the border of S1's fourth and fifth cell
    lab[:, :, 2:] -= 1e-4  # as resampling may leave it
    logits = torch.zeros(1, 400, 4, 4)
    logits[:, 4 * 20 + 4] = 50
    loss = WeightedLoss({"cross_entropy": 1}, palette="uniform-20")
    batch = Batch(lab[:, :1], lab)
    figures = validate(lambda _: Prediction(torch.zeros(1, 2, 4, 4), logits), [batch], loss)
    assert figures["cross_entropy"] < 1e-6
    assert figures["bin_accuracy"] == 1


def test_chance_is_one_in_as_many_as_there_are_classes():
    palette = palette_by_name("gamut-10")
    rng = np.random.default_rng(1)
    ab = palette.centers[rng.integers(0, len(palette), (4, 64, 64))]
    lab = torch.from_numpy(np.concatenate([np.full((4, 64, 64, 1), 50), ab], -1)).movedim(-1, 1)
    logits = torch.rand(4, len(palette), 64, 64, generator=torch.Generator().manual_seed(0))
    loss = WeightedLoss({"cross_entropy": 1}, palette="gamut-10")
    found = validate(
        lambda _: Prediction(torch.zeros(4, 2, 64, 64), logits), [Batch(lab[:, :1], lab)], loss
    )
    assert found["bin_accuracy"] == pytest.approx(1 / len(palette), abs=0.002)


def test_figures_are_means_over_pictures_whatever_the_batches():
    def predict(luminance):
        return Prediction(torch.cat([luminance.round() - 50] * 2, 1))

    loss = WeightedLoss({"mean_squared_error": 1})
    together = list(batches(4))
    lab = torch.cat([batch.lab for batch in together])
    uneven = [Batch(part[:, :1], part) for part in (lab[:7], lab[7:8], lab[8:])]
    one, other = validate(predict, together, loss), validate(predict, uneven, loss)
    assert one == pytest.approx(other, rel=1e-5)
    assert 0 <= one["pixel_accuracy"] < 0.01
