"""Small files in the layout of CIFAR-10's python version, for every test that needs some.

Python 2 pickled the published ones; Python 3 writes the same content differently. So the bytes are
put together here, in the published order and with the published opcodes (protocol 2).
"""

from __future__ import annotations

import io
import struct
import tarfile
from pathlib import Path

import numpy as np

BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
FOLDER = "cifar-10-batches-py"


def text(value: bytes) -> bytes:
    return b"U" + bytes([len(value)]) + value


def text_list(values: list[bytes]) -> bytes:
    return b"](" + b"".join(map(text, values)) + b"e"


def number(value: int) -> bytes:
    return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)


def array(rows: np.ndarray) -> bytes:
    """An array of uint8 as numpy pickled it for Python 2."""
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text(b"b") + b"tR"
    kind = b"cnumpy\ndtype\n(" + text(b"u1") + b"K\x00K\x01tR"
    kind += b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"(" + b"".join(map(number, rows.shape)) + b"t"
    content = rows.tobytes()
    values = b"T" + struct.pack("<i", len(content)) + content
    return made + b"(K\x01" + shape + kind + b"\x89" + values + b"tb"


def batch(rows: np.ndarray, labels: list[int]) -> bytes:
    """A batch with pictures (n, 3072) uint8 and their labels."""
    pairs = [
        (b"batch_label", text(b"training batch 1 of 5")),
        (b"labels", b"](" + b"".join(map(number, labels)) + b"e"),
        (b"data", array(rows)),
        (b"filenames", text_list([f"picture_{i:06d}.png".encode() for i in range(len(rows))])),
    ]
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in pairs) + b"u."


def made_pictures(count: int, seed: int) -> tuple[np.ndarray, list[int]]:
    """Rows (n, 3072) of noise around a colour each, and labels."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(40, 216, (count, 3, 1)) + rng.integers(-40, 40, (count, 3, 1024))
    return colours.reshape(count, 3072).astype(np.uint8), rng.integers(0, 10, count).tolist()


def write_batches(folder: Path, count: int = 4) -> Path:
    """All six batches, `count` pictures each; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(BATCHES):
        (folder / name).write_bytes(batch(*made_pictures(count, seed)))
    (folder / "batches.meta").write_bytes(b"\x80\x02}.")
    (folder / "readme.html").write_text("<meta>")
    return folder


def write_archive(path: Path, contents: dict[str, bytes]) -> Path:
    """The batches as the published archive holds them; the archive."""
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content in contents.items():
            info = tarfile.TarInfo(f"{FOLDER}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path
