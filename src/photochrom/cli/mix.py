"""`photochrom mix`: several specialists in one model that chooses among them by the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.cli.console import say
from photochrom.cli.training import Cache, find_start, require_training
from photochrom.errors import DataError, OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from photochrom.data.decoded import DecodedPictures
    from photochrom.networks.lite_unet import LiteUNet
    from photochrom.training.start import Start

BATCH = 32
JUDGING = 0.2
"""Share of the pictures that only tell how good the gate is."""


def mix(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="BASE NAME=RUN@SOURCES...",
            help="The model that all began with, then their runs, each with the sources of its "
            "topic (names of data folders, or sources in shards), commas between them.",
        ),
    ],
    data: Annotated[
        list[Path], typer.Option("--data", help="Colour pictures of all kinds to choose by.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .onnx file to write.")],
    pictures: Annotated[int, typer.Option(help="How many of them are looked at at most.")] = 4000,
    cache: Cache = None,
) -> None:
    """Writes a model that mixes specialists by what it sees, and a small file for each of them.

    The specialists are runs that trained only what experts can differ in (the recipe `specialist`)
    from the same base. Beside OUT lie NAME.npz, the specialists themselves, which need OUT.

    [bold]Examples[/bold]

      photochrom mix general flowers=runs/f@tulips,roses cats=runs/c@cats --data all/ -o auto.onnx
    """
    if output.suffix != ".onnx":
        raise OptionError(f"-o {output}: a model file ends in .onnx")
    if len(models) < 2:
        raise OptionError("a mixture needs a base and at least one specialist")
    require_training()
    parts = [_part(text) for text in models]
    starts = [find_start(part.place)[0] for part in parts]

    from photochrom.data.decoded import decode_pictures

    some = _some(decode_pictures(data, 144, cache or output.parent / "decoded"), pictures)
    mixture = _mixture([_network(start) for start in starts], parts, some)
    _write(mixture, starts[0], [part.name for part in parts], output)


@dataclass(frozen=True)
class _Part:
    """One of the models: its name, where it is, and the sources of its topic."""

    name: str
    place: str
    sources: tuple[str, ...]


def _part(text: str) -> _Part:
    named, _, sources = text.partition("@")
    name, sign, place = named.partition("=")
    return _Part(
        name if sign else Path(named).stem, place if sign else named, tuple(sources.split(","))
    )


def _topics(parts: list[_Part], pictures: DecodedPictures) -> Tensor:
    """Whose topic each picture has; 0 for nobody's."""
    import torch

    topic_of = {source: index for index, part in enumerate(parts) for source in part.sources}
    for part in parts[1:]:
        if set(part.sources).isdisjoint(pictures.sources):
            raise OptionError(
                f"{part.name}: no pictures of {', '.join(part.sources) or 'its topic'}; "
                f"there are {', '.join(sorted(set(pictures.sources)))}"
            )
    return torch.tensor([topic_of.get(source, 0) for source in pictures.sources])


def _network(start: Start) -> LiteUNet:
    from photochrom.networks.lite_unet import LiteUNet
    from photochrom.networks.registry import build_network

    network = build_network(**start.network)
    if not isinstance(network, LiteUNet):
        raise OptionError(f"only networks lite_unet can be mixed, not {start.network['name']}")
    network.load_state_dict(start.weights)
    return network.eval()


def _some(pictures: DecodedPictures, most: int) -> DecodedPictures:
    """So many of the pictures, drawn at random."""
    import numpy as np

    from photochrom.data.coloured import only

    if len(pictures) < 10:
        raise DataError(f"{len(pictures)} pictures; choosing needs at least 10")
    drawn = np.random.default_rng(0).permutation(len(pictures))[:most]
    return only(pictures, np.isin(np.arange(len(pictures)), drawn))


def _mixture(networks: list[LiteUNet], parts: list[_Part], pictures: DecodedPictures) -> LiteUNet:
    """The mixture whose gate tells the topics; says what it gains on pictures it was not shown."""
    import numpy as np

    from photochrom.training.mixing import judge, learn_gate, mixture_of

    topics, experts = _topics(parts, pictures), len(networks)
    say(f"looking at {len(pictures)} pictures with {experts} models")
    judged = judge(networks, _batches(pictures))
    order = np.random.default_rng(1).permutation(len(pictures))
    learning, judging = np.split(order, [round((1 - JUDGING) * len(order))])
    weight, bias = learn_gate(judged.features[learning], topics[learning], experts)
    shares = (judged.features[judging] @ weight.T + bias).softmax(1)
    differences = judged.differences[judging]
    mixed, first = float((shares * differences).sum(1).mean()), float(differences[:, 0].mean())
    say(
        f"on {len(judging)} pictures that the gate did not learn from: topic right on "
        f"{float((shares.argmax(1) == topics[judging]).float().mean()):.0%}; colour difference "
        f"about {mixed:.2f}, with {parts[0].name} alone {first:.2f}"
    )
    return mixture_of(networks, learn_gate(judged.features, topics, experts))


def _batches(pictures: DecodedPictures) -> Iterator[Tensor]:
    from photochrom.data.batches import lab_from_bytes

    edge = (pictures.side - 128) // 2
    for begin in range(0, len(pictures), BATCH):
        chosen = range(begin, min(begin + BATCH, len(pictures)))
        yield lab_from_bytes(pictures.take(chosen))[:, :, edge : edge + 128, edge : edge + 128]


def _write(mixture: LiteUNet, base: Start, names: list[str], output: Path) -> None:
    import json

    from photochrom.training.export import ExportOptions, export_onnx
    from photochrom.training.mixing import pinned

    options = {**base.network["options"], "experts": len(names)}
    section = {"name": base.network["name"], "options": options}
    card = {"mixture_of": names}
    export_onnx(
        mixture, output,
        ExportOptions(
            output.stem, base.size, base.vividness, base.prior, card, section, base.looks,
            base.calibration,
        ),
    )  # fmt: skip
    say(f"{output}: {output.stat().st_size / 1e6:.1f} MB")
    for index, name in enumerate(names):
        file = output.with_name(f"{name}.npz")
        pinned(output, index, {"name": name, "card": json.dumps({})}).save(file)
        say(f"{file}: {name}, {file.stat().st_size / 1e3:.0f} kB")
