import io
import struct

import numpy as np
import pytest
import tifffile

from photochrom.photo.tifftags import add_tags, exif_from_tags, read_exif_tags, read_tags

from .made import as_image, exif, smooth_and_edges

MAKER, ARTIST, DATE_TAKEN = 271, 315, 36867


def scan(**options):
    """A TIFF with maker, artist, EXIF date and GPS latitude, in either byte order."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file, **options) as writer:
        writer.write(
            smooth_and_edges(),
            metadata=None,
            extratags=[(MAKER, 2, 0, "Made Camera"), (ARTIST, 2, 0, "An Artist")],
        )
    return file.getvalue()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_tags_are_read_in_either_order_and_size(order, big):
    tags = read_tags(io.BytesIO(scan(byteorder=order, bigtiff=big)))
    assert tags.first[MAKER] == (2, b"Made Camera\0")
    assert tags.first[ARTIST][1] == b"An Artist\0"
    assert tags.compression == 1


def test_numbers_of_the_other_byte_order_are_turned():
    block = struct.pack(">2sHI", b"MM", 42, 8) + struct.pack(">H", 1)
    block += struct.pack(">HHII", 34665, 4, 1, 26) + struct.pack(">I", 0)
    block += struct.pack(">H", 2)
    block += struct.pack(">HHIHH", 34855, 3, 1, 400, 0)
    block += struct.pack(">HHII", 33434, 5, 1, 56) + struct.pack(">I", 0)
    block += struct.pack(">II", 1, 250)
    tags = read_exif_tags(b"Exif\0\0" + block)
    assert tags.exif[34855] == (3, struct.pack("<H", 400))
    assert tags.exif[33434] == (5, struct.pack("<II", 1, 250))


def test_an_exif_block_survives_being_taken_apart_and_put_together():
    tags = read_exif_tags(exif())
    assert read_exif_tags(exif_from_tags(tags)) == tags
    assert tags.exif[DATE_TAKEN][1].startswith(b"1931:05:04")


@pytest.mark.parametrize("big", [False, True])
def test_tags_are_added_to_a_finished_tiff_and_its_pixels_stay(big):
    grey = smooth_and_edges()
    file = io.BytesIO(as_image(grey, "b-w").tiffsave_buffer(bigtiff=big, compression="lzw"))
    tags = read_exif_tags(exif())
    add_tags(file, tags)
    again = read_tags(file)
    assert (again.first, again.exif) == (tags.first, tags.exif)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as tiff:
        assert len(tiff.pages) == 1
        assert tiff.pages[0].tags["Make"].value == "Made Camera"
        assert tiff.pages[0].tags["ExifTag"].value["DateTimeOriginal"] == "1931:05:04 12:00:00"
    import pyvips

    assert (pyvips.Image.tiffload_buffer(file.getvalue()).numpy() == grey).all()


@pytest.mark.parametrize("data", [b"", b"II*\0", b"II*\0\xff\xff\xff\x7f", b"Exif\0\0junk" * 9])
def test_damaged_blocks_have_no_tags(data):
    assert read_exif_tags(data) is None


def test_random_damage_is_survived():
    whole, random = scan(), np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for place in random.integers(0, 400, 6):
            damaged[place % len(whole)] = random.integers(0, 256)
        read_tags(io.BytesIO(bytes(damaged)))
