"""A service in this process, pictures to send it, and what talks to it."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from photochrom.errors import PhotoWarning
from photochrom.server.app import PhotoServer
from photochrom.server.gate import Admission
from photochrom.server.limits import Limits
from photochrom.server.service import Service, Setting
from photochrom.serving import listen

MODEL = "tiny"
"""What tests/server/conftest.py puts into the user's folder of models."""


def grey_picture(number: int = 0, size: tuple[int, int] = (96, 64), kind: str = "JPEG") -> bytes:
    """A grey picture that no other number has: (width, height), soft and from dark to light."""
    width, height = size
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    wave = np.sin((3 + number % 7) * x + 0.37 * number) * np.cos((2 + number % 5) * y)
    codes = np.rint(127 + 100 * wave).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    settings = {"quality": 95} if kind == "JPEG" else {}
    Image.fromarray(codes).save(file, kind, **settings)
    return file.getvalue()


def pixels(content: bytes) -> np.ndarray:
    """(H, W, C) of an encoded picture."""
    return np.asarray(Image.open(io.BytesIO(content)))


class Client(httpx.Client):
    """Talks to a service of this process on a port of this machine."""

    def __init__(self, port: int, service: Service) -> None:
        super().__init__(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        self.port, self.service = port, service


@contextmanager
def open_client(
    folder: Path, limits: Limits | None = None, admission: Admission | None = None
) -> Iterator[Client]:
    """A service that runs until the block is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhotoWarning)
        setting = Setting(folder, limits=limits or Limits())
        server = PhotoServer(setting, admission or Admission())
        with server, listen("127.0.0.1", 0) as listener:
            thread = threading.Thread(target=server.run, args=(listener,))
            thread.start()
            try:
                with Client(listener.getsockname()[1], server.service) as client:
                    yield client
            finally:
                server.stop()
                thread.join()


def upload(client: Client, content: bytes | None = None, name: str = "grey.jpg") -> str:
    """Uploads a picture for the page; its id."""
    sent = {"file": (name, grey_picture() if content is None else content)}
    response = client.post("/api/pictures", files=sent)
    assert response.status_code == 201, response.text
    return response.json()["id"]
