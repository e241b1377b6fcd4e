"""An LSTM in ONNX Runtime, where that is installed."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import Tensor, nn


def session(module: nn.RNNBase) -> Any:
    """A session that takes ``x (1, 1, I)``, ``h0`` and ``c0 (1, 1, H)`` and gives ``h`` and ``c``; None without."""
    try:
        runtime, onnx = importlib.import_module("onnxruntime"), importlib.import_module("onnx")
    except ImportError:
        return None
    options = runtime.SessionOptions()
    # as fast as several at such a size, and threads that wait spinning would take time from the other sides
    options.intra_op_num_threads = 1
    content = _model(onnx, module).SerializeToString()
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _model(onnx: Any, module: nn.RNNBase) -> Any:
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    units, inputs = module.hidden_size, module.input_size
    weights = {name: weight.detach() for name, weight in module.named_parameters()}
    stored = {
        "W": _in_order(weights["weight_ih_l0"])[None],
        "R": _in_order(weights["weight_hh_l0"])[None],
        "B": torch.cat([_in_order(weights["bias_ih_l0"]), _in_order(weights["bias_hh_l0"])])[None],
    }
    node = helper.make_node("LSTM", ["x", "W", "R", "B", "", "h0", "c0"], ["", "h", "c"], hidden_size=units)
    state = (1, 1, units)
    before = (("x", real, (1, 1, inputs)), ("h0", real, state), ("c0", real, state))
    after = (("h", real, state), ("c", real, state))
    graph = helper.make_graph(
        [node],
        "lstm",
        [helper.make_tensor_value_info(*row) for row in before],
        [helper.make_tensor_value_info(*row) for row in after],
        [onnx.numpy_helper.from_array(weight.numpy(), name) for name, weight in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _in_order(weight: Tensor) -> Tensor:
    """torch's gates i f g o in the order of ONNX: i o f g."""
    i, f, g, o = weight.chunk(4)
    return torch.cat([i, o, f, g])
