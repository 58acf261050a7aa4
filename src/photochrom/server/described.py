"""What OpenAPI says beyond the types: errors, examples, and bodies that are streamed."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from photochrom.server.asked import REFERENCE, Options

EXAMPLE_ID = "0123456789abcdef0123456789abcdef"

Responses = dict[int | str, dict[str, Any]]


class Failure(BaseModel):
    """Why a request was refused: one line, which says what would work."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"detail": "photo.svg: is an SVG drawing; JPEG, PNG, ..."}]}
    )

    detail: str


class Limited(BaseModel):
    """What the service lets in."""

    bytes: int
    pixels: int
    files: int
    seconds: float
    formats: list[str]


class Health(BaseModel):
    """That the service works."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok", "version": "1.0"}]})

    status: str
    version: str


class ModelTold(BaseModel):
    """A model to choose."""

    name: str
    default: bool
    about: str
    figures: dict[str, Any]
    licence: str | None
    size: int
    vividness: float
    looks: int
    variants: bool
    confidence: bool


class PictureTold(BaseModel):
    """An uploaded picture."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": EXAMPLE_ID, "name": "grandmother.jpg", "width": 3000, "height": 2000,
                 "format": "jpeg", "depth": 8, "was_colour": False},
            ]
        }
    )  # fmt: skip

    id: str
    name: str
    width: int
    height: int
    format: str
    depth: int
    was_colour: bool


class FileTold(BaseModel):
    """One picture of a job."""

    index: int
    name: str
    state: str
    error: str | None


class JobTold(BaseModel):
    """A job."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": EXAMPLE_ID, "files": [
                    {"index": 0, "name": "grandmother.jpg", "state": "waiting", "error": None}]},
            ]
        }
    )  # fmt: skip

    id: str
    files: list[FileTold]


class VariantTold(BaseModel):
    """One colouring, small."""

    variant: int
    image: str


class Variants(BaseModel):
    """Several colourings."""

    variants: list[VariantTold]


class Suggestion(BaseModel):
    """A colour that the model thinks possible."""

    color: str
    share: float


class Suggestions(BaseModel):
    """Colours for a spot."""

    colors: list[Suggestion]


_MEANINGS = {
    400: "The request cannot be read.",
    401: "A token is needed.",
    403: "Asked by another site's page.",
    404: "There is none of this id, or it was cleaned away.",
    408: "The request came too slowly.",
    409: "It is not done yet, or has failed.",
    413: "Too many bytes, pixels or files.",
    415: "Not a picture that can be read.",
    421: "Called by an unknown name.",
    422: "A wrong option.",
    429: "Too many requests of this client; see Retry-After.",
    503: "Busy; see Retry-After.",
}


def failures(*more: int) -> Responses:
    """The errors that a route may answer with: those of every route, and more."""
    codes = sorted({400, 401, 403, 413, 421, 422, 429, 503, *more})
    return {code: {"model": Failure, "description": _MEANINGS[code]} for code in codes}


_REFERENCE_FILE = "A picture in colour: places that look alike take over its colours."


def answers_file(*types: str) -> Responses:
    """A route's success: a file of one of these types."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}
    return {200: {"description": "The file.", "content": content}}


def upload_body(named: str, *, several: bool = False, options: bool = True) -> dict[str, Any]:
    """The request body of a route that takes files: a form, or for one picture the file itself.

    Args:
        named: the form's field for files.
        several: whether there may be many.
        options: whether the options are fields, too, and a reference picture is a file.
    """
    binary = {"type": "string", "format": "binary"}
    schema = Options.model_json_schema() if options else {"properties": {}}
    properties = {named: {"type": "array", "items": binary, "minItems": 1} if several else binary}
    if options:
        schema["properties"][REFERENCE] = {**binary, "description": _REFERENCE_FILE}
    form = {"type": "object", "required": [named], "additionalProperties": False}
    form["properties"] = properties | schema["properties"]
    content: dict[str, Any] = {"multipart/form-data": {"schema": form}}
    if not several:
        content["application/octet-stream"] = {"schema": binary}
    return {"requestBody": {"required": True, "content": content}}


def address_options() -> list[dict[str, Any]]:
    """The options as parameters of the address, for a picture that is the whole body."""
    properties = Options.model_json_schema()["properties"]
    return [
        {"name": name, "in": "query", "required": False, "description": said.get("description", ""),
         "schema": {key: value for key, value in said.items() if key != "description"}}
        for name, said in properties.items() if name not in ("hints", REFERENCE)
    ]  # fmt: skip
