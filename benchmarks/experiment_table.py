"""The table of experiments: `experiments/table.yaml`, read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from photochrom.errors import OptionError
from photochrom.training.config import Recipe, load_recipe

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "experiments" / "table.yaml"
RECIPES = ROOT / "recipes"

BUDGETS = ("cpu", "full")
BudgetName = Literal["cpu", "full"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Selection(_Part):
    """Pictures below the data folder: `photochrom.data.find` says what a folder may hold."""

    folders: list[str] = Field(min_length=1, description="folders of the data folder")
    sources: list[str] = Field(default=[], description="only these collections; empty: all")
    pictures: int | None = Field(default=None, ge=1, description="so many, evenly spread")
    note: str = Field(default="", description="what a reader of its figures should know")


class Budget(_Part):
    """What a budget changes of an experiment."""

    set: list[str] = Field(default=[], description="KEY=VALUE, changes of the recipe")
    pictures: int | None = Field(default=None, ge=1, description="so many, evenly spread")


class Figure(_Part):
    """A picture made of a system's runs."""

    file: str = Field(description="in docs/experiments")
    caption: str
    command: str = Field(default="", description="what drew it; empty: the run itself")


class System(_Part):
    """One published system; what its experiments share."""

    title: str
    note: str = ""
    figures: list[str] = Field(min_length=1, description="columns of its table")
    data: Selection
    test: Selection | None = Field(default=None, description="None: the pictures held out")
    set: list[str] = []
    cpu: Budget = Budget()
    density: bool = Field(default=False, description="judge by an autoencoder of `data`, too")
    segmentation: str | None = Field(
        default=None, description="folder of labelled pictures for mIoU, left out where it is not"
    )
    pictures: list[Figure] = Field(default=[], description="what its rows here look like")
    commands: list[str] = Field(default=[], description="what a full run is looked at with")


class Published(_Part):
    """A published value of a figure, over training pictures and over others."""

    train: float | None = None
    test: float | None = None


class Experiment(_Part):
    """One row; what it does not say is its system's."""

    system: str
    about: str
    recipe: str | None = Field(default=None, description="None: the one of the row's name")
    set: list[str] = []
    data: Selection | None = None
    test: Selection | None = None
    held_out: bool = Field(default=False, description="judge on held-out pictures, not on `test`")
    cpu: Budget = Budget()
    published: dict[str, Published] = {}
    published_words: str = ""
    default_saw: bool = Field(
        default=False, description="the default model was trained on these test pictures"
    )


class Grid(_Part):
    """A grid search over an experiment's recipe."""

    experiment: str
    about: str
    grid: list[str] = Field(min_length=1, description="KEY=VALUE,VALUE, as `photochrom sweep`")
    cpu: Budget = Budget()


class Compare(_Part):
    """The mean of a figure is larger with `more` than with `less`, over the same pictures.

    Each is the name of a row, or ROW/grey and ROW/default for what was judged beside it.
    """

    kind: Literal["larger", "not_smaller", "alike"]
    figure: str
    more: str
    less: str
    margin: float = Field(default=0.05, gt=0, description="of the mean, for `alike`")


class TimeRatio(_Part):
    """A picture takes at least so many times as long to train on with one row as with another."""

    kind: Literal["slower"]
    more: str
    less: str
    at_least: float


class Falls(_Part):
    """A figure of the history is lower at the end of a run than after half of its epochs."""

    kind: Literal["falls"]
    row: str
    figure: str = "ciede2000"


Rule = Annotated[Compare | TimeRatio | Falls, Field(discriminator="kind")]


class Claim(_Part):
    """A published claim, and the rules that all have to hold for it to be confirmed."""

    system: str
    text: str
    rules: list[Rule] = Field(min_length=1)


class Table(_Part):
    """All systems, experiments, grids and claims."""

    systems: dict[str, System]
    experiments: dict[str, Experiment]
    grids: dict[str, Grid] = {}
    claims: list[Claim]

    @model_validator(mode="after")
    def _names_are_known(self) -> Table:
        for name, experiment in self.experiments.items():
            if experiment.system not in self.systems:
                raise ValueError(f"{name}: no system {experiment.system!r}")
        for name, grid in self.grids.items():
            if grid.experiment not in self.experiments:
                raise ValueError(f"{name}: no experiment {grid.experiment!r}")
            if name in self.experiments:
                raise ValueError(f"{name}: a grid and an experiment have one name")
        for claim in self.claims:
            for row in rows_of(claim):
                if row not in self.experiments:
                    raise ValueError(f"{claim.text!r}: no experiment {row!r}")
        return self


def rows_of(claim: Claim) -> list[str]:
    """The experiments that a claim's rules speak of, each once."""
    sides: list[str] = []
    for rule in claim.rules:
        sides += [rule.row] if isinstance(rule, Falls) else [rule.more, rule.less]
    return list(dict.fromkeys(side.split("/")[0] for side in sides))


class Resolved(_Part):
    """An experiment at a budget, with nothing left to its system.

    Attributes:
        full: its recipe with nothing shortened, the published schedule.
        full_pictures: how many pictures that asks for; None for all there are.
        density: pictures to which the autoencoder that judges density is fitted; None for none.
        segmentation: folder of labelled pictures to which the network for mIoU is fitted.
    """

    name: str
    budget: BudgetName
    system: str
    recipe: Recipe
    full: Recipe
    overrides: list[str]
    data: Selection
    full_pictures: int | None
    test: Selection | None
    density: Selection | None
    segmentation: str | None
    default_saw: bool


def load_table(path: Path = TABLE) -> Table:
    """The table in a YAML file.

    Raises:
        OptionError: not readable, an unknown key or name, or a value of a wrong kind.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Table.model_validate(content)
    except (OSError, yaml.YAMLError) as error:
        raise OptionError(f"{path}: not a readable YAML file") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise OptionError(f"{path.name}: {key or 'table'}: {first['msg']}") from error


def recipe_file(table: Table, name: str) -> Path:
    """The recipe of an experiment."""
    return RECIPES / f"{table.experiments[name].recipe or name}.yaml"


def resolve(table: Table, name: str, budget: BudgetName, precision: str | None = None) -> Resolved:
    """An experiment as it is run at a budget.

    Args:
        table: where it stands.
        name: of its row.
        budget: one of `BUDGETS`.
        precision: in place of the one that the budget has, for a machine that is slow at that.

    Raises:
        OptionError: there is no such experiment.
        RecipeError: its recipe does not exist, or an override does not fit it.
    """
    if name not in table.experiments:
        raise OptionError(f"no experiment {name!r}; there are {', '.join(table.experiments)}")
    experiment = table.experiments[name]
    system = table.systems[experiment.system]
    overrides, data = [*system.set, *experiment.set], experiment.data or system.data
    file = recipe_file(table, name)
    full, full_pictures = load_recipe(file, overrides), data.pictures
    if budget == "cpu":
        overrides += [*system.cpu.set, *experiment.cpu.set]
        pictures = experiment.cpu.pictures or system.cpu.pictures
        if pictures is not None:
            limit = min(pictures, data.pictures or pictures)
            data = data.model_copy(update={"pictures": limit})
    if precision is not None:
        overrides.append(f"precision={precision}")
    return Resolved(
        name=name, budget=budget, system=experiment.system, recipe=load_recipe(file, overrides),
        full=full, overrides=overrides, data=data, full_pictures=full_pictures,
        test=None if experiment.held_out else experiment.test or system.test,
        density=system.data if system.density else None, segmentation=system.segmentation,
        default_saw=experiment.default_saw,
    )  # fmt: skip
