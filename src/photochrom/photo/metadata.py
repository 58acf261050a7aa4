"""What a picture says about itself: carried over, made true again, and marked.

Orientation is reset because it has been applied, the embedded thumbnail is dropped because it shows
the grey picture, and the XMP says that a machine made the colours.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import pyvips

from photochrom.errors import PhotoWarning
from photochrom.photo.iptc import bare_records, photoshop_block
from photochrom.photo.tifftags import Tags, exif_from_tags

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for a picture part camera, part trained model; the value of DigitalSourceType."""

_NAMESPACE = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_PROPERTY = f"{{{_NAMESPACE}}}DigitalSourceType"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"

_DESCRIPTION = (
    f'<rdf:Description xmlns:rdf="{_RDF[1:-1]}" rdf:about="" '
    f'xmlns:Iptc4xmpExt="{_NAMESPACE}">'
    f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>"
    "</rdf:Description>"
)
_FRESH = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF[1:-1]}">'
    f'{_DESCRIPTION}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)

_CARRIED = re.compile(
    r"exif-|iptc-data$|xmp-data$|resolution-unit$|image-description$|png-comment-"
)
_SEGMENT = 65_533  # bytes that a JPEG segment holds
_JPEG_XMP_BYTES = 65_000  # likewise, less what the mark adds
_SCREEN_RESOLUTION = 72 / 25.4  # samples per mm: what a file that says nothing is taken for


@dataclass(frozen=True)
class Metadata:
    """The fields of a picture that outlive its pixels."""

    fields: tuple[tuple[str, Any, Any], ...] = ()
    """(name, GValue type, value) as libvips knows them: EXIF, IPTC, XMP, description."""
    resolution: tuple[float, float] = (_SCREEN_RESOLUTION, _SCREEN_RESOLUTION)
    """Samples per millimetre across and down."""

    @property
    def xmp(self) -> bytes | None:
        """The XMP packet, if there is one."""
        return next((bytes(value) for name, _, value in self.fields if name == "xmp-data"), None)

    @property
    def iptc(self) -> bytes | None:
        """Bare IPTC records, if there are any."""
        field = next((value for name, _, value in self.fields if name == "iptc-data"), None)
        return None if field is None else bare_records(bytes(field))

    def without(self, name: str) -> Metadata:
        """The same but for one field."""
        kept = tuple(field for field in self.fields if field[0] != name)
        return Metadata(kept, self.resolution)

    def with_blob(self, name: str, value: bytes) -> Metadata:
        """The same with one field more, or another value in it."""
        field = (name, pyvips.GValue.blob_type, value)
        return Metadata((*self.without(name).fields, field), self.resolution)

    @property
    def exif(self) -> bytes | None:
        """The EXIF block, if there is one."""
        return next((bytes(value) for name, _, value in self.fields if name == "exif-data"), None)


def read_metadata(header: Any, tags: Tags | None = None) -> Metadata:
    """The metadata of an opened picture.

    Args:
        header: a libvips image; its pixels are not touched.
        tags: a TIFF's tags, which libvips leaves alone.
    """
    fields = _fields(header)
    if tags and not header.get_typeof("exif-data"):
        fields += _fields(_with_exif(exif_from_tags(tags)), "exif-")
    # libvips says 1 sample per mm where the file says nothing
    known = header.xres != 1 or header.yres != 1
    metadata = Metadata(fields, (header.xres, header.yres)) if known else Metadata(fields)
    return metadata.with_blob("iptc-data", tags.iptc) if tags and tags.iptc else metadata


def for_format(metadata: Metadata, kind: str, name: str) -> Metadata:
    """The metadata as libvips can write it into a format.

    Args:
        metadata: what the picture says.
        kind: the format to write.
        name: what to call the picture in warnings.
    """
    records = metadata.iptc
    metadata = metadata.without("iptc-data")  # libvips writes it into TIFF cut short: tifftags does
    if kind == "jpeg":
        if records:
            metadata = metadata.with_blob("iptc-data", photoshop_block(records))
        if len(metadata.xmp or b"") > _JPEG_XMP_BYTES:
            message = f"{name}: its XMP is too long for a JPEG and is left out"
            warnings.warn(message, PhotoWarning, stacklevel=4)
            metadata = metadata.without("xmp-data")
    return metadata


def _fields(header: Any, prefix: str = "") -> tuple[tuple[str, Any, Any], ...]:
    return tuple(
        (name, header.get_typeof(name), header.get(name))
        for name in header.get_fields()
        if name.startswith(prefix)
        and _CARRIED.match(name)
        and not re.search(r"Orientation$|^exif-ifd1-", name)  # applied; of the thumbnail
    )


def _with_exif(exif: bytes) -> Any:
    """A picture whose fields are this EXIF block's: libvips parses one only inside a file."""
    jpeg = pyvips.Image.black(1, 1).jpegsave_buffer()
    if len(exif) > _SEGMENT:
        return pyvips.Image.jpegload_buffer(jpeg)
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    return pyvips.Image.jpegload_buffer(jpeg[:2] + segment + jpeg[2:])


def attach_metadata(image: Any, metadata: Metadata, *, mark: bool, name: str) -> Any:
    """The image with exactly this metadata, upright, marked if asked for.

    Args:
        image: the finished picture; an ICC profile on it stays, everything else it says goes.
        metadata: what it shall say.
        mark: add the machine-colorized mark to the XMP.
        name: what to call the picture in warnings.
    """
    image = image.copy(xres=metadata.resolution[0], yres=metadata.resolution[1])
    for field in image.get_fields():
        if _CARRIED.match(field) or re.match(r"orientation$|jpeg-thumb|photoshop|gainmap", field):
            image.remove(field)
    for field, kind, value in metadata.fields:
        image.set_type(kind, field, value)
    if image.get_typeof("jpeg-thumbnail-data"):  # libvips unpacks it when the EXIF is set
        image.remove("jpeg-thumbnail-data")
    if metadata.exif is not None:
        image.set_type(pyvips.GValue.gint_type, "orientation", 1)
    if mark:
        image.set_type(pyvips.GValue.blob_type, "xmp-data", mark_xmp(metadata.xmp, name))
    return image


def mark_xmp(xmp: bytes | None, name: str = "picture") -> bytes:
    """The XMP packet with DigitalSourceType saying that a trained model took part.

    Everything else in the packet stays byte for byte. A packet that is not well-formed XML, or that
    declares entities, is replaced, with a PhotoWarning.

    Args:
        xmp: the packet so far, if any.
        name: what to call the picture in warnings.
    """
    if xmp is None:
        return _FRESH.encode()
    try:
        if source_type(xmp) == SOURCE_TYPE:
            return xmp
        marked = _insert_mark(xmp.rstrip(b"\0"))
        if source_type(marked) != SOURCE_TYPE:
            raise ValueError("the mark did not hold")
        return marked
    except (ElementTree.ParseError, ValueError) as error:
        warnings.warn(
            f"{name}: its XMP is damaged ({error}) and is replaced", PhotoWarning, stacklevel=2
        )
        return _FRESH.encode()


def source_type(xmp: bytes) -> str | None:
    """The DigitalSourceType that an XMP packet states, or None.

    Args:
        xmp: the packet.

    Raises:
        ValueError: where it is not well-formed, or declares entities (xml's ParseError).
    """
    for description in _parse(xmp).iter(f"{_RDF}Description"):
        if _PROPERTY in description.attrib:
            return description.attrib[_PROPERTY]
        element = description.find(_PROPERTY)
        if element is not None:
            return element.get(f"{_RDF}resource") or (element.text or "").strip()
    return None


def _parse(xmp: bytes) -> ElementTree.Element:
    if b"<!" in xmp.replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        raise ValueError("it declares entities")
    try:
        return ElementTree.fromstring(xmp.rstrip(b"\0"))
    except (UnicodeError, LookupError) as error:  # an encoding nobody knows
        raise ValueError(str(error)) from None


def _insert_mark(xmp: bytes) -> bytes:
    if source_type(xmp) is not None:
        xmp = _without_source_type(xmp)
    # a text edit, for ElementTree would rename every prefix it was not told about
    end = [match.start() for match in re.finditer(rb"</(\w+:)?RDF\s*>", xmp)]
    if not end:
        raise ValueError("no rdf:RDF to add to")
    return xmp[: end[-1]] + _DESCRIPTION.encode() + xmp[end[-1] :]


def _without_source_type(xmp: bytes) -> bytes:
    prop = rb"[\w.-]+:DigitalSourceType"
    for pattern in (
        rb"<" + prop + rb"\b[^>]*/>",
        rb"<(?P<n>" + prop + rb")\b[^>]*>.*?</(?P=n)\s*>",
        rb"\s" + prop + rb"\s*=\s*(\"[^\"]*\"|'[^']*')",
    ):
        xmp = re.sub(pattern, b"", xmp, flags=re.DOTALL)
    return xmp
