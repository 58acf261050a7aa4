"""S3's density on a made-up data set: landscapes of a blue sky over green ground."""

import numpy as np
import pytest
import torch

from photochrom.color import lab_to_rgb, rgb_to_lab
from photochrom.data.decoded import DecodedPictures
from photochrom.errors import DataError, ModelError, OptionError
from photochrom.evaluation.density import (
    Density,
    FitOptions,
    fit_density,
    load_density,
    save_density,
)
from photochrom.evaluation.figures import SET_FIGURES
from photochrom.networks.chroma_vae import ChromaVAEConfig

SIZE = 16
CONFIG = ChromaVAEConfig(size=SIZE, widths=(16, 32), latent=8)
OPTIONS = FitOptions(steps=120, batch=32, learning_rate=3e-3)


def landscapes(count: int, seed: int) -> np.ndarray:
    """CIELAB (N, 16, 16, 3): each with a horizon and colours of its own."""
    rng = np.random.default_rng(seed)

    def each(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (count, 1, 1))

    rows, columns = np.arange(SIZE)[None, :, None], np.arange(SIZE)[None, None, :]
    sky = rows < each(4, 12) + each(-0.4, 0.4) * (columns - SIZE / 2)
    lightness = np.where(sky, each(70, 90), each(25, 45)) + rng.normal(0, 2, sky.shape)
    a = np.where(sky, each(-8, -2), each(-36, -24))
    b = np.where(sky, each(-41, -29), each(29, 41))
    return np.stack([lightness, a, b], -1).astype(np.float32)


def decoded(lab: np.ndarray) -> DecodedPictures:
    squares = np.rint(lab * (2.55, 1, 1) + (0, 128, 128)).clip(0, 255).astype(np.uint8)
    names = tuple(str(number) for number in range(len(lab)))
    return DecodedPictures((squares,), names, names)


def as_batch(lab: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(lab.transpose(0, 3, 1, 2)))


@pytest.fixture(scope="module")
def fitted() -> Density:
    return fit_density(decoded(landscapes(400, 0)), "made landscapes", CONFIG, OPTIONS)


def kl_of_new_pictures(fitted: Density) -> dict[str, list[np.ndarray]]:
    truth = landscapes(100, 1)
    shuffled = np.concatenate([truth[..., :1], np.roll(truth[..., 1:], 1, axis=0)], -1)
    pictures = {
        "truth": truth, "grey": truth * np.array([1, 0, 0], np.float32), "shuffled": shuffled,
    }  # fmt: skip
    return {name: list(fitted.kl(as_batch(lab))[:, None]) for name, lab in pictures.items()}


def test_new_true_pictures_are_as_likely_as_those_of_the_fit_and_others_are_not(fitted):
    apart = {
        name: abs(np.mean(kl) / fitted.expected - 1)
        for name, kl in kl_of_new_pictures(fitted).items()
    }
    assert apart["truth"] < 0.06
    assert apart["shuffled"] > 2 * apart["truth"]
    assert apart["grey"] > apart["shuffled"]


@pytest.mark.parametrize("name", ["density", "density_gap"])
def test_the_truth_scores_better_than_grey_and_than_shuffled_colours(fitted, name):
    kl, figure = kl_of_new_pictures(fitted), SET_FIGURES[name]
    best = 1 if figure.better == "near 1" else 0
    scores = {key: abs(figure.of(found, kl["truth"]) - best) for key, found in kl.items()}
    assert scores["truth"] == 0
    assert scores["grey"] > scores["shuffled"] > 0.05


def test_a_fit_repeats_exactly_and_leaves_torchs_own_chance_alone():
    options = FitOptions(steps=3, batch=8)
    torch.manual_seed(5)
    first = fit_density(decoded(landscapes(20, 0)), "x", CONFIG, options)
    drawn = torch.rand(1)
    second = fit_density(decoded(landscapes(20, 0)), "x", CONFIG, options)
    assert first.expected == second.expected
    torch.manual_seed(5)
    assert torch.equal(torch.rand(1), drawn)


def test_progress_is_told_step_by_step():
    told = []
    fit_density(
        decoded(landscapes(4, 0)), "x", CONFIG, FitOptions(steps=2, batch=2),
        lambda done, steps: told.append((done, steps)),
    )  # fmt: skip
    assert told == [(1, 2), (2, 2)]


def test_a_saved_fit_is_the_same_when_it_is_loaded(fitted, tmp_path):
    save_density(fitted, tmp_path / "density.pt")
    again, lab = load_density(tmp_path / "density.pt"), as_batch(landscapes(5, 2))
    np.testing.assert_array_equal(again.kl(lab), fitted.kl(lab))
    assert (again.config, again.fitted_to, again.expected) == (
        CONFIG, "made landscapes, 400 pictures, 120 steps", fitted.expected,
    )  # fmt: skip
    assert not again.network.training


def test_a_picture_is_seen_as_the_pictures_of_the_fit_were(fitted):
    rgb = lab_to_rgb(landscapes(1, 3)[0])
    lab = rgb_to_lab(rgb)[None]  # cut to sRGB
    observer = fitted.observer()
    seen = observer.observe(rgb)
    assert seen.shape == (1,)
    assert seen[0] == pytest.approx(fitted.kl(as_batch(lab))[0], rel=0.01)
    larger = np.repeat(np.repeat(rgb, 4, 0), 4, 1)
    wider = np.pad(larger, ((0, 0), (10, 10), (0, 0)))  # the middle square is what counts
    assert observer.observe(wider)[0] == pytest.approx(seen[0], rel=0.02)
    assert observer.name.startswith("VAE of 8 latents fitted to made landscapes, 400 pictures")


def test_errors_name_what_would_work(tmp_path):
    with pytest.raises(DataError, match="1 pictures of 16 px; the fit needs 2 or more of 32 px"):
        fit_density(decoded(landscapes(1, 0)), "x", ChromaVAEConfig(size=32), OPTIONS)
    with pytest.raises(OptionError, match="steps 0"):
        FitOptions(steps=0)
    with pytest.raises(ModelError, match=r"none\.pt: no such file"):
        load_density(tmp_path / "none.pt")
    (tmp_path / "page.pt").write_bytes(b"<html>")
    torch.save({"format": 9}, tmp_path / "new.pt")
    for name in ("page.pt", "new.pt"):
        with pytest.raises(ModelError, match=f"{name}: not a fitted density of format 1"):
            load_density(tmp_path / name)
