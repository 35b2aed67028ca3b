"""Golden files of ONNX Runtime's RNN, LSTM and GRU: values and final states.

python make_onnx.py    (versions in requirements.txt)
"""

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper

from common import Maker

m = Maker("onnx")
T, B, IN, H = 5, 4, 3, 6
LEN = [2, 5, 1, 3]
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def case(name, op, lengths=None, bias=True, state=True, peepholes=False, **attributes):
    dirs = 2 if attributes.get("direction") == "bidirectional" else 1
    g = GATES[op]
    a = {"X": m.rand(T, B, IN), "W": m.rand(dirs, g * H, IN, scale=0.6), "R": m.rand(dirs, g * H, H, scale=0.6)}
    if bias:
        a["B"] = m.rand(dirs, 2 * g * H, scale=0.6)
    if lengths:
        a["sequence_lens"] = np.array(lengths, np.int32)
    if state:
        a["initial_h"] = m.rand(dirs, B, H)
        if op == "LSTM":
            a["initial_c"] = m.rand(dirs, B, H)
    if peepholes:
        a["P"] = m.rand(dirs, 3 * H, scale=0.6)
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h"] + (["initial_c", "P"] if op == "LSTM" else [])
    outs = ["Y", "Y_h"] + (["Y_c"] if op == "LSTM" else [])
    node = helper.make_node(op, [k if k in a else "" for k in order], outs, hidden_size=H, **attributes)
    types = {k: TensorProto.INT32 if k == "sequence_lens" else TensorProto.FLOAT for k in a}
    graph = helper.make_graph([node], name, [helper.make_tensor_value_info(k, types[k], v.shape) for k, v in a.items()],
                              [helper.make_tensor_value_info(k, TensorProto.FLOAT, None) for k in outs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=10)
    run = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    a.update(zip(outs, run.run(None, a)))
    m.save(name, {"op": op, "attributes": attributes}, a)


both = {"direction": "bidirectional"}
case("rnn", "RNN")
case("rnn_reverse", "RNN", LEN, direction="reverse", activations=["Relu"])
case("rnn_bidirectional", "RNN", LEN, activations=["Tanh", "LeakyRelu"], activation_alpha=[0.3], **both)
case("rnn_clip", "RNN", clip=0.5)
case("lstm", "LSTM")
case("lstm_reverse", "LSTM", LEN, direction="reverse")
case("lstm_bidirectional", "LSTM", LEN, peepholes=True, **both)
case("lstm_peepholes", "LSTM", peepholes=True, state=False)
case("lstm_clip", "LSTM", LEN, peepholes=True, clip=0.6)
case("lstm_input_forget", "LSTM", LEN, input_forget=1)
case("lstm_no_bias", "LSTM", bias=False)
case("lstm_activations", "LSTM", LEN, activations=["HardSigmoid", "Softsign", "ScaledTanh"], activation_alpha=[0.3, 1.2], activation_beta=[0.4, 0.8])
case("lstm_bidirectional_activations", "LSTM", activations=["Sigmoid", "Elu", "Tanh", "HardSigmoid", "Tanh", "Softsign"],
     activation_alpha=[0.7, 0.25], activation_beta=[0.45], **both)
case("gru", "GRU")
case("gru_reverse", "GRU", LEN, direction="reverse")
case("gru_bidirectional", "GRU", LEN, **both)
case("gru_linear", "GRU", LEN, linear_before_reset=1)
case("gru_linear_bidirectional", "GRU", LEN, linear_before_reset=1, **both)
case("gru_clip", "GRU", clip=0.5)
case("gru_linear_clip", "GRU", LEN, clip=0.5, linear_before_reset=1)
case("gru_no_bias", "GRU", bias=False, linear_before_reset=1)
case("gru_activations", "GRU", LEN, activations=["HardSigmoid", "Softplus"], activation_alpha=[0.3], activation_beta=[0.4])
