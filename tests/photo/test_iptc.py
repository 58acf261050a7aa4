import pytest

from photochrom.photo.iptc import bare_records, photoshop_block

RECORDS = b"\x1c\x02\x5a\x00\x04Riga"


def test_records_survive_wrapping_and_unwrapping():
    assert bare_records(photoshop_block(RECORDS)) == RECORDS
    assert bare_records(RECORDS) == RECORDS


def test_other_blocks_before_the_records_are_passed_over():
    other = b"8BIM\x03\xed\x03abc\0\0\0\x03xyz\0"
    head = b"Photoshop 3.0\0"
    assert bare_records(head + other + photoshop_block(RECORDS).removeprefix(head)) == RECORDS


@pytest.mark.parametrize(
    "data", [b"", b"Photoshop 3.0\0", b"8BIM\x04", b"8BIM\x03\xed\0\0\xff\xff"]
)
def test_damaged_blocks_hold_no_records(data):
    assert bare_records(data) is None
