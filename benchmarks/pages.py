"""The pages in docs that benchmarks write: what a script says of itself, around its report."""

from __future__ import annotations

import textwrap
from pathlib import Path

from photochrom.atomic import written_whole


def write_page(path: Path, title: str, doc: str, text: str) -> None:
    """Writes a page: the script's own words, and what it measured.

    Args:
        path: the page.
        title: its heading.
        doc: the script's docstring: one line, the command line, and the method.
        text: the report, in markdown.
    """
    about, command, method = doc.strip().split("\n\n", 2)
    command = textwrap.dedent(command).strip()
    page = f"# {title}\n\n{about}\n\n```\n{command}\n```\n\n{method}\n\n{text}"
    with written_whole(path) as partial:
        partial.write_text(page, encoding="utf-8")
