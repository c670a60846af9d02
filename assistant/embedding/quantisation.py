"""Quantise the matrix products of an exported ONNX graph to int8.

It takes half the processor time of fp32. Weights are quantised once, with a scale per column;
activations at each run, by ONNX Runtime's ``DynamicQuantizeMatMul``, with one scale per matrix. In
a BERT a few channels are ten times as large as the others, which costs all channels precision.
Such a channel is split into equal parts with the same weights: the product stays the same and
the largest value becomes smaller (Zhao et al. 2019, Improving Neural Network Quantization without
Retraining using Outlier Channel Splitting). The channels' sizes are measured on sample texts.

The exporter also writes nodes that compute the shapes of attention heads at each run; constants
take their place. The vectors stay the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.interfaces import Vector

TYPICAL = 0.97
"""Quantile of the channels' sizes that counts as typical."""

ALLOWANCE = 1.2
"""A channel up to this many times the typical size is not split."""

WORTHWHILE = 2.0
"""Channels are split only if the largest is this many times the allowed size, to save time."""

INT8_MAX = 127.0

RUNTIME_OPERATORS = "com.microsoft"
PRODUCT = "DynamicQuantizeMatMul"

Array = npt.NDArray[Any]


def write_observed(graph: Path, to: Path) -> list[str]:
    """Write a copy with one more output per product: the size of each channel of its input.

    Returns the names of these outputs, in the order of the products.
    """
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load(str(graph))
    names = []
    for number, node in enumerate(_products(model.graph)):
        name = f"channels{number}"
        absolute = helper.make_node("Abs", [node.input[0]], [f"absolute{number}"])
        largest = helper.make_node("ReduceMax", absolute.output, [name], axes=[0, 1], keepdims=0)
        model.graph.node.extend([absolute, largest])
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
        names.append(name)
    onnx.save(model, str(to))
    return names


def write_quantised(graph: Path, sizes: Sequence[Vector], to: Path) -> None:
    """Write the int8 copy. ``sizes``: the measured sizes of each product's channels."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(graph))
    products = {
        node.output[0]: size for node, size in zip(_products(model.graph), sizes, strict=True)
    }
    weights = _weights(model.graph)
    biases = _biases(model.graph, products)
    sums = {output for _, output in biases.values()}
    splits: dict[str, str] = {}
    nodes: list[Any] = []
    for node in model.graph.node:
        if node.output[0] in products:
            source, size = node.input[0], products[node.output[0]]
            again = split_channels(size)
            # Query, key and value have the same input, hence the same parts.
            if len(again) and source not in splits:
                splits[source] = f"{source}.split"
                nodes += _split(model.graph, source, again, len(size))
            weight = numpy_helper.to_array(weights[node.input[1]])
            bias, output = biases.get(node.output[0], ("", node.output[0]))
            inputs = [
                splits.get(source, source),
                *_int8(model.graph, node.output[0], np.concatenate([weight, weight[again]])),
                *("", bias),
            ]
            nodes.append(helper.make_node(PRODUCT, inputs, [output], domain=RUNTIME_OPERATORS))
        elif node.output[0] not in sums:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _fix_shapes(model.graph)
    _drop_unused(model.graph)
    model.opset_import.append(helper.make_opsetid(RUNTIME_OPERATORS, 1))
    onnx.save(model, str(to))


def split_channels(sizes: Vector) -> npt.NDArray[np.int64]:
    """The channels to duplicate, each as often as it needs a further part."""
    allowed = np.quantile(sizes, TYPICAL) * ALLOWANCE
    if sizes.max() <= WORTHWHILE * allowed:
        return np.empty(0, dtype=np.int64)
    parts = np.ceil(sizes / allowed).astype(np.int64)
    return np.repeat(np.arange(len(sizes)), np.maximum(parts - 1, 0))


def _products(graph: Any) -> list[Any]:
    """The graph's products of activations and weights, without those of two activations."""
    weights = _weights(graph)
    return [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in weights]


def _weights(graph: Any) -> Mapping[str, Any]:
    return {weight.name: weight for weight in graph.initializer}


def _biases(graph: Any, products: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The bias that an Add node adds to each product, and the sum's name, by product."""
    weights = _weights(graph)
    biases = {}
    for node in graph.node:
        if node.op_type == "Add":
            product = next((name for name in node.input if name in products), None)
            bias = next((name for name in node.input if name in weights), None)
            if product and bias:
                biases[product] = (bias, node.output[0])
    return biases


def _split(graph: Any, source: str, again: Array, channels: int) -> list[Any]:
    """The nodes that append the further parts of large channels to a tensor."""
    from onnx import helper

    share = (1 / (np.bincount(again, minlength=channels) + 1)).astype(np.float32)
    shared, others = f"{source}.shared", f"{source}.others"
    divisors, places = (
        _constant(graph, f"{source}.share", share),
        _constant(graph, f"{source}.again", again),
    )
    return [
        helper.make_node("Mul", [source, divisors], [shared]),
        helper.make_node("Gather", [shared, places], [others], axis=-1),
        helper.make_node("Concat", [shared, others], [f"{source}.split"], axis=-1),
    ]


def _int8(graph: Any, name: str, weight: Array) -> tuple[str, str]:
    """The names of the rounded weight and of its scales, one a column."""
    scale = (np.abs(weight).max(axis=0) / INT8_MAX).astype(np.float32)
    rounded = np.round(weight / np.where(scale, scale, 1)).astype(np.int8)
    return _constant(graph, f"{name}.int8", rounded), _constant(graph, f"{name}.scale", scale)


def _constant(graph: Any, name: str, values: Array) -> str:
    from onnx import numpy_helper

    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def _fix_shapes(graph: Any) -> None:
    """Give each Reshape a constant shape, in which 0 copies a dimension of the input."""
    producers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        shape = producers.get(node.input[1]) if node.op_type == "Reshape" else None
        if shape is None or shape.op_type != "Concat":
            continue
        sizes = [_size(producers, part, place) for place, part in enumerate(shape.input)]
        if None not in sizes and sizes.count(-1) < 2:
            node.input[1] = _constant(graph, f"{node.output[0]}.shape", np.array(sizes, np.int64))


def _size(producers: Mapping[str, Any], name: str, place: int) -> int | None:
    """One part of a shape: its constant, or 0 if it is the same dimension of some tensor."""
    from onnx import numpy_helper

    node = producers.get(name)
    if node is None:
        return None
    if node.op_type == "Constant" and node.attribute[0].name == "value":
        return int(numpy_helper.to_array(node.attribute[0].t).item())
    dimension = producers.get(node.input[0]) if node.op_type == "Unsqueeze" else None
    if dimension is None or dimension.op_type != "Gather":
        return None
    return 0 if _size(producers, dimension.input[1], place) == place else None


def _drop_unused(graph: Any) -> None:
    """Drop nodes and weights whose output nothing reads."""
    used = {output.name for output in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if used.intersection(node.output):
            nodes.append(node)
            used.update(node.input)
    weights = [weight for weight in graph.initializer if weight.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(nodes))
    graph.initializer.extend(weights)
