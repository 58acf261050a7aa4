"""`photochrom serve`: the web page, and the same as a service for programs."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import complain, say
from photochrom.cli.extras import require
from photochrom.errors import GreyResultWarning, OptionError, PhotoWarning
from photochrom.serving import address, is_loopback, listen

if TYPE_CHECKING:
    from photochrom.server.service import Setting

NEEDED = ("fastapi", "uvicorn", "pydantic", "python_multipart")
PORT = 8765
TOKEN_VARIABLE = "PHOTOCHROM_TOKEN"

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HOUR = 3600
MILLION = 1_000_000


def serve(
    host: Annotated[
        str, typer.Option(help="127.0.0.1 is this machine alone, 0.0.0.0 the whole network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = PORT,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder for uploads, jobs and results; default: the user's data folder."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar=TOKEN_VARIABLE, help="Requests must carry it: Authorization: Bearer."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Pictures at once.")] = 2,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads for each; default: the cores, shared.")
    ] = None,
    keep_hours: Annotated[
        float, typer.Option(help="Ended jobs, and pictures not used, are removed after so long.")
    ] = 24.0,
    max_mb: Annotated[int, typer.Option(min=1, help="Of one picture file.")] = 256,
    max_job_mb: Annotated[int, typer.Option(min=1, help="Of a job's files together.")] = 2048,
    max_megapixels: Annotated[float, typer.Option(help="Of one picture.")] = 100,
    max_files: Annotated[int, typer.Option(min=1, help="Of one job.")] = 500,
    max_seconds: Annotated[
        float, typer.Option(help="Of an upload, and of the answer to a request.")
    ] = 300,
    max_waiting: Annotated[
        int,
        typer.Option(min=1, help="Requests that wait for a worker; others come back."),
    ] = 32,
    max_requests: Annotated[int, typer.Option(min=1, help="Of one client in a minute.")] = 600,
) -> None:
    """Serves the page that colours photographs, and its API, until Ctrl-C.

    Nothing leaves this machine: no request goes out, and only this machine can reach the page
    unless --host says otherwise. /openapi.json describes the API.

    [bold]Examples[/bold]

      photochrom serve

      photochrom serve --host 0.0.0.0 --token $(openssl rand -hex 16)

      curl -F file=@grey.jpg http://127.0.0.1:8765/api/colorize -o color.jpg
    """
    require("web", *NEEDED)
    from photochrom.catalog import user_data_folder
    from photochrom.server.limits import Limits
    from photochrom.server.service import Setting

    if not keep_hours > 0:
        raise OptionError(f"keep-hours is {keep_hours}; it must be above 0")
    limits = Limits(
        bytes=max_mb * MILLION, request_bytes=max_job_mb * MILLION,
        pixels=round(max_megapixels * MILLION), files=max_files, seconds=max_seconds,
        waiting=max_waiting, requests=max_requests,
    )  # fmt: skip
    folder = data or user_data_folder() / "service"
    each = threads or max(1, (os.cpu_count() or 1) // workers)
    _serve(host, port, token or None, Setting(folder, workers, each, keep_hours * HOUR, limits))


def _serve(host: str, port: int, token: str | None, setting: Setting) -> None:
    import pyvips

    from photochrom.server.app import PhotoServer
    from photochrom.server.gate import Admission

    # what a picture lacks is told to whoever sent it, not to whoever runs the service
    for kind in (PhotoWarning, GreyResultWarning):
        warnings.simplefilter("ignore", kind)
    pyvips.concurrency_set(setting.threads)
    alone = is_loopback(host)
    hosts = LOOPBACK_NAMES | {host} if alone and token is None else None
    with listen(host, port) as listener, PhotoServer(setting, Admission(token, hosts)) as server:
        say(address(host, listener.getsockname()[1]))
        if not alone and token is None:
            complain("warning: whoever can reach this machine can use this; --token would ask who")
        server.service.warm_up()
        try:
            server.run(listener)
        finally:
            say("stopped; jobs that were waiting go on at the next start")
