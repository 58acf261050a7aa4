"""Five published colorizers trained with this package: published figures beside ours.

    python benchmarks/experiments.py [list]                           # rows, done and to do
    python benchmarks/experiments.py run NAME... [--budget cpu|full]  # trains or resumes, judges
    python benchmarks/experiments.py page                             # writes docs/experiments.md

`make experiments` lists, `make experiments RUN=NAME` runs and writes this page anew. The rows
stand in [experiments/table.yaml](../experiments/table.yaml), their pictures lie below the folder
that the environment variable `PHOTOCHROM_DATA` names (its layout:
[experiments/README.md](../experiments/README.md)), and each result is a file in
[experiments](../experiments), written from its own run alone. This page is made of those files.

A row is a recipe of this package on pictures that are at hand. At the budget `full` it has the
published schedule; at `cpu` it is shortened to what two cores do in about ten minutes, and marked
so: fewer and smaller pictures, fewer steps, bfloat16 (bf16-mixed) where the CPU has instructions
for it. A shortened row says how things begin, not where they end, and is not comparable with a
published number. Times of steps on a CPU are processor time spread over the threads, so that
other work on the machine does not count; minutes are those of the clock.

What is judged is the network at the end of its training (no checkpoint is picked by its figures),
on at most 300 test pictures as squares, beside the default model at its own settings and beside
grey. A network's chroma is put on the picture's own luminance and cut to sRGB; ab errors and
accuracies are of the chroma before it is cut. Test pictures are near-duplicates of none that the
networks or the default model were trained on, unless the table says so. Brackets hold 95 %
bootstrap intervals over pictures; training pictures are a sample of 200. What each figure is
inadequate for stands in [docs/benchmarks/quality.md](benchmarks/quality.md): grey pictures score
well on most.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from experiment_grid import points_of, read_grids, run_grid
from experiment_page import open_claims, page_text
from experiment_run import Places, read_results, run_experiment
from experiment_table import BUDGETS, ROOT, Resolved, Table, load_table, resolve
from pages import write_page

from photochrom.errors import PhotochromError
from photochrom.training.precision import SLOW_BFLOAT16, slower_than_full

PAGE = ROOT / "docs" / "experiments.md"
RESULTS = ROOT / "experiments"
RUNS = ROOT / "runs" / "experiments"
STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Lists, runs or writes the page; 1 after an error, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        table = load_table()
        if options.command == "run":
            return _run(table, options)
        if options.command == "page":
            write_experiments_page(table, options.results, PAGE)
        else:
            print(_listing(table, options.results, options.runs))
    except PhotochromError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped and saved; the same command goes on", file=sys.stderr)
        return STOPPED
    return 0


def write_experiments_page(table: Table, results: Path, page: Path) -> None:
    """Writes the page from the results in a folder."""
    text = page_text(table, read_results(results), read_grids(results))
    write_page(page, "Experiments", __doc__, text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", nargs="?", choices=("list", "run", "page"), default="list")
    parser.add_argument("names", nargs="*", metavar="NAME", help="experiments to run")
    parser.add_argument("--budget", choices=BUDGETS, default="cpu", help="default: %(default)s")
    parser.add_argument("--precision", help="in place of the budget's, such as 32-true")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--accelerator", default="auto", help="cpu, cuda, or auto")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of run folders")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of results")
    return parser


def _run(table: Table, options: argparse.Namespace) -> int:
    """Runs experiments one after the other; one that fails does not keep the next from running."""
    torch.set_num_threads(options.threads)
    # before the first of them is run for hours, a wrong name of the last
    rows = {name: _resolved(table, name, options) for name in options.names}
    failed = not rows
    if failed:
        print("name at least one experiment; `list` shows them", file=sys.stderr)
    for name, row in rows.items():
        print(f"{name}, {options.budget} budget", file=sys.stderr)
        if slower_than_full(row.recipe.precision, options.accelerator):
            print(f"{SLOW_BFLOAT16} (--precision 32-true)", file=sys.stderr)
        try:
            target = _run_one(table, name, row, options)
        except PhotochromError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
        else:
            # read again: the table may have been edited while this row was trained for hours
            write_experiments_page(load_table(), options.results, PAGE)
            print(f"{name}: {target.name} and {PAGE.name} written", file=sys.stderr)
    return int(failed)


def _resolved(table: Table, name: str, options: argparse.Namespace) -> Resolved:
    """An experiment, or the one that a grid is laid over, at the budget asked for."""
    if name in table.grids:
        return points_of(table, table.grids[name], options.budget, options.precision)[0]
    return resolve(table, name, options.budget, options.precision)


def _run_one(table: Table, name: str, row: Resolved, options: argparse.Namespace) -> Path:
    """Runs an experiment or a grid; the file of its result."""
    places = Places(options.runs, options.results)
    if name in table.grids:
        return run_grid(
            table, name, options.budget, places, precision=options.precision,
            accelerator=options.accelerator,
        )  # fmt: skip
    return run_experiment(table.experiments[name], row, places, options.accelerator)


def _listing(table: Table, results: Path, runs: Path) -> str:
    """One line for each row, by system, and for each grid, then how many claims are open."""
    done, grids = read_results(results), read_grids(results)
    width = max(len(name) for name in (*table.experiments, *table.grids))
    lines = []
    for name, experiment in table.experiments.items():
        begun = [b for b in BUDGETS if (runs / f"{name}-{b}").is_dir()]
        state = "to do"
        if name in done:
            result = done[name]
            known = result["recipe"]
            now = resolve(table, name, result["budget"], known["precision"]).recipe
            older = "" if now.model_dump(mode="json") == known else ", with other settings than now"
            state = f"done, {result['budget']} budget, {result['date']}{older}"
        elif begun:
            state = f"begun ({', '.join(begun)})"
        lines.append(f"{experiment.system}  {name:{width}}  {state}")
    for name, grid in table.grids.items():
        state = f"done, {grids[name]['budget']} budget" if name in grids else "to do"
        lines.append(f"{table.experiments[grid.experiment].system}  {name:{width}}  grid, {state}")
    lines.append(
        f"{len(done)} of {len(table.experiments)} rows done, "
        f"{open_claims(table, done)} of {len(table.claims)} claims open"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
