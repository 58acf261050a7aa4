"""The TIFF tags that libvips does not read, or cuts short: EXIF, GPS, camera, artist, IPTC.

EXIF is itself a small TIFF, so one reader serves both: a scan's tags become an EXIF block for any
other format, and an EXIF block becomes tags of a finished TIFF, in a new first directory at its
end.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_WORD = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4}  # bytes that swap together
_EXIF_PREFIX = b"Exif\0\0"

COMPRESSIONS = {1: "none", 5: "lzw", 8: "deflate", 32946: "deflate"}
"""TIFF's numbers for the lossless compressions that are kept."""

_COMPRESSION = 259
_IPTC = 33723  # bytes, though many files say they are long integers
# description, maker, model, date, artist, host computer, copyright
_CARRIED = (270, 271, 272, 306, 315, 316, 33432)
_EXIF, _GPS = 34665, 34853
# interoperability pointer, and pixel dimensions that need not be true any more
_LEFT_OUT = (40965, 40962, 40963)

_LARGEST = 1 << 20  # bytes of one value: more is no description but a payload
_MOST = 512  # entries of one directory

Directory = dict[int, tuple[int, bytes]]
"""tag -> (type, value in little-endian order)."""


@dataclass(frozen=True)
class Tags:
    """What is kept of a TIFF's or an EXIF block's directories."""

    first: Directory = field(default_factory=dict)
    """Tags of the first directory that describe the picture."""
    exif: Directory = field(default_factory=dict)
    """The EXIF directory."""
    gps: Directory = field(default_factory=dict)
    """The GPS directory."""
    compression: int | None = None
    """The TIFF's compression scheme, by number."""
    iptc: bytes | None = None
    """Bare IPTC records."""

    def __bool__(self) -> bool:
        return bool(self.first or self.exif or self.gps or self.iptc)


def read_tags(file: BinaryIO) -> Tags | None:
    """The tags of a TIFF, or None where its directories cannot be followed.

    Args:
        file: a TIFF (classic or BigTIFF, either byte order), readable and seekable.
    """
    try:
        reader = _Reader(file)
        everything = reader.directory(reader.first)
        compression = everything.get(_COMPRESSION)
        exif, gps = (
            reader.directory(_number(everything[pointer])) if pointer in everything else {}
            for pointer in (_EXIF, _GPS)
        )
        exif = {tag: value for tag, value in exif.items() if tag not in _LEFT_OUT}
        first = {tag: everything[tag] for tag in _CARRIED if tag in everything}
        number = _number(compression) if compression else None
        return Tags(first, exif, gps, number, everything[_IPTC][1] if _IPTC in everything else None)
    except (struct.error, OSError, ValueError, OverflowError):
        return None


def read_exif_tags(exif: bytes) -> Tags | None:
    """The tags of an EXIF block, or None where it is damaged.

    Args:
        exif: the block, with or without its "Exif" prefix.
    """
    return read_tags(io.BytesIO(exif.removeprefix(_EXIF_PREFIX)))


def exif_from_tags(tags: Tags) -> bytes:
    """An EXIF block that holds these tags.

    Args:
        tags: as read_tags returns them.
    """
    block = io.BytesIO(struct.pack("<2sHI", b"II", 42, 8))
    block.seek(8)
    # the pointers' room is known before their targets: write, then write again with the truth
    offsets = (0, 0)
    for _ in range(2):
        block.seek(8)
        entries = dict(tags.first)
        for pointer, part, at in zip((_EXIF, _GPS), (tags.exif, tags.gps), offsets, strict=True):
            if part:
                entries[pointer] = (4, struct.pack("<I", at))
        _write_directory(block, entries)
        offsets = (block.tell(), 0)
        _write_directory(block, tags.exif)
        offsets = (offsets[0], block.tell())
        _write_directory(block, tags.gps)
    return _EXIF_PREFIX + block.getvalue()


def add_tags(file: BinaryIO, tags: Tags) -> None:
    """Give a finished TIFF these tags; tags that it has stay as they are.

    Args:
        file: a little-endian TIFF or BigTIFF as libvips writes it, open for reading and writing.
        tags: what to add.
    """
    reader = _Reader(file)
    if reader.order != "<":
        return  # libvips on a big-endian machine: rather no EXIF than a wrong one
    entries, following = reader.raw_directory(reader.first)
    big = reader.big
    for tag, value in tags.first.items():
        if tag not in entries:
            entries[tag] = _entry(file, tag, value, big)
    if tags.iptc:
        entries[_IPTC] = _entry(file, _IPTC, (7, tags.iptc), big)
    for pointer, part in ((_EXIF, tags.exif), (_GPS, tags.gps)):
        if part:
            at = _end(file)
            _write_directory(file, part, big)
            entries[pointer] = _entry(file, pointer, (4, struct.pack("<I", at)), big)
    at = _end(file)
    file.write(struct.pack("<Q" if big else "<H", len(entries)))
    file.write(b"".join(raw for _, raw in sorted(entries.items())))
    file.write(struct.pack("<Q" if big else "<I", following))
    file.seek(8 if big else 4)
    file.write(struct.pack("<Q" if big else "<I", at))


class _Reader:
    """Directories of a TIFF in either byte order, classic or BigTIFF."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        file.seek(0)
        head = file.read(16)
        orders = {b"II": "<", b"MM": ">"}
        if head[:2] not in orders:
            raise ValueError("not a TIFF")
        self.order = orders[head[:2]]
        (version,) = struct.unpack_from(self.order + "H", head, 2)
        self.big = version == 43
        (self.first,) = struct.unpack_from(
            self.order + ("Q" if self.big else "I"), head, 8 if self.big else 4
        )

    def raw_directory(self, offset: int) -> tuple[dict[int, bytes], int]:
        """Entries as they stand, by tag, and where the next directory lies."""
        self.file.seek(offset)
        count = self._read("Q" if self.big else "H")
        if count > _MOST:
            raise ValueError("too many entries")
        size = 20 if self.big else 12
        block = self.file.read(size * count)
        raw = [block[k * size : (k + 1) * size] for k in range(count)]
        entries = {struct.unpack_from(self.order + "H", entry)[0]: entry for entry in raw}
        return entries, self._read("Q" if self.big else "I")

    def directory(self, offset: int) -> Directory:
        """Values by tag, all in little-endian order; those of unknown types are left out."""
        entries, _ = self.raw_directory(offset)
        values: Directory = {}
        for tag, raw in entries.items():
            kind, count = struct.unpack_from(self.order + ("HQ" if self.big else "HI"), raw, 2)
            size = _TYPE_SIZES.get(kind, 0) * count
            if 0 < size <= _LARGEST:
                kind = 7 if tag == _IPTC else kind
                values[tag] = (kind, self._value(raw, kind, size))
        return values

    def _value(self, raw: bytes, kind: int, size: int) -> bytes:
        start, room = (12, 8) if self.big else (8, 4)
        if size <= room:
            value = raw[start : start + size]
        else:
            self.file.seek(
                struct.unpack_from(self.order + ("Q" if self.big else "I"), raw, start)[0]
            )
            value = self.file.read(size)
        if len(value) < size:
            raise ValueError("cut short")
        word = _WORD.get(kind, 1)
        if self.order == ">" and word > 1:
            value = b"".join(value[k : k + word][::-1] for k in range(0, size, word))
        return value

    def _read(self, kind: str) -> int:
        kind = self.order + kind
        return int(struct.unpack(kind, self.file.read(struct.calcsize(kind)))[0])


def _number(entry: tuple[int, bytes]) -> int:
    return int.from_bytes(entry[1][:4], "little")


def _end(file: BinaryIO) -> int:
    """Go to the end of the file, on an even offset as TIFF wants, and say where that is."""
    at = file.seek(0, io.SEEK_END)
    if at % 2:
        at += file.write(b"\0")
    return at


def _entry(file: BinaryIO, tag: int, entry: tuple[int, bytes], big: bool) -> bytes:
    """A directory entry; a value too long for it is written at the end of the file."""
    kind, value = entry
    room = 8 if big else 4
    inside = value.ljust(room, b"\0")
    if len(value) > room:
        inside = struct.pack("<Q" if big else "<I", _end(file))
        file.write(value)
    count = len(value) // _TYPE_SIZES[kind]
    return struct.pack("<HHQ" if big else "<HHI", tag, kind, count) + inside


def _write_directory(file: BinaryIO, entries: Directory, big: bool = False) -> None:
    """Write a directory here, at an even offset, and its longer values behind it."""
    if not entries:
        return
    at, room = file.tell(), 8 if big else 4
    count, following = struct.pack("<Q" if big else "<H", len(entries)), b"\0" * room
    behind = at + len(count) + len(entries) * (20 if big else 12) + len(following)
    rows, payload = [], b""
    for tag, (kind, value) in sorted(entries.items()):
        inside = value.ljust(room, b"\0")
        if len(value) > room:
            inside = struct.pack("<Q" if big else "<I", behind + len(payload))
            payload += value + b"\0" * (len(value) % 2)
        number = len(value) // _TYPE_SIZES[kind]
        rows.append(struct.pack("<HHQ" if big else "<HHI", tag, kind, number) + inside)
    file.write(count + b"".join(rows) + following + payload)
