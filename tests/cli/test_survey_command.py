"""`photochrom survey`: made, served and read from the command line, and every way to go wrong."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ran, Run, files_below

from photochrom.survey.folder import Survey, open_survey
from photochrom.survey.votes import Vote, VoteStore

Make = Callable[..., Ran]


@pytest.fixture
def make(run: Run, noise_pictures: Path, tiny_model: Path) -> Make:
    """Makes a survey of the tiny model and grey in the folder "survey", or as it is asked."""

    def make_survey(
        *more: object, models: str = f"{tiny_model},grey", folder: str = "survey"
    ) -> Ran:
        return run(
            "survey", "create", "--models", models, "--data", noise_pictures, "--size", 32,
            "--trials", 10, "--practice", 2, "--threads", 1, "-o", folder, *more,
        )  # fmt: skip

    return make_survey


def vote_all(survey: Survey, people: int) -> None:
    """Everybody finds the random colours, and takes every second other picture for real."""
    with VoteStore(survey.votes_path) as store:
        for person in range(people):
            number = store.enrol(f"{person:032x}")
            for trial in survey.trials(number):
                if survey.design.form == "pair":
                    answer = survey.correct_answer(trial) or "first"
                    if trial.kind == "scored" and (trial.number + person) % 2:
                        answer = {"first": "second", "second": "first"}[answer]
                else:
                    fooled = trial.kind != "catch" and (trial.number + person) % 2
                    answer = "real" if fooled else "synthesized"
                names = tuple(file.name for file in survey.files(trial))
                store.record(Vote(number, trial.number, trial.kind, names, answer, 1000, 2000))


def test_create_tells_what_was_made_and_what_comes_next(make: Make, folder: Path) -> None:
    ran = make()
    assert ran.code == 0, ran.err
    assert ran.out == ""
    assert "survey: 12 pictures, tiny, grey" in ran.err
    assert "photochrom survey serve survey" in ran.err
    survey = open_survey(folder / "survey")
    assert survey.models == ("tiny", "grey")
    assert files_below(folder / "survey") == {"survey.json", "votes.db"} | {
        f"pictures/{file.name}" for p in survey.pictures for file in p.versions.values()
    }


def test_options_go_into_the_survey(make: Make, folder: Path) -> None:
    ran = make(
        "--form", "pair", "--against", "both", "--seconds", 2, "--catch", 0.2, "--seed", 5,
        "--title", "Which?", "--consent", "It is fine.",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    design = open_survey(folder / "survey").design
    assert (design.form, design.against, design.seconds, design.catch) == ("pair", "both", 2, 2)
    assert (design.seed, design.title, design.consent) == (5, "Which?", "It is fine.")


def test_results_without_votes_are_the_protocol(make: Make, run: Run) -> None:
    make()
    ran = run("survey", "results", "survey")
    assert ran.code == 0, ran.err
    assert "no votes that count yet" in ran.out
    assert "2 practice (not counted), then 10, of which 1 catch trials" in ran.out
    assert "model tiny: model tiny, sha256" in ran.out


@pytest.mark.parametrize("form", ["single", "pair"])
def test_results_tell_rates_with_both_intervals(
    make: Make, run: Run, folder: Path, form: str
) -> None:
    make("--form", form)
    vote_all(open_survey(folder / "survey"), 6)
    ran = run(
        "survey", "results", "survey", "--csv", "votes.csv", "--pictures", "pictures.csv",
        "--plot", "rates.png",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    for expected in (
        "participants: 6 count", "taken for real", "Wilson", "bootstrap", "tiny - grey",
        "catch trials answered right, by everybody: 6 of 6 (100.0%)", "Krippendorff", "2.0 s",
    ):  # fmt: skip
        assert expected in ran.out
    assert ("Bradley-Terry" in ran.out) == (form == "pair")
    assert ("real pictures  " in ran.out) == (form == "single")
    with Path("votes.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 6 * 12
    assert Path("rates.png").read_bytes().startswith(b"\x89PNG")
    assert Path("pictures.csv").read_text().startswith("picture,version,")


def test_json_has_everything_and_nothing_else_is_printed(
    make: Make, run: Run, folder: Path
) -> None:
    make()
    vote_all(open_survey(folder / "survey"), 4)
    told = json.loads(run("survey", "results", "survey", "--json").out)
    assert told["participants"] == {
        "counted": 4, "inattentive": 0, "unjudged": 0, "catch_pass": 0.75,
    }  # fmt: skip
    assert told["figures"]["models"]["tiny"]["shown"] > 0
    assert told["protocol"]["made_with"]["photochrom"]


def test_inattentive_people_are_left_out_and_told(make: Make, run: Run, folder: Path) -> None:
    make()
    survey = open_survey(folder / "survey")
    vote_all(survey, 3)
    with VoteStore(survey.votes_path) as store:
        number = store.enrol("f" * 32)
        for trial in survey.trials(number):
            names = tuple(file.name for file in survey.files(trial))
            store.record(Vote(number, trial.number, trial.kind, names, "real"))
    assert "3 count; left out: 1 with" in run("survey", "results", "survey").out
    loose = run("survey", "results", "survey", "--catch-pass", 0)
    assert "4 count; left out: 0 with" in loose.out


def check_one_line(ran: Ran, code: int, *expected: str) -> None:
    assert ran.code == code, ran.err
    assert len(ran.complaints) == 1
    assert "unexpected" not in ran.err
    for text in expected:
        assert text in ran.complaints[0]


def test_error_for_a_folder_that_exists(make: Make, folder: Path) -> None:
    (folder / "survey").mkdir()
    check_one_line(make(), 1, "survey: exists")


def test_error_for_too_few_pictures(make: Make, folder: Path) -> None:
    ran = make("--trials", 40)
    check_one_line(ran, 1, "16 usable colour pictures, but the survey needs 42", "fewer --trials")
    assert not (folder / "survey").exists()


def test_error_for_models_without_results(make: Make, folder: Path) -> None:
    (folder / "theirs").mkdir()
    check_one_line(make(models="dir:theirs"), 1, "theirs: no pictures")
    (folder / "theirs/other.png").write_bytes((folder / "pictures/0.png").read_bytes())
    check_one_line(make(models="dir:theirs"), 1, "theirs: no output for 0.png, 1.png")
    check_one_line(make(models="dir:nowhere"), 1, "no such folder of output pictures")
    check_one_line(make(models="genral"), 1, "did you mean 'general'?")
    check_one_line(make(models=","), 2, "no models")
    assert not (folder / "survey").exists()


def test_error_for_wrong_options(make: Make) -> None:
    check_one_line(make("--trials", 11), 2, "must be even")
    check_one_line(make("--catch", 0.9), 2, "catch is 0.9")
    check_one_line(make("--against", "models"), 2, "only pairs")
    check_one_line(make("--form", "pair", "--against", "models", models="grey"), 2, "two or more")
    check_one_line(make("--form", "triple"), 2, "triple")
    check_one_line(make("--seconds", 0), 2, "seconds is 0")


def test_error_for_data_that_is_not_there(make: Make, run: Run) -> None:
    ran = run("survey", "create", "--models", "grey", "--data", "nowhere", "-o", "survey")
    check_one_line(ran, 1, "nowhere: neither a folder nor a .tar")


def damage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


@pytest.mark.parametrize("command", ["results", "serve"])
def test_error_for_a_damaged_or_missing_survey(
    make: Make, run: Run, folder: Path, command: str
) -> None:
    check_one_line(run("survey", command, "nowhere"), 1, "nowhere: holds no survey.json")
    make()
    damage(folder / "survey/votes.db")
    check_one_line(run("survey", command, "survey"), 1, "votes.db: damaged", "put back a copy")
    (folder / "survey/votes.db").unlink()
    check_one_line(run("survey", command, "survey"), 1, "votes.db: missing")
    (folder / "survey/survey.json").write_text("{}")
    check_one_line(run("survey", command, "survey"), 1, "survey.json: damaged")


def test_error_for_results_that_cannot_be_written(make: Make, run: Run) -> None:
    make()
    check_one_line(run("survey", "results", "survey", "--csv", "no/where.csv"), 1, "no/where.csv")
    check_one_line(run("survey", "results", "survey", "--plot", "a.bmp"), 2, ".png, .svg, .pdf")
    check_one_line(run("survey", "results", "survey", "--catch-pass", 2), 2, "0 to 1")


def test_error_without_the_web_extra(make: Make, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    make()
    monkeypatch.setitem(sys.modules, "fastapi", None)
    check_one_line(run("survey", "serve", "survey"), 1, 'pip install "photochrom[web]"')


def test_error_for_a_port_that_is_taken(make: Make, run: Run) -> None:
    pytest.importorskip("uvicorn", reason="the web extra is not installed")
    from photochrom.serving import listen

    make()
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        ran = run("survey", "serve", "survey", "--port", port)
    check_one_line(ran, 1, f"127.0.0.1:{port}", "another --port")


def test_error_for_two_surveys_of_one_name(make: Make, run: Run, folder: Path) -> None:
    pytest.importorskip("uvicorn", reason="the web extra is not installed")
    make()
    (folder / "survey").rename(folder / "first")
    make(folder="more/first")
    check_one_line(run("survey", "serve", "first", "more/first"), 2, "'first' is served already")
