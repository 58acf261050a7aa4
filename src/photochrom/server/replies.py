"""What several routes say and check alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import Body, Path, Query
from fastapi.responses import FileResponse, Response
from pydantic import Field
from starlette.background import BackgroundTask

from photochrom.errors import OptionError
from photochrom.server.asked import ID_PATTERN, Asked, Options, asked_for, parse_fields
from photochrom.server.colouring import Made
from photochrom.server.described import EXAMPLE_ID
from photochrom.server.views import FULL, LEAST_SIDE, MOST_SIDE

JPEG, PNG, ZIP = "image/jpeg", "image/png", "application/zip"
PICTURE_TYPES = tuple(f"image/{kind}" for kind in ("jpeg", "png", "tiff", "webp", "avif", "heic"))

Id = Annotated[str, Field(pattern=ID_PATTERN, examples=[EXAMPLE_ID])]
PathId = Annotated[str, Path(pattern=ID_PATTERN, examples=[EXAMPLE_ID])]
Side = Annotated[int, Query(ge=0, le=MOST_SIDE, description="Long side, pixels; 0: full size.")]
Steering = Annotated[Options | None, Body()]


_KINDS = {"jpg": "jpeg", "tif": "tiff"}


def asked_by(options: Options | None) -> Asked:
    """What a body of options asks for; none asks for the model's own way."""
    return asked_for(options or Options())


def asked_in(fields: Mapping[str, Sequence[str]]) -> tuple[Options, Asked]:
    """What the fields of a form or an address ask for, as they were said and as they are meant."""
    options = parse_fields(fields)
    return options, asked_for(options)


def attached(name: str) -> dict[str, str]:
    """The header that gives a file its name (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    said = f'attachment; filename="{plain}"'
    return {
        "Content-Disposition": said if plain == name else f"{said}; filename*=UTF-8''{quote(name)}"
    }


def answer_made(made: Made) -> Response:
    """A coloured picture, whose file is removed once it is sent."""
    headers = {
        "X-Photochrom-Model": made.model, "X-Photochrom-Mean-Chroma": f"{made.mean_chroma:.3f}",
        "X-Photochrom-Nearly-Grey": str(made.nearly_grey).lower(), **attached(made.name),
    }  # fmt: skip
    gone = BackgroundTask(made.path.unlink, missing_ok=True)
    return FileResponse(made.path, headers=headers, media_type=type_of(made.name), background=gone)


def type_of(name: str) -> str:
    """The media type of a result, by its name."""
    ending = name.rsplit(".", 1)[-1]
    return f"image/{_KINDS.get(ending, ending)}"


def checked_side(side: int) -> int:
    """The side, where it is one that can be asked for."""
    if side != FULL and side < LEAST_SIDE:
        raise OptionError(f"side is {side}; it must be {LEAST_SIDE} to {MOST_SIDE}, or 0")
    return side
