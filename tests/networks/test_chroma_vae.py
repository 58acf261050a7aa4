import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from photochrom.errors import OptionError
from photochrom.networks.chroma_vae import ChromaVAE, ChromaVAEConfig, kl_to_standard_normal


def small():
    torch.manual_seed(0)
    return ChromaVAE(ChromaVAEConfig(size=16, widths=(8, 8), latent=4))


def pictures(size=16, count=4):
    generator = torch.Generator().manual_seed(1)
    L = torch.rand(count, 1, size, size, generator=generator) * 100
    return torch.cat([L, torch.rand(count, 2, size, size, generator=generator) * 200 - 100], 1)


def test_the_published_form_halves_four_times_to_a_latent_of_128_and_mirrors_it():
    with torch.device("meta"):
        network = ChromaVAE()
    down = [m.out_channels for m in network.body if isinstance(m, nn.Conv2d)]
    up = [m.out_channels for m in network.decoder if isinstance(m, nn.ConvTranspose2d)]
    assert (down, up) == ([64, 128, 256, 512], [256, 128, 64, 3])
    assert network.to_mean.out_features == network.to_log_variance.out_features == 128
    assert sum(p.numel() for p in network.parameters()) == 18_129_923


def test_the_reconstruction_is_a_lab_picture_of_the_same_size():
    reconstruction, mean, log_variance = small()(pictures())
    assert reconstruction.shape == (4, 3, 16, 16)
    assert mean.shape == log_variance.shape == (4, 4)
    assert reconstruction[:, 0].min() >= 0
    assert reconstruction[:, 0].max() <= 100
    assert reconstruction[:, 1:].abs().max() <= 110


def test_latents_are_drawn_in_training_and_the_mean_in_use():
    network, lab = small(), pictures()
    network.train()
    assert not torch.equal(network(lab).reconstruction, network(lab).reconstruction)
    network.eval()
    assert torch.equal(network(lab).reconstruction, network(lab).reconstruction)


def test_the_gradient_reaches_every_parameter():
    network = small().train()
    reconstruction, mean, log_variance = network(pictures())
    loss = (reconstruction**2).mean() + kl_to_standard_normal(mean, log_variance).mean()
    loss.backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_kl_equals_torchs_own_for_each_picture():
    mean, log_variance = torch.randn(5, 7), torch.randn(5, 7)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    assert torch.allclose(kl_to_standard_normal(mean, log_variance), expected, atol=1e-5)
    assert not kl_to_standard_normal(torch.zeros(2, 7), torch.zeros(2, 7)).any()


def test_a_few_pictures_can_be_learned_by_heart():
    network, lab = small().train(), pictures()
    lab = nn.functional.interpolate(lab[..., :2, :2], scale_factor=8.0)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.l1_loss(network(lab).reconstruction, lab)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses) < losses[0] / 2


def test_another_size_is_an_error_that_names_the_right_one():
    with pytest.raises(OptionError, match="pictures of 16 x 20; this VAE takes 16 squared"):
        small()(torch.zeros(1, 3, 16, 20))
    with pytest.raises(OptionError, match="size is 100; it must be a multiple of 16"):
        ChromaVAE(ChromaVAEConfig(size=100))
