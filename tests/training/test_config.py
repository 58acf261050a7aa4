from pathlib import Path

import pytest

from photochrom.errors import RecipeError
from photochrom.training.config import load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture
def recipe_file(tmp_path):
    def write(text):
        (tmp_path / "mine.yaml").write_text(text)
        return tmp_path / "mine.yaml"

    return write


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_recipe_that_ships_is_valid_and_named_after_its_file(path):
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert recipe.about


def test_single_values_can_be_overridden(recipe_file):
    recipe = load_recipe(recipe_file("seed: 1"), ["optim.lr=1e-4", "network.options.encoder=lite2"])
    assert recipe.optim.lr == 1e-4
    assert recipe.network.options == {"encoder": "lite2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optim: {learning_rate: 1}", r"unknown key 'optim\.learning_rate'"),
        ("optim: {encoder_rl: 1}", r"did you mean 'optim\.encoder_lr'"),
        ("sede: 1", "did you mean 'seed'"),
        ("data: {batch: many}", r"data\.batch: .*integer.*'many'"),
        ("loss: {smooth_l2: 1}", "no loss 'smooth_l2'"),
        ("network: {name: lite_unet, options: {widht: 3}}", "did you mean 'widths'"),
        ("network: {name: vgg}", "no network 'vgg'"),
        ("loss_options: {smooth_l1: {bta: 3}}", "no option 'bta'; there are beta"),
        ("{network: {options: {palette: null}}, loss: {cross_entropy: 1}}", "needs a network with"),
        ("loss: {}", "at least one is needed"),
        ("rebalancing: 2", "rebalancing: .*less than or equal to 1"),
        ("- a list", "mapping"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_mistake_is_one_line_that_names_file_key_and_cure(recipe_file, text, message):
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe(recipe_file(text))
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "override", ["optim.lr", "=3", "seed.deeper=1", "optim.lr=[", "optim.lr=-1"]
)
def test_a_wrong_override_is_an_error(recipe_file, override):
    with pytest.raises(RecipeError):
        load_recipe(recipe_file("seed: 1"), [override])


def test_a_missing_file_is_an_error():
    with pytest.raises(RecipeError, match=r"nowhere\.yaml"):
        load_recipe(Path("nowhere.yaml"))
