"""IPTC records in the two wrappings that files use: bare in TIFF, Photoshop's blocks in JPEG."""

from __future__ import annotations

_PHOTOSHOP = b"Photoshop 3.0\0"
_BLOCK = b"8BIM"
_IPTC_BLOCK = 0x0404
_RECORD = 0x1C  # every IPTC record begins with this byte


def bare_records(data: bytes) -> bytes | None:
    """The IPTC records in either wrapping, or None where there are none.

    Args:
        data: records as a TIFF holds them, or Photoshop blocks as a JPEG does.
    """
    if data[:1] == bytes([_RECORD]):
        return data
    data = data.removeprefix(_PHOTOSHOP)
    position = 0
    while data[position : position + 4] == _BLOCK and position + 12 <= len(data):
        kind = int.from_bytes(data[position + 4 : position + 6], "big")
        name = 1 + data[position + 6]
        start = position + 6 + name + name % 2
        size = int.from_bytes(data[start : start + 4], "big")
        if kind == _IPTC_BLOCK:
            return data[start + 4 : start + 4 + size] or None
        position = start + 4 + size + size % 2
    return None


def photoshop_block(records: bytes) -> bytes:
    """IPTC records as a JPEG holds them.

    Args:
        records: bare records.
    """
    head = _PHOTOSHOP + _BLOCK + _IPTC_BLOCK.to_bytes(2, "big") + b"\0\0"
    return head + len(records).to_bytes(4, "big") + records + b"\0" * (len(records) % 2)
