"""Runs what recur exported in the system that it was exported to.

	python run_exports.py DIR onnx|safetensors|keras
"""
import glob
import os
import sys

import numpy as np

from common import TOLERANCE, difference, keep, load_case


def onnx(folder, files, inputs, outputs, order):
    """The graph of whole sequences, and, where there is one, that of a single step."""
    import onnx
    import onnxruntime as ort

    model = onnx.load(os.path.join(folder, files[0]))
    onnx.checker.check_model(model, full_check=True)
    session = lambda f: ort.InferenceSession(os.path.join(folder, f), providers=["CPUExecutionProvider"])
    s = session(files[0])
    feed = {i.name: inputs[i.name] for i in s.get_inputs()}
    names = [o.name for o in s.get_outputs()]
    got = dict(zip(names, s.run(None, feed)))
    worst = max(difference(got[k], outputs[k]) for k in outputs)
    if len(files) > 1:
        worst = max(worst, step(session(files[1]), model, inputs, outputs))
    return worst


def step(s, model, inputs, outputs):
    """The steps of full rows, one by one, give the last states of the whole."""
    x = [i for i in model.graph.input if i.name == "x"][0]
    dims = [d.dim_param for d in x.type.tensor_type.shape.dim]
    axis = dims.index("time")
    state = {i.name: inputs[i.name] for i in s.get_inputs() if i.name != "x"}
    names = [o.name for o in s.get_outputs()]
    T = inputs["x"].shape[axis]
    if (inputs["lengths"] != T).any():
        return 0.0
    for t in range(T):
        out = dict(zip(names, s.run(None, {"x": np.take(inputs["x"], t, axis), **state})))
        state = {k: out[k + "_out"] for k in state}
    return max([difference(state[k], outputs[k + "_out"]) for k in state] or [0.0])


def safetensors(folder, files, inputs, outputs, order):
    """The module whose source came with the weights."""
    import torch

    space = {}
    exec(open(os.path.join(folder, files[1])).read(), space)
    net = space["Net"].load(os.path.join(folder, files[0]))
    states = [torch.from_numpy(inputs[name]) for name in order[1:]]
    want = [outputs[order[0]]] + [outputs[name + "_out"] for name in order[1:]]
    with torch.no_grad():
        got, last = net(torch.from_numpy(inputs["x"]), lengths=torch.from_numpy(inputs["lengths"]), states=states)
    return max(difference(a.numpy(), b) for a, b in zip(list(got) + list(last), want, strict=True))


def keras(folder, files, inputs, outputs, order):
    import keras_exports

    return keras_exports.run(folder, files, inputs, outputs, order)


def version(format):
    if format == "onnx":
        import onnxruntime

        return "ONNX Runtime " + onnxruntime.__version__
    if format == "safetensors":
        import torch

        return "PyTorch " + torch.__version__.split("+")[0]
    import keras

    return "Keras " + keras.__version__


def main(root, format):
    cases = passed = 0
    worst = 0.0
    for path in sorted(glob.glob(os.path.join(root, "*", "export.json"))):
        folder = os.path.dirname(path)
        case, inputs, outputs, exports = load_case(folder)
        if exports[format].get("refused"):
            continue
        cases += 1
        try:
            d = globals()[format](folder, exports[format]["files"], inputs, outputs, case["order"])
        except Exception as e:
            print(f"{folder}: {case['about']}: {type(e).__name__}: {e}")
            continue
        worst = max(worst, d)
        if d <= TOLERANCE:
            passed += 1
        else:
            print(f"{folder}: {case['about']}: differs by {d:.2g}")
    keep(version(format), "out of recur", cases, passed, worst)
    sys.exit(passed < cases)


main(*sys.argv[1:])
