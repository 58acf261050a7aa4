"""How a film is read and written."""

from __future__ import annotations

from dataclasses import dataclass

from photochrom.errors import OptionError
from photochrom.film.colours import ColoursMaker
from photochrom.film.steadiness import SteadyColours


@dataclass(frozen=True)
class FilmOptions:
    """How a film is read and written.

    Attributes:
        codec: a name of `encode.CODECS`; None takes h264, or vp9 in WebM.
        crf: quality on the codec's own scale, lower is better; None takes its default.
        preset: the encoder's speed; None takes the codec's default.
        start: seconds from which the film is coloured.
        end: seconds to which it is coloured; None takes all.
        damaged: colour what can be read of a damaged film, instead of an error.
        mark: note in the metadata that the colours are guessed.
        segment: frames of a segment, and so what is lost at most when the work is stopped.
        colours: makes what gives the frames their colours.
        jobs: frames that are coloured at once, where each is coloured alone.
    """

    codec: str | None = None
    crf: int | None = None
    preset: str | None = None
    start: float = 0.0
    end: float | None = None
    damaged: bool = False
    mark: bool = True
    segment: int = 240
    colours: ColoursMaker = SteadyColours
    jobs: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.start < float("inf"):
            raise OptionError(f"from is {self.start}; it must be 0 seconds or more")
        if self.end is not None and not self.end > self.start:
            raise OptionError(f"to is {self.end}; it must be more than from, {self.start}")
        for name in ("segment", "jobs"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} is {getattr(self, name)}; it must be at least 1")


PLAINLY = FilmOptions()
"""The whole film, in the usual way."""
