"""The containers that results can be written to, and what fits into them."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import av.error

from photochrom.errors import OptionError
from photochrom.film.describe import reason
from photochrom.film.encode import EncoderSettings

MUXERS = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm",
    ".ts": "mpegts", ".m2ts": "mpegts", ".mts": "mpegts", ".avi": "avi", ".nut": "nut",
}  # fmt: skip
"""FFmpeg's muxer for the suffix of a result."""

KEPT = frozenset([".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts", ".m2ts", ".mts"])
"""Films with these suffixes are written as they came, all others as Matroska, which holds
everything."""

_MOV_TAGS = frozenset([
    "title", "artist", "album_artist", "composer", "album", "date", "comment", "genre", "copyright",
    "grouping", "lyrics", "description", "synopsis", "show", "episode_id", "network", "keywords",
    "track", "disc", "compilation", "creation_time", "hd_video", "gapless_playback", "media_type",
    "location", "timecode",
])  # fmt: skip
"""Metadata that MP4 holds in the way every player reads."""

_LAYOUTS = {"1 channels": "mono", "2 channels": "stereo"}
"""What is meant where a film tells only the number: some containers want to know."""


def suffix_for(source: Path) -> str:
    """The suffix of a result that is not named."""
    suffix = source.suffix.lower()
    return suffix if suffix in KEPT else ".mkv"


def muxer_for(suffix: str) -> str:
    """FFmpeg's muxer for a suffix.

    Raises:
        OptionError: none is offered.
    """
    if suffix.lower() not in MUXERS:
        raise OptionError(
            f"results cannot be written as {suffix or 'a file without a suffix'}; "
            f"known are {', '.join(MUXERS)}"
        )
    return MUXERS[suffix.lower()]


def default_codec(suffix: str) -> str:
    """The codec of a result that none is named for."""
    return "vp9" if suffix.lower() == ".webm" else "h264"


def fitted(settings: EncoderSettings, suffix: str) -> EncoderSettings:
    """The settings with parameters where the container wants them.

    Raises:
        OptionError: the container cannot hold the codec.
    """
    muxer = muxer_for(suffix)
    with av.open(io.BytesIO(), "w", format=muxer) as container:
        try:
            container.add_stream(settings.encoder, rate=settings.rate)
        except ValueError:
            raise OptionError(
                f"{suffix} cannot hold {settings.codec}; another --codec, or -o FILE.mkv, would do"
            ) from None
        known: Any = av.format.Flags
        in_header = bool(container.format.flags & known.global_header.value)
    return replace(settings, in_header=in_header)


def open_result(path: Path, suffix: str, metadata: dict[str, str]) -> Any:
    """FFmpeg's container of a result; the same content gives the same bytes."""
    muxer, options = muxer_for(suffix), {"fflags": "+bitexact"}
    if muxer in ("mp4", "mov") and not _MOV_TAGS.issuperset(metadata):
        options["movflags"] = "+use_metadata_tags"
    if muxer == "mpegts":
        options["mpegts_copyts"] = "1"
    container = av.open(str(path), "w", format=muxer, container_options=options)
    container.metadata.update(metadata)
    return container


def can_hold(suffix: str, stream: Any) -> str | None:
    """Why a result cannot hold a copy of a track, or None where it can."""
    container = av.open(os.devnull, "w", format=muxer_for(suffix))
    why = None
    try:
        copy_track(container, stream)
        container.start_encoding()
    except (av.error.FFmpegError, ValueError) as error:
        why = reason(error)
    try:
        container.close()  # some look at their tracks only now
    except av.error.FFmpegError as error:
        why = why or reason(error)
    return why


def copy_track(container: Any, stream: Any) -> Any:
    """A track of a result that packets of the film's track can be written to."""
    copy = container.add_stream_from_template(stream, opaque=True)
    copy.time_base = stream.time_base
    copy.disposition = stream.disposition
    copy.metadata.update(kept_tags(stream.metadata))
    if stream.type == "audio" and stream.codec_context.layout.name in _LAYOUTS:
        copy.codec_context.layout = _LAYOUTS[stream.codec_context.layout.name]
    return copy


def kept_tags(metadata: dict[str, str]) -> dict[str, str]:
    """Metadata without what a container works out itself."""
    own = ("encoder", "major_brand", "minor_version", "compatible_brands", "duration", "bps",
           "number_of_", "_statistics_")  # fmt: skip
    return {key: value for key, value in metadata.items() if not key.lower().startswith(own)}
