import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import pyvips

from photochrom.errors import (
    InputError,
    OptionError,
    PhotoWarning,
    TooLargeError,
    UnreadableError,
)
from photochrom.photo import merge_chroma, open_photo, photo_from_array, to_array
from photochrom.photo.guided import area_resize

from .made import (
    as_image,
    exif,
    lightness_of,
    pillow_file,
    smooth_and_edges,
    soft_chroma,
)

GREY, RGB = smooth_and_edges(), smooth_and_edges(bands=3)
GREY16, RGB16 = smooth_and_edges(depth=16), smooth_and_edges(depth=16, bands=3)


def with_alpha(array):
    alpha = np.arange(array.shape[0] * array.shape[1]).reshape(array.shape[:2])
    return np.concatenate([np.atleast_3d(array), alpha[..., None].astype(array.dtype)], -1)


def picture(array, saver, kind=None, **options):
    bands = 1 if array.ndim == 2 else array.shape[2]
    names = ("b-w", "srgb") if array.dtype == np.uint8 else ("grey16", "rgb16")
    image = as_image(array, kind or names[bands > 2])
    return getattr(image, f"{saver}_buffer")(**options)


FILES = {
    "grey jpeg": (picture(GREY, "jpegsave", Q=100), GREY, 8, 6.0),
    "rgb jpeg": (picture(RGB, "jpegsave", Q=100, subsample_mode="off"), RGB, 8, 6.0),
    "progressive jpeg": (picture(GREY, "jpegsave", Q=100, interlace=True), GREY, 8, 6.0),
    "grey png": (picture(GREY, "pngsave"), GREY, 8, 0.02),
    "rgb png": (picture(RGB, "pngsave"), RGB, 8, 0.02),
    "interlaced png": (picture(RGB, "pngsave", interlace=True), RGB, 8, 0.02),
    "grey png with alpha": (picture(with_alpha(GREY), "pngsave"), GREY, 8, 0.02),
    "rgb png with alpha": (picture(with_alpha(RGB), "pngsave"), RGB, 8, 0.02),
    "grey 16-bit png": (picture(GREY16, "pngsave"), GREY16, 16, 1e-3),
    "rgb 16-bit png": (picture(RGB16, "pngsave"), RGB16, 16, 1e-3),
    "grey tiff": (picture(GREY, "tiffsave"), GREY, 8, 0.02),
    "rgb tiff": (picture(RGB, "tiffsave"), RGB, 8, 0.02),
    "tiled lzw tiff": (picture(RGB, "tiffsave", tile=True, compression="lzw"), RGB, 8, 0.02),
    "grey 16-bit tiff": (picture(GREY16, "tiffsave"), GREY16, 16, 1e-3),
    "rgb 16-bit tiff with alpha": (picture(with_alpha(RGB16), "tiffsave"), RGB16, 16, 1e-3),
    "big tiff": (picture(RGB, "tiffsave", bigtiff=True), RGB, 8, 0.02),
    "white-is-zero tiff": (picture(GREY, "tiffsave", miniswhite=True), GREY, 8, 0.02),
    "lossless webp": (picture(RGB, "webpsave", lossless=True), RGB, 8, 0.02),
    "gif": (pillow_file(GREY, "gif"), GREY, 8, 0.02),
    "avif": (picture(RGB, "heifsave", compression="av1", lossless=True), RGB, 8, 3.0),
}


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_picture_is_read(kind):
    data, array, depth, tolerance = FILES[kind]
    photo = open_photo(data)
    assert (photo.height, photo.width, photo.depth) == (*array.shape[:2], depth)
    assert photo.has_alpha == ("alpha" in kind)
    L = photo.luminance().numpy()
    assert L.dtype == np.float32
    assert np.abs(L - lightness_of(array)).max() < tolerance
    result = to_array(merge_chroma(photo, soft_chroma()))
    assert result.dtype == array.dtype and result.shape[2] == (4 if "alpha" in kind else 3)


@pytest.mark.parametrize("kind", ["grey jpeg", "rgb 16-bit tiff with alpha", "big tiff"])
def test_files_and_their_content_are_read_alike(kind, tmp_path):
    data = FILES[kind][0]
    file = tmp_path / "wrong-extension.txt"
    file.write_bytes(data)
    one, other = open_photo(file), open_photo(data)
    assert one.format == other.format and one.name == str(file)
    assert (one.luminance().numpy() == other.luminance().numpy()).all()


def test_palette_pictures_are_read_by_their_colours():
    from PIL import Image

    palette = Image.fromarray(RGB).quantize(64)
    colours = np.asarray(palette.convert("RGB"))
    data = pillow_file(np.asarray(palette), "png")  # indices as grey: the control
    assert open_photo(data).luminance().numpy().shape == GREY.shape
    import io

    file = io.BytesIO()
    palette.save(file, "png")
    L = open_photo(file.getvalue()).luminance().numpy()
    assert np.abs(L - lightness_of(colours)).max() < 0.02


def test_one_bit_pictures_become_eight():
    bits = (GREY > 100).astype(np.uint8) * 255
    data = as_image(bits, "b-w").tiffsave_buffer(bitdepth=1, compression="ccittfax4")
    photo = open_photo(data)
    assert photo.depth == 8
    assert set(np.unique(photo.luminance().numpy())) == {0.0, 100.0}


@pytest.mark.parametrize(
    ("scale", "said"), [(1, "from 0 to 1"), (255, "to 255"), (3000, "to 3000")]
)
def test_floating_point_pictures_are_read_as_light(scale, said):
    light = (GREY / 255.0).astype(np.float32)
    light[20, 20] = np.nan
    data = as_image(light * scale).tiffsave_buffer()
    with pytest.warns(PhotoWarning, match=said):
        photo = open_photo(data)
    assert photo.depth == 16
    L = photo.luminance().numpy()
    from photochrom.photo.tones import lightness_of_luminance

    assert np.abs(L - lightness_of_luminance(np.nan_to_num(light))).max() < 0.05


def test_32_bit_pictures_become_sixteen():
    data = as_image(GREY16.astype(np.uint32) << 16).tiffsave_buffer()
    photo = open_photo(data)
    assert photo.depth == 16
    assert np.abs(photo.luminance().numpy() - lightness_of(GREY16)).max() < 1e-3


def test_lab_pictures_are_read_by_their_lightness():
    lab = np.full((20, 30, 3), (61.0, 10.0, -5.0), np.float32)
    photo = open_photo(as_image(lab, "lab").tiffsave_buffer())
    assert np.abs(photo.luminance().numpy() - 61).max() < 0.6


def test_further_pages_are_left_out_with_a_warning():
    from PIL import Image

    pages = [Image.fromarray(GREY), Image.fromarray(GREY[::-1].copy())]
    import io

    file = io.BytesIO()
    pages[0].save(file, "tiff", save_all=True, append_images=pages[1:])
    with pytest.warns(PhotoWarning, match=r"book\.tif.*2 pages.*first"):
        photo = open_photo(file.getvalue(), name="book.tif")
    assert np.abs(photo.luminance().numpy() - lightness_of(GREY)).max() < 0.02


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation):
    from PIL import Image, ImageOps

    data = pillow_file(GREY, "png", exif=exif(orientation))
    import io

    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    photo = open_photo(data)
    assert (photo.height, photo.width) == upright.shape
    assert np.abs(photo.luminance().numpy() - lightness_of(upright)).max() < 0.02
    small = photo.small_luminance(8, 8)
    assert np.abs(small - area_resize(lightness_of(upright), 8, 8)).max() < 0.02


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (96, 128), (200, 300)])
def test_small_luminance_is_the_area_average(size):
    small = photo_from_array(RGB).small_luminance(*size)
    assert small.dtype == np.float32 and small.shape == size
    assert np.abs(small - area_resize(lightness_of(RGB), *size)).max() < 0.02


def test_small_luminance_of_large_pictures_is_the_area_average():
    large = smooth_and_edges(2600, 3301)
    expected = area_resize(lightness_of(large), 40, 50)
    assert np.abs(photo_from_array(large).small_luminance(40, 50) - expected).max() < 0.3
    jpeg = open_photo(as_image(large, "b-w").jpegsave_buffer(Q=95))
    assert np.abs(jpeg.small_luminance(40, 50) - expected).max() < 0.3
    assert jpeg.small_luminance(1200, 1500).shape == (1200, 1500)


def test_small_luminance_of_no_size_is_refused():
    with pytest.raises(OptionError, match="0 x 4"):
        photo_from_array(GREY).small_luminance(0, 4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 20000), (20000, 1)])
def test_odd_shapes_are_read(shape):
    photo = open_photo(as_image(np.full(shape, 99, np.uint8), "b-w").pngsave_buffer())
    assert (photo.height, photo.width) == shape
    assert photo.small_luminance(4, 6).shape == (4, 6)


@pytest.mark.parametrize(
    ("array", "depth"), [(GREY, 8), (RGB16, 16), (RGB / 255, 16), (GREY[..., None], 8)]
)
def test_arrays_are_pictures_too(array, depth):
    photo = photo_from_array(array)
    assert photo.depth == depth and photo.format == "array"
    integer = array if array.dtype != float else np.round(array * 65535).astype(np.uint16)
    expected = lightness_of(integer.squeeze())
    assert np.abs(photo.luminance().numpy() - expected).max() < 0.02


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(5, np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros((4, 4), np.int64),
        np.zeros((4, 4), bool),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array):
    with pytest.raises(InputError, match="array"):
        photo_from_array(array)


TRUNCATED = [
    kind
    for kind in FILES
    if kind not in ("gif", "avif", "lossless webp", "big tiff", "white-is-zero tiff")
]


@pytest.mark.parametrize("kind", TRUNCATED)
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_a_file_cut_short_is_an_error_never_a_half_grey_picture(kind, part):
    data = FILES[kind][0]
    with pytest.raises(UnreadableError, match=r"cut\.file.*would work") as caught:
        to_array(
            merge_chroma(open_photo(data[: int(len(data) * part)], name="cut.file"), soft_chroma())
        )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["gif", "avif", "lossless webp", "big tiff", "white-is-zero tiff"])
def test_other_files_cut_short_are_errors_too(kind):
    data = FILES[kind][0]
    with pytest.raises(UnreadableError, match=r"cut\.file"):
        open_photo(data[: len(data) // 2], name="cut.file").small_luminance(8, 8)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"Dear diary", "is not a picture"),
        (b"\xff\xd8\xff", "cut short"),
        (b"%PDF-1.7 and so on", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?>\n<svg/>", "SVG"),
        (b"BM\0\0\0\0", "BMP"),
        (b"8BPS\0\1", "Photoshop"),
        (b"P5 4 4 255 ", "PNM"),
        (b"PK\x03\x04", "archive"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    ],
)
def test_what_is_no_picture_is_named(content, said, tmp_path):
    file = tmp_path / "scan.jpg"
    file.write_bytes(content)
    with pytest.raises(UnreadableError, match=rf"scan\.jpg.*{said}") as caught:
        open_photo(file).small_luminance(4, 4)
    assert "\n" not in str(caught.value)


def test_a_folder_or_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        open_photo(tmp_path)
    with pytest.raises(InputError, match=r"gone\.jpg: no such file"):
        open_photo(tmp_path / "gone.jpg")
    with pytest.raises(InputError, match="cannot be read"):
        open_photo(tmp_path / ("x" * 300))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_without_permission_is_named(tmp_path):
    file = tmp_path / "secret.png"
    file.write_bytes(FILES["grey png"][0])
    file.chmod(0)
    with pytest.raises(InputError, match="cannot be read"):
        open_photo(file)


def bomb():
    """A PNG whose header announces 60,000 x 60,000 pixels."""
    import struct
    import zlib

    header = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    body = b"IDAT" + zlib.compress(b"\0" * 60001)
    end = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + end


def test_too_many_pixels_are_refused_before_decoding():
    with pytest.raises(TooLargeError, match=r"60000 x 60000.*500,000,000.*--max-pixels"):
        open_photo(bomb(), name="bomb.png")


def test_the_limit_can_be_set_by_argument_and_by_environment(monkeypatch):
    data = FILES["grey png"][0]
    with pytest.raises(TooLargeError):
        open_photo(data, max_pixels=1000)
    monkeypatch.setenv("PHOTOCHROM_MAX_PIXELS", "1000")
    with pytest.raises(TooLargeError):
        open_photo(data)
    assert open_photo(data, max_pixels=10**6).width == 128
    monkeypatch.setenv("PHOTOCHROM_MAX_PIXELS", "many")
    with pytest.raises(OptionError, match="PHOTOCHROM_MAX_PIXELS=many"):
        open_photo(data)
    with pytest.raises(OptionError, match="max_pixels 0"):
        open_photo(data, max_pixels=0)


def test_channels_that_make_no_picture_are_refused():
    many = np.zeros((8, 8, 7), np.uint8)
    with pytest.raises(UnreadableError, match="7 channels"):
        open_photo(as_image(many).tiffsave_buffer())
    with pytest.raises(UnreadableError, match="samples of type short"):
        open_photo(as_image(np.zeros((8, 8), np.int16)).tiffsave_buffer())


def test_transparent_pixels_of_any_colour_are_harmless():
    array = with_alpha(RGB)
    array[..., 3] = 0
    result = to_array(merge_chroma(photo_from_array(array), soft_chroma()))
    assert (result[..., 3] == 0).all()


def test_nothing_is_decoded_by_opening():
    data = FILES["grey png"][0]
    photo = open_photo(data[:-200] + b"\xff" * 200, name="late.png")
    assert photo.width == 128
    with pytest.raises(UnreadableError, match=r"late\.png"):
        photo.small_luminance(4, 4)


def test_libvips_is_kept_quiet_and_its_cache_empty(tmp_path):
    file = tmp_path / "noisy.jpg"
    data = bytearray(FILES["grey jpeg"][0])
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(bytes(data))
    code = (
        "import sys\nfrom photochrom.photo import open_photo\n"
        "try: open_photo(sys.argv[1]).small_luminance(8, 8)\nexcept Exception: pass\n"
    )
    run = subprocess.run([sys.executable, "-c", code, file], capture_output=True, check=True)
    assert run.stdout == b"" and run.stderr == b""
    assert pyvips.cache_get_max() == 0 if hasattr(pyvips, "cache_get_max") else True


def test_good_pictures_are_opened_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for data, *_ in FILES.values():
            open_photo(data).small_luminance(4, 4)
