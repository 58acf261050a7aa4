"""The application: page, service and gate, on a port of this machine."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

import photochrom
from photochrom.server.failures import tell_failures
from photochrom.server.gate import Admission, Gate
from photochrom.server.job_routes import job_routes
from photochrom.server.picture_routes import picture_routes
from photochrom.server.routes import service_routes
from photochrom.server.service import Service, Setting
from photochrom.serving import App
from photochrom.serving.connections import quiet_server

STATIC = Path(__file__).parent / "static"
PAGES = {
    "/": ("index.html", "text/html"),
    "/manifest.webmanifest": ("manifest.webmanifest", "application/manifest+json"),
    "/sw.js": ("sw.js", "text/javascript"),
}
"""Files of the page that have an address of their own; the others are under /static."""

ASK_AGAIN = {"Cache-Control": "no-cache"}
"""The page may be kept, but not used without asking whether it is still the same."""

GRACE_SECONDS = 10
MOST_CONNECTIONS = 500
ABOUT = "Colour for black-and-white photographs. Nothing leaves the machine that this runs on."


class PhotoServer:
    """The page and the service.

    Args:
        setting: how the service is run.
        admission: who may ask.

    Raises:
        OutputError: its folder cannot be used, or another service uses it.
    """

    def __init__(self, setting: Setting, admission: Admission) -> None:
        self.service = Service(setting)
        app = make_app(self.service, admission)
        config = quiet_server(app, GRACE_SECONDS, MOST_CONNECTIONS)
        self._server = _Server(config, self.service)

    def __enter__(self) -> PhotoServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.service.close()

    def run(self, listener: socket.socket) -> None:
        """Answers what comes in until the process is told to stop.

        Args:
            listener: a bound socket, see `photochrom.serving.listen`.
        """
        self._server.run(sockets=[listener])

    def stop(self) -> None:
        """Ends `run`, from another thread, once what has come in is answered."""
        self._server.should_exit = True


def make_app(service: Service, admission: Admission) -> App:
    """The ASGI application of a service, its gate included."""
    app = FastAPI(
        title="Photochrom", version=photochrom.__version__, description=ABOUT,
        docs_url=None, redoc_url=None, openapi_url="/openapi.json",
    )  # fmt: skip
    tell_failures(app)
    app.include_router(service_routes(service))
    app.include_router(picture_routes(service))
    app.include_router(job_routes(service))
    for path, (name, kind) in PAGES.items():
        _add_page(app, path, STATIC / name, kind)
    app.mount("/static", _Static(directory=STATIC, check_dir=False), name="static")
    return Gate(app, service.limits, admission)


def _add_page(app: FastAPI, path: str, file: Path, kind: str) -> None:
    @app.get(path, include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(file, media_type=kind, headers=ASK_AGAIN)


class _Static(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(ASK_AGAIN)
        return response


class _Server(uvicorn.Server):
    """Has streams that never end by themselves come to their end before it waits for them."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.begin_to_end()
        await super().shutdown(sockets)
        # here, since after this uvicorn lets the signal end the process
        await asyncio.to_thread(self._service.close)
