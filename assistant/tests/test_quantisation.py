"""A rewritten graph computes what the original computes, in eight bits, outliers included."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from assistant.embedding import quantisation

TOKENS, INPUTS, OUTPUTS = 5, 64, 32


@pytest.fixture
def linear():
    """The weights and bias of one linear layer."""
    random = np.random.default_rng(3)
    return (
        random.normal(size=(INPUTS, OUTPUTS)).astype(np.float32),
        random.normal(size=OUTPUTS).astype(np.float32),
    )


@pytest.fixture
def graph(linear, tmp_path):
    weight, bias = linear
    model = helper.make_model(
        helper.make_graph(
            [
                helper.make_node("MatMul", ["x", "weight"], ["product"]),
                helper.make_node("Add", ["bias", "product"], ["y"]),
            ],
            "linear",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "tokens", INPUTS])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, "tokens", OUTPUTS])],
            [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    file = tmp_path / "linear.onnx"
    onnx.save(model, str(file))
    return file


def run(file, names, x):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(names, {"x": x})


def activations(*, outlier=1.0):
    x = np.random.default_rng(4).normal(size=(1, TOKENS, INPUTS)).astype(np.float32)
    x[:, :, 7] *= outlier
    return x


def quantised(graph, x, to):
    observed = to.with_name("observed.onnx")
    names = quantisation.write_observed(graph, observed)
    quantisation.write_quantised(graph, run(observed, names, x), to)
    return to


def test_the_observed_sizes_are_those_of_each_channel_of_the_input(graph, tmp_path):
    x = activations()
    names = quantisation.write_observed(graph, tmp_path / "observed.onnx")

    (sizes,) = run(tmp_path / "observed.onnx", names, x)

    np.testing.assert_allclose(sizes, np.abs(x).max(axis=(0, 1)))


@pytest.mark.parametrize("outlier", [1.0, 40.0])
def test_the_product_and_its_bias_stay_the_same_with_and_without_an_outlier(
    graph, linear, tmp_path, outlier
):
    weight, bias = linear
    x = activations(outlier=outlier)

    (y,) = run(quantised(graph, x, tmp_path / "int8.onnx"), ["y"], x)

    expected = x @ weight + bias
    assert np.abs(y - expected).mean() < 0.02 * np.abs(activations() @ weight).mean()


def test_the_weights_are_stored_in_eight_bits_alone(graph, tmp_path):
    model = onnx.load(str(quantised(graph, activations(), tmp_path / "int8.onnx")))

    large = [tensor for tensor in model.graph.initializer if len(tensor.dims) == 2]
    assert [tensor.data_type for tensor in large] == [TensorProto.INT8]
    assert [node.op_type for node in model.graph.node] == ["DynamicQuantizeMatMul"]


def test_a_channel_is_split_into_as_many_shares_as_make_it_small_enough():
    sizes = np.ones(100, dtype=np.float32)
    sizes[[3, 8]] = 12.0, 3.0

    assert list(quantisation.split_channels(sizes)) == [3] * 9 + [8] * 2


def test_channels_alike_are_not_split():
    assert not len(quantisation.split_channels(np.linspace(1, 2, 100, dtype=np.float32)))


def tensor(values):
    return numpy_helper.from_array(np.array(values, dtype=np.int64))


@pytest.fixture
def heads(linear, tmp_path):
    """Two products of one input, one of them reshaped as the exporter writes it."""
    weight, _ = linear
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["query"]),
        helper.make_node("MatMul", ["x", "weight"], ["key"]),
        helper.make_node("Shape", ["x"], ["shape"]),
        *(
            helper.make_node("Constant", [], [f"index{place}"], value=tensor(place))
            for place in range(2)
        ),
        *(
            helper.make_node("Gather", ["shape", f"index{place}"], [f"size{place}"])
            for place in range(2)
        ),
        helper.make_node("Constant", [], ["axis"], value=tensor([0])),
        *(
            helper.make_node("Unsqueeze", [f"size{place}", "axis"], [f"part{place}"])
            for place in range(2)
        ),
        helper.make_node("Constant", [], ["heads"], value=tensor([-1])),
        helper.make_node("Constant", [], ["width"], value=tensor([8])),
        helper.make_node("Concat", ["part0", "part1", "heads", "width"], ["target"], axis=0),
        helper.make_node("Reshape", ["query", "target"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "tokens", INPUTS])]
    outputs = [
        helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
        helper.make_tensor_value_info("key", TensorProto.FLOAT, None),
    ]
    weights = [numpy_helper.from_array(weight, "weight")]
    model = helper.make_model(
        helper.make_graph(nodes, "heads", inputs, outputs, weights),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    file = tmp_path / "heads.onnx"
    onnx.save(model, str(file))
    return file


def test_products_of_one_input_share_its_parts_and_shapes_are_constants(heads, tmp_path):
    x = activations(outlier=40.0)
    file = quantised(heads, x, tmp_path / "int8.onnx")

    y, key = run(file, ["y", "key"], x)

    np.testing.assert_array_equal(y, key.reshape(1, TOKENS, OUTPUTS // 8, 8))
    operators = [node.op_type for node in onnx.load(str(file)).graph.node]
    assert operators.count("Concat") == 1
    assert "Shape" not in operators
