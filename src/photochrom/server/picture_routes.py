"""Addresses of the page: a picture is uploaded once, then looked at and steered many times."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from photochrom.options import VARIANTS_RANGE
from photochrom.server.archive import Entry, zip_stream
from photochrom.server.asked import Asked, Options, Spot, asked_for
from photochrom.server.described import (
    PictureTold,
    Suggestions,
    Variants,
    answers_file,
    failures,
    upload_body,
)
from photochrom.server.failures import reason_for
from photochrom.server.refusals import UnknownIdError
from photochrom.server.replies import (
    JPEG,
    PICTURE_TYPES,
    PNG,
    ZIP,
    Id,
    PathId,
    Side,
    Steering,
    answer_made,
    asked_by,
    asked_in,
    attached,
    checked_side,
)
from photochrom.server.routes import ONE, receive_one
from photochrom.server.service import Service

MOST_IN_ZIP = 500

Count = Annotated[int, Query(ge=VARIANTS_RANGE[0], le=VARIANTS_RANGE[1])]
_ONE_PICTURE = failures(404, 408, 415)


class Wanted(BaseModel):
    """A picture of a zip file."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    options: Options = Field(default_factory=Options)


class ZipRequest(BaseModel):
    """The pictures of a zip file."""

    model_config = ConfigDict(extra="forbid")

    pictures: list[Wanted] = Field(min_length=1, max_length=MOST_IN_ZIP)


def picture_routes(service: Service) -> APIRouter:
    """The addresses under /api/pictures, and that of the zip file."""
    router = APIRouter(prefix="/api", tags=["pictures"])
    _keep_pictures(router, service)
    _show_pictures(router, service)
    _read_pictures(router, service)
    _give_pictures(router, service)
    return router


def _keep_pictures(router: APIRouter, service: Service) -> None:
    pictures = service.pictures

    @router.post(
        "/pictures", status_code=201, response_model=PictureTold, responses=failures(408, 415),
        openapi_extra=upload_body(ONE, options=False),
    )  # fmt: skip
    async def upload(request: Request) -> Mapping[str, Any]:
        """Keeps a picture, to be looked at and steered."""
        service.check_room()
        received = await receive_one(request, service)
        try:
            if received.fields:
                asked_in(received.fields)  # options have no meaning here, but must be some
            return await service.work(lambda: pictures.add(received.files[0]))
        except BaseException:
            received.discard()
            raise

    @router.get("/pictures/{id}", response_model=PictureTold, responses=_ONE_PICTURE)
    async def told(id: PathId) -> Mapping[str, Any]:
        """What a picture is."""
        return await service.work(lambda: pictures.told(id))

    @router.delete("/pictures/{id}", status_code=204, responses=failures(404))
    def remove(id: PathId) -> None:
        """Removes a picture and all that was made of it."""
        if not pictures.remove(id):
            raise UnknownIdError


def _show_pictures(router: APIRouter, service: Service) -> None:
    pictures = service.pictures

    @router.get(
        "/pictures/{id}/grey", responses={**answers_file(JPEG), **_ONE_PICTURE},
        response_class=Response,
    )  # fmt: skip
    async def grey(id: PathId, side: Side = 1600) -> Response:
        """The picture in grey."""
        side = checked_side(side)
        return Response(await service.work(lambda: pictures.grey(id, side)), media_type=JPEG)

    @router.post(
        "/pictures/{id}/preview", responses={**answers_file(JPEG), **_ONE_PICTURE},
        response_class=Response,
    )  # fmt: skip
    async def preview(id: PathId, side: Side = 1600, options: Steering = None) -> Response:
        """The picture in colour, as large as /grey of that side."""
        asked, side = asked_by(options), checked_side(side)
        shown = await service.work(lambda: pictures.preview(id, asked, side))
        headers = {
            "X-Photochrom-Mean-Chroma": f"{shown.mean_chroma:.3f}",
            "X-Photochrom-Nearly-Grey": str(shown.nearly_grey).lower(),
        }
        return Response(shown.content, media_type=JPEG, headers=headers)

    @router.post(
        "/pictures/{id}/confidence", responses={**answers_file(PNG), **_ONE_PICTURE},
        response_class=Response,
    )  # fmt: skip
    async def confidence(id: PathId, side: Side = 1600, options: Steering = None) -> Response:
        """What to lay over the preview: marked where the model is unsure, else transparent."""
        asked, side = asked_by(options), checked_side(side)
        content, share = await service.work(lambda: pictures.confidence(id, asked, side))
        headers = {"X-Photochrom-Unsure-Share": f"{share:.4f}"}
        return Response(content, media_type=PNG, headers=headers)


def _read_pictures(router: APIRouter, service: Service) -> None:
    pictures = service.pictures

    @router.post("/pictures/{id}/variants", response_model=Variants, responses=_ONE_PICTURE)
    async def variants(
        id: PathId, side: Side = 320, count: Count = 5, options: Steering = None
    ) -> Mapping[str, Any]:
        """Several colourings, small, the most likely first."""
        asked, side = asked_by(options), checked_side(side)
        return {"variants": await service.work(lambda: pictures.variants(id, asked, side, count))}

    @router.post("/pictures/{id}/suggestions", response_model=Suggestions, responses=_ONE_PICTURE)
    async def suggestions(id: PathId, spot: Spot) -> Mapping[str, Any]:
        """The colours that the model itself thinks possible at a spot."""
        asked = asked_for(spot)
        found = await service.work(lambda: pictures.suggestions(id, asked, spot.x, spot.y))
        return {"colors": found}


def _give_pictures(router: APIRouter, service: Service) -> None:
    pictures = service.pictures

    @router.post(
        "/pictures/{id}/result", responses={**answers_file(*PICTURE_TYPES), **_ONE_PICTURE},
        response_class=Response,
    )  # fmt: skip
    async def result(id: PathId, options: Steering = None) -> Response:
        """The picture at its full size, as /api/colorize gives it."""
        asked = asked_by(options)
        return answer_made(await service.make(lambda: pictures.result(id, asked)))

    @router.post("/zip", responses={**answers_file(ZIP), **_ONE_PICTURE}, response_class=Response)
    async def zip_results(wanted: ZipRequest) -> Response:
        """The results of several pictures; what could not be made is told in errors.txt."""
        asked = [(one.id, asked_by(one.options)) for one in wanted.pictures]
        for id, each in asked:
            await service.work(functools.partial(pictures.check, id, each))
        stream = zip_stream(_results(service, asked))
        return StreamingResponse(stream, media_type=ZIP, headers=attached("photochrom.zip"))


async def _results(service: Service, wanted: list[tuple[str, Asked]]) -> AsyncIterator[Entry]:
    for id, asked in wanted:
        result = functools.partial(service.pictures.result, id, asked)
        try:
            made = await service.make(result, later=True)
        except Exception as error:  # the answer has begun: the others still come
            yield Entry(None, reason_for(error))
        else:
            yield Entry(made.path, made.name, temporary=True)
