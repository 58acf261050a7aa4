"""The service of cheap made pictures on a port of this machine, and photographs for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvicorn
from fake_backend import Asked, make_app
from PIL import Image


@dataclass(frozen=True)
class Fake:
    """What a test of the page needs.

    Attributes:
        address: of the page.
        asked: what the page has asked for.
        greys: pictures that the service holds, by their ids.
        photos: first.jpg and second.jpg, grey, 480 x 320 pixels.
    """

    address: str
    asked: Asked
    greys: dict[str, object]
    photos: list[Path]


@contextmanager
def served_fake(folder: Path) -> Iterator[Fake]:
    """The service until the block is left; the photographs are made in the folder."""
    for name, low in (("first.jpg", 90), ("second.jpg", 120)):
        ramp = np.linspace(low, 200, 480, dtype=np.uint8)[None].repeat(320, 0)
        Image.fromarray(ramp).save(folder / name)
    app = make_app()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        try:
            yield Fake(address, app.state.asked, app.state.greys, sorted(folder.iterdir()))
        finally:
            server.should_exit = True
            thread.join()
