"""The page of the experiments, from the table and the results alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import experiment_claims
from experiment_claims import OPEN, default_model_wins, judge_claim
from experiment_judging import DEFAULT, GREY, ROW, SHOWN, TRUTH
from experiment_table import Claim, Rule, System, Table

from photochrom.training.grid import short_keys, value_text

Result = Mapping[str, Any]
Results = Mapping[str, Result]

ONLY_TRUTH_HAS = ("colourfulness", "inconsistency", "bleeding", "density")
"""Figures that say something of the true pictures."""


def page_text(table: Table, results: Results, grids: Results) -> str:
    """The generated part of the page, in markdown."""
    lines = ["## Claims", "", (experiment_claims.__doc__ or "").strip(), ""]
    lines += _claims(table, results)
    for name, system in table.systems.items():
        lines += ["", *_system(name, system, table, results)]
        for title, grid in grids.items():
            if title in table.grids and table.experiments[grid["experiment"]].system == name:
                lines += ["", *_grid(grid)]
    return "\n".join(lines) + "\n"


def _claims(table: Table, results: Results) -> Iterator[str]:
    yield from _table_head(("", "published claim", "verdict", "evidence"))
    for claim in table.claims:
        verdict, sentence = judge_claim(claim, results)
        yield _row((claim.system, claim.text, f"**{verdict}**", sentence))
    if results:
        found = {name: default_model_wins(result) for name, result in results.items()}
        confirmed = [n for n, (v, _) in found.items() if v == experiment_claims.CONFIRMED]
        missed = [f"{n} ({s})" for n, (_, s) in found.items() if n not in confirmed]
        yield _row((
            "all", "The default model has the smaller colour difference on every test set (ours).",
            f"**{len(confirmed)} of {len(found)}**",
            f"not with {'; '.join(missed)}." if missed else "with every row that was run.",
        ))  # fmt: skip
    yield ""
    yield "Rules:"
    yield ""
    for claim in table.claims:
        yield f"- {claim.text} *{_rules(claim)}*"


def _rules(claim: Claim) -> str:
    return "; ".join(_rule(rule) for rule in claim.rules) + "."


def _rule(rule: Rule) -> str:
    words = {
        "larger": "{figure} of {more} larger than of {less}",
        "not_smaller": "{figure} of {more} not smaller than of {less}",
        "alike": "{figure} of {more} and {less} alike",
        "slower": "{more} at least {at_least:g} times the seconds a picture of {less}",
        "falls": "held-out {figure} of {row} lower at the end than after half of the epochs",
    }
    return words[rule.kind].format(**rule.model_dump())


def _system(name: str, system: System, table: Table, results: Results) -> Iterator[str]:
    yield from (f"## {name}: {system.title}", "")
    if system.note:
        yield from (system.note, "")
    rows = [row for row, e in table.experiments.items() if e.system == name]
    done = [results[row] for row in rows if row in results]
    if done:
        yield from _figures(system, done)
        yield ""
        yield from _protocols(done)
        yield ""
    waiting = [row for row in rows if row not in results]
    if waiting:
        yield f"Not run yet: {', '.join(f'`{row}`' for row in waiting)}."
        yield ""
    for row in rows:
        experiment = table.experiments[row]
        words = f" Published: {experiment.published_words}" if experiment.published_words else ""
        yield f"- `{row}`: {experiment.about}{words}"
    for picture in system.pictures:
        drawn = f" `{picture.command}`" if picture.command else ""
        yield from ("", f"![{picture.caption}](experiments/{picture.file})", "")
        yield picture.caption + drawn
    if system.commands:
        yield from ("", "Full runs are looked at with", "", "```", *system.commands, "```")


def _figures(system: System, done: Iterable[Result]) -> Iterator[str]:
    names = system.figures
    yield from _table_head(("row", "", *(_label(name) for name in names)))
    together: dict[tuple[Any, ...], list[Result]] = {}
    for result in done:
        test = result["test"]
        judges = (test.get("density"), test.get("segmentation"))
        key = (test["sha256"], test["side"], result["default_model"]["sha256"], *judges)
        together.setdefault(key, []).append(result)
    for group in together.values():
        for result in group:
            yield from _figures_of(result, names)
        test, figures = group[0]["test"], group[0]["figures"]
        where = f"{test['pictures']} pictures of {test['side']} px"
        saw = group[0]["default_model"]["saw_test_pictures"]
        trained = ", which was trained on them" if saw else ""
        default = f"**default model**{trained}"
        yield _row((default, where, *(_cell(figures[DEFAULT], n) for n in names)))
        yield _row(("grey pictures", where, *(_cell(figures[GREY], n) for n in names)))
        truth = (_cell(figures[TRUTH], n) if n in ONLY_TRUTH_HAS else "" for n in names)
        yield _row(("the pictures themselves", where, *truth))


def _figures_of(result: Result, names: Iterable[str]) -> Iterator[str]:
    names = list(names)
    figures, published = result["figures"], result["published"]
    mark = "" if result["budget"] == "full" else ", shortened"
    row = f"`{result['name']}`"
    yield _row((row, f"ours{mark}", *(_cell(figures[ROW], n, interval=True) for n in names)))
    yield _row(
        ("", "ours, training pictures", *(_cell(figures["training_sample"], n) for n in names))
    )
    for part, words in (("test", "published"), ("train", "published, training pictures")):
        told = {n: published.get(n, {}).get(part) for n in names}
        if any(value is not None for value in told.values()):
            values = ("" if v is None else f"{v:{SHOWN[n].form}}" for n, v in told.items())
            yield _row(("", words, *values))


def _protocols(done: Iterable[Result]) -> Iterator[str]:
    yield from _table_head(
        ("row", "trained on", "judged on", "steps", "minutes", "a full run", "made with")
    )
    for result in done:
        data, test, training = result["data"], result["test"], result["training"]
        share = data["used"] / data["full"]
        name = ", ".join(data["sources"] or data["folders"])
        shown = training["pictures_shown"] / max(1, data["training"])
        hours = training["full_hours"]
        notes = " ".join(filter(None, (data["note"], test["note"])))
        yield _row((
            f"`{result['name']}`",
            f"{name}: {data['training']:,} pictures of {data['side']} px, {data['held_out']:,} "
            f"held out ({share:.0%} of the data){'. ' + notes if notes else ''}",
            f"{test['pictures']} pictures of {test['side']} px, {test['what']}"
            + (f"; density: {test['density']}" if test.get("density") else "")
            + (f"; mIoU: {test['segmentation']}" if test.get("segmentation") else ""),
            f"{training['steps']:,}, {shown:.1f} passes",
            f"{training['wall_seconds'] / 60:.1f}",
            f"{training['full_pictures_shown']:,} pictures shown"
            + ("" if hours is None else f", about {hours:,.1f} h here"),
            _made_with(result),
        ))  # fmt: skip


def _grid(grid: Result) -> Iterator[str]:
    """The points of a grid search, the best first."""
    data = grid["data"]
    keys = list(grid["points"][0]["values"])
    titles = short_keys(keys)
    yield from (f"### Grid search: `{grid['name']}`", "", grid["about"], "")
    figures = {"ciede2000": ".2f", "ciede2000_ratio": ".3f", "chroma_ratio": ".2f", "loss": ".4f"}
    yield from _table_head((
        *titles, "held-out CIEDE2000 (lower is better)", "x grey", "chroma, x the truth's",
        "held-out loss", "best epoch", "step", "minutes",
    ))  # fmt: skip
    for point in grid["points"]:
        values, best = (value_text(point["values"][key]) for key in keys), point["best"]
        if best is None:
            yield _row((*values, point["error"] or "not trained", *[""] * 6))
            continue
        yield _row((
            *values, *(f"{best[key]:{form}}" for key, form in figures.items()),
            f"{best['epoch']:.0f}", f"{best['step']:.0f}", f"{point['seconds'] / 60:.1f}",
        ))  # fmt: skip
    name = ", ".join(data["sources"] or data["folders"])
    yield ""
    yield (
        f"`{grid['experiment']}` on {name}, {data['training']:,} pictures of {data['side']} px, "
        f"{data['held_out']:,} held out; {_made_with(grid)}."
    )


def _made_with(result: Result) -> str:
    machine, versions = result["machine"], result["versions"]
    where = machine["gpu"] or f"{machine['cores']} CPU cores, {machine['threads']} threads"
    judged = result.get("default_model")
    default = f"default model {judged['sha256'][:8]}, " if judged else ""
    return (
        f"{result['budget']} budget, seed {result['seed']}, {result['recipe']['precision']}, "
        f"{where}, photochrom {versions['photochrom']}, torch {versions['torch']}, "
        f"{default}{result['date']}"
    )


def _label(name: str) -> str:
    shown = SHOWN[name]
    return f"{shown.label} ({shown.better} is better)" if shown.better else shown.label


def _cell(figures: Mapping[str, Any], name: str, *, interval: bool = False) -> str:
    told = figures.get(name)
    if told is None:
        return ""
    form = SHOWN[name].form
    value, *bounds = told
    words = f"{value:{form}}"
    return f"{words} [{', '.join(f'{b:{form}}' for b in bounds)}]" if interval and bounds else words


def _table_head(names: Iterable[str]) -> tuple[str, str]:
    names = list(names)
    return _row(names), f"|{'---|' * len(names)}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def open_claims(table: Table, results: Results) -> int:
    """How many claims the results leave open."""
    return sum(judge_claim(claim, results).verdict == OPEN for claim in table.claims)
