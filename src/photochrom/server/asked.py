"""What a request asks for: the options of the command line, as JSON, form fields or an address."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from photochrom.catalog import DEFAULT_MODEL
from photochrom.errors import OptionError
from photochrom.hue_guard import HueGuard
from photochrom.options import SIZE_RANGE, VARIANTS_RANGE, ColorizeOptions
from photochrom.photo import WriteOptions

MOST_HINTS = 500
MOST_GUARDS = 16

ID_PATTERN = r"^[0-9a-f]{32}$"
"""Of what the service keeps: pictures and jobs."""

REFERENCE = "reference"

_LISTS = ("hue_guard", "hints")

_Text = Annotated[str, Field(max_length=64)]


class Options(BaseModel):
    """How a picture is coloured and written; the same as the options of `photochrom colorize`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"vividness": 0.5, "hue_guard": ["violet"]}]},
    )

    model: str = Field(
        default=DEFAULT_MODEL, max_length=100, description="A name from /api/models."
    )
    size: int | None = Field(
        default=None, ge=SIZE_RANGE[0], le=SIZE_RANGE[1],
        description="Short side, in pixels, that the network sees; null: the model's own.",
    )  # fmt: skip
    vividness: float | None = Field(
        default=None, ge=0, le=1, description="0 (safe, muted) to 1 (bold); null: the model's own."
    )
    saturation: float = Field(default=1.0, ge=0, le=3, description="Multiplies all colour.")
    looks: int | None = Field(default=None, ge=1, le=3, description="Looks that are averaged.")
    hue_guard: list[_Text] = Field(
        default_factory=list, max_length=MOST_GUARDS,
        description='Hues that are damped: "violet", "green:0.5", "280-320:0.2".',
    )  # fmt: skip
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="Of the variants.")
    variant: int = Field(
        default=0, ge=0, lt=VARIANTS_RANGE[1], description="0: the most likely colouring."
    )
    variants: int = Field(
        default=5,
        ge=1,
        le=VARIANTS_RANGE[1],
        description="How many there are when variant is above 0.",
    )
    hints: list[dict[str, Any]] = Field(
        default_factory=list, max_length=MOST_HINTS,
        description='Colours for spots: {"x": 0..1, "y": 0..1, "radius": 0.01, "color": "#rrggbb"} '
        'or {"x", "y", "radius", "keep": true}.',
    )  # fmt: skip
    reference: str | None = Field(
        default=None, pattern=ID_PATTERN,
        description="A picture in colour, whose colours places that look alike take over: the id "
        "that /api/pictures gave it. A form has the picture itself in this field.",
    )  # fmt: skip
    format: Literal["keep", "png", "jpeg", "tiff", "webp"] = Field(
        default="keep", description="keep: as the picture came."
    )
    quality: int | None = Field(default=None, ge=1, le=100, description="Of JPEG and WebP.")
    strip: bool = Field(default=False, description="Leave out the metadata.")


class Spot(Options):
    """Options, and a spot of the picture."""

    x: float = Field(ge=0, le=1, description="To the right, of the picture's width.")
    y: float = Field(ge=0, le=1, description="Down, of the picture's height.")


@dataclass(frozen=True)
class Asked:
    """Options in the terms of the library.

    Attributes:
        model: its name.
        options: how to colour.
        writing: how to write.
        variant: which colouring.
        count: how many colourings are made to have it among them.
        reference: the id of the picture whose colours are taken over; opened it is in `options`.
    """

    model: str
    options: ColorizeOptions
    writing: WriteOptions
    variant: int
    count: int
    reference: str | None = None


def asked_for(options: Options) -> Asked:
    """What the options mean.

    Raises:
        OptionError: they do not go together, or are none.
    """
    count = 1 if options.variant == 0 else options.variants
    if options.variant >= count:
        raise OptionError(
            f"variant is {options.variant}; of {options.variants} variants it must be "
            f"0 to {options.variants - 1}"
        )
    guards = tuple(HueGuard.parse(text) for text in options.hue_guard)
    steering: dict[str, Any] = {"hints": _hints(options.hints)} if options.hints else {}
    colouring = ColorizeOptions(
        options.size, options.vividness, options.saturation, options.looks, guards, options.seed,
        **steering,
    )  # fmt: skip
    writing = WriteOptions(options.format, options.quality, options.strip)
    return Asked(options.model, colouring, writing, options.variant, count, options.reference)


def parse_fields(fields: Mapping[str, Sequence[str]]) -> Options:
    """Options from the fields of a form or an address.

    Raises:
        OptionError: an unknown one, or a wrong value.
    """
    values: dict[str, Any] = {}
    for name, texts in fields.items():
        if name in _LISTS:
            values[name] = [item for text in texts for item in _items(name, text)]
        elif len(texts) > 1:
            raise OptionError(f"{name[:64]} is given {len(texts)} times; once would work")
        elif texts[0] == "":  # an empty field of a form means that nothing was chosen
            continue
        elif name == REFERENCE:
            raise OptionError("reference is text; a form with a picture as its file would work")
        else:
            values[name] = texts[0]
    try:
        return Options.model_validate(values)
    except ValidationError as error:
        raise OptionError(in_one_line(error.errors())) from None


def in_one_line(errors: Sequence[Any]) -> str:
    """What pydantic found wrong, first of all."""
    first = errors[0]
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path")]
    name = ".".join(place)[:64] or "the request's body"
    if first["type"] == "extra_forbidden":
        return f"no option {name!r}; there are {', '.join(Options.model_fields)}"
    if first["type"] == "missing":
        return f"{name} is missing"
    if first["type"] == "json_invalid":
        return "the body is not valid JSON"
    given = repr(first.get("input"))
    given = given if len(given) <= 60 else f"{given[:57]}..."
    return f"{name} is {given}: {first['msg'][:1].lower()}{first['msg'][1:]}"


def _items(name: str, text: str) -> list[Any]:
    """The items of a list that is one field: JSON, or for hue guards also words and commas."""
    if text.strip() == "":
        return []
    if name == "hue_guard" and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",")]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise OptionError(f"{name}: not valid JSON; a list such as [] would work") from None
    if isinstance(found, dict) and isinstance(found.get(name), list):  # a file of hints
        return list(found[name])
    if not isinstance(found, list):
        raise OptionError(f"{name}: JSON, but not a list; [] would work")
    return found


def _hints(listed: Sequence[Mapping[str, Any]]) -> Any:
    from photochrom.hints import hints_from_json  # loads scipy, which plain colouring does not need

    return hints_from_json(list(listed))
