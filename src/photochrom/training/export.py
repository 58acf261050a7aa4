"""The trained network as the file that `Colorizer` opens: ONNX in fp16, with a card inside.

The exported graph takes L (N, 1, H, W) 0..100 with sides that keep the size rule and gives ab
(N, 2, h, w) in CIELAB units, and logits (N, Q, h, w) where the network knows a distribution.
Weights are stored in half precision and cast back when the file is opened.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.export import Dim

from photochrom.atomic import make_folder, written_whole
from photochrom.calibration import Calibration
from photochrom.color import FloatArray
from photochrom.errors import TrainingError
from photochrom.networks.blocks import ColorizingNetwork
from photochrom.networks.registry import build_network, network_config
from photochrom.specialist import SUFFIX, read_specialist
from photochrom.training.checkpoint import Checkpoint

FORMAT_VERSION = "1"
OPSET = 18
TOLERANCE = 1e-3
"""Largest difference to torch that an export in full precision may show, in CIELAB units / 10."""

ROOT, HALF = "network.", ".fp16"
"""How weights are called in the file: ROOT, the name in the state dict, HALF if stored so."""

FETCHED_WEIGHTS = ("weights", "weights_sha256")
"""Options of networks that name published weights."""


@dataclass(frozen=True)
class ExportOptions:
    """What the model file says of itself.

    Attributes:
        name: what the model is called.
        size: length of the short side, in pixels, at which it is used by default.
        vividness: the default of the vividness control, 0..1.
        prior: (Q,) share of each colour class in the training data, which vividness needs.
        card: anything else a reader of the file should know (data, figures, licence).
        network: what `network_section` gives, so that a training can start from the file.
        looks: how many looks at a picture are averaged by default, 1..3.
        calibration: what was measured of the model, where that is known already.
    """

    name: str
    size: int = 256
    vividness: float = 0.5
    prior: Sequence[float] | None = None
    card: Mapping[str, Any] | None = None
    network: Mapping[str, Any] | None = None
    looks: int = 1
    calibration: Calibration | None = None


def network_section(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The network of a recipe, "name" and "options", without weights that it would fetch first.

    The weights come with the checkpoint or the model file, which goes to other machines: where
    the first ones lay is nobody's business there.
    """
    section = recipe["network"]
    options = {k: v for k, v in section["options"].items() if k not in FETCHED_WEIGHTS}
    if "pretrained" in {field.name for field in fields(network_config(section["name"], {}))}:
        options["pretrained"] = False
    return {"name": section["name"], "options": options}


def network_of(checkpoint: Checkpoint) -> nn.Module:
    """The network of a checkpoint with its averaged weights, ready for use."""
    section = network_section(checkpoint.recipe)
    network = build_network(section["name"], section["options"])
    network.load_state_dict(checkpoint.averaged)
    return network.eval()


class _Exported(nn.Module):
    """A network with its outputs as a plain tuple, as tracing wants them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, L: Tensor) -> tuple[Tensor, ...]:
        ab, logits, _ = self.network(L)  # the picture keeps its own luminance: rgb is no output
        return (ab,) if logits is None else (ab, logits)


def export_onnx(network: nn.Module, path: Path, options: ExportOptions) -> None:
    """Writes a network as an ONNX model file and checks it against torch.

    Args:
        network: a `ColorizingNetwork` in eval mode.
        path: where to; written atomically.
        options: what the file says of itself.

    Raises:
        TrainingError: the exported graph does not compute what torch computes.
        OutputError: the file cannot be written.
    """
    described: ColorizingNetwork = network  # type: ignore[assignment]
    rule = described.size_rule
    model = _trace(network, described)
    _check(network, model, rule.fit(160), rule.fit(224))
    _store_in_half_precision(model)
    _describe(model, described, options)
    onnx.checker.check_model(model, full_check=True)
    make_folder(path.parent)
    with written_whole(path) as partial:
        onnx.save(model, partial)


def _trace(network: nn.Module, described: ColorizingNetwork) -> onnx.ModelProto:
    """The network as a graph whose height and width are free, and the batch if it allows that."""
    outputs = ["ab", "logits"] if described.palette else ["ab"]
    rule = described.size_rule
    count = 1 if getattr(network, "one_picture", False) else 2
    sample = torch.rand(count, 1, rule.fit(2 * rule.minimum), rule.fit(3 * rule.minimum)) * 100
    lowest = max(1, rule.minimum // rule.multiple)
    height, width = (rule.multiple * Dim(name, min=lowest) for name in ("rows", "columns"))
    with warnings.catch_warnings(), _quiet("torch.onnx"):
        warnings.simplefilter("ignore")  # the exporter warns of its own insides
        program = torch.onnx.export(
            _Exported(network).eval(), (sample,), dynamo=True, verbose=False, opset_version=OPSET,
            dynamic_shapes=({2: height, 3: width} | ({0: Dim("N")} if count > 1 else {}),),
            input_names=["L"], output_names=outputs,
        )  # fmt: skip
    assert program is not None  # None only where a file name was given
    model = program.model_proto
    for value, names in zip(
        [*model.graph.input, *model.graph.output], ["HW"] + ["hw"] * len(outputs), strict=True
    ):
        for index, name in zip((2, 3), names, strict=True):
            value.type.tensor_type.shape.dim[index].dim_param = name
    _forget_sources(model)
    return model


def _forget_sources(model: onnx.ModelProto) -> None:
    """Removes the stack traces that the exporter leaves: paths of this machine, in each node."""
    graph = model.graph
    parts = (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer)
    for part in (*parts, *model.functions, graph):
        del part.metadata_props[:]
        part.doc_string = ""


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Lets only errors of a logger through."""
    chosen = logging.getLogger(logger)
    before = chosen.level
    chosen.setLevel(logging.ERROR)
    try:
        yield
    finally:
        chosen.setLevel(before)


def _check(network: nn.Module, model: onnx.ModelProto, height: int, width: int) -> None:
    """Runs both on other sizes than the traced one."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    luminance = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(0)) * 100
    with torch.no_grad():
        expected = [output.numpy() for output in _Exported(network)(luminance)]
    worst = largest_difference(session.run(None, {"L": luminance.numpy()}), expected)
    if not worst <= TOLERANCE:  # written so that not-a-number fails, too
        raise TrainingError(f"the exported graph differs from torch by {worst:.2g} of its range")


def largest_difference(got: Sequence[FloatArray], wanted: Sequence[FloatArray]) -> float:
    """The largest difference between two predictions of one picture, as a share of their range.

    Where ab is the centre of the most likely class, a rounding of the logits can turn a near tie
    into another colour. So ab is left out at pixels where the best class leads by no more than
    the logits' own difference could turn round; elsewhere it has to agree as any output has to.

    Args:
        got: ab (1, 2, h, w), and logits (1, Q, h, w) where the network has them.
        wanted: the same, of those it is compared with. Their largest value, at least 1, is the
            range that an output's difference is divided by.
    """
    ab, *logits = (np.abs(g - w)[0] for g, w in zip(got, wanted, strict=True))
    shares = [float(d.max()) / _range(w) for d, w in zip(logits, wanted[1:], strict=True)]
    if logits:
        second, first = np.partition(wanted[1][0], -2, axis=0)[-2:]  # (h, w) each
        ab = ab[:, first - second > 2 * logits[0].max()]
    return float(np.max([*shares, ab.max(initial=0) / _range(wanted[0])]))


def _range(values: FloatArray) -> float:
    return max(1.0, float(np.abs(values).max()))


def _store_in_half_precision(model: onnx.ModelProto) -> None:
    """Keeps every large weight as fp16 and a Cast behind it: half the bytes, fp32 arithmetic."""
    graph = model.graph
    kept, casts = [], []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < 256:
            kept.append(weight)
            continue
        half = numpy_helper.from_array(values.astype(np.float16), f"{weight.name}{HALF}")
        kept.append(half)
        casts.append(helper.make_node("Cast", [half.name], [weight.name], to=TensorProto.FLOAT))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _describe(model: onnx.ModelProto, network: ColorizingNetwork, options: ExportOptions) -> None:
    description = {
        "photochrom_format": FORMAT_VERSION,
        "name": options.name,
        "palette": network.palette or "",
        "stride": str(network.stride),
        "size_minimum": str(network.size_rule.minimum),
        "size_multiple": str(network.size_rule.multiple),
        "size": str(options.size),
        "vividness": str(options.vividness),
        "looks": str(options.looks),
        # six digits say more than any sample of pictures can
        "prior": json.dumps(options.prior and [float(f"{share:.6g}") for share in options.prior]),
        "output_space": "CIELAB-D65",
        "card": json.dumps(dict(options.card or {})),
        "calibration": json.dumps(options.calibration and options.calibration.as_json()),
        "network": json.dumps(options.network and dict(options.network)),
    }
    del model.metadata_props[:]
    helper.set_model_props(model, description)


def add_to_card(path: Path, entries: Mapping[str, Any]) -> None:
    """Adds to what the card of a model file says, or replaces it; the rest stays as it is.

    Raises:
        OutputError: the file cannot be written; it is as it was.
    """
    model = onnx.load(path)
    (card,) = (entry.value for entry in model.metadata_props if entry.key == "card")
    save_with_metadata(model, path, {"card": json.dumps(json.loads(card) | dict(entries))})


def add_metadata(path: Path, entries: Mapping[str, str]) -> None:
    """Lets a model file, or a specialist, say this of itself, too.

    Raises:
        OutputError: the file cannot be written; it is as it was.
    """
    if path.suffix == SUFFIX:
        special = read_specialist(path)
        replace(special, metadata={**special.metadata, **entries}).save(path)
    else:
        save_with_metadata(onnx.load(path), path, entries)


def save_with_metadata(model: onnx.ModelProto, path: Path, entries: Mapping[str, str]) -> None:
    """Writes a model whose metadata say this, too; what they said of other things stays.

    Raises:
        OutputError: the file cannot be written; it is as it was.
    """
    described = {entry.key: entry.value for entry in model.metadata_props}
    del model.metadata_props[:]
    helper.set_model_props(model, described | dict(entries))
    with written_whole(path) as partial:
        onnx.save(model, partial)
