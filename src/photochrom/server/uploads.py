"""Uploads, streamed to files of the service's own random names as they come.

A client's file name is kept as a word to show, never as a path. What a request leaves behind when
it fails is removed.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import HTTPException, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from photochrom.server.asked import REFERENCE
from photochrom.server.limits import MEGABYTE

PICTURE_TYPES = re.compile(r"image/[\w.+-]+|application/octet-stream")
FORM_TYPE = "multipart/form-data"
DEFAULT_NAME = "picture"

_FIELDS, _FIELD_BYTES = 64, MEGABYTE
_LONGEST_NAME = 120
_AT_ONCE = 512 * 1024  # bytes that are gathered before they are written


@dataclass(frozen=True)
class Upload:
    """A file that came.

    Attributes:
        path: where it lies, under a random name.
        name: what its owner calls it: no folders, no control characters.
        bytes: its size.
    """

    path: Path
    name: str
    bytes: int


@dataclass
class Received:
    """What came with a request.

    Attributes:
        files: in the order of the request.
        reference: the picture whose colours are to be taken over, or None.
        fields: the values of each field that is not a file.
    """

    files: list[Upload] = field(default_factory=list)
    reference: Upload | None = None
    fields: dict[str, list[str]] = field(default_factory=dict)

    def discard(self) -> None:
        """Removes the files."""
        for file in (*self.files, self.reference):
            if file is not None:
                file.path.unlink(missing_ok=True)


def plain_name(name: str) -> str:
    """The last part of what a client calls its file, as something that can be shown and sent."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(c for c in last if c.isprintable()).strip(" .")
    if len(printable) > _LONGEST_NAME:
        stem, dot, ending = printable.rpartition(".")
        ending = dot + ending if stem and len(ending) < 8 else ""
        printable = printable[: _LONGEST_NAME - len(ending)] + ending
    return printable or DEFAULT_NAME


async def receive_upload(
    request: Request, folder: Path, *, named: str, files: int, largest: int, reference: bool = False
) -> Received:
    """Everything that a request brings.

    Args:
        request: multipart with one or many files, or a picture as its whole body and options in
            the address.
        folder: where files are put.
        named: the form's field that holds a file, or each of them.
        files: how many there may be.
        largest: bytes that one may have.
        reference: whether a form may have a reference picture, too.

    Raises:
        HTTPException: 4xx: it is too much, or not what was asked for.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type", ""))
    told = kind.decode("latin-1").lower()
    if told == FORM_TYPE:
        form = _Form(folder, {named: files} | ({REFERENCE: 1} if reference else {}), largest)
        return await form.receive(request, parameters.get(b"boundary", b""))
    if not PICTURE_TYPES.fullmatch(told):
        raise HTTPException(
            415,
            f"content type {told[:60] or 'missing'!r}: {FORM_TYPE} with a file in the field "
            f"{named!r}, or a picture as the body (such as image/jpeg) would work",
        )
    query = request.query_params
    writer = _Writer(folder, query.get("name", ""), largest)
    try:
        async for chunk in request.stream():
            writer.add(chunk)
            await writer.flush(_AT_ONCE)
        upload = await writer.finish()
    except BaseException:
        writer.discard()
        raise
    return Received(
        [upload], fields={name: query.getlist(name) for name in query if name != "name"}
    )


class _Writer:
    """One file that is coming, in a field of a form or as a body."""

    def __init__(self, folder: Path, name: str, largest: int, field: str = "") -> None:
        self.field = field
        self._path = folder / secrets.token_hex(16)
        self._name, self._largest = plain_name(name), largest
        self._file: BinaryIO | None = None
        self._waiting = bytearray()
        self._bytes = 0

    def add(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > self._largest:
            most = self._largest // MEGABYTE
            raise HTTPException(413, f"{self._name}: larger than {most} MB, the most for a picture")
        self._waiting += data

    async def flush(self, unless_less: int = 0) -> None:
        """Writes what was gathered, if it is as much as that."""
        if len(self._waiting) >= unless_less:
            gathered, self._waiting = self._waiting, bytearray()
            await asyncio.to_thread(self._write, gathered)

    async def finish(self) -> Upload:
        await self.flush()
        if self._file is not None:
            self._file.close()
        return Upload(self._path, self._name, self._bytes)

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)

    def _write(self, data: bytearray) -> None:
        if self._file is None:
            self._file = self._path.open("xb")
        self._file.write(data)


class _Form:
    """A multipart form that is coming: its files go to the disk, its fields into memory.

    Args:
        folder: where files are put.
        most: how many files each field for files may have.
        largest: bytes that a file may have.
    """

    def __init__(self, folder: Path, most: Mapping[str, int], largest: int) -> None:
        self._folder, self._most, self._largest = folder, most, largest
        self._received, self._begun = Received(), Counter[str]()
        self._writer: _Writer | None = None
        self._complete: list[_Writer] = []  # whose last bytes are not on the disk yet
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        self._field, self._field_value = "", bytearray()
        self._field_bytes = self._fields = 0
        self._ended = False

    async def receive(self, request: Request, boundary: bytes) -> Received:
        try:
            parser = MultipartParser(boundary or _no_boundary(), self._callbacks())
            async for chunk in request.stream():
                parser.write(chunk)
                await self._write_out(_AT_ONCE)
            await self._write_out()
        except FormParserError as error:
            self._discard()
            raise HTTPException(400, f"the form cannot be read: {error}") from None
        except BaseException:
            self._discard()
            raise
        if not self._ended:
            self._discard()
            raise HTTPException(400, "the form is cut short; its last boundary is missing")
        return self._received

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition, self._field_value = b"", bytearray()

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        _, said = parse_options_header(self._disposition)
        self._field = said.get(b"name", b"").decode("utf-8", "replace")
        empty = self._field == REFERENCE and not said.get(b"filename")  # as browsers send none
        if b"filename" not in said or empty:
            self._fields += 1
            if self._fields > _FIELDS:
                raise HTTPException(413, f"more than {_FIELDS} fields")
            return
        self._begin_file(said[b"filename"].decode("utf-8", "replace"))

    def _begin_file(self, name: str) -> None:
        if self._field not in self._most:
            fields = " and ".join(map(repr, self._most))
            raise HTTPException(
                422, f"a file in the field {self._field[:60]!r}; files go into {fields}"
            )
        most = self._most[self._field]
        if self._begun[self._field] == most:
            raise HTTPException(413, f"{self._field}: more than {most} files in one request")
        self._begun[self._field] += 1
        self._writer = _Writer(self._folder, name, self._largest, self._field)

    def _add(self, data: bytes, start: int, end: int) -> None:
        if self._writer is not None:
            self._writer.add(data[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > _FIELD_BYTES:
            raise HTTPException(413, f"fields of more than {_FIELD_BYTES // MEGABYTE} MB")
        self._field_value += data[start:end]

    def _end_part(self) -> None:
        if self._writer is not None:
            self._complete.append(self._writer)
            self._writer = None
            return
        value = self._field_value.decode("utf-8", "replace")
        self._received.fields.setdefault(self._field, []).append(value)

    def _end(self) -> None:
        self._ended = True

    async def _write_out(self, unless_less: int = 0) -> None:
        while self._complete:
            upload = await self._complete[0].finish()
            if self._complete.pop(0).field == REFERENCE:
                self._received.reference = upload
            else:
                self._received.files.append(upload)
        if self._writer is not None:
            await self._writer.flush(unless_less)

    def _discard(self) -> None:
        self._received.discard()
        for writer in (*self._complete, *([self._writer] if self._writer else [])):
            writer.discard()


def _no_boundary() -> bytes:
    raise HTTPException(400, f"{FORM_TYPE} without a boundary; let your client make the header")
