"""Optional parts of the package that a command needs."""

from __future__ import annotations

import importlib

from photochrom.errors import MissingDependencyError


def require(extra: str, *modules: str) -> None:
    """Raises MissingDependencyError, with the install line, unless all modules are there.

    Args:
        extra: what installs them.
        modules: by their import names.
    """
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingDependencyError(
                f'this needs {name}, which is not installed: pip install "photochrom[{extra}]"'
            ) from error
