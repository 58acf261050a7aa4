import pytest

from photochrom import catalog
from photochrom.catalog import CatalogEntry, find_model, list_models
from photochrom.errors import ModelError
from photochrom.runtime import Model, file_sha256


@pytest.fixture
def user_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PHOTOCHROM_MODELS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", catalog.BUNDLED)
def test_every_bundled_model_is_there_whole_and_can_be_opened(name):
    entry = find_model(name)
    entry.verify()
    assert entry.bundled
    description = Model(entry.path, threads=1).description
    assert description.name == name
    assert {"licence", "trained_on", "figures", "recipe"} <= set(description.card)


def test_bundled_weights_stay_under_their_budget():
    sizes = [entry.path.stat().st_size for entry in list_models() if entry.bundled]
    assert sum(sizes) <= 30 * 2**20
    assert find_model(catalog.DEFAULT_MODEL).path.stat().st_size <= 16e6


def test_a_model_of_the_users_own_folder_is_found_by_name(user_folder, tiny_model):
    (user_folder / "trams.onnx").write_bytes(tiny_model.read_bytes())
    assert find_model("trams").path == user_folder / "trams.onnx"
    assert "trams" in [entry.name for entry in list_models()]


def test_a_user_model_cannot_hide_a_bundled_one(user_folder, tiny_model):
    (user_folder / f"{catalog.DEFAULT_MODEL}.onnx").write_bytes(tiny_model.read_bytes())
    assert find_model(catalog.DEFAULT_MODEL).bundled


def test_a_path_is_a_model_of_its_own(tiny_model):
    assert find_model(tiny_model).path == tiny_model


def test_a_wrong_name_is_an_error_with_a_suggestion(user_folder):
    with pytest.raises(ModelError, match="did you mean 'general'"):
        find_model("generl")
    with pytest.raises(ModelError, match="there are: auto, general"):
        find_model("zzz")
    with pytest.raises(ModelError, match=r"nowhere\.onnx: no such model file"):
        find_model("nowhere.onnx")


def test_a_damaged_or_missing_file_does_not_verify(tmp_path, tiny_model):
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(tiny_model.read_bytes())
    CatalogEntry("copy", copy, True, file_sha256(tiny_model)).verify()
    copy.write_bytes(tiny_model.read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged"):
        CatalogEntry("copy", copy, True, file_sha256(tiny_model)).verify()
    copy.unlink()
    with pytest.raises(ModelError, match="missing"):
        CatalogEntry("copy", copy, True, None).verify()
