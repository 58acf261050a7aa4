"""A survey made: pictures chosen, coloured once, and written under names that betray nothing."""

from __future__ import annotations

import hashlib
import heapq
import io
import platform
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.atomic import make_folder
from photochrom.color import rgb_to_lab
from photochrom.data.find import find_shards_and_folders, read_pictures
from photochrom.data.outputs import NAMING
from photochrom.data.prepare import teaches_no_colour
from photochrom.errors import InputError, OutputError
from photochrom.photo import area_resize
from photochrom.survey.design import RANDOM, REAL, SurveyDesign
from photochrom.survey.folder import PICTURES, PictureFile, Survey, SurveyPicture, save_survey
from photochrom.survey.sources import ByteArray, Source, decode_picture, recoloured
from photochrom.survey.trials import (
    catch_pictures,
    catch_versions,
    practice_versions,
    shuffle_key,
)
from photochrom.survey.votes import VoteStore

PROGRAMS = ("photochrom", "numpy", "onnxruntime", "pyvips", "Pillow")
LONGEST = 3.0
"""Pictures with a longer long side, in short sides, do not fit on the page and are left out."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0: unknown)."""


@dataclass(frozen=True, eq=False)
class ChosenPicture:
    """A photograph of the survey.

    Attributes:
        key: what it is called in the data.
        truth: (H, W, 3) sRGB at the survey's size.
    """

    key: str
    truth: ByteArray


def create_survey(
    folder: Path,
    design: SurveyDesign,
    sources: Sequence[Source],
    data: Sequence[Path],
    progress: Progress = lambda doing, done, total: None,
) -> Survey:
    """Makes a survey; the folder is there whole or not at all.

    Args:
        folder: where; it must not exist.
        design: what is asked.
        sources: whose results are judged.
        data: folders of colour pictures, or .tar shards of them.
        progress: see `Progress`.

    Raises:
        OutputError: the folder exists, or cannot be written.
        InputError: too few pictures, or a result that cannot be used.
        DataError: the data cannot be read.
    """
    if folder.exists():
        raise OutputError(f"{folder}: exists; a new name would work, or delete it with its votes")
    names = tuple(source.name for source in sources)
    design.matchups(names)
    chosen = choose_pictures(design, sources, data, progress)
    make_folder(folder.absolute().parent)
    hidden = folder.with_name(f".photochrom-{secrets.token_hex(6)}.part")
    try:
        make_folder(hidden / PICTURES)
        pictures = _render_all(hidden, design, sources, chosen, progress)
        protocol = {
            "data": [path.name for path in data],
            "rendered": f"short side {design.size} px, Lanczos; PNG, 8 bits",
            "random": "lightness of the picture, chroma of another picture of the survey",
            "models": {source.name: dict(source.protocol()) for source in sources},
            "made_with": {"python": platform.python_version(), **_versions()},
        }
        made = Survey(hidden, design, names, pictures, protocol)
        save_survey(made)
        VoteStore(made.votes_path, create=True).close()
        hidden.rename(folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return Survey(folder, design, names, pictures, protocol)


def choose_pictures(
    design: SurveyDesign, sources: Sequence[Source], data: Sequence[Path], progress: Progress
) -> list[ChosenPicture]:
    """The survey's pictures: of all that can be used, those whose shuffled keys come first.

    Left out are pictures that cannot be read, have no colour (see `photochrom prepare`), are very
    long, or that another program has no result for.

    Raises:
        InputError: there are too few.
    """
    # the largest key lies on top, as its negative, so that only what may be kept is decoded
    kept: list[tuple[int, str, ByteArray]] = []
    seen: set[str] = set()
    for place in find_shards_and_folders(data):
        for picture in read_pictures(place):
            rank = -int(shuffle_key(str(design.seed), picture.key), 16)
            full = len(kept) == design.pictures
            if picture.key in seen or (full and rank < kept[0][0]):
                continue
            seen.add(picture.key)
            if not all(source.covers(picture.key) for source in sources):
                continue
            truth = _truth(picture.content, design.size)
            if truth is not None:
                push = heapq.heappushpop if full else heapq.heappush
                push(kept, (rank, picture.key, truth))
                progress("choosing pictures", len(kept), design.pictures)
    if len(kept) < design.pictures:
        raise InputError(
            f"{len(kept)} usable colour pictures, but the survey needs {design.pictures} "
            f"({design.practice} practice, {design.catch} catch, {design.sets} x {design.scored} "
            f"that count); {_advice(sources, seen)}"
        )
    return [ChosenPicture(key, truth) for _, key, truth in sorted(kept, reverse=True)]


def _advice(sources: Sequence[Source], keys: set[str]) -> str:
    for source in sources:
        covered = sum(source.covers(key) for key in keys)
        if covered < len(keys):
            return f"{source.name} has results for {covered} of {len(keys)} pictures; {NAMING}"
    return "more pictures, or fewer --trials would work"


def _truth(content: bytes, size: int) -> ByteArray | None:
    """The decoded picture at the survey's size; None where it is of no use."""
    image = decode_picture(content)
    if image is None or max(image.size) > LONGEST * min(image.size):
        return None
    if teaches_no_colour(image) is not None:
        return None
    zoom = size / min(image.size)
    wanted = (max(size, round(image.width * zoom)), max(size, round(image.height * zoom)))
    return np.asarray(image.resize(wanted, Image.Resampling.LANCZOS))


def _render_all(
    folder: Path,
    design: SurveyDesign,
    sources: Sequence[Source],
    chosen: Sequence[ChosenPicture],
    progress: Progress,
) -> tuple[SurveyPicture, ...]:
    names = [source.name for source in sources]
    by_name = {source.name: source for source in sources}
    scored = {version for shown in design.matchups(names) for version in shown}
    wanted: dict[int, Sequence[str]] = dict(practice_versions(design, names))
    wanted |= dict.fromkeys(catch_pictures(design), catch_versions(design))
    made = []
    for index, picture in enumerate(chosen):
        versions = wanted.get(index, sorted(scored | ({REAL} if design.real else set())))
        files = {}
        for name in versions:
            if name == REAL:
                pixels = picture.truth
            elif name == RANDOM:
                pixels = _in_random_colours(picture, chosen[index - 1])
            else:
                pixels = by_name[name].result(picture.key, picture.truth)
            files[name] = _write(pixels, folder / PICTURES)
        made.append(SurveyPicture(picture.key, files))
        progress("colouring pictures", index + 1, len(chosen))
    return tuple(made)


def _in_random_colours(picture: ChosenPicture, other: ChosenPicture) -> ByteArray:
    """The picture in the chroma of another: the "random" baseline of Zhang et al. 2016."""
    height, width = picture.truth.shape[:2]
    ab = area_resize(rgb_to_lab(other.truth)[..., 1:], height, width)
    return recoloured(picture.truth, ab, picture.key)


def _write(pixels: ByteArray, folder: Path) -> PictureFile:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=9)
    content = out.getvalue()
    name = f"{secrets.token_hex(16)}.png"
    (folder / name).write_bytes(content)
    height, width = pixels.shape[:2]
    return PictureFile(name, hashlib.sha256(content).hexdigest(), width, height)


def _versions() -> dict[str, str]:
    found = {}
    for program in PROGRAMS:
        try:
            found[program] = version(program)
        except PackageNotFoundError:
            found[program] = "unknown"
    return found
