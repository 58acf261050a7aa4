"""A survey as it lies on disk: survey.json, its pictures, and the votes.

::

    FOLDER/
        survey.json     form, models, pictures, seed, consent, and with which versions it was made
        pictures/       every version of every picture, under random names
        votes.db        what participants answered (see `votes`)

Nothing but the votes changes once a survey is made.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from photochrom.atomic import written_whole
from photochrom.errors import InputError, OptionError
from photochrom.survey.design import REAL, SurveyDesign
from photochrom.survey.trials import Trial, participant_trials

SURVEY, PICTURES, VOTES = "survey.json", "pictures", "votes.db"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class PictureFile:
    """One version of a picture.

    Attributes:
        name: of the file below pictures/, random.
        sha256: of its content.
        width: in pixels.
        height: in pixels.
    """

    name: str
    sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class SurveyPicture:
    """A photograph and the versions of it that somebody may see.

    Attributes:
        key: what it is called in the data: its path below the folder, or inside the shard.
        versions: its files, by "real", "random" or a model's name.
    """

    key: str
    versions: Mapping[str, PictureFile]


@dataclass(frozen=True)
class Survey:
    """A survey that has been made.

    Attributes:
        folder: where it lies.
        design: how it was made.
        models: names of the models.
        pictures: those of the practice first, then those of the catch trials, then the rest.
        protocol: what else belongs beside the figures: data, model files, versions of programs.
    """

    folder: Path
    design: SurveyDesign
    models: tuple[str, ...]
    pictures: tuple[SurveyPicture, ...]
    protocol: Mapping[str, Any]

    @property
    def votes_path(self) -> Path:
        """Where the votes are kept."""
        return self.folder / VOTES

    def trials(self, participant: int) -> tuple[Trial, ...]:
        """Everything one participant (0, 1, ...) is asked, in order."""
        return participant_trials(self.design, self.models, participant)

    def files(self, trial: Trial) -> tuple[PictureFile, ...]:
        """The picture files that a trial shows, left to right."""
        versions = self.pictures[trial.picture].versions
        return tuple(versions[version] for version in trial.versions)

    def correct_answer(self, trial: Trial) -> str | None:
        """The answer that is right; None where two models stand side by side."""
        first, second = self.design.answers
        if self.design.form == "single":
            return first if trial.versions == (REAL,) else second
        if REAL not in trial.versions:
            return None
        return first if trial.versions[0] == REAL else second

    @functools.cached_property
    def shown(self) -> Mapping[str, tuple[int, str]]:
        """Picture (its index) and version by the name of the file."""
        return {
            file.name: (index, version)
            for index, picture in enumerate(self.pictures)
            for version, file in picture.versions.items()
        }

    def verify_pictures(self) -> None:
        """Raises InputError unless every picture is there and as it was made."""
        for picture in self.pictures:
            for file in picture.versions.values():
                path = self.folder / PICTURES / file.name
                if not path.is_file():
                    raise InputError(f"{path}: missing; put it back, or make the survey again")
                if hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
                    raise InputError(f"{path}: differs from what was made; make the survey again")


def save_survey(survey: Survey) -> None:
    """Writes survey.json into the survey's folder, which exists.

    Raises:
        OutputError: it cannot be written.
    """
    content = {
        "format": FORMAT_VERSION,
        "design": asdict(survey.design),
        "models": survey.models,
        "protocol": survey.protocol,
        "pictures": [asdict(picture) for picture in survey.pictures],
    }
    with written_whole(survey.folder / SURVEY) as partial:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def open_survey(folder: Path) -> Survey:
    """The survey in a folder.

    Raises:
        InputError: there is none, or its survey.json is damaged or of a later version.
    """
    path = folder / SURVEY
    if not path.is_file():
        raise InputError(f"{folder}: holds no {SURVEY}; `photochrom survey create` makes a survey")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["format"]
        if version != FORMAT_VERSION:
            raise InputError(
                f"{path}: of format {version}, and this version of photochrom knows "
                f"{FORMAT_VERSION}; a later one would work"
            )
        return _survey_of(folder, content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        told = f"{type(error).__name__}: {error}"
        raise InputError(f"{path}: damaged ({told}); put back a copy") from error


def _survey_of(folder: Path, content: Mapping[str, Any]) -> Survey:
    pictures = tuple(
        SurveyPicture(
            picture["key"],
            {version: PictureFile(**file) for version, file in picture["versions"].items()},
        )
        for picture in content["pictures"]
    )
    design = SurveyDesign(**content["design"])
    if len(pictures) != design.pictures:
        raise OptionError(f"{len(pictures)} pictures where the design has {design.pictures}")
    return Survey(folder, design, tuple(content["models"]), pictures, content["protocol"])
