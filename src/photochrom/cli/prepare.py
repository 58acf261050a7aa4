"""`photochrom prepare`: a folder of pictures made ready for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.console import messages, say
from photochrom.errors import OptionError


def prepare(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder of colour pictures.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="The folder for the results.")],
    size: Annotated[int, typer.Option(help="Short side of the results in pixels.")] = 256,
    min_side: Annotated[int, typer.Option(help="Pictures with a shorter side are left out.")] = 96,
    jobs: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
) -> None:
    """Shrinks pictures once and leaves out, by rule, what teaches no colour.

    DST/report.csv lists each picture that is left out, with its reason: unreadable, small,
    near-grey, one tint, low quality or near-duplicate. The originals stay as they are.

    [bold]Examples[/bold]

      photochrom prepare my-photos/ prepared/ --size 192
    """
    for name, value, least in (("size", size, 32), ("min-side", min_side, 1), ("jobs", jobs, 1)):
        if value is not None and value < least:
            raise OptionError(f"{name} is {value}; it must be at least {least}")

    from rich import progress

    from photochrom.data.prepare import REPORT, PrepareOptions
    from photochrom.data.prepare import prepare as prepare_folder

    bar = progress.Progress(
        progress.BarColumn(), progress.MofNCompleteColumn(), progress.TimeRemainingColumn(),
        console=messages, transient=True, disable=not messages.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("pictures", total=None)
        report = prepare_folder(
            source, target, PrepareOptions(size, min_side, jobs=jobs),
            lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    for reason, count in report.reasons.most_common():
        say(f"{count} left out: {reason}")
    say(f"{report.kept} kept in {target}; {target / REPORT} lists the others")
