"""Addresses of jobs: many pictures at once, while nobody waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import FileResponse, Response, StreamingResponse

from photochrom.server.archive import Entry, zip_stream
from photochrom.server.described import JobTold, answers_file, failures, upload_body
from photochrom.server.job_file import DONE, JobFile
from photochrom.server.jobs import told_file
from photochrom.server.refusals import UnknownIdError
from photochrom.server.replies import PICTURE_TYPES, ZIP, PathId, asked_in, attached, type_of
from photochrom.server.service import Service
from photochrom.server.uploads import receive_upload

MANY = "files"
EVENTS = "text/event-stream"

SECONDS_BETWEEN_LOOKS = 0.2
LOOKS_TO_KEEPALIVE = 75
"""After so many looks without news a comment is sent, so that nothing between hangs up."""

Index = Annotated[int, Path(ge=0, le=100_000)]


def job_routes(service: Service) -> APIRouter:
    """The addresses under /api/jobs."""
    router = APIRouter(prefix="/api/jobs", tags=["jobs"])
    _keep_jobs(router, service)
    _give_jobs(router, service)
    return router


def _keep_jobs(router: APIRouter, service: Service) -> None:
    jobs, limits = service.jobs, service.limits

    @router.post(
        "", status_code=202, response_model=JobTold, responses=failures(408, 415),
        openapi_extra=upload_body(MANY, several=True),
    )  # fmt: skip
    async def accept(request: Request) -> Mapping[str, Any]:
        """Takes on pictures, to be coloured one after the other, even through a restart."""
        service.check_room()
        jobs.check_room(1)
        received = await receive_upload(
            request, service.store.files, named=MANY, files=limits.files, largest=limits.bytes,
            reference=True,
        )  # fmt: skip
        try:
            if not received.files:
                raise HTTPException(422, f"no file in the form; the field {MANY!r} is for them")
            options, asked = asked_in(received.fields)
            jobs.check_room(len(received.files))
            await service.work(lambda: service.check_uploads(received, asked))
            job = jobs.accept(options, received.files, received.reference)
        except BaseException:
            received.discard()
            raise
        return told(job)

    def told(job: str) -> Mapping[str, Any]:
        found = jobs.told(job)
        if found is None:
            raise UnknownIdError
        return found

    @router.get("/{id}", response_model=JobTold, responses=failures(404))
    def look(id: PathId) -> Mapping[str, Any]:
        """How far a job is."""
        return told(id)

    @router.delete("/{id}", status_code=204, responses=failures(404))
    def remove(id: PathId) -> None:
        """Cancels a job, or forgets one that has ended, with all its files."""
        if not jobs.remove(id):
            raise UnknownIdError

    stream: dict[int | str, dict[str, Any]] = {
        200: {"description": "`event: file` for each news, then `event: done`.",
              "content": {EVENTS: {"schema": {"type": "string"}}}}
    }  # fmt: skip

    @router.get("/{id}/events", responses={**stream, **failures(404)}, response_class=Response)
    def events(id: PathId) -> Response:
        """How a job gets on, as server-sent events."""
        told(id)
        return StreamingResponse(_news(service, id), media_type=EVENTS)


def _give_jobs(router: APIRouter, service: Service) -> None:
    def files(job: str) -> list[JobFile]:
        found = service.jobs.files(job)
        if not found:
            raise UnknownIdError
        return found

    @router.get(
        "/{id}/files/{index}", response_class=Response,
        responses={**answers_file(*PICTURE_TYPES), **failures(404, 409)},
    )  # fmt: skip
    def result(id: PathId, index: Index) -> Response:
        """One result of a job."""
        found = files(id)
        if index >= len(found):
            raise HTTPException(404, f"this job has {len(found)} files, from 0")
        file = found[index]
        if file.result is None or file.result_name is None:
            raise HTTPException(409, f"{file.name}: {file.error or f'not done yet ({file.state})'}")
        name = file.result_name
        return FileResponse(file.result, media_type=type_of(name), headers=attached(name))

    @router.get(
        "/{id}/zip", response_class=Response, responses={**answers_file(ZIP), **failures(404, 409)}
    )
    def all_results(id: PathId) -> Response:
        """All results of a job that has ended; what failed is told in errors.txt."""
        found = files(id)
        if not all(file.ended for file in found):
            raise HTTPException(409, "this job has not ended yet; /events tells when")
        stream = zip_stream(_entries(found))
        return StreamingResponse(stream, media_type=ZIP, headers=attached("photochrom.zip"))


async def _entries(files: list[JobFile]) -> AsyncIterator[Entry]:
    for file in files:
        if file.state == DONE and file.result_name is not None:
            yield Entry(file.result, file.result_name)
        else:
            yield Entry(None, f"{file.name}: {file.error}")


async def _news(service: Service, job: str) -> AsyncIterator[str]:
    """Each picture's state at first, then whatever changes, until all have ended."""
    known: dict[int, Mapping[str, Any]] = {}
    version, quiet = -1, 0
    while not service.ending:
        now = service.jobs.version(job)
        if now == version:
            quiet = (quiet + 1) % LOOKS_TO_KEEPALIVE
            if quiet == 0:
                yield ": still at it\n\n"
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            continue
        version = now
        files = await asyncio.to_thread(service.jobs.files, job)
        for file in files:
            told = told_file(file)
            if known.get(file.number) != told:
                known[file.number] = told
                yield _event("file", told)
        if all(file.ended for file in files):
            yield _event("done", {"id": job, "files": [told_file(file) for file in files]})
            return


def _event(kind: str, told: Mapping[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(told)}\n\n"
