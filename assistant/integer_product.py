"""Products of whole numbers by ONNX Runtime, which has a kernel for them where numpy has a loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.eight_bits import Columns, Digits, Product, Sums

OPSET = 17
IR_VERSION = 8
"""What came with that opset: an older runtime refuses a newer one."""


def product_of(columns: Columns, *, zero: int) -> Product:
    """Safe to share between threads and forks. Keeps one copy of the columns, in its own order."""
    session = _session(columns, zero)

    def product(digits: Digits) -> Sums:
        sums: Sums = session.run(None, {"digits": digits})[0]
        return sums

    return product


def _session(columns: Columns, zero: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # As for the model: pools of threads would not survive a fork.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Beside the graph and not in it: never copied, and let go once it is packed.
    held = onnxruntime.OrtValue.ortvalue_from_numpy(columns)
    options.add_external_initializers(["columns"], [held])
    graph = _graph(columns.shape, zero)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _graph(shape: tuple[int, ...], zero: int) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    columns = TensorProto(name="columns", data_type=TensorProto.INT8, dims=shape)
    columns.data_location = TensorProto.EXTERNAL
    columns.external_data.add(key="location", value="given beside the graph")
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["digits", "columns", "zero"], ["sums"])],
        "product",
        [helper.make_tensor_value_info("digits", TensorProto.UINT8, ["rows", shape[0]])],
        [helper.make_tensor_value_info("sums", TensorProto.INT32, ["rows", shape[1]])],
        [columns, numpy_helper.from_array(np.array(zero, dtype=np.uint8), "zero")],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    serialised: bytes = model.SerializeToString()
    return serialised
