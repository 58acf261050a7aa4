"""Recipes: what to train, on what, how; YAML checked by pydantic, with single values overridden."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from torch import nn

from photochrom.data.augmentation import AugmentationConfig
from photochrom.data.split import Rule
from photochrom.errors import OptionError, RecipeError
from photochrom.losses import WeightedLoss
from photochrom.networks.registry import build_discriminator, network_config


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkSection(_Section):
    """Which network, and those of its numbers that differ from the default."""

    name: str = "lite_unet"
    options: dict[str, Any] = {}


class DataSection(_Section):
    """How pictures become batches; `weights` tells how often a source is drawn (1 if not named)."""

    side: int = Field(default=144, ge=16, description="pixels a picture is stored at")
    crop: int = Field(default=128, ge=16, description="pixels a training crop has")
    crops: list[Annotated[int, Field(ge=16)]] = Field(
        default=[],
        description="each batch draws its crops' side from these; `batch` is for crops of `crop`",
    )
    batch: int = Field(default=64, ge=1)
    split: Rule = Field(default="hash", description="see `photochrom.data.split`")
    validation: float = Field(
        default=0.01, gt=0, lt=1, description="share of pictures held out by the hash"
    )
    patches: bool = Field(
        default=False,
        description="crops are windows at the stored scale; validation sees whole pictures",
    )
    weights: dict[str, float] = {}


class AugmentationSection(_Section):
    """See `photochrom.data.augmentation.AugmentationConfig`."""

    flip: float = Field(default=0.5, ge=0, le=1)
    zoom: float = Field(default=0.75, gt=0, le=1)
    shear: float = Field(default=0.05, ge=0, le=0.5)
    film: float = Field(default=0.5, ge=0, le=1)

    def build(self) -> AugmentationConfig:
        """The same numbers as the data side takes them."""
        return AugmentationConfig(
            **{f.name: getattr(self, f.name) for f in fields(AugmentationConfig)}
        )


class OptimSection(_Section):
    """Adam or AdamW; the rate rises, then falls along a cosine or stays.

    Encoders that are called so may learn slower, and later.
    """

    name: Literal["adamw", "adam"] = "adamw"
    decay: Literal["cosine", "none"] = "cosine"
    lr: float = Field(default=2e-3, gt=0)
    encoder_lr: float = Field(default=4e-4, gt=0)
    freeze_encoder: float = Field(default=0.45, ge=0, le=1, description="first share of the steps")
    train_encoder_from: int = Field(
        default=3, ge=0, le=7, description="first encoder stage ever trained"
    )
    train_depthwise: bool = Field(
        default=True, description="the encoder's depthwise filters, slow to train on a CPU"
    )
    weight_decay: float = Field(default=0.02, ge=0)
    betas: tuple[float, float] = (0.9, 0.99)
    warmup_steps: int = Field(default=100, ge=0)
    clip_norm: float = Field(default=1.0, gt=0)
    ema: float = Field(default=0.999, ge=0, lt=1, description="decay of the averaged weights")
    freeze_norms: bool = Field(
        default=False, description="batch norms keep the statistics they start with"
    )
    only: list[str] = Field(
        default=[], description="parts of the network that learn, e.g. ups.2; none named: all"
    )


class AdversarialSection(_Section):
    """A discriminator that learns beside the network; see `photochrom.training.steps`."""

    discriminator: str = "patch_gan"
    options: dict[str, Any] = {}
    loss: Literal["least_squares", "cross_entropy"] = "least_squares"
    weight: float = Field(default=1.0, gt=0, description="of the adversarial term")
    lr: float = Field(default=2e-4, gt=0, description="learning rate of the discriminator")
    start: float = Field(default=0.0, ge=0, lt=1, description="share of the steps before it begins")

    def build(self) -> nn.Module:
        """The discriminator.

        Raises:
            OptionError: an option it does not have.
        """
        return build_discriminator(self.discriminator, self.options)


class ScheduleSection(_Section):
    """How long: `epochs` of `steps_per_epoch` batches, each ending in a validation."""

    epochs: int = Field(default=20, ge=1)
    steps_per_epoch: int | None = Field(
        default=None, ge=1, description="None: as many as show every picture once"
    )
    patience: int | None = Field(
        default=None, ge=1, description="stop after so many epochs without a better validation"
    )


class Recipe(_Section):
    """Everything that decides what a run gives, apart from the pictures themselves."""

    name: str
    about: str = ""
    seed: int = 0
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "bf16-mixed"
    network: NetworkSection = NetworkSection()
    data: DataSection = DataSection()
    augmentation: AugmentationSection = AugmentationSection()
    loss: dict[str, float] = {"smooth_l1": 1.0}
    loss_options: dict[str, dict[str, Any]] = {}
    rebalancing: float | None = Field(
        default=None, gt=0, le=1, description="lambda of the class weights, see palette"
    )
    adversarial: AdversarialSection | None = None
    optim: OptimSection = OptimSection()
    schedule: ScheduleSection = ScheduleSection()

    @model_validator(mode="after")
    def _network_and_losses_fit(self) -> Recipe:
        if not self.loss:
            raise ValueError("loss is empty; at least one is needed (weight 0: reported only)")
        if self.adversarial is None and not any(self.loss.values()):
            raise ValueError("every loss has weight 0 and there is no adversarial section")
        if self.data.crops and self.data.patches:
            raise ValueError("data.crops and data.patches exclude each other")
        if self.data.patches and self.data.crop > self.data.side:
            raise ValueError(f"patches of {self.data.crop} pixels in pictures of {self.data.side}")
        try:
            network = network_config(self.network.name, self.network.options)
            if self.adversarial:
                self.adversarial.build()
            WeightedLoss(
                self.loss, options=self.loss_options, palette=getattr(network, "palette", None)
            )
        except OptionError as error:
            raise ValueError(str(error)) from error
        return self


def load_recipe(path: Path, overrides: Iterable[str] = ()) -> Recipe:
    """The recipe in a YAML file, with overrides like "optim.lr=1e-4" applied.

    Raises:
        RecipeError: not readable, an unknown key (with a suggestion), or a value of a wrong kind.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not valid YAML ({str(error).splitlines()[0]})") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{path}: a recipe is a mapping of sections, this is not one")
    content.setdefault("name", path.stem)
    for override in overrides:
        _set_value(content, override)
    return check_recipe(content, str(path))


def check_recipe(content: dict[str, Any], where: str) -> Recipe:
    """The recipe that a mapping describes; errors name the key and the file."""
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise RecipeError(f"{where}: unknown key {key!r}{_suggest(first['loc'])}") from error
        message = first["msg"].removeprefix("Value error, ")
        if not key:  # what fits nowhere alone: a loss that this network cannot have
            raise RecipeError(f"{where}: {message}") from error
        raise RecipeError(f"{where}: {key}: {message} (got {first['input']!r})") from error


def _set_value(content: dict[str, Any], override: str) -> None:
    key, sign, value = override.partition("=")
    if not sign or not key:
        raise RecipeError(f"{override!r} is not KEY=VALUE, e.g. optim.lr=1e-4")
    *sections, last = key.split(".")
    place: Any = content
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise RecipeError(f"{key}: {section} is a single value, not a section")
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise RecipeError(f"{override!r}: the value is not valid YAML") from error
    place[last] = _number(parsed)


def _number(value: Any) -> Any:
    """YAML 1.1 reads 1e-4 as a string; people mean the number."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _suggest(location: tuple[str | int, ...]) -> str:
    section: Any = Recipe
    for part in location[:-1]:
        section = section.model_fields[part].annotation
        section = next((s for s in get_args(section) if s is not type(None)), section)
    close = difflib.get_close_matches(str(location[-1]), section.model_fields, n=1)
    if close:
        return f"; did you mean {'.'.join([*map(str, location[:-1]), close[0]])!r}?"
    return f"; known here are {', '.join(section.model_fields)}"
