"""Made pictures and ICC profiles; nothing here comes from a real photograph."""

import io
import struct

import numpy as np
import pyvips

from photochrom.color import rgb_to_lab


def smooth_and_edges(height=96, width=128, depth=8, bands=1):
    """A grey or RGB picture with ramps, discs and hard edges, every tone from black to white."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height - 1, width - 1]).reshape(2, 1, 1)
    grey = 0.5 + 0.5 * np.sin(5 * x + 3 * y)
    grey = np.where((x - 0.3) ** 2 + (y - 0.4) ** 2 < 0.04, 1 - grey, grey)
    grey[: height // 16] = 0
    grey[-(height // 16) :] = 1
    planes = [grey, grey**1.5, 0.7 * grey + 0.1][:bands]
    array = np.round(np.stack(planes, -1) * (2**depth - 1)).astype(f"u{depth // 8}")
    return array[..., 0] if bands == 1 else array


def soft_chroma(height=24, width=32, strength=40.0):
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    ab = np.stack([np.sin(4 * x + y), np.cos(5 * y - x)], -1) * strength
    return ab.astype(np.float32)


def lightness_of(rgb):
    """L of an sRGB picture by photochrom.color in float64."""
    full = np.iinfo(rgb.dtype).max
    if rgb.ndim == 2:
        rgb = np.repeat(rgb[..., None], 3, -1)
    return rgb_to_lab(rgb[..., :3].astype(np.float64) / full)[..., 0]


def as_image(array, interpretation=None):
    image = pyvips.Image.new_from_array(np.ascontiguousarray(array))
    return image.copy(interpretation=interpretation) if interpretation else image.copy()


def with_blob(image, **blobs):
    image = image.copy()
    for name, data in blobs.items():
        image.set_type(pyvips.GValue.blob_type, name.replace("_", "-"), data)
    return image


def exif(orientation=1, maker="Made Camera"):
    """An EXIF block by Pillow: maker, artist, orientation, a date in the EXIF directory."""
    from PIL import Image

    block = Image.Exif()
    block[0x010F], block[0x013B], block[0x0112] = maker, "An Artist", orientation
    block.get_ifd(0x8769)[0x9003] = "1931:05:04 12:00:00"
    return b"Exif\0\0" + block.tobytes().removeprefix(b"Exif\0\0")


def pillow_file(array, kind, **options):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def _s15(value):
    return struct.pack(">i", round(value * 65536))


def _xyz(x, y, z):
    return b"XYZ \0\0\0\0" + _s15(x) + _s15(y) + _s15(z)


def gamma_curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def table_curve(values):
    numbers = [round(v * 65535) for v in values]
    return b"curv\0\0\0\0" + struct.pack(f">I{len(numbers)}H", len(numbers), *numbers)


def parametric_curve(kind, *numbers):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(map(_s15, numbers))


def icc_profile(space, **tags):
    text = b"made\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 78
    white = _xyz(0.9642, 1, 0.8249)
    tags = {"desc": description, "cprt": b"text\0\0\0\0none\0", "wtpt": white, **tags}
    body, table, start = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name.encode() + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s6H4s28s3i48s",
        *(start + len(body), b"none", 0x02100000, b"mntr", space.encode().ljust(4), b"XYZ "),
        *(2024, 1, 1, 0, 0, 0, b"acsp", b"", 63190, 65536, 54061, b""),
    )
    return head + struct.pack(">I", len(tags)) + table + body


def grey_profile(gamma=1.8):
    return icc_profile("GRAY", kTRC=gamma_curve(gamma))


def wide_profile(curve=None):
    """An RGB profile with the primaries and gamma of Adobe RGB (1998)."""
    curve = curve or gamma_curve(2.19921875)
    return icc_profile(
        "RGB",
        rXYZ=_xyz(0.60974, 0.31111, 0.01947),
        gXYZ=_xyz(0.20528, 0.62567, 0.06087),
        bXYZ=_xyz(0.14919, 0.06322, 0.74457),
        rTRC=curve,
        gTRC=curve,
        bTRC=curve,
    )


def srgb_profile():
    return pyvips.Operation.call("profile_load", "srgb")
