"""What can be done to the bytes of an ONNX file without the onnx package.

ONNX is protobuf, and little of it is enough here: where the weights lie, which node reads them,
and that a message written behind another one adds to it. So another set of weights can take the
place of some of a file's own, and a tensor inside the network can become an output. Field numbers
are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from photochrom.errors import ModelError

_GRAPH = 7  # of ModelProto
_NODE, _INITIALIZER, _OUTPUT = 1, 5, 12  # of GraphProto
_NODE_INPUT, _NODE_OUTPUT, _NODE_KIND = 1, 2, 4  # of NodeProto
_TENSOR_NAME, _TENSOR_RAW = 8, 9  # of TensorProto
_VALUE_NAME, _VALUE_TYPE = 1, 2  # of ValueInfoProto
_FLOAT_TENSOR = bytes([10, 2, 8, 1])  # TypeProto: tensor_type { elem_type: FLOAT }

_PREPARING = ("Cast", "MatMul", "Reshape")
"""Kinds of nodes that prepare a weight; a layer is what reads it behind them."""

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # wire types


@dataclass(frozen=True)
class _Field:
    """One field of a message: its number, and where its bytes lie (empty for numbers)."""

    number: int
    start: int
    end: int


def with_weights(model: bytes, weights: Mapping[str, bytes]) -> bytes:
    """The file with other values for some of its weights.

    Args:
        model: the bytes of an .onnx file.
        weights: by the name of the initialiser, its raw bytes: type and shape stay.

    Raises:
        ModelError: there is no such weight, or it has another size.
    """
    places = _weight_places(model)
    changed = bytearray(model)
    for name, raw in weights.items():
        if name not in places:
            raise ModelError(f"the model file has no weights {name!r}")
        start, end = places[name]
        if end - start != len(raw):
            raise ModelError(f"weights {name!r} have {end - start} bytes, not {len(raw)}")
        changed[start:end] = raw
    return bytes(changed)


def with_output(model: bytes, tensor: str) -> bytes:
    """The file with one more output: a float tensor inside the network, by its name."""
    name = tensor.encode()
    value = _message(_VALUE_NAME, name) + _message(_VALUE_TYPE, _FLOAT_TENSOR)
    return model + _message(_GRAPH, _message(_OUTPUT, value))


def input_of(model: bytes, weight: str) -> str | None:
    """The name of the tensor that the layer with this weight reads; None if there is no such layer.

    Args:
        model: the bytes of an .onnx file.
        weight: the initialiser; it may be cast, mixed with others and reshaped on its way.
    """
    followed = {weight}
    for graph in _within(model, _GRAPH, 0, len(model)):
        for node in _within(model, _NODE, graph.start, graph.end):
            found: dict[int, list[str]] = {_NODE_INPUT: [], _NODE_OUTPUT: [], _NODE_KIND: []}
            for field in _fields(model, node.start, node.end):
                if field.number in found:
                    found[field.number].append(model[field.start : field.end].decode())
            if followed.isdisjoint(found[_NODE_INPUT]):
                continue
            if found[_NODE_KIND][0] not in _PREPARING:
                return found[_NODE_INPUT][0]
            followed.update(found[_NODE_OUTPUT])
    return None


def _weight_places(model: bytes) -> dict[str, tuple[int, int]]:
    """Where the raw bytes of each weight begin and end."""
    places = {}
    for graph in _within(model, _GRAPH, 0, len(model)):
        for tensor in _within(model, _INITIALIZER, graph.start, graph.end):
            parts = {field.number: field for field in _fields(model, tensor.start, tensor.end)}
            if _TENSOR_NAME in parts and _TENSOR_RAW in parts:
                name, raw = parts[_TENSOR_NAME], parts[_TENSOR_RAW]
                places[model[name.start : name.end].decode()] = (raw.start, raw.end)
    return places


def _within(message: bytes, number: int, start: int, end: int) -> Iterator[_Field]:
    return (field for field in _fields(message, start, end) if field.number == number)


def _fields(message: bytes, start: int, end: int) -> Iterator[_Field]:
    """The fields of the message that lies between two places.

    Raises:
        ModelError: this is no protobuf message.
    """
    place = start
    while place < end:
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, place = _varint(message, place)
            yield _Field(number, place, place)
        elif kind == _BYTES:
            length, place = _varint(message, place)
            yield _Field(number, place, place + length)
            place += length
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            place += 8 if kind == _EIGHT_BYTES else 4
            yield _Field(number, place, place)
        else:
            raise ModelError("damaged: not an ONNX file")
    if place != end:
        raise ModelError("damaged: the ONNX file ends in the middle of something")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """The number that begins here, seven bits a byte, and the place behind it."""
    value = shift = 0
    while place < len(message):
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
    raise ModelError("damaged: the ONNX file ends in the middle of something")


def _message(number: int, content: bytes) -> bytes:
    """A field that holds bytes."""
    return _as_varint(number << 3 | _BYTES) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])
