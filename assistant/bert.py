"""Read a folder of sentence-transformers and write what it computes as one ONNX graph.

For the commonest kind: a BERT whose token vectors are averaged and brought to length 1. The graph
is written from the weights directly, with ONNX Runtime's own operators for BERT, so that neither
torch nor an exporter is needed; what it computes is the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

VERSION = 1
"""Of the graph: another number makes every site convert its model again."""

OPSET = 17
RUNTIMES_OWN = "com.microsoft"

Array = npt.NDArray[Any]


class Unconvertible(Exception):
    """The model is of another kind; the text says in what."""


@dataclass(frozen=True)
class Shape:
    """What must be known to read the weights and to read a text."""

    layers: int
    heads: int
    size: int
    epsilon: float
    longest: int
    """Tokens that are read of a text."""


def shape_of(folder: Path) -> Shape:
    """Raises ``Unconvertible`` if the folder holds anything but such a model."""
    try:
        _check_modules(folder)
        config = _json(folder / "config.json")
        reading = _json(folder / "sentence_bert_config.json")
        wanted = {
            "model_type": "bert",
            "hidden_act": "gelu",
            "position_embedding_type": "absolute",
        }
        for name, value in wanted.items():
            if config.get(name, value) != value or (name == "model_type" and name not in config):
                raise Unconvertible(f"its {name} is {config.get(name)!r}, not {value!r}")
        if reading.get("do_lower_case"):
            raise Unconvertible("it lowers capitals itself")
        if not (folder / "tokenizer.json").is_file():
            raise Unconvertible("it has no tokenizer.json")
        return Shape(
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            size=int(config["hidden_size"]),
            epsilon=float(config.get("layer_norm_eps", 1e-12)),
            longest=min(_longest(folder, reading), int(config["max_position_embeddings"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as odd:
        raise Unconvertible(f"its configuration cannot be read ({type(odd).__name__})") from odd


def _check_modules(folder: Path) -> None:
    modules = _json(folder / "modules.json")
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if kinds not in (["Transformer", "Pooling", "Normalize"], ["Transformer", "Pooling"]):
        raise Unconvertible(f"its parts are {', '.join(kinds)}")
    if modules[0]["path"]:
        raise Unconvertible("its weights are in a folder of their own")
    pooling = _json(folder / modules[1]["path"] / "config.json")
    modes = {name.removeprefix("pooling_mode_") for name, value in pooling.items() if value is True}
    modes -= {"include_prompt"}
    if pooling.get("pooling_mode", "mean") != "mean" or modes - {"mean_tokens"}:
        raise Unconvertible("it does not average its tokens")
    about = folder / "config_sentence_transformers.json"
    if about.is_file() and _json(about).get("default_prompt_name"):
        raise Unconvertible("it puts a prompt before each text")


def _longest(folder: Path, reading: Any) -> int:
    """Where the number is kept depends on the version that saved the model."""
    given = reading.get("max_seq_length")
    return int(given or _json(folder / "tokenizer_config.json")["model_max_length"])


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def write(folder: Path, to: Path) -> None:
    """Write the graph of the model in ``folder``.

    Inputs ``ids`` and ``mask``, int32 (texts, tokens); output ``vectors``, float32 (texts, size).
    Raises ``Unconvertible``, also if a weight is missing.
    """
    save(Graph(weights_of(folder)), shape_of(folder), to)


def weights_of(folder: Path) -> dict[str, Array]:
    """Raises ``Unconvertible``."""
    try:
        from safetensors.numpy import load_file

        weights = load_file(folder / "model.safetensors")
    except ImportError as missing:
        raise Unconvertible(f"{missing.name} is not installed") from missing
    except Exception as damaged:
        raise Unconvertible(f"its weights cannot be read ({type(damaged).__name__})") from damaged
    return {name.removeprefix("bert."): w for name, w in weights.items()}


def save(graph: Graph, shape: Shape, to: Path) -> None:
    """Raises ``Unconvertible``."""
    try:
        import onnx

        onnx.save(graph.of(shape), str(to))
    except ModuleNotFoundError as missing:
        raise Unconvertible(f"{missing.name} is not installed") from missing
    except KeyError as missing:
        raise Unconvertible(f"it has no weights {missing}") from missing


@dataclass
class Graph:
    """An ONNX graph as it grows. Methods that add a node return the name of its output."""

    weights: dict[str, Array]
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def of(self, shape: Shape) -> Any:
        from onnx import TensorProto, helper

        x = self._embedded(shape)
        for number in range(shape.layers):
            x = self._layer(f"encoder.layer.{number}.", x, shape)
        self._averaged(x)
        asked = [
            helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "tokens"])
            for name in ("ids", "mask")
        ]
        told = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", shape.size])]
        graph = helper.make_graph(self.nodes, "bert", asked, told, self.constants)
        versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIMES_OWN, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=8)

    def _embedded(self, shape: Shape) -> str:
        of = "embeddings."
        # A question is one text, so every token is of type 0: added to the places once and for all.
        kind = self.weights[of + "token_type_embeddings.weight"][0]
        places = self.weights[of + "position_embeddings.weight"] + kind
        inputs = [
            *("ids", "", self._given(of + "word_embeddings.weight")),
            *(self._constant(of + "places", places), ""),
            *(self._given(of + "LayerNorm.weight"), self._given(of + "LayerNorm.bias"), "mask"),
        ]
        outputs = ["embedded", "embedded_lengths"]
        self._node("EmbedLayerNormalization", inputs, *outputs, own=True, epsilon=shape.epsilon)
        return outputs[0]

    def _layer(self, of: str, x: str, shape: Shape) -> str:
        attention = of + "attention."
        parts = [f"{attention}self.{part}" for part in ("query", "key", "value")]
        # Three products in one: a larger product wastes less.
        weight = np.concatenate([self.weights[f"{part}.weight"] for part in parts])
        bias = np.concatenate([self.weights[f"{part}.bias"] for part in parts])
        together = self._plus(attention + "self", x, weight, bias)
        sizes = self._constant(attention + "sizes", np.full(3, shape.size, dtype=np.int64))
        self._node("Split", [together, sizes], *parts, axis=-1)
        attended = self._node(
            "MultiHeadAttention", [*parts, "", "mask"], own=True, num_heads=shape.heads
        )
        found = self._dense(attention + "output.dense", attended)
        x = self._normed(attention + "output.LayerNorm", found, x, shape)
        wide = self._widened(of + "intermediate.dense", x)
        return self._normed(
            of + "output.LayerNorm", self._dense(of + "output.dense", wide), x, shape
        )

    def _widened(self, name: str, x: str) -> str:
        product = self._product(name, x, self.weights[name + ".weight"])
        return self._node("BiasGelu", [product, self._given(name + ".bias")], own=True)

    def _averaged(self, x: str) -> None:
        """The mean of a text's tokens, brought to length 1."""
        last = self._constant("last", np.array([-1], dtype=np.int64))
        tokens = self._constant("tokens", np.array([1], dtype=np.int64))
        mask = self._as_float("mask")
        mask = self._node("Unsqueeze", [mask, last])
        kept = self._node("Mul", [x, mask])
        # Length 1 is the aim: dividing the sum by how many there are would change nothing.
        total = self._node("ReduceSum", [kept, tokens], keepdims=0)
        length = self._node("ReduceL2", [total], axes=[1], keepdims=1)
        self._node("Div", [total, length], "vectors")

    def _dense(self, name: str, x: str) -> str:
        return self._plus(name, x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def _plus(self, name: str, x: str, weight: Array, bias: Array) -> str:
        """``x`` times ``weight``, (outputs, inputs), plus ``bias``."""
        product = self._product(name, x, weight)
        return self._node("Add", [product, self._constant(name + ".bias", bias)])

    def _product(self, name: str, x: str, weight: Array) -> str:
        return self._node("MatMul", [x, self._constant(name + ".weight", weight.T)])

    def _normed(self, name: str, x: str, before: str, shape: Shape) -> str:
        # Not SkipLayerNormalization, which does both at once and takes longer.
        total = self._node("Add", [x, before])
        scale, bias = self._given(name + ".weight"), self._given(name + ".bias")
        return self._node(
            "LayerNormalization", [total, scale, bias], axis=-1, epsilon=shape.epsilon
        )

    def _as_float(self, x: str) -> str:
        from onnx import TensorProto

        return self._node("Cast", [x], to=TensorProto.FLOAT)

    def _given(self, name: str) -> str:
        return self._constant(name, self.weights[name])

    def _constant(self, name: str, values: Array) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def _node(
        self, kind: str, inputs: Sequence[str], *outputs: str, own: bool = False, **how: Any
    ) -> str:
        from onnx import helper

        outputs = outputs or (f"{kind}{len(self.nodes)}",)
        domain = RUNTIMES_OWN if own else ""
        self.nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **how))
        return outputs[0]
