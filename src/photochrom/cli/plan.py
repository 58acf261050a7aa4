"""Which picture becomes which file: every name is settled before the first picture is opened.

Nothing here touches a disk. What a plan promises: no two jobs share a result, and no result takes
the place of a picture that is to be coloured.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from photochrom.errors import OptionError

STDIO = Path("-")
"""Standard input as a source, standard output as a result."""

KEEP = "keep"

FORMAT_SUFFIXES: dict[str, tuple[str, ...]] = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "tiff": (".tif", ".tiff"),
    "webp": (".webp",),
}
"""The formats that can be asked for; the first suffix is the one a new name gets."""

KEPT_SUFFIXES = {**FORMAT_SUFFIXES, "avif": (".avif",)}
"""The formats in which a picture that came so is written again."""

FALLBACK_FORMAT = "png"
"""What all others become: it loses nothing and opens everywhere."""


SHEET = "-all"
"""Stands behind the name of the picture that shows all variants together."""


@dataclass(frozen=True)
class Source:
    """A picture to be coloured.

    Attributes:
        path: the file, or `STDIO`.
        place: its path below the folder it was found in; its bare name if it was named itself.
        format: what its first bytes say it is, "jpeg" or "gif" say; None where they say nothing.
    """

    path: Path
    place: Path
    format: str | None = None


@dataclass(frozen=True)
class Naming:
    """Where results go and what they are called.

    Attributes:
        folder: keeps each source's place and name; None puts results beside their sources.
        file: the one result of the one source; takes precedence over `folder`.
        suffix: stands before the extension of a result that lies beside its source.
        format: "keep", or one of `FORMAT_SUFFIXES`.
        variants: results for each source; more than one are numbered.
        overwrite: whether results that are there already are made again.
        confidence: where a map of the confidence goes: a .png file for one picture, or a folder.
    """

    folder: Path | None = None
    file: Path | None = None
    suffix: str = ".color"
    format: str = KEEP
    variants: int = 1
    overwrite: bool = False
    confidence: Path | None = None

    def __post_init__(self) -> None:
        if "/" in self.suffix or os.sep in self.suffix:
            raise OptionError(
                f"suffix is {self.suffix!r}; it is part of a name, without {os.sep!r}"
            )
        beside = self.folder is None and self.file is None
        if beside and not self.suffix:
            raise OptionError("suffix is empty; results would take the place of their pictures")
        if self.file is not None and self.file != STDIO:
            _check_file(self.file, self.format)


@dataclass(frozen=True)
class Job:
    """One picture and the files that it becomes.

    Attributes:
        source: the picture.
        results: its colourings, the most likely first.
        sheet: where they are shown together, if there are several.
        confidence: where the map of the first one's confidence goes, if one is wanted.
    """

    source: Source
    results: tuple[Path, ...]
    sheet: Path | None = None
    confidence: Path | None = None

    @property
    def outputs(self) -> tuple[Path, ...]:
        """All of these files."""
        return *self.results, *(path for path in (self.sheet, self.confidence) if path)


@dataclass(frozen=True)
class Plan:
    """Jobs in the order of their sources, and sources that are results of other sources."""

    jobs: tuple[Job, ...]
    earlier_results: tuple[Source, ...] = ()


def make_plan(
    sources: Iterable[Source],
    naming: Naming,
    real: Callable[[Path], Path] = lambda path: Path(os.path.normpath(path)),
) -> Plan:
    """The jobs for a list of pictures.

    Args:
        sources: pictures; one that is listed twice counts once.
        naming: where results go.
        real: what two paths of the same file have in common.

    Raises:
        OptionError: a result would take the place of a picture.
    """
    different = list({real(source.path): source for source in sources}.values())
    if naming.confidence is not None and _is_map(naming.confidence) and len(different) > 1:
        raise OptionError(
            f"--confidence {naming.confidence} is one file, but there are {len(different)} "
            "pictures; name a folder"
        )
    if naming.file is not None and len(different) > 1:
        raise OptionError(f"{naming.file} is one file, but there are {len(different)} pictures")
    different, earlier = _without_earlier_results(different, naming, real)
    pictures = {real(source.path) for source in different if source.path != STDIO}
    protected = pictures | {real(s.path) for s in earlier if naming.overwrite}
    plain = {source: _job(source, _plain_name(source, naming), naming) for source in different}
    for source, job in plain.items():
        for output in job.outputs:
            if output != STDIO and real(output) in protected:
                raise OptionError(_would_replace(source, output))
    wanted = Counter(job.results[0] for job in plain.values())
    settled = {s: job for s, job in plain.items() if wanted[job.results[0]] == 1}
    taken = protected.union(*([real(o) for o in job.outputs] for job in settled.values()))
    contested = [source for source in different if source not in settled]
    for source in sorted(contested, key=lambda s: not _keeps_extension(s, naming)):
        for name in _other_names(source, naming):
            job = _job(source, name, naming)
            if taken.isdisjoint(map(real, job.outputs)):
                break
        settled[source] = job
        taken.update(map(real, job.outputs))
    return Plan(tuple(settled[source] for source in different), tuple(earlier))


def is_earlier_result(path: Path, suffix: str) -> bool:
    """Whether a file is named as a result that lies beside its picture, variants included."""
    return re.fullmatch(rf".+{re.escape(suffix)}(-\d+|{SHEET})?", path.stem) is not None


def format_of(path: Path) -> str | None:
    """The format that a file's extension asks for, or None."""
    suffix = path.suffix.lower()
    return next((name for name, known in FORMAT_SUFFIXES.items() if suffix in known), None)


def _without_earlier_results(
    sources: list[Source], naming: Naming, real: Callable[[Path], Path]
) -> tuple[list[Source], list[Source]]:
    """Beside their pictures, results turn up as sources when `*.jpg` is run a second time."""
    if naming.folder is not None or naming.file is not None:
        return sources, []
    results = {
        real(output)
        for source in sources
        if source.path != STDIO
        for output in _job(source, _plain_name(source, naming), naming).outputs
    }
    earlier = [source for source in sources if real(source.path) in results]
    return [source for source in sources if source not in earlier], earlier


def _plain_name(source: Source, naming: Naming) -> Path:
    return _name(source, naming, source.path.stem)


def _other_names(source: Source, naming: Naming) -> Iterator[Path]:
    """Names for a picture whose plain name others want too, best first."""
    if _keeps_extension(source, naming):
        yield _plain_name(source, naming)
    else:
        yield _name(source, naming, source.path.name)
    for number in count(2):
        yield _name(source, naming, f"{source.path.stem}-{number}")


def _name(source: Source, naming: Naming, stem: str) -> Path:
    if naming.file is not None:
        return naming.file
    if source.path == STDIO and naming.folder is None:
        return STDIO
    extension = _extension(source, naming)
    if naming.folder is not None:
        return naming.folder / source.place.with_name(stem + extension)
    return source.path.with_name(stem + naming.suffix + extension)


def _extension(source: Source, naming: Naming) -> str:
    """The picture's own extension as it is spelled, unless it would lie about the result."""
    result_format = _result_format(source, naming)
    own = source.path.suffix
    fits = own.lower() in KEPT_SUFFIXES[result_format]
    return own if fits else KEPT_SUFFIXES[result_format][0]


def _result_format(source: Source, naming: Naming) -> str:
    if naming.format != KEEP:
        return naming.format
    # what the file says beats its name: a PNG called .jpg keeps its depth
    own = source.format or format_of(source.path)
    return own if own in KEPT_SUFFIXES else FALLBACK_FORMAT


def _keeps_extension(source: Source, naming: Naming) -> bool:
    return bool(source.path.suffix) and _extension(source, naming) == source.path.suffix


def _job(source: Source, name: Path, naming: Naming) -> Job:
    """The files of a picture whose result, were it the only one, had this name."""
    confidence = naming.confidence
    if confidence is not None and not _is_map(confidence):
        # the whole name: a.jpg and a.png of one folder are two pictures
        confidence = confidence / source.place.with_name(f"{source.path.name}.png")
    if naming.variants == 1:
        return Job(source, (name,), None, confidence)
    if name == STDIO:
        raise OptionError(f"{naming.variants} variants do not fit into one stream; use -o FOLDER")
    numbers = range(1, naming.variants + 1)
    numbered = tuple(name.with_name(f"{name.stem}-{n}{name.suffix}") for n in numbers)
    return Job(source, numbered, name.with_name(f"{name.stem}{SHEET}{name.suffix}"), confidence)


def _is_map(path: Path) -> bool:
    return path.suffix.lower() == ".png"


def _check_file(file: Path, wanted: str) -> None:
    told = format_of(file)
    if wanted == KEEP and told is None:
        known = ", ".join(suffixes[0] for suffixes in FORMAT_SUFFIXES.values())
        raise OptionError(
            f"{file}: no format goes by the extension {file.suffix!r}; known are {known} "
            f"(a folder ends with {os.sep!r})"
        )
    if wanted != KEEP and told is not None and told != wanted:
        raise OptionError(f"{file} is a name for {told}, but --format says {wanted}")


def _would_replace(source: Source, output: Path) -> str:
    if output == source.path:
        return f"{source.path}: the result would take the place of the picture; use another -o"
    return f"{source.path}: the result {output} would take the place of a picture; use another -o"
