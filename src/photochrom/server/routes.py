"""Addresses for programs: one picture in, one picture out, and what the service is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

import photochrom
from photochrom.server.described import (
    Health,
    Limited,
    ModelTold,
    address_options,
    answers_file,
    failures,
    upload_body,
)
from photochrom.server.limits import FORMATS
from photochrom.server.models import described_models
from photochrom.server.replies import PICTURE_TYPES, answer_made, asked_in
from photochrom.server.service import Service
from photochrom.server.uploads import Received, receive_upload

ONE = "file"


def service_routes(service: Service) -> APIRouter:
    """The addresses that colour a picture at once, and that say what there is."""
    router, limits = APIRouter(), service.limits

    @router.get("/healthz", response_model=Health, tags=["service"])
    async def healthz() -> Mapping[str, str]:
        """Whether the service works."""
        return {"status": "ok", "version": photochrom.__version__}

    @router.get(
        "/api/models", response_model=list[ModelTold], responses=failures(), tags=["service"]
    )
    async def models() -> list[Mapping[str, Any]]:
        """The models there are to choose from, with what was measured of each."""
        return await asyncio.to_thread(described_models)

    @router.get("/api/limits", response_model=Limited, responses=failures(), tags=["service"])
    async def limited() -> Mapping[str, Any]:
        """What the service lets in."""
        return {
            "bytes": limits.bytes, "pixels": limits.pixels, "files": limits.files,
            "seconds": limits.seconds, "formats": FORMATS,
        }  # fmt: skip

    @router.post(
        "/api/colorize",
        responses={**answers_file(*PICTURE_TYPES), **failures(408, 415)},
        response_class=Response,
        openapi_extra={**upload_body(ONE), "parameters": address_options()},
        tags=["colorize"],
    )
    async def colorize(request: Request) -> Response:
        """Colours one picture: a form with a file and options, or a picture as the whole body.

        The answer is the picture in its own format, unless another is asked for, the same bytes as
        `photochrom colorize` writes with these options.
        """
        service.check_room()
        received = await receive_one(request, service, reference=True)
        try:
            _, asked = asked_in(received.fields)
            made = await service.colour_upload(received, asked)
        except BaseException:
            received.discard()
            raise
        return answer_made(made)

    return router


async def receive_one(request: Request, service: Service, *, reference: bool = False) -> Received:
    """A request's only picture to colour, and its fields.

    Args:
        request: what comes.
        service: that keeps it.
        reference: whether a reference picture may come with it.

    Raises:
        HTTPException: there is none, or more.
    """
    received = await receive_upload(
        request, service.store.files, named=ONE, files=1, largest=service.limits.bytes,
        reference=reference,
    )  # fmt: skip
    if not received.files:
        received.discard()
        raise HTTPException(422, f"no file in the form; the field {ONE!r} is where it goes")
    return received
