"""`photochrom film`: colours for films, what a film is made of, and raw frames through a pipe."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.console import say
from photochrom.cli.film_stats import tell_stats
from photochrom.cli.film_times import parse_time
from photochrom.cli.film_work import FilmRequest, model_and_options, run_films
from photochrom.errors import OptionError

film = typer.Typer(help="Colour films, see what they are made of.", no_args_is_help=True)

Model = Annotated[str | None, typer.Option(help="A name from `models list`, or an .onnx file.")]
Size = Annotated[
    int | None, typer.Option(help="Short side, in pixels, that the network sees, 32 to 2048.")
]
Vividness = Annotated[
    float | None, typer.Option(help="0 (safe, muted) to 1 (bold); default: the model's.")
]
Saturation = Annotated[float, typer.Option(help="Multiplies all colour, 0 to 3.")]
Looks = Annotated[
    int | None, typer.Option(help="Looks at each frame, averaged, 1 to 3; default: 1.")
]
HueGuards = Annotated[
    list[str] | None,
    typer.Option("--hue-guard", metavar="HUES[:KEEP]", help="Damps hues, e.g. violet, green:0.5."),
]
Threads = Annotated[
    int | None, typer.Option(help="CPU threads of the network; default: all cores.")
]
FrameAlone = Annotated[
    bool, typer.Option("--frame-by-frame", help="Colour each frame alone; it flickers.")
]
Every = Annotated[
    int | None,
    typer.Option(help="The network looks at every so many-th frame; 1 is slower; default: 2."),
]
Reference = Annotated[
    Path | None,
    typer.Option(metavar="PHOTO", help="Regions that look alike take over its colours; slower."),
]
CaptionColours = Annotated[
    bool, typer.Option("--caption-colours", help="Colour burnt-in time stamps and captions, too.")
]


@film.command("colorize")
def colorize(
    inputs: Annotated[list[Path], typer.Argument(metavar="FILM...", help="Films of any kind.")],
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="OUT", help="A file, or a folder.")
    ] = None,
    model: Model = None,
    size: Size = None,
    vividness: Vividness = None,
    saturation: Saturation = 1.0,
    looks: Looks = None,
    hue_guards: HueGuards = None,
    frame_by_frame: FrameAlone = False,
    two_passes: Annotated[
        bool,
        typer.Option("--two-passes", help="Find each scene's colours first: steadier, slower."),
    ] = False,
    every: Every = None,
    key_frames: Annotated[
        list[str] | None,
        typer.Option(
            "--key-frame", metavar="TIME=PICTURE", help="A frame in colour, for its scene."
        ),
    ] = None,
    caption_colours: CaptionColours = False,
    reference: Reference = None,
    codec: Annotated[
        str | None,
        typer.Option(help="h264, h265, av1, vp9, mpeg4 or ffv1 (lossless); default: h264."),
    ] = None,
    crf: Annotated[
        int | None, typer.Option(help="Quality on the codec's own scale; lower is better.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Speed of the encoder, e.g. slow.")] = None,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Colour from here, e.g. 1:30.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Colour up to here, e.g. 2:00.")
    ] = None,
    preview: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Colour only so much, e.g. 10s, into FILM.preview."),
    ] = None,
    damaged: Annotated[
        bool, typer.Option("--damaged", help="Colour what can be read of a damaged film.")
    ] = False,
    suffix: Annotated[
        str, typer.Option(help="Marks the name of a result that lies beside its film.")
    ] = ".color",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Make results again.")] = False,
    jobs: Annotated[
        int, typer.Option(help="Frames coloured at once, where each is coloured alone.")
    ] = 1,
    threads: Threads = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line a film on standard output.")
    ] = False,
    no_mark: Annotated[
        bool, typer.Option("--no-mark", help="Do not note that the colours are guessed.")
    ] = False,
) -> None:
    """Colours films; sound, subtitles, chapters, time stamps and metadata are kept.

    Without -o a result lies beside its film: film.mp4 becomes film.color.mp4. When the work is
    stopped, the same command goes on with it, and the result is the same.

    [bold]Examples[/bold]

      photochrom film colorize film.mp4 --preview 10s

      photochrom film colorize film.mp4 --codec h265 --crf 22 --preset slow

      photochrom film colorize reel1.avi reel2.mpg -o coloured/

      photochrom film colorize film.mkv --from 10:00 --to 12:30 -o scene.mp4
    """
    request = FilmRequest(
        tuple(inputs), output, model, size, vividness, saturation, looks,
        tuple(hue_guards or ()), frame_by_frame, two_passes, every, tuple(key_frames or ()),
        caption_colours, reference, codec, crf, preset,
        parse_time("from", begin), parse_time("to", end), parse_time("preview", preview),
        damaged, suffix, overwrite, jobs, threads, as_json, not no_mark,
    )  # fmt: skip
    raise typer.Exit(run_films(request))


@film.command("stats")
def stats(
    path: Annotated[Path, typer.Argument(metavar="FILM", help="A film of any kind.")],
    model: Model = None,
    scenes: Annotated[
        bool, typer.Option("--scenes/--no-scenes", help="List the scenes: reads every frame.")
    ] = True,
    threads: Threads = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
) -> None:
    """Tells what a film is made of, its scenes, and about how long colouring it takes."""
    tell_stats(path, model, scenes=scenes, threads=threads, as_json=as_json)


@film.command("pipe")
def pipe(
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the frames, e.g. 720x576.")],
    pixel_format: Annotated[
        str, typer.Option("--pix-fmt", help="gray, yuv420p, yuv422p or yuv444p; 10le behind it.")
    ] = "gray",
    rate: Annotated[float, typer.Option(help="Frames per second.")] = 24.0,
    full: Annotated[
        bool | None, typer.Option("--full/--limited", help="Range of codes; default: gray full.")
    ] = None,
    matrix: Annotated[
        str | None, typer.Option(help="bt601, bt709 or bt2020; default: by the height.")
    ] = None,
    model: Model = None,
    network_size: Annotated[
        int | None, typer.Option("--network-size", help="Short side that the network sees.")
    ] = None,
    vividness: Vividness = None,
    saturation: Saturation = 1.0,
    looks: Looks = None,
    hue_guards: HueGuards = None,
    frame_by_frame: FrameAlone = False,
    every: Every = None,
    caption_colours: CaptionColours = False,
    reference: Reference = None,
    threads: Threads = None,
) -> None:
    """Colours raw frames from standard input to standard output, for use between two FFmpegs.

    Frames come out as yuv420p (yuv444p for yuv444p) in the depth and range that they came in, their
    luma untouched.

    [bold]Example[/bold]

      ffmpeg -i in.mp4 -f rawvideo -pix_fmt yuv420p - | photochrom film pipe --size 720x576
      --pix-fmt yuv420p | ffmpeg -f rawvideo -pix_fmt yuv420p -s 720x576 -r 25 -i - out.mp4
    """
    from photochrom.film import require_film_extra

    require_film_extra()
    from photochrom.film.frames import RawFormat, colorize_pipe

    found = re.fullmatch(r"(\d+)x(\d+)", size)
    if not found:
        raise OptionError(f"size {size!r}: must be WIDTHxHEIGHT, e.g. 720x576")
    if sys.stdout.isatty():
        raise OptionError("raw frames are nothing for a terminal; put a pipe behind it")
    form = RawFormat(int(found[1]), int(found[2]), pixel_format, full, matrix, rate)
    request = FilmRequest(
        (), None, model, network_size, vividness, saturation, looks, tuple(hue_guards or ()),
        frame_by_frame, False, every, (), caption_colours, reference, threads=threads,
    )  # fmt: skip
    colorizer, options = model_and_options(request)
    count = colorize_pipe(
        sys.stdin.buffer, sys.stdout.buffer, form, colorizer, options, colours=request.colours(),
    )  # fmt: skip
    say(f"{count} frames, {form.result}")
