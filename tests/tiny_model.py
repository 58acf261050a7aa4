"""A model file small enough to be made on the spot, for every test that needs one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from photochrom.palette import gamut_palette

STRIDE, CHROMA, SPREAD = 4, 25.0, 10.0


def write_tiny_model(path: Path, *, with_logits: bool = True, chroma: float = CHROMA) -> None:
    """L, averaged over 4 x 4, becomes ab = chroma * (cos, sin)(L / 20); logits centre on ab."""
    from onnx import TensorProto, checker, helper, numpy_helper, save

    centers = gamut_palette(10).centers
    constants = {
        "slope": np.float32(1 / 20).reshape(1),
        "chroma": np.float32(chroma).reshape(1),
        "centers": (centers / SPREAD**2).astype(np.float32)[..., None, None],
        "offsets": (-(centers**2).sum(-1) / (2 * SPREAD**2)).astype(np.float32),
    }
    nodes = [
        helper.make_node("AveragePool", ["L"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Mul", ["small", "slope"], ["angle"]),
        helper.make_node("Cos", ["angle"], ["cosine"]),
        helper.make_node("Sin", ["angle"], ["sine"]),
        helper.make_node("Concat", ["cosine", "sine"], ["direction"], axis=1),
        helper.make_node("Mul", ["direction", "chroma"], ["ab"]),
    ]
    outputs = {"ab": 2}
    if with_logits:
        nodes.append(helper.make_node("Conv", ["ab", "centers", "offsets"], ["logits"]))
        outputs["logits"] = len(centers)
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("L", TensorProto.FLOAT, ["N", 1, "H", "W"])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", channels, "h", "w"])
            for name, channels in outputs.items()
        ],
        [
            numpy_helper.from_array(value, name)
            for name, value in constants.items()
            if with_logits or name not in ("centers", "offsets")
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    description = {
        "photochrom_format": "1",
        "name": path.stem,
        "palette": "gamut-10" if with_logits else "",
        "stride": str(STRIDE),
        "size_minimum": "32",
        "size_multiple": "32",
        "size": "64",
        "vividness": "0.5",
        "output_space": "CIELAB-D65",
        "card": json.dumps({"licence": "CC0-1.0", "trained_on": ["nothing"], "figures": {"x": 1}}),
    }
    if with_logits:
        prior = np.exp(-np.hypot(*centers.T) / SPREAD)  # falls with chroma, as photographs' does
        description["prior"] = json.dumps((prior / prior.sum()).tolist())
    helper.set_model_props(model, description)
    checker.check_model(model, full_check=True)
    save(model, path)
