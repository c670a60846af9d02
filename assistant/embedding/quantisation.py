"""Quantise the matrix products of an exported ONNX graph to int8.

It takes half the processor time of fp32. Weights are quantised once, with a scale per column;
activations at each run, by ONNX Runtime's ``DynamicQuantizeMatMul``, with one scale per matrix. In
a BERT a few channels are ten times as large as the others, which costs all channels precision.
Such a channel is split into equal parts with the same weights: the product stays the same and
the largest value becomes smaller (Zhao et al. 2019, Improving Neural Network Quantization without
Retraining using Outlier Channel Splitting). The channels' sizes are measured on sample texts.
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

    model = onnx.load(str(graph))
    products = {
        node.output[0]: size for node, size in zip(_products(model.graph), sizes, strict=True)
    }
    weights = _weights(model.graph)
    biases = _biases(model.graph, products)
    nodes: list[Any] = []
    for node in model.graph.node:
        if node.output[0] in products:
            bias, output = biases.get(node.output[0], ("", node.output[0]))
            nodes += _quantised(model.graph, node, weights, products[node.output[0]], bias, output)
        elif node.output[0] not in {output for _, output in biases.values()}:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _drop_unused_weights(model.graph)
    model.opset_import.append(onnx.helper.make_opsetid(RUNTIME_OPERATORS, 1))
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


def _quantised(
    graph: Any, node: Any, weights: Mapping[str, Any], sizes: Vector, bias: str, output: str
) -> list[Any]:
    """The nodes that compute one product, and its bias, in int8."""
    from onnx import helper, numpy_helper

    def constant(suffix: str, values: Array) -> str:
        name = f"{node.output[0]}.{suffix}"
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    nodes = []
    weight, source = numpy_helper.to_array(weights[node.input[1]]), node.input[0]
    again = split_channels(sizes)
    if len(again):
        share = (1 / (np.bincount(again, minlength=len(sizes)) + 1)).astype(np.float32)
        shared, others, split = (f"{output}.{part}" for part in ("shared", "others", "split"))
        nodes = [
            helper.make_node("Mul", [source, constant("share", share)], [shared]),
            helper.make_node("Gather", [shared, constant("again", again)], [others], axis=-1),
            helper.make_node("Concat", [shared, others], [split], axis=-1),
        ]
        weight, source = np.concatenate([weight, weight[again]]), split
    scale = (np.abs(weight).max(axis=0) / INT8_MAX).astype(np.float32)
    rounded = np.round(weight / np.where(scale, scale, 1)).astype(np.int8)
    inputs = [source, constant("int8", rounded), constant("scale", scale), "", bias]
    product = helper.make_node("DynamicQuantizeMatMul", inputs, [output], domain=RUNTIME_OPERATORS)
    return [*nodes, product]


def _drop_unused_weights(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    used_weights = [weight for weight in graph.initializer if weight.name in used]
    del graph.initializer[:]
    graph.initializer.extend(used_weights)
