"""The page that asks people: surveys side by side under /s/NAME/, votes taken one by one.

Nothing that tells real from synthesized leaves the server before the answer: pictures have random
names, catch trials look like any other, and only practice trials say what was right. A vote is
answered once it is on the disk, and may be sent again: the first one stays. No cookies, no access
log, no addresses.
"""

from __future__ import annotations

import functools
import logging
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from photochrom.errors import OptionError, PhotochromError
from photochrom.serving.connections import quiet_server
from photochrom.survey.folder import PICTURES, Survey
from photochrom.survey.protection import Protection
from photochrom.survey.trials import Trial
from photochrom.survey.votes import Vote, VoteStore

STATIC = Path(__file__).parent / "static"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DAY_MS = 86_400_000
GRACE_SECONDS = 3

_TOKEN = r"^[0-9a-f]{32}$"
_log = logging.getLogger(__name__)


class Arrival(BaseModel):
    """Somebody takes part, or goes on: the random token that their browser made up."""

    token: str = Field(pattern=_TOKEN)


class SentVote(BaseModel):
    """A vote as the page sends it; the fields are those of `Vote`."""

    token: str = Field(pattern=_TOKEN)
    trial: int = Field(ge=0, le=2000)
    pictures: list[str] = Field(min_length=1, max_length=2)
    answer: str = Field(max_length=16)
    shown_ms: int = Field(ge=0, le=DAY_MS)
    answer_ms: int = Field(ge=0, le=DAY_MS)


class OpenSurvey:
    """A survey that takes votes.

    Args:
        survey: with all its pictures as they were made.

    Raises:
        InputError: a picture or the votes are missing or damaged.
    """

    def __init__(self, survey: Survey) -> None:
        survey.verify_pictures()
        self.survey = survey
        self.store = VoteStore(survey.votes_path)
        self.trials = functools.lru_cache(maxsize=1024)(survey.trials)

    def described(self) -> Mapping[str, Any]:
        """What the page has to know before anybody takes part."""
        design = self.survey.design
        return {
            "title": design.title, "consent": design.consent, "form": design.form,
            "question": design.question, "answers": design.answers,
            "trials": design.trials, "practice": design.practice,
            "shown_seconds": design.shown_seconds, "against": design.against,
        }  # fmt: skip

    def arrive(self, token: str) -> Mapping[str, Any]:
        """What a participant sees, in order, and what of it they have answered already."""
        participant = self.store.enrol(token)
        return {
            "trials": [self._told(trial) for trial in self.trials(participant)],
            "answered": sorted(self.store.answered(participant)),
        }

    def vote(self, sent: SentVote) -> Mapping[str, Any]:
        """Keeps a vote, and tells what is kept; of a practice trial also what was right.

        Raises:
            HTTPException: it does not fit the survey.
        """
        participant = self.store.participant(sent.token)
        if participant is None:
            raise HTTPException(404, "this participant has not come to this survey")
        trials = self.trials(participant)
        if sent.trial >= len(trials) or sent.answer not in self.survey.design.answers:
            raise HTTPException(422, "no such trial or answer in this survey")
        trial = trials[sent.trial]
        shown = tuple(file.name for file in self.survey.files(trial))
        if tuple(sent.pictures) != shown:
            raise HTTPException(409, "these are not the pictures of this trial")
        kept = self.store.record(
            Vote(
                participant, sent.trial, trial.kind, shown, sent.answer,
                sent.shown_ms, sent.answer_ms,
            )
        )  # fmt: skip
        if trial.kind != "practice":
            return {"answer": kept.answer}
        return {"answer": kept.answer, "correct": self.survey.correct_answer(trial)}

    def _told(self, trial: Trial) -> Mapping[str, Any]:
        pictures = [
            {"name": file.name, "width": file.width, "height": file.height}
            for file in self.survey.files(trial)
        ]
        return {"practice": trial.kind == "practice", "pictures": pictures}


class SurveyServer:
    """Several surveys as one application; closes their votes when it is left.

    Args:
        surveys: by name; each is served under /s/NAME/.

    Raises:
        InputError: a survey is damaged.
    """

    def __init__(self, surveys: Mapping[str, Survey]) -> None:
        self._open: dict[str, OpenSurvey] = {}
        try:
            for name, survey in surveys.items():
                self._open[name] = OpenSurvey(survey)
        except PhotochromError:
            self.close()
            raise
        app = Protection(_make_app(self._open))
        self._server = uvicorn.Server(quiet_server(app, GRACE_SECONDS))

    def __enter__(self) -> SurveyServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the votes of every survey."""
        for opened in self._open.values():
            opened.store.close()

    def run(self, listener: socket.socket) -> None:
        """Answers what comes in until the process is told to stop.

        Args:
            listener: a bound socket, see `photochrom.serving.listen`.
        """
        self._server.run(sockets=[listener])

    def stop(self) -> None:
        """Ends `run`, from another thread, once what has come in is answered."""
        self._server.should_exit = True


def survey_names(folders: Iterable[Path]) -> dict[str, Path]:
    """Folders of surveys by the name that their address will have.

    Raises:
        OptionError: a name that does not fit into an address, or comes twice.
    """
    named: dict[str, Path] = {}
    for folder in folders:
        name = folder.resolve().name
        if not NAME.fullmatch(name):
            raise OptionError(f"{folder}: {name!r} cannot be in an address; letters, digits, . _ -")
        if name in named:
            raise OptionError(f"{folder}: a survey named {name!r} is served already; rename one")
        named[name] = folder
    return named


def _make_app(opened: Mapping[str, OpenSurvey]) -> FastAPI:
    app = FastAPI(title="photochrom survey", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(PhotochromError, _tell_failure)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(_routes(opened))
    return app


def _routes(opened: Mapping[str, OpenSurvey]) -> APIRouter:
    router = APIRouter()

    def named(name: str) -> OpenSurvey:
        if name not in opened:
            raise HTTPException(404, "no survey of this name")
        return opened[name]

    @router.get("/")
    def index() -> Response:
        if len(opened) == 1:
            return RedirectResponse(f"s/{next(iter(opened))}/")
        return FileResponse(STATIC / "index.html")

    @router.get("/api/surveys")
    def surveys() -> list[Mapping[str, str]]:
        return [{"name": name, "title": one.survey.design.title} for name, one in opened.items()]

    @router.get("/s/{name}/")
    def page(name: str) -> Response:
        named(name)
        return FileResponse(STATIC / "survey.html")

    @router.get("/s/{name}/api/survey")
    def survey(name: str) -> Mapping[str, Any]:
        return named(name).described()

    @router.post("/s/{name}/api/participants")
    def participants(name: str, arrival: Arrival) -> Mapping[str, Any]:
        return named(name).arrive(arrival.token)

    @router.post("/s/{name}/api/votes")
    def votes(name: str, sent: SentVote) -> Mapping[str, Any]:
        return named(name).vote(sent)

    @router.get("/s/{name}/pictures/{file}")
    def picture(name: str, file: str) -> Response:
        asked = named(name).survey
        if file not in asked.shown:
            raise HTTPException(404, "no picture of this name")
        # bytes alone: a file's date could tell when, and so by which model, it was made
        content = (asked.folder / PICTURES / file).read_bytes()
        kept = {"Cache-Control": "private, max-age=31536000, immutable"}
        return Response(content, media_type="image/png", headers=kept)

    return router


def _tell_failure(request: Request, error: Exception) -> Response:
    """The vote is not kept: the page sends it again, and whoever runs the survey is told why."""
    _log.error("%s", error)
    return JSONResponse({"detail": "the server cannot keep votes now"}, status_code=503)
