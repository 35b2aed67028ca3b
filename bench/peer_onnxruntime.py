"""ONNX Runtime's part of the comparison: the operators RNN, GRU and LSTM, forward."""

import json
import os
import sys
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def runner(job):
    g, h, i = GATES[job["cell"]], job["hidden"], job["input"]
    rng = np.random.default_rng(1)
    weights = [
        numpy_helper.from_array(rng.uniform(-0.1, 0.1, shape).astype(np.float32), name)
        for name, shape in (("W", (1, g * h, i)), ("R", (1, g * h, h)), ("B", (1, 2 * g * h)))
    ]
    extra = {"linear_before_reset": 1} if job["cell"] == "gru" else {}
    node = helper.make_node(job["cell"].upper(), ["X", "W", "R", "B"], ["Y"], hidden_size=h, **extra)
    shape = [job["steps"], job["batch"], i]
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("X", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=9)
    o = ort.SessionOptions()
    o.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    s = ort.InferenceSession(model.SerializeToString(), o, providers=["CPUExecutionProvider"])
    x = rng.standard_normal(shape).astype(np.float32)
    return lambda: s.run(None, {"X": x})


for line in sys.stdin:
    job = json.loads(line)
    f = runner(job)
    f()
    ms, begin = [], time.perf_counter()
    while len(ms) < 5 or time.perf_counter() - begin < job["seconds"]:
        t = time.perf_counter()
        f()
        ms.append((time.perf_counter() - t) * 1e3)
    ms.sort()
    print(json.dumps({"best": ms[0], "median": ms[len(ms) // 2], "runs": len(ms)}), flush=True)
