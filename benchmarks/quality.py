"""How good a model's colours are: figures on validation photographs, beside grey and two tints.

    python benchmarks/quality.py [MODEL] [--data TAR] [--limit N] [--write] [--json FILE]

MODEL is a name from `photochrom models list` or the path of an .onnx file; without it only the
anchors are measured. The pictures come from --data, or from photos-val.tar in the folder that
the environment variable PHOTOCHROM_DATA names; paths inside are topic/source/[label/]number.webp.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import quality_features
from quality_report import (
    Summary,
    append_rows,
    cells,
    headings,
    markdown_table,
    summarize,
    summarize_groups,
)
from quality_rows import (
    GREY,
    ORIGINAL,
    PSNR_CAP,
    Measurements,
    Predictor,
    anchors,
    measure_all,
    read_tar,
)
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from photochrom.errors import PhotochromError
from photochrom.evaluation.machine import machine, versions

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "quality.md"


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; the exit status."""
    options = _parser().parse_args(arguments)
    console, log = Console(), Console(stderr=True)
    data = options.data or data_from_environment()
    if data is None or not data.is_file():
        log.print(
            f"No pictures at {data}: give --data TAR, or set PHOTOCHROM_DATA to a folder that "
            "holds photos-val.tar."
        )
        return 2
    try:
        name, model, described = open_model(options) if options.model else (GREY, None, {})
    except PhotochromError as error:
        log.print(str(error), markup=False, soft_wrap=True)
        return 1
    started = time.perf_counter()
    found = _measure(data, {} if model is None else {name: model}, options, log)
    summaries = summarize(found)
    header = {
        **protocol(data, options.side),
        "pictures": summaries[0].pictures,
        **described,
        "features": quality_features.NAME if found.features else "not measured",
        "seconds": round(time.perf_counter() - started, 1),
    }
    groups = {g: summarize_groups(found.rows, name, g) for g in ("source", "topic")}
    tables = {"all": summaries} | {f"{name} by {g}": found for g, found in groups.items()}
    # a table of this many columns needs a wide terminal; in a file it has no use at all
    show(console, header, tables, markdown=options.markdown or not console.is_terminal)
    if options.json:
        report = {
            "protocol": header,
            **{title: [asdict(summary) for summary in found] for title, found in tables.items()},
            "rows": [asdict(row) for row in found.rows],
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.write:
        wanted = [s for s in summaries if (s.name == name if model else s.name != ORIGINAL)]
        append_rows(PAGE, [page_row(summary, header) for summary in wanted])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", help="model name or .onnx file; none: anchors only")
    parser.add_argument("--data", type=Path, help="tar of pictures")
    parser.add_argument("--limit", type=int, help="this many pictures, spread over the tar")
    parser.add_argument("--side", type=int, default=256, help="short side measured at, in pixels")
    parser.add_argument("--size", type=int, help="short side the network sees (model's own)")
    parser.add_argument("--vividness", type=float, help="0..1 (model's own)")
    parser.add_argument("--saturation", type=float, default=1.0, help="chroma factor, 0..3")
    parser.add_argument("--looks", type=int, help="1..3 (model's own)")
    parser.add_argument("--workers", type=int, default=2, help="pictures measured side by side")
    parser.add_argument("--no-frechet", action="store_true", help="leave out the network features")
    parser.add_argument("--markdown", action="store_true", help="markdown instead of tables")
    parser.add_argument("--json", type=Path, help="everything, each picture's row too, to a file")
    parser.add_argument("--write", action="store_true", help="add a row to the page in docs")
    return parser


def data_from_environment() -> Path | None:
    """photos-val.tar in the folder that PHOTOCHROM_DATA names, if it is set."""
    folder = os.environ.get("PHOTOCHROM_DATA")
    return Path(folder) / "photos-val.tar" if folder else None


def open_model(options: argparse.Namespace) -> tuple[str, Predictor, dict[str, object]]:
    """A model's name, its predictor, and what the protocol says of it."""
    from photochrom.colorizer import Colorizer
    from photochrom.options import ColorizeOptions
    from photochrom.runtime import file_sha256

    colorizer = Colorizer(options.model, threads=1)  # pictures run side by side instead
    model = colorizer.model
    asked = ColorizeOptions(
        size=options.size, vividness=options.vividness, saturation=options.saturation,
        looks=options.looks,
    )  # fmt: skip
    described = {
        "model": model.description.name,
        "model_sha256": file_sha256(model.path),
        "working_size": asked.size or model.description.size,
        "vividness": (
            model.description.vividness if asked.vividness is None else asked.vividness
        ),
        "saturation": asked.saturation,
        "looks": asked.looks or model.description.looks,
    }  # fmt: skip
    return (
        model.description.name,
        lambda luminance: colorizer.predict_chroma(luminance, asked),
        described,
    )


def _measure(
    data: Path, models: dict[str, Predictor], options: argparse.Namespace, log: Console
) -> Measurements:
    pictures = read_tar(data, options.limit)
    embed = None if options.no_frechet else quality_features.lite0_embedder()
    with Progress(console=log, transient=True) as progress:
        task = progress.add_task("measuring", total=len(pictures))
        return measure_all(
            pictures,
            {**anchors(pictures, options.side), **models},
            side=options.side,
            workers=options.workers,
            # features take as long as all else together: not for the tints
            embed={} if embed is None else dict.fromkeys((ORIGINAL, GREY, *models), embed),
            done=lambda: progress.advance(task),
        )


def protocol(data: Path, side: int) -> dict[str, object]:
    """What a figure has to be printed with, whatever the model."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "data": data.name,
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "size": f"short side {side} px, Lanczos where the file's differs",
        "result": "the truth's L with the predicted ab, clipped to sRGB, not rounded to 8 bits",
        "psnr": f"mean of each picture's, on sRGB, peak 1.0, at most {PSNR_CAP:.0f} dB each",
        "intervals": "95 %, bootstrap over pictures, 2,000 resamples; shares: Wilson",
        "versions": versions(),
        "machine": machine(),
    }


def page_row(summary: Summary, header: Mapping[str, object]) -> list[str]:
    """The row of docs/benchmarks/quality.md; an anchor has no settings."""
    of_model = header if summary.name == header.get("model") else {}
    keys = ("model_sha256", "working_size", "vividness", "looks")
    data = f"{header['data']} {str(header['data_sha256'])[:8]}"
    used = [str(of_model.get(key, ""))[:12] for key in keys]
    return [str(header["date"]), data, summary.name, *used, *cells(summary)[1:]]


def show(
    console: Console,
    header: dict[str, object],
    tables: dict[str, list[Summary]],
    *,
    markdown: bool,
) -> None:
    """Prints the protocol, then each table by its title."""
    for key, value in header.items():
        console.print(f"{key}: {value}", highlight=False, soft_wrap=True)
    for title, summaries in tables.items():
        rows = [cells(summary) for summary in summaries]
        if markdown:
            text = f"\n{title}\n\n{markdown_table(rows, headings())}"
            console.print(text, highlight=False, soft_wrap=True, markup=False)
            continue
        table = Table(*headings(), title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


if __name__ == "__main__":
    sys.exit(main())
