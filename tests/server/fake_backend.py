"""The service's contract with its page, kept by cheap pictures instead of a model.

What is asked is remembered, so that tests can see what the page sends.
"""

from __future__ import annotations

import base64
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import Body, FastAPI, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from PIL import Image, ImageOps, UnidentifiedImageError

import photochrom

STATIC = Path(photochrom.__file__).parent / "server" / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
MODELS = [
    {
        "name": "general", "default": True, "about": "Photographs of all kinds.", "figures": {},
        "vividness": 0.3, "looks": 3, "variants": True, "confidence": True,
    },
    {
        "name": "plain", "default": False, "about": "One colouring only.", "figures": {},
        "vividness": 0.0, "looks": 1, "variants": False, "confidence": False,
    },
]  # fmt: skip
Sent = Annotated[dict[str, Any], Body()]

HINT_REACH = 0.15
"""Radius, in shares of the width, of the region that a hint fills here."""


GREENER = np.float32([-40, 60, -40])
"""What a reference adds here."""


@dataclass
class Asked:
    """What the page has asked for."""

    previews: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    refuse: list[tuple[int, str]] = field(default_factory=list)
    """Status and detail of the next previews at a screen's size, instead of pictures."""
    token: str = ""
    """Where there is one, the service asks for it."""


def colored(grey: Image.Image, options: dict[str, Any]) -> Image.Image:
    """Orange on the left, blue on the right, as vivid as asked; hints fill a disc.

    All of it is greener with a reference.
    """
    width, height = grey.size
    light = np.asarray(grey.convert("L"), np.float32)[..., None]
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    hue = (1 - across) * np.array([50, 5, -55.0]) + across * np.array([-45, 0, 55.0])
    if options.get("variant"):
        hue = np.roll(hue, options["variant"], axis=-1)
    strength = options.get("vividness", 0.3) * 2 * options.get("saturation", 1.0)
    rgb = light + strength * hue + (GREENER if "reference" in options else 0)
    down = np.linspace(0, height / width, height)[:, None]
    for hint in options.get("hints", []):
        y = hint["y"] * height / width
        reached = (across[..., 0] - hint["x"]) ** 2 + (down - y) ** 2 < HINT_REACH**2
        if "color" in hint:
            code = hint["color"].lstrip("#")
            wanted = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32)
            tinted = light + wanted - wanted.mean()
            rgb = np.where(reached[..., None], tinted, rgb)
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


def _encoded(image: Image.Image, kind: str = "JPEG") -> bytes:
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def _small(image: Image.Image, side: int) -> Image.Image:
    small = image.copy()
    if side:
        small.thumbnail((side, side))
    return small


def make_app() -> FastAPI:
    """The application; `app.state.asked` says what was asked, `app.state.greys` what it holds."""
    app = FastAPI()
    app.state.asked = Asked()
    app.state.greys = {}
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.middleware("http")
    async def secure(request: Request, answer: Any) -> Response:
        token = app.state.asked.token
        is_asked = token and request.url.path.startswith("/api/")
        if is_asked and request.headers.get("Authorization") != f"Bearer {token}":
            return JSONResponse({"detail": "this service asks for its token"}, 401)
        response: Response = await answer(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    for path, name in (
        ("/", "index.html"), ("/sw.js", "sw.js"),
        ("/manifest.webmanifest", "manifest.webmanifest"),
    ):  # fmt: skip
        app.get(path)(lambda name=name: FileResponse(STATIC / name))
    app.get("/api/models")(lambda: MODELS)
    app.get("/api/limits")(
        lambda: {"bytes": 20_000_000, "pixels": 10**8, "files": 50, "formats": ["jpeg", "png"]}
    )
    _add_pictures(app)
    _add_steering(app)
    return app


def _find(app: FastAPI, identity: str) -> tuple[str, Image.Image]:
    if identity not in app.state.greys:
        raise HTTPException(404, "there is no such picture any more; send it again")
    found: tuple[str, Image.Image] = app.state.greys[identity]
    return found


def _add_pictures(app: FastAPI) -> None:
    asked: Asked = app.state.asked

    @app.post("/api/pictures", status_code=201)
    def take(file: UploadFile) -> dict[str, Any]:
        try:
            image = ImageOps.exif_transpose(Image.open(file.file))
        except UnidentifiedImageError:
            raise HTTPException(415, f"{file.filename} is not a picture; JPEG would do") from None
        identity = f"p{len(asked.uploads)}"
        asked.uploads.append(str(file.filename))
        app.state.greys[identity] = str(file.filename), image.convert("L")
        return {
            "id": identity, "name": file.filename, "width": image.width, "height": image.height,
            "format": "jpeg", "depth": 8, "was_colour": image.mode != "L",
        }  # fmt: skip

    @app.delete("/api/pictures/{identity}", status_code=204)
    def forget(identity: str) -> None:
        asked.deleted.append(identity)
        app.state.greys.pop(identity, None)

    @app.get("/api/pictures/{identity}/grey")
    def grey(identity: str, side: int) -> Response:
        return Response(_encoded(_small(_find(app, identity)[1], side)), media_type="image/jpeg")

    @app.post("/api/pictures/{identity}/preview")
    def preview(identity: str, side: int, options: Sent) -> Response:
        image = _find(app, identity)[1]
        if side >= 1000:
            asked.previews.append(options)
            if asked.refuse:
                status, detail = asked.refuse.pop(0)
                raise HTTPException(status, detail, {"Retry-After": "1"})
        if "reference" in options:
            _find(app, options["reference"])
        is_grey = options.get("saturation", 1.0) < 0.1
        headers = {"X-Photochrom-Nearly-Grey": str(is_grey).lower()}
        content = _encoded(colored(_small(image, side), options))
        return Response(content, media_type="image/jpeg", headers=headers)

    @app.post("/api/pictures/{identity}/result")
    def result(identity: str, options: Sent) -> Response:
        name, image = _find(app, identity)
        asked.results.append(options)
        told = f'attachment; filename="{Path(name).stem}.color.jpg"'
        content = _encoded(colored(image, options))
        return Response(content, media_type="image/jpeg", headers={"Content-Disposition": told})

    @app.post("/api/zip")
    def zipped(content: Sent) -> Response:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for each in content["pictures"]:
                name, image = _find(app, each["id"])
                archive.writestr(name, _encoded(colored(image, each["options"])))
        return Response(target.getvalue(), media_type="application/zip")


def _add_steering(app: FastAPI) -> None:
    @app.post("/api/pictures/{identity}/variants")
    def variants(identity: str, side: int, count: int, options: Sent) -> dict[str, Any]:
        small = _small(_find(app, identity)[1], side)
        made = []
        for variant in range(count):
            content = _encoded(colored(small, {**options, "variant": variant}))
            image = "data:image/jpeg;base64," + base64.b64encode(content).decode()
            made.append({"variant": variant, "image": image})
        return {"variants": made}

    @app.post("/api/pictures/{identity}/confidence")
    def confidence(identity: str, side: int) -> Response:
        width, height = _small(_find(app, identity)[1], side).size
        overlay = np.zeros((height, width, 4), np.uint8)
        overlay[:, : width // 4] = (255, 255, 255, 200)
        headers = {"X-Photochrom-Unsure-Share": "0.25"}
        content = _encoded(Image.fromarray(overlay), "PNG")
        return Response(content, media_type="image/png", headers=headers)

    @app.post("/api/pictures/{identity}/suggestions")
    def suggestions(identity: str) -> dict[str, Any]:
        _find(app, identity)
        colors = [("#a0522d", 0.42), ("#3a6ea5", 0.2), ("#5f7f3a", 0.11), ("#c8b48c", 0.06)]
        return {"colors": [{"color": color, "share": share} for color, share in colors]}
