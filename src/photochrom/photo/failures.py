"""What libvips says when it fails, told as one line about the picture."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pyvips

from photochrom.errors import UnreadableError

NAME_FIELD = "photochrom-name"
"""The field in which a merged picture carries its input's name, for messages; never written."""


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn libvips' errors into one line about the input.

    Args:
        name: what to call the picture.
    """
    try:
        yield
    except pyvips.Error as error:
        raise UnreadableError(
            f"{name}: is cut short, damaged, or of a kind this build cannot decode "
            f"({reason(error)}); a whole copy of it, or one saved as PNG or TIFF, would work"
        ) from None


def reason(error: Exception) -> str:
    """The one line of a libvips error that says what happened.

    Args:
        error: the pyvips.Error.
    """
    detail = getattr(error, "detail", None) or str(error)
    lines = [line.strip() for line in str(detail).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("unable to call")] or ["no reason given"]
    return re.sub(r"^(\w+: )+", "", lines[0])
