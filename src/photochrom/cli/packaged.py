"""Files that come with the package: recipes and example pictures."""

from __future__ import annotations

from pathlib import Path

import photochrom

INSTALLED = Path(photochrom.__file__).parent
CHECKOUT = INSTALLED.parent.parent

RECIPES = ("recipes", "recipes")
EXAMPLES = ("examples", "examples/photos")
"""A folder's place in an installed package, and in a checkout of the source."""


def packaged_files(place: tuple[str, str], suffix: str) -> list[Path]:
    """The files of a packaged folder that end in a suffix, sorted by name."""
    for folder in (INSTALLED / place[0], CHECKOUT / place[1]):
        if files := sorted(folder.glob(f"*{suffix}")):
            return files
    return []
