import numpy as np
import pytest
import torch

from photochrom.errors import OptionError
from photochrom.losses import LOSSES, WeightedLoss, smooth_l1, soft_cross_entropy
from photochrom.networks.blocks import Prediction
from photochrom.palette import gamut_palette


def example(seed=0, classes=261):
    rng = torch.Generator().manual_seed(seed)
    ab = torch.rand(2, 2, 6, 8, generator=rng) * 120 - 60
    predicted = torch.rand(2, 2, 6, 8, generator=rng) * 120 - 60
    logits = torch.randn(2, classes, 6, 8, generator=rng)
    return Prediction(predicted.requires_grad_(), logits.requires_grad_()), ab


def test_smooth_l1_equals_its_formula():
    prediction, ab = example()
    error = (prediction.ab - ab).abs() / 10
    formula = torch.where(error < 0.5, error**2, error - 0.25)  # beta = 5 units = 0.5
    assert torch.allclose(smooth_l1(prediction, ab), formula.mean())


def test_soft_cross_entropy_equals_a_brute_force_over_pixels():
    prediction, ab = example()
    palette = gamut_palette(10)
    log_probabilities = torch.log_softmax(prediction.logits, 1).detach().numpy()
    expected = []
    for n in range(2):
        for y in range(6):
            for x in range(8):
                colour = ab[n, :, y, x].round().numpy()
                distance = ((palette.centers - colour) ** 2).sum(1)
                nearest = np.argsort(distance, kind="stable")[:5]
                mass = np.exp(-distance[nearest] / 50)
                mass /= mass.sum()
                expected.append(-(mass * log_probabilities[n, nearest, y, x]).sum())
    found = soft_cross_entropy(prediction, ab, palette="gamut-10", spacing=1)
    assert found.item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_class_weights_multiply_each_pixel_by_its_nearest_class():
    prediction, ab = example()
    doubled = soft_cross_entropy(
        prediction, ab, palette="gamut-10", class_weights=torch.full((261,), 2.0)
    )
    assert torch.allclose(doubled, 2 * soft_cross_entropy(prediction, ab, palette="gamut-10"))


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_a_gradient_and_falls_towards_the_truth(name):
    prediction, ab = example()
    weighted = WeightedLoss({name: 1.0}, palette="gamut-10")
    loss, terms = weighted(prediction, ab)
    loss.backward()
    gradients = [t.grad for t in prediction if t.grad is not None]
    assert gradients and all(torch.isfinite(g).all() and g.any() for g in gradients)
    classes = torch.from_numpy(gamut_palette(10).encode(ab.movedim(1, -1).numpy()))
    sure = torch.nn.functional.one_hot(classes, 261).movedim(-1, 1) * 10.0
    assert weighted(Prediction(ab, sure), ab)[0] < terms[name]


def test_a_weighted_sum_is_the_sum_of_its_terms():
    prediction, ab = example()
    total, terms = WeightedLoss({"smooth_l1": 2.0, "mean_squared_error": 0.5})(prediction, ab)
    assert total.item() == pytest.approx(
        2 * terms["smooth_l1"].item() + 0.5 * terms["mean_squared_error"].item(), rel=1e-6
    )


def test_unknown_losses_and_missing_distributions_are_errors():
    with pytest.raises(OptionError, match="smooth_l1"):
        WeightedLoss({"smooth_l2": 1.0})
    with pytest.raises(OptionError, match="palette"):
        WeightedLoss({"soft_cross_entropy": 1.0})
    prediction, ab = example()
    with pytest.raises(OptionError, match="logits"):
        soft_cross_entropy(Prediction(prediction.ab), ab, palette="gamut-10")
