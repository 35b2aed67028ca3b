"""Random models of ONNX with RNN, LSTM and GRU in all their forms, and what ONNX
Runtime computes with them; every fourth is one that PyTorch exports.

	python ort_models.py DIR 200 [SEED]
"""
import io
import os
import random
import sys
import warnings

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from common import save_case

warnings.filterwarnings("ignore")

ACTIVATIONS = {"Tanh": 0, "Sigmoid": 0, "Relu": 0, "Softsign": 0, "Softplus": 0, "LeakyRelu": 1, "ThresholdedRelu": 1, "Elu": 1, "Affine": 2, "ScaledTanh": 2, "HardSigmoid": 2}


def recurrent(r, rng, name, x, width, T, B, opset, inputs, nodes, initializers, outputs):
    """Adds a recurrent node over x [T, B, width]; its Y is laid out [T, B, D*H]."""
    op = r.choice(["RNN", "LSTM", "GRU"])
    gates, functions = {"RNN": (1, 1), "LSTM": (4, 3), "GRU": (3, 2)}[op]
    direction = r.choice(["forward", "reverse", "bidirectional"])
    D, H = 2 if direction == "bidirectional" else 1, r.randint(1, 10)
    attributes = {"hidden_size": H, "direction": direction}
    if r.random() < 0.4:
        chosen = [r.choice(list(ACTIVATIONS)) for _ in range(functions * D)]
        attributes["activations"] = chosen
        alphas = [round(r.uniform(0.1, 0.9), 2) for a in chosen if ACTIVATIONS[a] >= 1]
        betas = [round(r.uniform(0.1, 0.9), 2) for a in chosen if ACTIVATIONS[a] == 2]
        if alphas:
            attributes["activation_alpha"] = alphas
        if betas:
            attributes["activation_beta"] = betas
    if r.random() < 0.3:
        attributes["clip"] = r.uniform(0.2, 1.5)
    if op == "LSTM" and r.random() < 0.3:
        attributes["input_forget"] = 1
    if op == "GRU":
        attributes["linear_before_reset"] = r.randint(0, 1)

    def weight(suffix, *shape):
        a = (rng.standard_normal(shape) * 0.5).astype(np.float32)
        initializers.append(numpy_helper.from_array(a, name + suffix))
        return name + suffix

    ins = [x, weight("W", D, gates * H, width), weight("R", D, gates * H, H), weight("B", D, 2 * gates * H) if r.random() < 0.7 else ""]
    ins.append("lengths" if "lengths" in inputs else "")
    for k in range(2 if op == "LSTM" else 1):
        if r.random() < 0.5:
            inputs[f"{name}s{k}"] = (rng.standard_normal((D, B, H)) * 0.5).astype(np.float32)
            ins.append(f"{name}s{k}")
        else:
            ins.append("")
    if op == "LSTM":
        ins.append(weight("P", D, 3 * H) if r.random() < 0.3 else "")
    while not ins[-1]:
        ins.pop()
    outs = [f"{name}Y", f"{name}Yh"] + ([f"{name}Yc"] if op == "LSTM" else [])
    nodes.append(helper.make_node(op, ins, outs, **attributes))
    outputs += outs[1:]
    nodes.append(helper.make_node("Transpose", [outs[0]], [f"{name}T"], perm=[0, 2, 1, 3]))
    nodes.append(helper.make_node("Reshape", [f"{name}T", f"{name}shape"], [f"{name}out"]))
    initializers.append(numpy_helper.from_array(np.array([0, 0, -1], dtype=np.int64), f"{name}shape"))
    return f"{name}out", D * H


def ours(folder, r, rng):
    opset = r.choice([7, 9, 11, 13, 14, 17, 20, 22])
    T, B, width = r.randint(1, 9), r.randint(1, 4), r.randint(1, 8)
    inputs, nodes, initializers, outputs = {"x": rng.standard_normal((T, B, width)).astype(np.float32)}, [], [], []
    if r.random() < 0.6:
        inputs["lengths"] = np.array([r.randint(1, T) for _ in range(B)], dtype=np.int32)
    y, w = "x", width
    for i in range(r.randint(1, 2)):
        y, w = recurrent(r, rng, f"r{i}", y, w, T, B, opset, inputs, nodes, initializers, outputs)
    if r.random() < 0.5:
        out = r.randint(1, 6)
        initializers.append(numpy_helper.from_array((rng.standard_normal((w, out)) * 0.5).astype(np.float32), "dense"))
        nodes.append(helper.make_node("MatMul", [y, "dense"], ["scores"]))
        nodes.append(helper.make_node("Softmax", ["scores"], ["y"], axis=2))
        y = "y"
    outputs = [y] + outputs
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int32): TensorProto.INT32}
    g = helper.make_graph(nodes, "random", [helper.make_tensor_value_info(k, kinds[v.dtype], [None] * v.ndim) for k, v in inputs.items()],
                          [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs], initializers)
    m = helper.make_model(g, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return m.SerializeToString(), inputs, " ".join(f"{n.op_type}({', '.join(a.name for a in n.attribute)})" for n in nodes)


def torchs(folder, r, rng):
    import torch
    from torch import nn

    torch.manual_seed(r.randint(0, 1 << 30))
    width, hidden = r.randint(1, 8), r.randint(1, 10)
    kind = r.choice(["RNN", "LSTM", "GRU"])

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = getattr(nn, kind)(width, hidden, num_layers=r.randint(1, 3), bidirectional=r.random() < 0.5, batch_first=r.random() < 0.5)
            self.norm = nn.LayerNorm(hidden * (2 if self.rnn.bidirectional else 1))
            self.out = nn.Linear(self.norm.normalized_shape[0], 3)

        def forward(self, x):
            y, s = self.rnn(x)
            return (torch.log_softmax(self.out(self.norm(torch.tanh(y))), -1),) + (s if isinstance(s, tuple) else (s,))

    net = Net().eval()
    x = torch.randn(r.randint(1, 4), r.randint(1, 9), width)
    b = io.BytesIO()
    torch.onnx.export(net, (x,), b, input_names=["x"], opset_version=r.choice([12, 15, 17, 18]), dynamo=False)
    return b.getvalue(), {"x": x.numpy()}, " ".join(str(net).split())


def make(folder, seed):
    r, rng = random.Random(seed), np.random.default_rng(seed)
    b, inputs, about = (torchs if seed % 4 == 0 else ours)(folder, r, rng)
    session = ort.InferenceSession(b, providers=["CPUExecutionProvider"])
    got = session.run(None, inputs)
    if any(not np.isfinite(a).all() for a in got):
        raise ValueError("the model diverges")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(b)
    save_case(folder, "ONNX Runtime " + ort.__version__, about, "model.onnx", inputs, {o.name: a for o, a in zip(session.get_outputs(), got)})


def main(root, n, seed=1):
    made = i = 0
    while made < int(n):
        try:
            make(os.path.join(root, f"{made:04d}"), int(seed) * 100000 + i)
            made += 1
        except Exception as e:  # what ONNX Runtime itself refuses
            print(f"passed over {i}: {type(e).__name__}: {str(e)[:200]}")
        i += 1


main(*sys.argv[1:])
