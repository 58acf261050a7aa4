from pathlib import Path

import numpy as np
import pytest
import torch

from photochrom.color import TYPICAL_CHROMA
from photochrom.data.decoded import DecodedPictures
from photochrom.data.split import split
from photochrom.errors import DataError, RecipeError
from photochrom.networks.registry import build_network
from photochrom.training.checkpoint import Checkpoint
from photochrom.training.config import load_recipe
from photochrom.training.specialise import WAYS, blend, plan, with_network_of
from photochrom.training.start import FIRST_NETWORK, Start

RECIPE = Path(__file__).parents[2] / "recipes" / "specialise.yaml"


def made_pictures(count):
    names = tuple(f"{number:05d}.jpg" for number in range(count))
    return DecodedPictures((np.zeros((count, 2, 2, 3), np.uint8),), names, names)


@pytest.mark.parametrize("count", [10, 20, 33, 100, 1000, 5000])
def test_both_groups_are_held_out_of_any_number_of_pictures(count):
    planned = plan(load_recipe(RECIPE), made_pictures(count))
    wanted = min(200, max(2, round(0.12 * count)))
    # the loop divides what it gets by the same hashes
    training, validation = split(planned.pictures, "hash", planned.recipe.data.validation)
    assert (len(training), len(validation)) == (planned.training, planned.validation)
    # shares go in thousandths, so large numbers are met roughly
    assert wanted <= planned.validation <= wanted + 2 + count // 250
    assert wanted - 2 - count // 250 <= len(planned.comparison) <= wanted + 2 + count // 250
    assert not set(planned.pictures.keys) & set(planned.comparison.keys)
    assert len(planned.pictures) + len(planned.comparison) == count


def test_adding_pictures_moves_none_between_training_and_comparison_at_one_share():
    recipe = load_recipe(RECIPE, ["data.validation=0.1"])
    few, many = (plan(recipe, made_pictures(count)) for count in (200, 400))
    assert set(few.comparison.keys) <= set(many.comparison.keys)
    assert set(few.pictures.keys) <= set(many.pictures.keys)


@pytest.mark.parametrize(("count", "steps"), [(20, 60), (100, 60), (1000, 570), (9000, 2000)])
def test_the_steps_follow_the_number_of_pictures(count, steps):
    schedule = plan(load_recipe(RECIPE), made_pictures(count)).recipe.schedule
    assert schedule.epochs * schedule.steps_per_epoch == pytest.approx(steps, abs=20)


def test_what_the_user_sets_holds():
    recipe = load_recipe(RECIPE, ["schedule.epochs=3", "data.validation=0.3"])
    planned = plan(recipe, made_pictures(200))
    assert planned.recipe.schedule.epochs == 3
    assert planned.recipe.data.validation == 0.3
    assert planned.recipe.schedule.patience == recipe.schedule.patience
    assert planned.validation == pytest.approx(60, abs=20)


def test_too_few_pictures_are_an_error_that_says_how_many():
    with pytest.raises(DataError, match=r"9 coloured pictures; at least 10"):
        plan(load_recipe(RECIPE), made_pictures(9))
    with pytest.raises(DataError, match=r"0 to choose.*data\.validation"):
        plan(load_recipe(RECIPE, ["data.validation=0.001"]), made_pictures(12))


def test_the_network_comes_with_the_weights():
    unet = Start({"name": "unet", "options": {"widths": [8, 8]}}, {})
    recipe = with_network_of(load_recipe(RECIPE), unet)
    assert recipe.network.model_dump() == dict(unet.network)
    first = Start(FIRST_NETWORK, {})
    same = load_recipe(RECIPE.with_name("general.yaml"))
    assert with_network_of(same, first).network.options == {"pretrained": False}
    with pytest.raises(RecipeError, match=r"network unet \(output rgb\).*lite_unet"):
        with_network_of(load_recipe(RECIPE.with_name("s3_unet.yaml")), first)


@pytest.mark.parametrize("true_way", WAYS)
def test_weights_go_as_far_from_the_start_as_the_choosing_pictures_ask_for(true_way):
    network = {"name": "lite_unet", "options": {"widths": [16, 16, 16, 16], "pretrained": False}}
    begun = {k: v.clone() for k, v in build_network(**network).state_dict().items()}
    begun["to_ab.weight"].zero_()
    begun["to_ab.bias"].zero_()  # grey
    trained = begun | {"to_ab.bias": torch.tensor([1.0, 0.5])}
    colour = TYPICAL_CHROMA * np.array([1.0, 0.5])
    squares = np.full((16, 64, 64, 3), 128, np.uint8)
    squares[..., 1:] = (128 + true_way * colour).round()
    names = tuple(f"{number}.jpg" for number in range(16))
    recipe = load_recipe(RECIPE, ["data.crop=64"])
    planned = plan(recipe, DecodedPictures((squares,), names, names))
    checkpoint = Checkpoint({}, 1, trained, trained, {}, 0.0, [], prior=[0.0, 1.0])
    way, found = blend(Start(network, begun, prior=[1.0, 0.0]), checkpoint, planned)
    assert way == true_way
    assert found.weights["to_ab.bias"].tolist() == pytest.approx([way, way / 2])
    assert torch.equal(found.weights["scene.weight"], begun["scene.weight"])
    assert found.prior == pytest.approx([1 - way, way])
