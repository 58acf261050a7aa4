"""`photochrom survey`: asking people which colours are real, and what they said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import messages, say
from photochrom.cli.extras import require
from photochrom.cli.requests import check_counts
from photochrom.errors import OptionError

if TYPE_CHECKING:
    from photochrom.survey.create import Progress

WEB = ("fastapi", "uvicorn")
PORT = 8766
PLOT_FORMATS = (".png", ".svg", ".pdf")

survey = typer.Typer(
    help="Asks people which colours are real: makes a survey, serves its page, reads its results.",
    no_args_is_help=True,
)


class Form(StrEnum):
    """What a trial shows."""

    single = "single"
    pair = "pair"


class Against(StrEnum):
    """What a model's result stands beside."""

    real = "real"
    models = "models"
    both = "both"


@survey.command("create")
def create(
    data: Annotated[
        list[Path],
        typer.Option(metavar="PATH...", help="Folders of colour pictures, or .tar shards of them."),
    ],
    folder: Annotated[Path, typer.Option("-o", "--output", help="The survey's new folder.")],
    more_data: Annotated[list[Path] | None, typer.Argument(hidden=True)] = None,
    models: Annotated[
        str, typer.Option(help="Models, separated by commas; dir:FOLDER is another's results.")
    ] = "auto",
    form: Annotated[
        Form, typer.Option(help="One picture at a time, or two versions of it side by side.")
    ] = Form.single,
    trials: Annotated[int, typer.Option(help="Of each participant, catch trials included.")] = 50,
    practice: Annotated[int, typer.Option(help="Trials before them, with the answer told.")] = 10,
    catch: Annotated[float, typer.Option(help="Share of trials with random colours.")] = 0.1,
    against: Annotated[
        Against, typer.Option(help="In pairs: models beside real pictures, each other, or both.")
    ] = Against.real,
    sets: Annotated[int, typer.Option(help="Sets of pictures; a participant sees one.")] = 1,
    seconds: Annotated[
        float | None,
        typer.Option(help="How long pictures show; default: pairs 1, single for ever."),
    ] = None,
    size: Annotated[int, typer.Option(help="Short side of the pictures in pixels.")] = 256,
    seed: Annotated[int, typer.Option(help="Another one gives other pictures and orders.")] = 0,
    title: Annotated[str | None, typer.Option(help="The page's title.")] = None,
    consent: Annotated[str | None, typer.Option(help="What participants agree to.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads; default: all cores.")] = None,
) -> None:
    """Makes a survey: pictures are chosen, coloured by each model, and written to a folder.

    Models are named as for `colorize`; `grey` leaves the picture without colour, and dir:FOLDER
    takes another program's results, named as the data's pictures, whatever the ending.

    [bold]Examples[/bold]

      photochrom survey create --models general,old.onnx --data photos/ -o survey

      photochrom survey create --form pair --models general,dir:theirs/ --data photos.tar -o pairs
    """
    from photochrom.survey.create import create_survey
    from photochrom.survey.design import CONSENT, TITLE, SurveyDesign
    from photochrom.survey.sources import open_sources

    check_counts(threads=threads)
    design = SurveyDesign(
        form.value, trials, practice, catch, against.value, sets, seed, seconds, size,
        TITLE if title is None else title, CONSENT if consent is None else consent,
    )  # fmt: skip
    places = [*data, *(more_data or ())]
    named = [name for name in models.split(",") if name]
    sources = open_sources(named, places, threads=threads)
    with _progress_bar() as progress:
        made = create_survey(folder, design, sources, places, progress)
    say(
        f"{folder}: {len(made.pictures)} pictures, {', '.join(made.models)}; each participant has "
        f"{design.practice} practice trials and {design.trials} that follow, {design.catch} of "
        "them to catch who pays no attention"
    )
    say(f"photochrom survey serve {folder}")


@survey.command("serve")
def serve(
    folders: Annotated[list[Path], typer.Argument(help="Folders of surveys.")],
    host: Annotated[
        str, typer.Option(help="0.0.0.0 lets others in the network take part.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = PORT,
) -> None:
    """Serves the pages on which people take part, until Ctrl-C.

    A vote is on the disk before the next question comes. Stopped or killed and started again, the
    server goes on with everybody where they were.

    [bold]Examples[/bold]

      photochrom survey serve survey/

      photochrom survey serve survey/ pairs/ --host 0.0.0.0 --port 8000
    """
    require("web", *WEB)
    from photochrom.serving import address, is_loopback, listen
    from photochrom.survey.folder import open_survey
    from photochrom.survey.server import SurveyServer, survey_names

    surveys = {name: open_survey(folder) for name, folder in survey_names(folders).items()}
    with SurveyServer(surveys) as server, listen(host, port) as listener:
        base = address(host, listener.getsockname()[1])
        for name in surveys:
            say(f"{base}/s/{name}/")
        if not is_loopback(host):
            say("whoever can reach this machine can take part; the connection is not encrypted")
        try:
            server.run(listener)
        finally:
            say("stopped; every vote is kept")


@survey.command("results")
def results(
    folder: Annotated[Path, typer.Argument(help="The survey's folder.")],
    csv: Annotated[Path | None, typer.Option(help="Also write every vote to this file.")] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Also write a row a picture to this .csv file.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Also draw the rates: a .png, .svg or .pdf file.")
    ] = None,
    catch_pass: Annotated[
        float, typer.Option(help="Leave out who gets a smaller share of catch trials right.")
    ] = 0.75,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    """Tells how often each model's pictures are taken for real, and how sure that is.

    Works while the survey is being served. Each rate has two intervals: Wilson's takes all votes
    for independent, the bootstrap knows that some people are fooled more easily than others.

    [bold]Examples[/bold]

      photochrom survey results survey/ --csv votes.csv --plot rates.png
    """
    from photochrom.cli.survey_results import print_results
    from photochrom.survey.folder import open_survey
    from photochrom.survey.judgements import judge
    from photochrom.survey.results import survey_results
    from photochrom.survey.tables import as_plain_values, write_pictures, write_votes
    from photochrom.survey.votes import VoteStore

    if plot is not None:
        if plot.suffix.lower() not in PLOT_FORMATS:
            raise OptionError(f"--plot {plot}: ends in none of {', '.join(PLOT_FORMATS)}")
        require("train", "matplotlib")
    opened = open_survey(folder)
    with VoteStore(opened.votes_path) as store:
        judged = judge(opened, store.votes(), catch_pass=catch_pass)
    found = survey_results(opened, judged)
    if csv is not None:
        write_votes(opened, judged, csv)
    if pictures is not None:
        write_pictures(found, pictures)
    if plot is not None:
        from photochrom.survey.plot import draw_results

        draw_results(opened, found, plot)
    if as_json:
        import json

        print(json.dumps(as_plain_values(opened, judged, found)))
    else:
        print_results(opened, judged, found)


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    from rich import progress

    bar = progress.Progress(
        progress.TextColumn("{task.description}"), progress.BarColumn(),
        progress.MofNCompleteColumn(), progress.TimeRemainingColumn(),
        console=messages, transient=True, disable=not messages.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=None)
        yield lambda doing, done, total: bar.update(
            task, description=doing, completed=done, total=total
        )
