"""Making a survey: the right pictures, each as it should be, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from coloured_pictures import coloured, encoded, save_coloured, save_tar
from PIL import Image
from small_surveys import PAIR, SINGLE, Copied

from photochrom.color import rgb_to_lab
from photochrom.colorizer import Colorizer
from photochrom.errors import InputError, ModelError, OptionError, OutputError
from photochrom.survey.create import choose_pictures, create_survey
from photochrom.survey.design import SurveyDesign
from photochrom.survey.folder import PICTURES, Survey, open_survey
from photochrom.survey.sources import GreySource, open_sources
from photochrom.survey.votes import VoteStore


def pixels(survey: Survey, index: int, version: str) -> np.ndarray:
    name = survey.pictures[index].versions[version].name
    with Image.open(survey.folder / PICTURES / name) as image:
        assert image.mode == "RGB"
        assert image.info == {}, "metadata could betray the version"
        return np.asarray(image)


def truth_of(survey: Survey, index: int, data: Path) -> np.ndarray:
    with Image.open(data / survey.pictures[index].key) as image:
        zoom = survey.design.size / min(image.size)
        size = (round(image.width * zoom), round(image.height * zoom))
        return np.asarray(image.convert("RGB").resize(size, Image.Resampling.LANCZOS))


def test_round_trip_of_what_was_made(copied: Copied):
    for name, design in (("single", SINGLE), ("pair", PAIR)):
        survey = copied(name)
        assert survey.design == design
        assert survey.models == ("tiny", "grey")
        assert len(survey.pictures) == design.pictures
        assert len({picture.key for picture in survey.pictures}) == design.pictures
        assert survey.protocol["models"]["tiny"]["sha256"]
        assert survey.protocol["made_with"]["photochrom"]
        survey.verify_pictures()
        with VoteStore(survey.votes_path) as store:
            assert store.votes() == []


def test_only_versions_that_somebody_sees_are_made(copied: Copied):
    single, pair = copied("single"), copied("pair")
    # two practice pictures, one that catches, then those that count
    assert [set(p.versions) for p in single.pictures[:3]] == [{"real"}, {"tiny"}, {"random"}]
    assert {frozenset(p.versions) for p in single.pictures[3:]} == {
        frozenset({"real", "tiny", "grey"})
    }
    assert set(pair.pictures[0].versions) == {"real", "tiny"}
    assert set(pair.pictures[2].versions) == {"real", "random"}


def test_every_file_that_a_participant_can_meet_exists(copied: Copied):
    for name in ("single", "pair"):
        survey = copied(name)
        named = {file.name for number in range(40) for t in survey.trials(number)
                 for file in survey.files(t)}  # fmt: skip
        there = {path.name for path in (survey.folder / PICTURES).iterdir()}
        assert named == there


def test_real_pictures_are_the_data_and_results_are_the_models(
    copied: Copied, coloured_folder: Path, tiny_model: Path
):
    survey = copied("single")
    colorizer = Colorizer(tiny_model, threads=1)
    for index in range(3, 6):
        truth = truth_of(survey, index, coloured_folder)
        assert np.array_equal(pixels(survey, index, "real"), truth)
        expected = colorizer.colorize(truth).to_array()
        assert np.array_equal(pixels(survey, index, "tiny"), expected)
        grey = rgb_to_lab(pixels(survey, index, "grey"))
        assert np.hypot(grey[..., 1], grey[..., 2]).max() < 0.5


def test_models_see_no_colour(tiny_model: Path):
    (source,) = open_sources([str(tiny_model)], threads=1)
    truth = coloured(0)
    grey = GreySource().result("x", truth)
    from_colour, from_grey = source.result("x", truth), source.result("x", grey)
    # all that differs is the rounding of the grey to 8 bits
    assert np.abs(from_colour.astype(int) - from_grey.astype(int)).mean() < 1
    assert np.abs(truth.astype(int) - from_colour.astype(int)).mean() > 10


def test_random_colours_keep_the_lightness_and_are_another_pictures(
    copied: Copied, coloured_folder: Path
):
    survey = copied("single")
    shown = rgb_to_lab(pixels(survey, 2, "random"))
    truth = rgb_to_lab(truth_of(survey, 2, coloured_folder))
    other = rgb_to_lab(truth_of(survey, 1, coloured_folder))
    assert np.abs(shown[..., 0] - truth[..., 0]).mean() < 0.5
    assert np.abs(shown[..., 1:] - other[..., 1:]).mean() < 3
    assert np.abs(shown[..., 1:] - truth[..., 1:]).mean() > 5


def test_names_betray_nothing(copied: Copied, made_surveys: Path):
    survey = copied("single")
    names = [file.name for picture in survey.pictures for file in picture.versions.values()]
    assert all(len(name) == 36 and name.endswith(".png") for name in names)
    assert all(set(name[:32]) <= set("0123456789abcdef") for name in names)
    assert len(set(names)) == len(names)
    # not a function of anything a participant could know
    again = {
        f.name for p in open_survey(made_surveys / "pair").pictures for f in p.versions.values()
    }
    assert not again & set(names)


def test_the_choice_depends_on_the_seed_alone_not_on_the_order_of_the_data(
    tmp_path: Path, coloured_folder: Path
):
    files = sorted(coloured_folder.iterdir())
    forth = save_tar(tmp_path / "forth.tar", {f.name: f.read_bytes() for f in files})
    back = save_tar(tmp_path / "back.tar", {f.name: f.read_bytes() for f in files[::-1]})
    design = SurveyDesign(trials=4, practice=1, catch_share=0, size=32)
    other = SurveyDesign(trials=4, practice=1, catch_share=0, size=32, seed=1)

    def keys(design: SurveyDesign, data: Path) -> list[str]:
        return [p.key for p in choose_pictures(design, [], [data], lambda *_: None)]

    assert keys(design, forth) == keys(design, back) == keys(design, coloured_folder)
    assert keys(other, forth) != keys(design, forth)


def test_useless_pictures_are_left_out(tmp_path: Path):
    contents = {f"{n}.png": encoded(coloured(n)) for n in range(6)}
    grey = np.repeat(coloured(7)[..., :1], 3, -1)
    contents |= {
        "grey.png": encoded(grey),
        "broken.png": contents["0.png"][:200],
        "empty.png": b"",
        "strip.png": encoded(coloured(8, width=400)),
    }
    data = save_tar(tmp_path / "data.tar", contents)
    design = SurveyDesign(trials=6, practice=0, catch_share=0, size=32)
    chosen = choose_pictures(design, [], [data], lambda *_: None)
    assert {picture.key for picture in chosen} == {f"{n}.png" for n in range(6)}
    more = SurveyDesign(trials=8, practice=0, catch_share=0, size=32)
    with pytest.raises(InputError, match="6 usable colour pictures, but the survey needs 8"):
        choose_pictures(more, [], [data], lambda *_: None)


def test_another_programs_results_are_shown_as_they_are(tmp_path: Path, coloured_folder: Path):
    theirs = tmp_path / "theirs"
    for number, file in enumerate(sorted(coloured_folder.iterdir())):
        if number != 3:  # one picture it has no result for
            theirs.mkdir(exist_ok=True)
            swapped = coloured(number, width=104, height=80)[..., ::-1]
            Image.fromarray(np.ascontiguousarray(swapped)).save(theirs / f"{file.stem}.tif")
    sources = open_sources([f"dir:{theirs}", "grey"], [coloured_folder])
    design = SurveyDesign(trials=10, practice=0, catch_share=0, size=40, form="pair")
    survey = create_survey(tmp_path / "survey", design, sources, [coloured_folder])
    assert "03.png" not in {picture.key for picture in survey.pictures}
    index = 0
    with Image.open(theirs / f"{Path(survey.pictures[index].key).stem}.tif") as image:
        expected = np.asarray(image.resize((52, 40), Image.Resampling.LANCZOS))
    assert np.array_equal(pixels(survey, index, "theirs"), expected)


def test_file_names_alone_are_enough_where_they_differ(tmp_path: Path, coloured_folder: Path):
    """The rule of `photochrom evaluate`; see tests/data/test_outputs.py."""
    theirs = save_coloured(tmp_path / "theirs/deeper", 14).parent
    (source,) = open_sources([f"dir:{theirs}"], [coloured_folder])
    assert all(source.covers(file.name) for file in coloured_folder.iterdir())
    assert np.array_equal(source.result("05.png", coloured(0)), coloured(5))


def test_error_for_results_that_are_not_named_as_the_pictures(
    tmp_path: Path, coloured_folder: Path
):
    theirs = save_coloured(tmp_path / "theirs", 14)
    for file in theirs.iterdir():
        file.rename(file.with_name(f"result-{file.name}"))
    with pytest.raises(
        InputError, match=r"theirs: no output for 00\.png, .* \(14 of 14 pictures\)"
    ):
        open_sources([f"dir:{theirs}"], [coloured_folder])


def test_error_where_too_few_pictures_have_results(tmp_path: Path, coloured_folder: Path):
    sources = open_sources([f"dir:{save_coloured(tmp_path / 'theirs', 2)}"], [coloured_folder])
    design = SurveyDesign(trials=4, practice=0, size=32)
    with pytest.raises(InputError, match="theirs has results for 2 of 14 pictures; outputs are"):
        create_survey(tmp_path / "survey", design, sources, [coloured_folder])
    assert not (tmp_path / "survey").exists()


def test_error_for_results_of_another_shape_leaves_nothing(tmp_path: Path, coloured_folder: Path):
    save_coloured(tmp_path / "theirs", 14, width=40)
    sources = open_sources([f"dir:{tmp_path / 'theirs'}"], [coloured_folder])
    design = SurveyDesign(trials=4, practice=0, size=32)
    with pytest.raises(InputError, match=r"40 x 40 pixels, but .* has 42 x 32"):
        create_survey(tmp_path / "survey", design, sources, [coloured_folder])
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_error_for_a_folder_that_exists(tmp_path: Path, coloured_folder: Path):
    (tmp_path / "survey").mkdir()
    with pytest.raises(OutputError, match=r"survey: exists"):
        create_survey(tmp_path / "survey", SINGLE, [GreySource()], [coloured_folder])
    assert list((tmp_path / "survey").iterdir()) == []


@pytest.mark.parametrize(
    ("named", "error", "message"),
    [
        ([], OptionError, "no models"),
        (["grey", "grey"], OptionError, "'grey' is taken"),
        (["nonesuch"], ModelError, "nonesuch"),
        (["dir:nowhere"], InputError, "no such folder"),
    ],
)
def test_error_for_models_that_cannot_be_used(named, error, message):
    with pytest.raises(error, match=message):
        open_sources(named)


def test_error_for_a_folder_without_results(tmp_path: Path):
    with pytest.raises(InputError, match="no pictures"):
        open_sources([f"dir:{tmp_path}"])


def test_error_for_names_that_mean_something_else(tmp_path: Path):
    save_coloured(tmp_path / "real", 1)
    with pytest.raises(OptionError, match="'real' is taken"):
        open_sources([f"dir:{tmp_path / 'real'}"], [tmp_path / "real"])


def test_error_where_there_is_no_survey(tmp_path: Path):
    with pytest.raises(InputError, match="survey create"):
        open_survey(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "{",
        lambda content: "[]",
        lambda content: json.dumps({**content, "pictures": content["pictures"][1:]}),
        lambda content: json.dumps({**content, "design": {"form": "triple"}}),
        lambda content: json.dumps({k: v for k, v in content.items() if k != "models"}),
    ],
)
def test_error_for_a_damaged_description_is_one_line(copied: Copied, damage):
    path = copied("single").folder / "survey.json"
    path.write_text(damage(json.loads(path.read_text())))
    with pytest.raises(InputError, match=r"survey\.json: damaged") as caught:
        open_survey(path.parent)
    assert "\n" not in str(caught.value)


def test_error_for_a_survey_of_a_later_version(copied: Copied):
    path = copied("single").folder / "survey.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(InputError, match="of format 2"):
        open_survey(path.parent)


def test_error_for_pictures_that_changed_or_are_gone(copied: Copied):
    survey = copied("single")
    first, second = sorted((survey.folder / PICTURES).iterdir())[:2]
    first.write_bytes(first.read_bytes() + b"\0")
    with pytest.raises(InputError, match=f"{first.name}: differs"):
        survey.verify_pictures()
    first.unlink()
    with pytest.raises(InputError, match=f"{first.name}: missing"):
        survey.verify_pictures()
    assert second.exists()


def test_the_recorded_checksums_are_those_of_the_files(copied: Copied):
    survey = copied("pair")
    for picture in survey.pictures:
        for file in picture.versions.values():
            content = (survey.folder / PICTURES / file.name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file.sha256
            with Image.open(io.BytesIO(content)) as image:
                assert image.size == (file.width, file.height)
