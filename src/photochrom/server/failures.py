"""What went wrong, in words for whoever asked: one line, with a status, never a path of ours."""

from __future__ import annotations

import logging
import re

import pyvips
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import ClientDisconnect

from photochrom.errors import (
    InputError,
    ModelError,
    OptionError,
    OutputError,
    PhotochromError,
    TooLargeError,
)
from photochrom.server.asked import in_one_line
from photochrom.server.refusals import TooBusyError, UnknownIdError

NOT_OURS = "the service could not do this; whoever runs it finds more in its messages"
NO_ROOM = "the service cannot keep files now; it may be able to later"
SECONDS_TO_RETRY = 30

_PATH = re.compile(r"(/[\w.~+-]+){2,}/?|[A-Za-z]:\\\S*")
_log = logging.getLogger(__name__)


def status_for(error: Exception) -> int:
    """The HTTP status that an error means."""
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, TooLargeError):
        return 413
    if isinstance(error, (InputError, pyvips.Error)):
        return 415
    if isinstance(error, OptionError):
        return 422
    if isinstance(error, OutputError) and not _names_a_path(error):
        return 422  # the format that is asked for cannot hold the picture
    return 503 if isinstance(error, (PhotochromError, OSError, MemoryError)) else 500


def reason_for(error: Exception, name: str = "") -> str:
    """One line for whoever asked.

    Args:
        error: what happened.
        name: of the picture it happened to.
    """
    if isinstance(error, HTTPException):
        return str(error.detail)
    if isinstance(error, pyvips.Error):
        return f"{name or 'picture'}: damaged; a whole copy of it would work"
    if isinstance(error, (OSError, MemoryError)) or (
        isinstance(error, OutputError) and _names_a_path(error)
    ):
        _log.error("%s", error)
        return NO_ROOM
    if isinstance(error, (InputError, OptionError, OutputError, ModelError)):
        return " ".join(_PATH.sub("the file", str(error)).split())
    _log.error("%s: %s", name or "a request", error, exc_info=error)
    return f"{name}: {NOT_OURS}" if name else NOT_OURS


def tell_failures(app: FastAPI) -> None:
    """Has an application answer every error as JSON with one line of detail."""
    for kind in (PhotochromError, OSError, Exception):
        app.add_exception_handler(kind, _tell)
    app.add_exception_handler(TooBusyError, _tell_busy)
    app.add_exception_handler(UnknownIdError, _tell_unknown)
    app.add_exception_handler(AnyHTTPException, _tell_refusal)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(ClientDisconnect, _tell_nobody)


def _tell(_: Request, error: Exception) -> Response:
    status = status_for(error)
    headers = {"Retry-After": str(SECONDS_TO_RETRY)} if status == 503 else None
    return JSONResponse({"detail": reason_for(error)}, status, headers)


def _tell_busy(_: Request, error: Exception) -> Response:
    seconds = error.seconds if isinstance(error, TooBusyError) else SECONDS_TO_RETRY
    return JSONResponse({"detail": str(error)}, 503, {"Retry-After": str(seconds)})


def _tell_unknown(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 404)


def _tell_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    detail = str(error.detail)
    if error.status_code == 404 and detail == "Not Found":
        detail = "there is nothing at this address; /openapi.json lists what there is"
    if error.status_code == 405:
        detail = f"{request.method} is not for this address; /openapi.json lists what is"
    return JSONResponse({"detail": detail}, error.status_code, error.headers)


def _tell_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return JSONResponse({"detail": in_one_line(error.errors())}, 422)


def _tell_nobody(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "the request was broken off"}, 400)


def _names_a_path(error: Exception) -> bool:
    return bool(_PATH.search(str(error)))
