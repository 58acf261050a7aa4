"""Films that a command line names, those in its folders, and where their results go."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from photochrom.cli.console import complain
from photochrom.cli.inputs import Found, files_in, is_folder
from photochrom.cli.plan import Source, is_earlier_result
from photochrom.errors import OptionError

FILM_SUFFIXES = frozenset("""
    .mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .vob .ts .m2ts .mts .wmv .asf .flv .f4v .ogv .3gp .3g2
    .mxf .dv .rm .rmvb .nut .y4m .mjpeg .h264 .264 .h265 .265 .ivf .divx .qt
    """.split())  # fmt: skip  # noqa: SIM905
"""What is taken for a film by its name."""

PREVIEW = ".preview"
"""Marks the name of a result that shows only the beginning."""


def is_film(path: Path) -> bool:
    """Whether a file is a film, by its content or, where that says nothing, by its name."""
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            head = file.read(256)
    except (OSError, ValueError):
        return suffix in FILM_SUFFIXES and not is_folder(path)
    if head[4:8] == b"ftyp":
        return head[8:12] not in (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
    if head.startswith((b"\x1aE\xdf\xa3", b"\x00\x00\x01\xba", b"FLV\x01")):
        return True
    if head.startswith(b"RIFF"):
        return head[8:12] == b"AVI "
    if suffix == ".ts" and head and head.isascii():
        return False  # TypeScript
    picture = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")
    return suffix in FILM_SUFFIXES and not head.startswith(picture)


def films_in(named: Sequence[str | Path], folder: Path | None, suffix: str) -> Found:
    """Every film that is named, and those in the folders that are named.

    Left out are hidden files and results of an earlier run, as with photographs.

    Args:
        named: files and folders.
        folder: where the results go, or None for beside the films.
        suffix: what marks the name of a result that lies beside its film.
    """
    found = Found()
    for path in map(Path, named):
        if not is_folder(path):
            found.sources.append(Source(path, Path(path.name)))
            continue
        for file in files_in(path, folder, found, FILM_SUFFIXES):
            marked = folder is None and any(is_earlier_result(file, s) for s in (suffix, PREVIEW))
            if not marked and is_film(file):
                found.sources.append(Source(file, file.relative_to(path)))
    return found


def plan_films(
    sources: Sequence[Source], output: str | None, suffix: str, *, several: bool
) -> list[tuple[Path, Path]]:
    """Each film with where its result goes; a film that is listed twice counts once.

    Args:
        sources: the films.
        output: a file, a folder, or None for beside the films.
        suffix: marks the name of a result that lies beside its film.
        several: more than one film may be meant, whatever was found.

    Raises:
        OptionError: several films for one file, or a result would take a film's place.
    """
    from photochrom.film.containers import MUXERS

    different = list({os.path.realpath(source.path): source for source in sources}.values())
    out = None if output is None else Path(output)
    if output == "-":
        raise OptionError("-o -: a film is written to a file; `film pipe` writes raw frames")
    one = out is not None and not is_folder(out) and out.suffix.lower() in MUXERS
    if out is not None and one:
        if several or len(different) > 1:
            raise OptionError(f"-o {out} is one file, but several films are named; use a folder")
        return [(source.path, out) for source in different]
    if out is not None and (out.is_file() or (out.suffix and not is_folder(out))):
        raise OptionError(
            f"-o {out}: no container is known by that suffix; known are {', '.join(MUXERS)}"
        )
    return _named_apart(different, out, suffix)


def _named_apart(sources: Sequence[Source], out: Path | None, mark: str) -> list[tuple[Path, Path]]:
    """The films with their results: those that would share a name are called by their whole one."""
    if out is None and not mark:
        raise OptionError("suffix is empty; results would take the place of their films")
    plain = {source: next(_names(source, out, mark)) for source in sources}
    if out is None:  # results turn up as films when `*.mp4` is run a second time
        results = set(plain.values())
        for source in [source for source in plain if source.path in results]:
            complain(f"{source.path}: left out, it is named as a result of another film")
            del plain[source]
    wanted = Counter(plain.values())
    films = {os.path.realpath(source.path) for source in plain}
    taken = {name for name in plain.values() if wanted[name] == 1}
    planned = {}
    for source in sorted(plain, key=lambda s: plain[s].suffix != s.path.suffix):
        name = plain[source]
        if wanted[name] > 1:
            name = next(n for n in _names(source, out, mark) if n not in taken)
            taken.add(name)
        if os.path.realpath(name) in films:
            raise OptionError(
                f"{source.path}: the result {name} would take the place of a film; use another -o"
            )
        planned[source] = name
    return [(source.path, planned[source]) for source in plain]


def _names(source: Source, out: Path | None, mark: str) -> Iterator[Path]:
    """Names for a film's result, the best first."""
    from photochrom.film.containers import suffix_for

    extension = suffix_for(source.path)
    place = source.path if out is None else out / source.place
    mark = mark if out is None else ""
    yield place.with_name(f"{source.path.stem}{mark}{extension}")
    yield place.with_name(f"{source.path.name}{mark}{extension}")
    for number in count(2):
        yield place.with_name(f"{source.path.stem}-{number}{mark}{extension}")
