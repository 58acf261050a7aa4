"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from photochrom.errors import OutputError


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, unless they are there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: the folder cannot be made ({error.strerror})") from error


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A path to write to; what lies there becomes the target when the block ends well.

    It is hidden and in the target's folder, since renaming is atomic only within one file system.
    If the block fails, however it fails, nothing is left of it and the target is as it was.

    Args:
        target: the file that is wanted, its folder existing.

    Raises:
        OutputError: for any OSError on the way: no such folder, no room, no permission.
    """
    if target.is_dir():
        raise OutputError(f"{target}: is a folder; give the name of a file")
    temporary = target.with_name(f".photochrom-{secrets.token_hex(6)}.part")
    try:
        with temporary.open("xb"):
            pass
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise OutputError(
            f"{target}: cannot be written ({error.strerror or error}); "
            "an existing folder with write permission and room would work"
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
