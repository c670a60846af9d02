"""Write a BERT as a graph that multiplies whole numbers of 8 bits: twice as fast, a little off.

Weights are rounded once, each column by its own scale; what they are multiplied with at each run,
by ONNX Runtime's operator, with one scale for all of it. In a BERT a few channels of that are ten
times as large as the others and would take the digits of all. So such a channel is given in several
equal shares, each with the same weights: the product stays what it was, the largest number becomes
smaller (Zhao et al. 2019, Improving Neural Network Quantization without Retraining using Outlier
Channel Splitting). How large channels get is seen on sample texts.

One text at a time: two in one run would share a scale, and a vector would depend on its neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.bert import Array, Graph, Shape, save, shape_of, weights_of

VERSION = 1
"""Of the graph: another number makes every site convert its model again."""

LARGE = 0.97
"""The share of channels that are never split."""

ROOM = 1.2
"""How much larger than those a channel may be."""

WORTH_IT = 2.0
"""How much larger than that the largest must be for any to be split: it costs time."""

WHOLE = 127.0

Positions = npt.NDArray[np.int64]

Ranges = Mapping[str, Array]
"""Of each product: the largest size that each channel of what is multiplied was seen to have."""


def write_seeing(folder: Path, to: Path) -> tuple[str, ...]:
    """Write the exact graph with an output for each product's channels; returns their names.

    Raises ``Unconvertible``.
    """
    graph = _Seeing(weights_of(folder))
    save(graph, shape_of(folder), to)
    return tuple(graph.seen)


def write(folder: Path, ranges: Ranges, to: Path) -> None:
    """Write the graph. Inputs and output as ``bert.write``'s, for one text.

    Raises ``Unconvertible``.
    """
    save(_Glance(weights_of(folder), ranges=ranges), shape_of(folder), to)


@dataclass
class _Seeing(Graph):
    """The exact graph, which also tells how large each product's channels are."""

    seen: list[str] = field(default_factory=list)

    def of(self, shape: Shape) -> Any:
        from onnx import TensorProto, helper

        model = super().of(shape)
        told = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self.seen]
        model.graph.output.extend(told)
        return model

    def _product(self, name: str, x: str, weight: Array) -> str:
        sizes = self._node("Abs", [x])
        self._node("ReduceMax", [sizes], name, axes=[0, 1], keepdims=0)
        self.seen.append(name)
        return super()._product(name + ".product", x, weight)


@dataclass
class _Glance(Graph):
    ranges: Ranges = field(default_factory=dict)

    def _embedded(self, shape: Shape) -> str:
        of = "embeddings."
        # Half the memory of the largest table; the digits it loses are none that 8 bits keep.
        words = self.weights[of + "word_embeddings.weight"].astype(np.float16)
        kind = self.weights[of + "token_type_embeddings.weight"][0]
        places = self.weights[of + "position_embeddings.weight"] + kind
        word = self._as_float(self._node("Gather", [self._constant(of + "words", words), "ids"]))
        count = self._node("Shape", ["ids"], start=1)
        first = self._constant("first", np.array([0], dtype=np.int64))
        place = self._node("Slice", [self._constant(of + "places", places), first, count, first])
        return self._normed(of + "LayerNorm", word, place, shape)

    def _widened(self, name: str, x: str) -> str:
        return self._node("Gelu", [self._dense(name, x)], own=True)

    def _plus(self, name: str, x: str, weight: Array, bias: Array) -> str:
        by_input = weight.T
        again = _split(self.ranges[name])
        if len(again):
            x = self._shared_out(name, x, again)
            by_input = np.concatenate([by_input, by_input[again]])
        scale = (np.abs(by_input).max(axis=0) / WHOLE).astype(np.float32)
        rounded = np.round(by_input / np.where(scale, scale, 1)).astype(np.int8)
        inputs = [
            *(x, self._constant(name + ".rounded", rounded)),
            *(self._constant(name + ".scale", scale), "", self._constant(name + ".bias", bias)),
        ]
        return self._node("DynamicQuantizeMatMul", inputs, own=True)

    def _shared_out(self, name: str, x: str, again: Positions) -> str:
        """``x`` with each large channel as one share of itself, and the other shares at the end."""
        shares = np.bincount(again, minlength=len(self.ranges[name])) + 1
        x = self._node("Mul", [x, self._constant(name + ".share", (1 / shares).astype(np.float32))])
        others = self._node("Gather", [x, self._constant(name + ".again", again)], axis=-1)
        return self._node("Concat", [x, others], axis=-1)


def _split(sizes: Array) -> Positions:
    """Each channel as often as it needs another share, so that none is larger than the most."""
    most = np.quantile(sizes, LARGE) * ROOM
    if sizes.max() <= WORTH_IT * most:
        return np.empty(0, dtype=np.int64)
    shares = np.ceil(sizes / most).astype(np.int64)
    return np.repeat(np.arange(len(sizes)), np.maximum(shares - 1, 0))
