"""Surveys without pictures, and people of known behaviour who answer them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from photochrom.survey.design import SurveyDesign
from photochrom.survey.folder import PictureFile, Survey, SurveyPicture
from photochrom.survey.trials import Trial
from photochrom.survey.votes import Vote

Person = Callable[[Trial, np.random.Generator], str]
"""From a trial to the version that is taken for real; "" for none."""


def paper_survey(design: SurveyDesign, models: Sequence[str] = ("a", "b")) -> Survey:
    """A survey whose picture files have names but no content."""
    versions = ("real", "random", *models)
    pictures = tuple(
        SurveyPicture(
            f"picture-{index}",
            {version: PictureFile(f"{index}-{version}.png", "", 9, 9) for version in versions},
        )
        for index in range(design.pictures)
    )
    return Survey(Path("paper"), design, tuple(models), pictures, {})


@functools.lru_cache(maxsize=4096)
def _questions(design: SurveyDesign, models: tuple[str, ...], number: int) -> tuple[Trial, ...]:
    return paper_survey(design, models).trials(number)


def answers(survey: Survey, people: Sequence[Person], rng: np.random.Generator) -> list[Vote]:
    """Every vote of people who all get to the end."""
    votes = []
    for number, person in enumerate(people):
        for trial in _questions(survey.design, survey.models, number):
            chosen = person(trial, rng)
            if survey.design.form == "single":
                answer = "real" if chosen else "synthesized"
            else:
                answer = ("first", "second")[trial.versions.index(chosen)]
            names = tuple(file.name for file in survey.files(trial))
            votes.append(Vote(number, trial.number, trial.kind, names, answer, 1000, 1500))
    return votes


def fooled_at(rates: dict[str, float]) -> Person:
    """Who takes each version for real at its own rate; in pairs the rates are the models'."""

    def person(trial: Trial, rng: np.random.Generator) -> str:
        if len(trial.versions) == 1:
            (version,) = trial.versions
            return version if rng.random() < rates[version] else ""
        (other,) = (version for version in trial.versions if version != "real")
        return other if rng.random() < rates[other] else "real"

    return person


def by_strength(strengths: dict[str, float]) -> Person:
    """Who chooses between two versions by the model of Bradley and Terry; never "random"."""

    def person(trial: Trial, rng: np.random.Generator) -> str:
        first, second = trial.versions
        if "random" in trial.versions:
            return "real"
        odds = np.exp(strengths[first] - strengths[second])
        return first if rng.random() < odds / (1 + odds) else second

    return person
