"""What people read goes to standard error, one message a line; standard output is for results."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from photochrom.errors import GreyResultWarning, PhotoWarning

PROGRAM = "photochrom"

messages = Console(stderr=True)
results = Console()


def say(message: str) -> None:
    """Prints one message on one line, whatever characters a file's name has in it."""
    messages.print(printable(message, messages), markup=False, highlight=False, soft_wrap=True)


def complain(message: str) -> None:
    """Prints an error or a warning: one line that starts with the program's name."""
    say(f"{PROGRAM}: {message}")


def printable(text: str, console: Console) -> str:
    """The text with line breaks, control characters and what cannot be encoded spelled out."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    encoding = console.encoding
    return safe.encode(encoding, "backslashreplace").decode(encoding)


@contextmanager
def warnings_as_messages() -> Iterator[None]:
    """Our own warnings become one line each; those of the libraries underneath are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # each picture's warning counts, though all of them come from the same line of code
        warnings.simplefilter("always", PhotoWarning)
        warnings.simplefilter("always", GreyResultWarning)

        def show(message: Warning | str, *_: Any, **__: Any) -> None:
            complain(f"warning: {message}")

        warnings.showwarning = show
        yield
