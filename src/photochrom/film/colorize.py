"""A film in colour: file in, file out, in segments, so that a stopped film can be gone on with."""

from __future__ import annotations

import hashlib
import pickle
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.atomic import make_folder, written_whole
from photochrom.colorizer import Colorizer
from photochrom.errors import OutputError
from photochrom.film.colours import FrameColours, with_reference_opened
from photochrom.film.containers import default_codec, fitted
from photochrom.film.describe import FilmDescription, describe
from photochrom.film.encode import EncoderSettings, settings_for
from photochrom.film.join import Kept, join
from photochrom.film.line import line_for
from photochrom.film.options import PLAINLY, FilmOptions
from photochrom.film.segments import Job
from photochrom.film.work import Listener, Work
from photochrom.options import ColorizeOptions
from photochrom.runtime import file_sha256


@dataclass(frozen=True)
class ColorizedFilm:
    """A film that was coloured.

    Attributes:
        path: of the result.
        film: what was coloured.
        frames: how many.
        seconds: that this run took.
        gone_on_from: frames that an earlier run had coloured.
        left_out: tracks that the result's container cannot hold, in words.
        notes: what its owner should know.
    """

    path: Path
    film: FilmDescription
    frames: int
    seconds: float
    gone_on_from: int
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def colorize_film(
    source: str | Path, target: str | Path, colorizer: Colorizer,
    options: ColorizeOptions = ColorizeOptions(), film_options: FilmOptions = PLAINLY, *,
    listener: Listener = lambda _: None,
) -> ColorizedFilm:  # fmt: skip
    """Colours a film; sound, subtitles, chapters, time stamps and metadata are kept.

    Work that was stopped, however it was stopped, is gone on with when the same is asked again: the
    result is the same to the byte.

    Args:
        source: any film that FFmpeg can read.
        target: the result; its suffix names the container.
        colorizer: an opened model.
        options: how to colour.
        film_options: how to read and write.
        listener: hears of each frame.

    Raises:
        InputError, UnreadableError: the film cannot be read; see the message.
        OutputError: the result cannot be written.
        OptionError: a value that the codec does not know.
    """
    begin = time.monotonic()
    options = with_reference_opened(options)
    film, target = describe(Path(source)), Path(target)
    if target.exists() and target.samefile(film.path):
        raise OutputError(f"{target}: is the film itself; give another name")
    make_folder(target.parent)
    codec = film_options.codec or default_codec(target.suffix)
    settings = settings_for(film, codec, film_options.crf, film_options.preset)
    settings = fitted(settings, target.suffix)
    giver = film_options.colours(colorizer, options)
    job = Job(target, _what_decides(film, settings, colorizer, options, film_options, giver))
    line = line_for(film, settings, colorizer, options)
    work = Work(line, giver, job, film_options, listener)
    try:
        work.run()
    finally:
        job.remove_if_empty()
    with written_whole(job.folder / "joined") as partial:
        kept = Kept(work.span(), target.suffix, film_options.mark)
        left_out = join(film, kept, job, settings, partial)
    _put_in_place(job.folder / "joined", target)
    job.remove()
    return ColorizedFilm(
        target, film, work.done, time.monotonic() - begin, work.before, left_out,
        notes(film, settings),
    )  # fmt: skip


def _put_in_place(joined: Path, target: Path) -> None:
    try:
        joined.replace(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror})") from None


def notes(film: FilmDescription, settings: EncoderSettings) -> tuple[str, ...]:
    """What the owner of a film should know about its result, a sentence each."""
    told = []
    if film.fields:
        kept = "coded in the same fields"
        if film.top_first is None:
            kept = "coded in whole frames, since no order is known"
        elif not settings.in_fields:
            kept = (
                f"coded in whole frames ({settings.codec}, height {film.height}), the container "
                "tells of fields; --codec h264, mpeg4 or ffv1 codes fields of heights that divide "
                "by 4"
            )
        told.append(
            f"is interlaced ({film.fields}); it is coloured as it is and {kept}. "
            "Deinterlace it before for cleaner colours"
        )
    if settings.coding.depth < film.coding.depth:
        told.append(
            f"has {film.coding.depth} bits, {settings.codec} takes {settings.coding.depth}: the "
            "brightness is rounded; --codec ffv1 keeps it"
        )
    if not settings.halved:
        told.append(
            f"has an odd size, which {settings.codec} takes only with chroma of full size (4:4:4); "
            "--codec vp9 gives 4:2:0"
        )
    return tuple(told)


def _what_decides(
    film: FilmDescription, settings: EncoderSettings, colorizer: Colorizer,
    options: ColorizeOptions, film_options: FilmOptions, colours: FrameColours,
) -> dict[str, Any]:  # fmt: skip
    """All that decides the result: work on anything else cannot be gone on with."""
    about = film.path.stat()
    return {
        "film": [str(film.path.resolve()), about.st_size, about.st_mtime_ns],
        "model": file_sha256(colorizer.model.path),
        # hints may be large arrays, whose text leaves the middle out
        "options": hashlib.sha256(pickle.dumps(options)).hexdigest(),
        "reference": colour_print(colorizer, options),
        "colours": _fingerprint(colours),
        "encoder": str(settings),
        "range": [film_options.start, film_options.end, film_options.segment],
        "versions": [version(name) for name in ("photochrom", "av", "onnxruntime", "numpy")],
    }


def colour_print(colorizer: Colorizer, options: ColorizeOptions) -> str | None:
    """What tells two reference pictures apart, be they of one name; None where there is none."""
    reference = with_reference_opened(options).reference
    if reference is None:
        return None
    return hashlib.sha256(colorizer.known(reference).ab.tobytes()).hexdigest()


def _fingerprint(colours: FrameColours) -> str:
    """What tells two givers of colours apart: kind, settings, and what they begin with."""
    digest = hashlib.sha256()
    digest.update(f"{type(colours).__qualname__} {getattr(colours, 'settings', '')}".encode())
    for name, array in sorted(colours.state().items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
