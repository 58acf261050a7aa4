import numpy as np
import pytest
import torch

from photochrom.color import lab_to_rgb_tensor
from photochrom.errors import OptionError
from photochrom.losses import (
    LOSSES,
    NEED_PALETTE,
    WeightedLoss,
    cross_entropy,
    cross_entropy_adversarial,
    feature_loss,
    half_squared_error,
    huber,
    least_squares_adversarial,
    pairwise_mean_squared_error,
    smooth_l1,
    smoothed_cross_entropy,
    soft_cross_entropy,
)
from photochrom.networks.blocks import Prediction
from photochrom.palette import gamut_palette, uniform_palette


def example(seed=0, classes=261):
    rng = torch.Generator().manual_seed(seed)
    lab = torch.rand(2, 3, 6, 8, generator=rng) * 100 - torch.tensor([0, 50, 50]).view(1, 3, 1, 1)
    predicted = torch.rand(2, 2, 6, 8, generator=rng) * 120 - 60
    logits = torch.randn(2, classes, 6, 8, generator=rng)
    return Prediction(predicted.requires_grad_(), logits.requires_grad_()), lab


def pixels(lab):
    return lab[:, 1:].movedim(1, -1).reshape(-1, 2).numpy()


def log_probabilities(prediction):
    z = torch.log_softmax(prediction.logits, 1).detach()
    return z.movedim(1, -1).reshape(-1, z.shape[1]).numpy()


def test_s1s_loss_is_half_the_sum_over_pixels_per_picture():
    prediction, lab = example()
    error = (prediction.ab - lab[:, 1:]).detach().numpy()
    assert half_squared_error(prediction, lab).item() == pytest.approx(
        0.5 * (error**2).sum() / 2, rel=1e-5
    )


def test_smooth_l1_and_huber_equal_their_formulas():
    prediction, lab = example()
    d = (prediction.ab - lab[:, 1:]).abs()
    in_tens = torch.where(d / 10 < 0.5, (d / 10) ** 2, d / 10 - 0.25)  # beta = 5 units = 0.5
    assert torch.allclose(smooth_l1(prediction, lab), in_tens.mean())
    by_hand = torch.where(d < 20, 0.5 * d**2, 20 * (d - 10))
    assert torch.allclose(huber(prediction, lab, delta=20.0), by_hand.mean())


def test_pairwise_squared_error_equals_the_loop_over_pairs():
    prediction, lab = example()
    d = (prediction.ab - lab[:, 1:]).detach().double().flatten(1).numpy()
    n = d.shape[1]
    pairs = [np.mean([(row[i] - row[j]) ** 2 for i in range(n) for j in range(i)]) for row in d]
    assert pairwise_mean_squared_error(prediction, lab).item() == pytest.approx(
        np.mean(pairs), rel=1e-4
    )


def test_pairwise_squared_error_does_not_see_one_constant():
    _, lab = example()
    shifted = Prediction(lab[:, 1:] + 12.5)
    assert pairwise_mean_squared_error(shifted, lab).item() == pytest.approx(0, abs=1e-3)


def test_soft_cross_entropy_equals_a_brute_force_over_pixels():
    prediction, lab = example()
    palette = gamut_palette(10)
    expected = []
    for colour, log_p in zip(pixels(lab).round(), log_probabilities(prediction), strict=True):
        distance = ((palette.centers - colour) ** 2).sum(1)
        nearest = np.argsort(distance, kind="stable")[:5]
        mass = np.exp(-distance[nearest] / 50)
        expected.append(-(mass / mass.sum() * log_p[nearest]).sum())
    found = soft_cross_entropy(prediction, lab, palette="gamut-10", spacing=1)
    assert found.item() == pytest.approx(np.mean(expected), rel=1e-4)


@pytest.mark.parametrize("smoothed", [False, True])
def test_s1s_cross_entropies_equal_a_brute_force_over_pixels(smoothed):
    prediction, lab = example(classes=400)
    palette = uniform_palette(20)
    classes = palette.encode(pixels(lab).round())
    labels = palette.smoothed_labels()[classes] if smoothed else np.eye(400)[classes]
    expected = -(labels * log_probabilities(prediction)).sum(1).mean()
    loss = smoothed_cross_entropy if smoothed else cross_entropy
    assert loss(prediction, lab, palette="uniform-20").item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", sorted(NEED_PALETTE))
def test_class_weights_multiply_each_pixel_by_its_class(name):
    prediction, lab = example()
    weights = torch.linspace(0.5, 2, 261)
    one, two = (
        LOSSES[name](prediction, lab, palette="gamut-10", class_weights=w)
        for w in (weights, 2 * weights)
    )
    assert torch.allclose(two, 2 * one)
    plain = LOSSES[name](prediction, lab, palette="gamut-10")
    assert not torch.allclose(one, plain)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_a_gradient_and_falls_towards_the_truth(name):
    prediction, lab = example()
    weighted = WeightedLoss({name: 1.0}, palette="gamut-10")
    loss, terms = weighted(prediction, lab)
    loss.backward()
    gradients = [t.grad for t in prediction if t is not None and t.grad is not None]
    assert gradients and all(torch.isfinite(g).all() and g.any() for g in gradients)
    classes = torch.from_numpy(gamut_palette(10).encode(lab[:, 1:].movedim(1, -1).numpy()))
    sure = torch.nn.functional.one_hot(classes, 261).movedim(-1, 1) * 2.0
    assert weighted(Prediction(lab[:, 1:], sure), lab)[0] < terms[name]


@pytest.mark.parametrize("name", sorted(set(LOSSES) - NEED_PALETTE - {"smooth_l1"}))
def test_an_rgb_network_is_judged_in_rgb(name):
    _, lab = example()
    truth = lab_to_rgb_tensor(lab)
    nothing = torch.zeros_like(lab[:, 1:])
    right = LOSSES[name](Prediction(nothing, rgb=truth), lab)
    wrong = LOSSES[name](Prediction(nothing, rgb=truth.flip(3)), lab)
    assert right < wrong


def test_adversarial_terms_equal_their_formulas():
    judged = torch.tensor([[-1.5, 0.25], [2.0, 0.0]])
    assert least_squares_adversarial(judged, real=True).item() == pytest.approx(
        float(((judged - 1) ** 2).mean())
    )
    assert least_squares_adversarial(judged, real=False).item() == pytest.approx(
        float((judged**2).mean())
    )
    probability = torch.sigmoid(judged)
    assert cross_entropy_adversarial(judged, real=True).item() == pytest.approx(
        float(-probability.log().mean()), rel=1e-5
    )
    assert cross_entropy_adversarial(judged, real=False).item() == pytest.approx(
        float(-(1 - probability).log().mean()), rel=1e-5
    )


def test_the_feature_loss_is_zero_on_the_truth_and_reaches_the_prediction():
    prediction, lab = example()
    lab[:, 1:] /= 10  # within sRGB, so that nothing is clipped
    convolution = torch.nn.Conv2d(3, 4, 3)

    def features(rgb):
        return [rgb, convolution(rgb)]

    assert feature_loss(features, Prediction(lab[:, 1:]), lab).item() == pytest.approx(0, abs=1e-6)
    feature_loss(features, prediction, lab).backward()
    assert prediction.ab.grad.any()


def test_the_feature_loss_by_name_knows_false_colours_from_true_ones():
    lab = torch.full((1, 3, 40, 50), 20.0)
    lab[:, :1] = torch.rand(1, 1, 40, 50, generator=torch.Generator().manual_seed(0)) * 60 + 20
    loss = WeightedLoss({"feature": 1.0}, options={"feature": {"network": "lite0"}})
    near, far = (Prediction(lab[:, 1:] + shift) for shift in (2.0, -40.0))
    assert loss(Prediction(lab[:, 1:]), lab)[0].item() == pytest.approx(0, abs=1e-6)
    assert 0 < loss(near, lab)[0].item() < loss(far, lab)[0].item()


def test_a_weighted_sum_is_the_sum_of_its_terms():
    prediction, lab = example()
    loss = WeightedLoss({"huber": 2.0, "mean_squared_error": 0.5}, options={"huber": {"delta": 9}})
    total, terms = loss(prediction, lab)
    assert total.item() == pytest.approx(
        2 * terms["huber"].item() + 0.5 * terms["mean_squared_error"].item(), rel=1e-6
    )
    assert torch.allclose(terms["huber"], huber(prediction, lab, delta=9))


def test_wrong_names_options_and_networks_are_errors():
    with pytest.raises(OptionError, match="smooth_l1"):
        WeightedLoss({"smooth_l2": 1.0})
    with pytest.raises(OptionError, match="palette"):
        WeightedLoss({"soft_cross_entropy": 1.0})
    with pytest.raises(OptionError, match="no option 'detla'; there are delta"):
        WeightedLoss({"huber": 1.0}, options={"huber": {"detla": 1}})
    prediction, lab = example()
    with pytest.raises(OptionError, match="logits"):
        soft_cross_entropy(Prediction(prediction.ab), lab, palette="gamut-10")
