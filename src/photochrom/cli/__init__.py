"""The command line: the only place that prints, and that turns errors into exit codes.

Exit codes: 0 all went well, 1 something failed, 2 a wrong command line, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from photochrom.cli.console import complain, warnings_as_messages
from photochrom.errors import OptionError, PhotochromError

OK, FAILED, USAGE, STOPPED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; people never see a traceback.

    With PHOTOCHROM_DEBUG=1 in the environment they do.

    Args:
        arguments: what stands behind the program's name; None takes the process's own.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings_as_messages():
            code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read our output has left; what Python would still flush must not complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return STOPPED
    except Exception as error:
        if os.environ.get("PHOTOCHROM_DEBUG") == "1":
            raise
        return _explain(error)
    return code


def _run(arguments: list[str]) -> int:
    from photochrom.cli.app import app, expand_short_form

    code = app(expand_short_form(arguments), prog_name="photochrom", standalone_mode=False)
    return code if isinstance(code, int) else OK


def _explain(error: Exception) -> int:
    if type(error).__name__ == "Abort":  # how Typer before 0.20 passes Ctrl-C on
        return STOPPED
    if hasattr(error, "format_message"):  # a usage error; its class's home moved between versions
        if message := " ".join(error.format_message().split()):
            complain(f"{message} (--help tells more)")
        return USAGE
    complain(_one_line(error))
    return USAGE if isinstance(error, OptionError) else FAILED


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, PhotochromError):
        return text
    return (
        f"unexpected {type(error).__name__}: {text}; this is a mistake of photochrom's own, "
        "PHOTOCHROM_DEBUG=1 shows where"
    )
