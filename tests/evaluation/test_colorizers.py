"""What a text on the command line stands for, and what it makes of a picture."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import save_coloured
from tiny_model import write_tiny_model

from photochrom.color import lab_to_rgb
from photochrom.colorizer import Colorizer
from photochrom.errors import CheckpointError, InputError, ModelError, OptionError
from photochrom.evaluation import colorizers
from photochrom.evaluation.colorizers import Painters, find_entrants
from photochrom.evaluation.pictures import (
    OpenedPicture,
    PictureSet,
    list_pictures,
    open_truth,
    read_set,
)
from photochrom.runtime import file_sha256

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture
def pictures(tmp_path: Path) -> PictureSet:
    return list_pictures(save_coloured(tmp_path / "photos", 2))


@pytest.fixture
def picture(pictures: PictureSet) -> OpenedPicture:
    return open_truth(*next(iter(read_set(pictures, {"00.png"}))), 40)


def checkpoint(folder: Path) -> Path:
    """A run folder of an untrained small network."""
    from photochrom.networks.registry import build_network
    from photochrom.training.checkpoint import Checkpoint, save_checkpoint
    from photochrom.training.config import load_recipe

    options = "{convolutions: [8], transposed: [16], palette: uniform-4}"
    network = f"network={{name: cifar_convnet, options: {options}}}"
    recipe = load_recipe(RECIPES / "tiny.yaml", [network])
    network = build_network(recipe.network.name, recipe.network.options).state_dict()
    prior = [1 / 16] * 16
    folder.mkdir(parents=True)
    save_checkpoint(
        Checkpoint(recipe.model_dump(), 1, network, network, {}, 1.0, [], prior),
        folder / "best.ckpt",
    )
    return folder


def test_grey_and_the_truth_are_always_there(pictures: PictureSet, tiny_model: Path) -> None:
    labels = [one.label for one in find_entrants([str(tiny_model)], pictures)]
    assert labels == ["tiny", "grey", "truth"]
    assert [one.label for one in find_entrants(["truth", "grey"], pictures)] == ["truth", "grey"]


def test_grey_keeps_luminance_alone_and_the_truth_all(
    pictures: PictureSet, picture: OpenedPicture
) -> None:
    painters = Painters(find_entrants(["grey"], pictures))
    np.testing.assert_array_equal(painters["truth"](picture).rgb, picture.truth)
    grey = painters["grey"](picture)
    assert np.ptp(grey.rgb, axis=-1).max() < 1e-3
    assert grey.seconds is None


def test_a_model_s_chroma_stands_on_the_picture_s_own_luminance(
    pictures: PictureSet, picture: OpenedPicture, tiny_model: Path
) -> None:
    entrant = find_entrants([str(tiny_model)], pictures)[0]
    answer = Painters([entrant])["tiny"](picture)
    ab = Colorizer(tiny_model).predict_chroma(np.ascontiguousarray(picture.lab[..., 0]))
    expected = lab_to_rgb(np.concatenate([picture.lab[..., :1], ab], -1))
    np.testing.assert_allclose(answer.rgb, expected, atol=1e-5)
    assert answer.seconds > 0
    assert entrant.fingerprint(picture.listed) == file_sha256(tiny_model)
    assert entrant.details["sha256"] == file_sha256(tiny_model)
    assert (entrant.details["size"], entrant.details["looks"]) == (64, 1)


def with_size(model: Path, size: int, target: Path) -> Path:
    """A copy of a model file that sees pictures at another size."""
    import onnx

    copied = onnx.load(model)
    next(row for row in copied.metadata_props if row.key == "size").value = str(size)
    onnx.save(copied, target)
    return target


def test_models_that_see_at_other_sizes_are_judged_at_one(
    pictures: PictureSet, picture: OpenedPicture, tiny_model: Path, tmp_path: Path
) -> None:
    files = [with_size(tiny_model, size, tmp_path / f"at-{size}.onnx") for size in (32, 96)]
    found = find_entrants([str(file) for file in files], pictures)
    assert [one.details.get("size") for one in found[:2]] == [32, 96]
    painters = Painters(found)
    shapes = {painters[one.label](picture).rgb.shape for one in found}
    assert shapes == {picture.truth.shape}


def test_error_for_a_model_whose_answer_is_no_chroma(
    pictures: PictureSet, picture: OpenedPicture, tmp_path: Path
) -> None:
    write_tiny_model(tmp_path / "broken.onnx", with_logits=False, chroma=float("nan"))
    found = find_entrants([str(tmp_path / "broken.onnx")], pictures)
    with pytest.raises(ModelError, match=r"broken: .*not finite, for 00\.png .*cannot be judged"):
        Painters(found)["broken"](picture)


def test_a_bundled_model_has_its_name(pictures: PictureSet) -> None:
    entrant = find_entrants(["general"], pictures)[0]
    assert entrant.label == "general"
    assert entrant.details["file"] == "general.npz"


def test_models_of_one_name_are_called_as_they_were_given(
    pictures: PictureSet, tiny_model: Path, tmp_path: Path
) -> None:
    files = [tmp_path / "a/grey.onnx", tmp_path / "b/tiny.onnx", tiny_model]
    for file in files[:2]:
        file.parent.mkdir()
        shutil.copy(tiny_model, file)
    found = find_entrants([str(file) for file in files], pictures)
    assert [one.label for one in found] == [*map(str, files), "grey", "truth"]


@pytest.mark.slow
def test_a_run_is_exported_and_used_at_its_crops_size(
    pictures: PictureSet, picture: OpenedPicture, tmp_path: Path
) -> None:
    folder = checkpoint(tmp_path / "runs/a")
    entrant = find_entrants([str(folder)], pictures)[0]
    assert entrant.label == "a"
    assert entrant.details["file"] == "a/best.ckpt"
    assert (entrant.details["size"], entrant.details["network"]) == (32, "cifar_convnet")
    answer = Painters([entrant])["a"](picture)
    assert answer.rgb.shape == picture.truth.shape
    same = find_entrants([str(folder / "best.ckpt")], pictures)[0]
    assert same.fingerprint(picture.listed) == entrant.fingerprint(picture.listed)


def test_a_folder_of_outputs_is_named_after_the_folder(
    pictures: PictureSet, picture: OpenedPicture, tmp_path: Path
) -> None:
    entrant = find_entrants([f"dir:{tmp_path / 'photos'}"], pictures)[0]
    assert entrant.label == "photos"
    np.testing.assert_array_equal(Painters([entrant])["photos"](picture).rgb, picture.truth)


def test_painters_are_opened_once_and_only_when_needed(
    pictures: PictureSet, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_entrants([str(tiny_model)], pictures)
    opened = []

    class Counted(Colorizer):
        def __init__(self, *arguments: object, **options: object) -> None:
            opened.append(arguments)
            super().__init__(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(colorizers, "Colorizer", Counted)
    painters = Painters(found)
    assert opened == []
    assert painters["tiny"] is painters["tiny"]
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("texts", "error", "told"),
    [
        ([], OptionError, "no models are named"),
        (["", " "], OptionError, "no models are named"),
        (["grey", "grey"], OptionError, "grey is named 2 times"),
        (["generall"], ModelError, "did you mean 'general'?"),
        (["none.onnx"], ModelError, "no such model file"),
        (["empty"], CheckpointError, r"empty: no best\.ckpt .* dir:empty"),
        (["none.ckpt"], CheckpointError, "no such checkpoint"),
        (["bad.ckpt"], CheckpointError, "not a readable checkpoint"),
        (["bad.onnx"], ModelError, "not a readable ONNX model file"),
        (["dir:none"], InputError, "no such folder of output pictures"),
        (["dir:empty"], InputError, "empty: no pictures in this folder of outputs"),
    ],
)
def test_error_for_what_is_no_colorizer(
    pictures: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    texts: list[str], error: type, told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("bad.onnx").write_text("no model")
    Path("bad.ckpt").write_text("no checkpoint")
    with pytest.raises(error, match=told) as raised:
        find_entrants(texts, pictures)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("chroma", [np.zeros((40, 52, 3)), np.full((40, 52, 2), np.nan)])
def test_error_for_a_model_whose_answer_cannot_be_judged(
    pictures: PictureSet, picture: OpenedPicture, tiny_model: Path, chroma: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(Colorizer, "read", lambda *_: [chroma])
    painter = Painters(find_entrants([str(tiny_model)], pictures))["tiny"]
    with pytest.raises(ModelError, match=r"tiny: chroma of shape .* for 00\.png"):
        painter(picture)
