"""Films made on the spot: a window pans and zooms over the example photographs, with a tone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

PHOTOS = sorted((Path(__file__).parents[1] / "examples" / "photos").glob("*.jpg"))

SOUND = {".mp4": "aac", ".mov": "aac", ".mkv": "pcm_s16le", ".webm": "libopus", ".avi": "pcm_s16le",
         ".ts": "aac"}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """What a film is made like; `events` are pairs of a frame and "cut", "flash" or "fade"."""

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    width: int = 96
    height: int = 72
    frames: int = 24
    rate: int = 25
    stamps: Sequence[int] | None = None
    sound: bool = True
    rotation: int = 0
    aspect: Fraction | None = None
    events: Sequence[tuple[int, str]] = ()
    options: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    chapters: Sequence[tuple[float, float, str]] = ()


def make_film(path: Path, made: Made = Made()) -> Path:
    """Writes a film; its time base is 1 / (rate * 100), or what the container makes of that."""
    with av.open(str(path), "w") as container:
        container.metadata.update(made.metadata)
        stream = container.add_stream(made.codec, rate=made.rate, options=made.options)
        stream.width, stream.height, stream.pix_fmt = made.width, made.height, made.pixel_format
        unit = Fraction(1, made.rate if made.stamps is None else 1000)
        stream.codec_context.time_base = unit
        stream.codec_context.thread_count = 1
        if made.aspect:
            stream.codec_context.sample_aspect_ratio = made.aspect
        if made.rotation:
            stream.set_display_rotation(made.rotation)
        sound = container.add_stream(SOUND[path.suffix], rate=48000) if made.sound else None
        if made.chapters:
            container.set_chapters([
                {"id": number, "start": int(1000 * begin), "end": int(1000 * end),
                 "time_base": Fraction(1, 1000), "metadata": {"title": title}}
                for number, (begin, end, title) in enumerate(made.chapters)
            ])  # fmt: skip
        stamps = made.stamps or range(made.frames)
        for picture, stamp in zip(pictures(made), stamps, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=made.pixel_format)
            frame.pts, frame.time_base = stamp, unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            seconds = float((stamps[-1] + 1) * unit)
            for block in _tone(sound, seconds):
                container.mux(sound.encode(block))
            container.mux(sound.encode())
    return path


def pictures(made: Made) -> Iterator[np.ndarray]:
    """The frames as (H, W, 3) uint8."""
    photos = [Image.open(path).convert("RGB") for path in PHOTOS]
    events = dict(made.events)
    shown = 0
    for number in range(made.frames):
        shown += events.get(number) == "cut"
        photo = photos[shown % len(photos)]
        zoom = 0.5 + 0.2 * number / made.frames
        width = zoom * min(photo.width, photo.height * made.width / made.height)
        height = width * made.height / made.width
        left = (photo.width - width) * number / made.frames
        top = (photo.height - height) * 0.5
        box = (left, top, left + width, top + height)
        picture = np.asarray(
            photo.resize((made.width, made.height), Image.Resampling.BILINEAR, box=box)
        )
        if events.get(number) == "flash":
            picture = (255 - (255 - picture.astype(np.float32)) * 0.2).astype(np.uint8)
        fades = [begin for begin, kind in events.items() if kind == "fade" and begin <= number]
        if fades:
            picture = (picture * max(0.0, 1 - (number - fades[0]) / 8)).astype(np.uint8)
        yield picture


def _tone(stream: av.AudioStream, seconds: float) -> Iterator[av.AudioFrame]:
    samples = np.arange(int(48000 * seconds))
    wave = (8000 * np.sin(2 * np.pi * 440 * samples / 48000)).astype(np.int16)
    resampler = av.AudioResampler(
        format=stream.codec_context.format, layout="stereo", rate=48000, frame_size=960
    )
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], format="s16", layout="stereo")
    frame.sample_rate, frame.pts = 48000, 0
    yield from resampler.resample(frame)
    yield from resampler.resample(None)


@dataclass(frozen=True)
class Track:
    """The packets of a track: times in seconds, and bytes."""

    kind: str
    times: list[Fraction]
    content: list[bytes]


def tracks(path: Path) -> list[Track]:
    """Every track of a film but its pictures, packet by packet."""
    with av.open(str(path)) as container:
        found = {s.index: Track(s.type, [], []) for s in container.streams if s.type != "video"}
        for packet in container.demux():
            if packet.size and packet.stream.index in found:
                track = found[packet.stream.index]
                track.times.append(packet.pts * packet.time_base)
                track.content.append(bytes(packet))
    return list(found.values())


@dataclass(frozen=True)
class Shown:
    """The decoded frames of a film: times in seconds, luma, and both chroma planes."""

    times: list[Fraction]
    luma: list[np.ndarray]
    chroma: list[tuple[np.ndarray, np.ndarray]]
    rotation: int
    stream: dict[str, object]


def shown(path: Path) -> Shown:
    """Decodes a film, by PyAV's own conversion of planes to arrays."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        facts = {
            "size": (stream.width, stream.height), "aspect": stream.sample_aspect_ratio,
            "codec": stream.codec_context.name, "pix_fmt": stream.codec_context.pix_fmt,
            "range": frames[0].color_range, "matrix": frames[0].colorspace,
        }  # fmt: skip
        planes = [[_plane(frame, index) for index in range(3)] for frame in frames]
        return Shown(
            [frame.pts * frame.time_base for frame in frames],
            [three[0] for three in planes],
            [(three[1], three[2]) for three in planes],
            frames[0].rotation,
            facts,
        )


def _plane(frame: av.VideoFrame, index: int) -> np.ndarray:
    plane = frame.planes[index]
    kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
    return rows[:, : plane.width].copy()
