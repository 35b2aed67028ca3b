"""ONNX Runtime: the operators RNN, GRU and LSTM, forward; with weights of eight bits as
quantize_dynamic makes them."""

import os
import tempfile

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper, save
from onnxruntime.quantization import QuantType, quantize_dynamic

from peer import GATES, fastest, lengths, serve


def runner(job):
    if job["mode"] == "train" or job["dtype"] == "int8" and job["cell"] != "lstm":
        return None
    g, h, i = GATES[job["cell"]], job["hidden"], job["input"]
    rng = np.random.default_rng(1)
    weights = [
        numpy_helper.from_array(rng.uniform(-0.1, 0.1, shape).astype(np.float32), name)
        for name, shape in (("W", (1, g * h, i)), ("R", (1, g * h, h)), ("B", (1, 2 * g * h)))
    ]
    stream = job["steps"] == 1
    states = ["h", "c"] if job["cell"] == "lstm" else ["h"]
    state = [1, job["batch"], h]
    shape = [job["steps"], job["batch"], i]
    inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, shape)]
    feed = {"X": rng.standard_normal(shape).astype(np.float32)}
    names = ["X", "W", "R", "B", ""]
    if job["ragged"]:
        names[4] = "L"
        inputs.append(helper.make_tensor_value_info("L", TensorProto.INT32, [job["batch"]]))
        feed["L"] = np.array(lengths(job), np.int32)
    outputs = ["Y"]
    if stream:
        names += states
        outputs = [""] + ["Y_" + s for s in states]
        for s in states:
            inputs.append(helper.make_tensor_value_info(s, TensorProto.FLOAT, state))
            feed[s] = np.zeros(state, np.float32)
    extra = {"linear_before_reset": 1} if job["cell"] == "gru" else {}
    node = helper.make_node(job["cell"].upper(), names, outputs, hidden_size=h, **extra)
    graph = helper.make_graph([node], "g", inputs, [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs if o], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=9)
    if job["dtype"] == "int8":
        with tempfile.TemporaryDirectory() as d:
            save(model, d + "/f.onnx")
            quantize_dynamic(d + "/f.onnx", d + "/q.onnx", weight_type=QuantType.QInt8)
            with open(d + "/q.onnx", "rb") as f:
                model = f.read()
    else:
        model = model.SerializeToString()
    o = ort.SessionOptions()
    o.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    o.log_severity_level = 3
    s = ort.InferenceSession(model, o, providers=["CPUExecutionProvider"])
    if not stream:
        return "session", lambda: s.run(None, feed)
    # A stream hands its state from output to input without leaving the session's memory.
    bound = s.io_binding()
    kept = {k: ort.OrtValue.ortvalue_from_numpy(v) for k, v in feed.items()}

    def step():
        for k, v in kept.items():
            bound.bind_ortvalue_input(k, v)
        for n in states:
            bound.bind_output("Y_" + n)
        s.run_with_iobinding(bound)
        for n, v in zip(states, bound.get_outputs()):
            kept[n] = v

    def plain():
        for n, v in zip(states, s.run(None, feed)):
            feed[n] = v

    return fastest({"bound": step, "fed": plain})


serve(runner)
