import io
import os
import resource
import struct

import numpy as np
import pytest
import pyvips

from photochrom.errors import OptionError, OutputError, PhotoWarning, UnreadableError
from photochrom.photo import (
    WriteOptions,
    encode_photo,
    extension_for,
    merge_chroma,
    open_photo,
    photo_from_array,
    to_array,
    write_photo,
)
from photochrom.photo.iptc import photoshop_block
from photochrom.photo.jpeg import estimate_quality
from photochrom.photo.metadata import SOURCE_TYPE, source_type
from photochrom.photo.tifftags import Tags, add_tags, read_tags

from .made import (
    as_image,
    exif,
    grey_profile,
    lightness_of,
    pillow_file,
    smooth_and_edges,
    soft_chroma,
    wide_profile,
    with_blob,
)

GREY, RGB, GREY16 = smooth_and_edges(), smooth_and_edges(bands=3), smooth_and_edges(depth=16)
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="Regatta"/></rdf:RDF></x:xmpmeta>'
)
# one IPTC record: city "Riga"
IPTC = b"\x1c\x02\x5a\x00\x04Riga"


def coloured(data, **options):
    """(reopened result, its bytes) of a file's bytes."""
    photo = open_photo(data) if isinstance(data, bytes) else photo_from_array(data)
    out = encode_photo(merge_chroma(photo, soft_chroma()), photo, WriteOptions(**options))
    return pyvips.Image.new_from_buffer(out, ""), out


def full_of_metadata(kind, orientation=6):
    data = pillow_file(GREY, kind, exif=exif(orientation), dpi=(300, 300))
    image = with_blob(pyvips.Image.new_from_buffer(data, ""), xmp_data=XMP)
    saver = {"jpeg": "jpegsave", "png": "pngsave", "tiff": "tiffsave", "webp": "webpsave"}[kind]
    return getattr(image, f"{saver}_buffer")() if kind != "tiff" else data


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "gif", "avif"])
def test_keep_writes_the_format_of_the_input(kind):
    data = (
        as_image(RGB, "srgb").heifsave_buffer(compression="av1")
        if kind == "avif"
        else pillow_file(GREY, kind)
    )
    image, out = coloured(data)
    expected = {"gif": "png", "avif": "heif"}.get(kind, kind)
    assert image.get("vips-loader") == f"{expected}load_buffer"
    assert (image.width, image.height, image.bands) == (128, 96, 3)
    assert out != data
    extension = {"jpeg": ".jpg", "tiff": ".tif", "gif": ".png"}.get(kind, f".{kind}")
    assert extension_for(open_photo(data)) == extension


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "webp"])
def test_another_format_can_be_asked_for(kind):
    image, _ = coloured(pillow_file(GREY, "png"), format=kind)
    assert image.get("vips-loader") == f"{kind}load_buffer"


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("array", [GREY, GREY16])
def test_lossless_formats_hold_exactly_what_was_merged(kind, array):
    photo = photo_from_array(array)
    merged = merge_chroma(photo, soft_chroma())
    image = pyvips.Image.new_from_buffer(encode_photo(merged, photo, WriteOptions(kind)), "")
    assert (image.numpy() == to_array(merged)).all()
    assert image.numpy().dtype == array.dtype
    tolerance = {1: 0.5, 2: 0.05}[array.itemsize]
    assert np.abs(lightness_of(image.numpy()) - lightness_of(array)).max() < tolerance


@pytest.mark.parametrize(("quality", "expected"), [(40, 90), (90, 90), (96, 96), (100, 100)])
def test_a_jpeg_keeps_its_quality_but_at_least_90_and_full_chroma(quality, expected):
    image, out = coloured(as_image(GREY, "b-w").jpegsave_buffer(Q=quality))
    assert estimate_quality(out) == expected
    assert image.get("jpeg-chroma-subsample") == "4:4:4"


def test_a_quality_that_is_asked_for_is_taken():
    _, out = coloured(pillow_file(GREY, "png"), format="jpeg", quality=55)
    assert estimate_quality(out) == 55


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp"])
@pytest.mark.parametrize("into", ["keep", "jpeg", "png", "tiff", "webp"])
def test_exif_and_resolution_are_carried_and_orientation_is_reset(kind, into):
    from PIL import Image

    image, out = coloured(full_of_metadata(kind), format=into)
    assert (image.width, image.height) == (96, 128)  # upright
    block = Image.open(io.BytesIO(out)).getexif()
    assert block[0x010F] == "Made Camera" and block[0x013B] == "An Artist"
    assert block.get(0x0112, 1) == 1
    assert block.get_ifd(0x8769)[0x9003] == "1931:05:04 12:00:00"
    if "webp" not in (kind, into) and not (kind == "webp" and into == "keep"):
        assert abs(image.xres * 25.4 - 300) < 0.1


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_xmp_is_carried_and_marked(kind):
    image, _ = coloured(full_of_metadata(kind))
    xmp = image.get("xmp-data")
    assert source_type(xmp) == SOURCE_TYPE and b'dc:title="Regatta"' in xmp


@pytest.mark.parametrize("kind", ["jpeg", "tiff"])
@pytest.mark.parametrize("into", ["jpeg", "tiff"])
def test_iptc_is_carried(kind, into):
    from PIL import Image, IptcImagePlugin

    if kind == "jpeg":
        data = with_blob(as_image(GREY, "b-w"), iptc_data=photoshop_block(IPTC)).jpegsave_buffer()
    else:
        file = io.BytesIO(pillow_file(GREY, "tiff"))
        add_tags(file, Tags(iptc=IPTC))
        data = file.getvalue()
    _, out = coloured(data, format=into)
    assert IptcImagePlugin.getiptcinfo(Image.open(io.BytesIO(out)))[(2, 90)] == b"Riga"


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp"])
def test_strip_drops_metadata_but_not_the_mark(kind):
    data = full_of_metadata(kind)
    image, out = coloured(data, strip=True)
    assert b"Made Camera" not in out and b"Regatta" not in out and b"Riga" not in out
    assert source_type(image.get("xmp-data")) == SOURCE_TYPE
    bare, _ = coloured(data, strip=True, mark=False)
    assert not bare.get_typeof("xmp-data") and not bare.get_typeof("exif-data")


def test_no_mark_leaves_the_xmp_as_it_was():
    image, _ = coloured(full_of_metadata("jpeg"), mark=False)
    assert image.get("xmp-data") == XMP
    plain, _ = coloured(pillow_file(GREY, "png"), mark=False)
    assert not plain.get_typeof("xmp-data")


def test_a_file_without_resolution_gets_none_made_up():
    image, _ = coloured(GREY, format="jpeg")
    assert abs(image.xres * 25.4 - 72) < 0.1


def test_the_thumbnail_of_the_grey_picture_is_dropped():
    small = pillow_file(GREY[::4, ::4].copy(), "jpeg")
    block = struct.pack("<2sHIHI", b"II", 42, 8, 0, 14) + struct.pack("<H", 3)
    block += struct.pack("<HHII", 259, 3, 1, 6)
    block += struct.pack("<HHII", 513, 4, 1, 56) + struct.pack("<HHII", 514, 4, 1, len(small))
    block += struct.pack("<I", 0) + small
    data = pillow_file(GREY, "jpeg", exif=b"Exif\0\0" + block)
    assert pyvips.Image.new_from_buffer(data, "").get_typeof("jpeg-thumbnail-data")
    image, out = coloured(data)
    assert not image.get_typeof("jpeg-thumbnail-data") and small not in out


def test_an_rgb_profile_is_kept_and_a_grey_one_is_not():
    data = with_blob(as_image(RGB, "srgb"), icc_profile_data=wide_profile()).pngsave_buffer()
    for strip in (False, True):
        image, _ = coloured(data, strip=strip)
        assert image.get("icc-profile-data") == wide_profile()
    data = with_blob(as_image(GREY, "b-w"), icc_profile_data=grey_profile()).pngsave_buffer()
    image, _ = coloured(data)
    assert not image.get_typeof("icc-profile-data")


@pytest.mark.parametrize(
    ("asked", "expected"), [("none", 1), ("lzw", 5), ("deflate", 8), ("packbits", 8), ("jpeg", 8)]
)
def test_tiff_compression_is_kept_where_it_is_lossless(asked, expected):
    _, out = coloured(as_image(GREY, "b-w").tiffsave_buffer(compression=asked))
    assert read_tags(io.BytesIO(out)).compression == expected


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_sixteen_bits_into_eight_are_announced(kind):
    with pytest.warns(PhotoWarning, match=f"{kind} holds 8 bits"):
        image, _ = coloured(GREY16, format=kind)
    assert image.format == "uchar"
    assert np.abs(lightness_of(image.numpy()) - lightness_of(GREY16)).mean() < 2


def test_alpha_into_jpeg_is_laid_on_white_and_announced():
    alpha = np.concatenate([RGB, np.zeros_like(RGB[..., :1])], -1)
    with pytest.warns(PhotoWarning, match="laid on white"):
        image, _ = coloured(alpha, format="jpeg")
    assert image.bands == 3 and image.min() > 250


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("depth", [8, 16])
def test_alpha_is_written_bit_for_bit(kind, depth):
    array = smooth_and_edges(depth=depth, bands=3)
    alpha = np.random.default_rng(0).integers(0, 2**depth, array.shape[:2]).astype(array.dtype)
    image, _ = coloured(np.dstack([array, alpha]), format=kind)
    assert (image.numpy()[..., 3] == alpha).all()


def test_xmp_too_long_for_a_jpeg_is_left_out_and_announced():
    long = XMP.replace(b"Regatta", b"R" * 70000)
    data = with_blob(as_image(GREY, "b-w"), xmp_data=long).pngsave_buffer()
    with pytest.warns(PhotoWarning, match="too long for a JPEG"):
        image, _ = coloured(data, format="jpeg")
    assert source_type(image.get("xmp-data")) == SOURCE_TYPE


def test_sides_too_long_for_a_format_are_refused():
    photo = photo_from_array(np.zeros((1, 70000), np.uint8))
    merged = merge_chroma(photo, soft_chroma())
    for kind in ("jpeg", "webp"):
        with pytest.raises(OutputError, match=f"70,000 pixels.*{kind}.*PNG or TIFF"):
            encode_photo(merged, photo, WriteOptions(kind))
    assert encode_photo(merged, photo)


def test_options_out_of_range_are_refused():
    for options in ({"format": "bmp"}, {"quality": 0}, {"quality": 101}):
        with pytest.raises(OptionError):
            WriteOptions(**options)


@pytest.fixture
def merged():
    photo = photo_from_array(smooth_and_edges(200, 300, bands=3))
    return photo, merge_chroma(photo, soft_chroma())


def test_a_file_appears_whole_under_its_name(tmp_path, merged):
    photo, image = merged
    target = tmp_path / "a [strip] name.png"
    write_photo(image, photo, target)
    assert [f.name for f in tmp_path.iterdir()] == [target.name]
    assert (pyvips.Image.pngload(str(target)).numpy() == to_array(image)).all()


def test_a_file_of_that_name_is_replaced_only_by_a_whole_one(tmp_path, merged, monkeypatch):
    photo, image = merged
    target = tmp_path / "out.png"
    target.write_bytes(b"precious")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OutputError, match=r"out\.png.*No space left"):
        write_photo(image, photo, target)
    assert target.read_bytes() == b"precious" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_nothing_is_left_behind_when_interrupted(tmp_path, merged, monkeypatch, error):
    photo, image = merged
    monkeypatch.setattr("photochrom.photo.write._complete", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(error):
        write_photo(image, photo, tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "webp"])
def test_a_full_disk_is_an_output_error_and_leaves_nothing(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400), dtype=np.uint8)
    photo = photo_from_array(noise)
    image = merge_chroma(photo, soft_chroma())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"out.*cannot be written") as caught:
            write_photo(image, photo, tmp_path / "out", WriteOptions(kind))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_or_in_the_way_is_named(tmp_path, merged):
    photo, image = merged
    with pytest.raises(OutputError, match="No such file"):
        write_photo(image, photo, tmp_path / "gone" / "out.png")
    (tmp_path / "out.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write_photo(image, photo, tmp_path / "out.png")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="Not a directory"):
        write_photo(image, photo, tmp_path / "file" / "out.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path, merged):
    photo, image = merged
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write_photo(image, photo, tmp_path / "out.png")


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff"])
def test_damage_that_shows_while_writing_is_the_inputs_fault(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400), dtype=np.uint8)
    source = tmp_path / f"in.{kind}"
    source.write_bytes(pillow_file(noise, kind))
    photo = open_photo(source)
    image = merge_chroma(photo, soft_chroma())
    del image
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    image = merge_chroma(photo, soft_chroma())  # its guide is remembered from the whole file
    with pytest.raises(UnreadableError, match=r"in\."):
        write_photo(image, photo, tmp_path / "out.png")
    assert [f.name for f in tmp_path.iterdir()] == [source.name]


def test_heic_that_cannot_be_written_becomes_png_with_a_warning(monkeypatch):
    import dataclasses

    monkeypatch.setattr("photochrom.photo.write._can_save_hevc", lambda: False)
    photo = dataclasses.replace(photo_from_array(GREY), format="heif")
    with pytest.warns(PhotoWarning, match="HEIC cannot be written"):
        out = encode_photo(merge_chroma(photo_from_array(GREY), soft_chroma()), photo)
    assert out.startswith(b"\x89PNG") and extension_for(photo) == ".png"
