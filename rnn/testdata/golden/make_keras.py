"""Golden files of Keras 3's recurrent layers: values, final states and gradients.

python make_keras.py    (versions in requirements.txt)
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch

from common import Maker

m = Maker("keras")
B, T, IN, H = 3, 5, 4, 6


def case(name, layer, config, lengths=None, state=True):
    """Masks are right-padded; outputs past the end are zeros."""
    x = torch.from_numpy(m.rand(B, T, IN)).requires_grad_()
    layer.build((B, T, IN))
    for w in layer.weights:
        if "seed" not in w.path:
            w.assign(m.rand(*w.shape, scale=0.5))
    mask = None if lengths is None else torch.from_numpy(np.arange(T)[None, :] < np.array(lengths)[:, None])
    n = config.get("states", 1)
    s = [torch.from_numpy(m.rand(B, H)).requires_grad_() for _ in range(n)] if state else None
    out = layer(x, mask=mask, initial_state=s)
    ys = out[: len(out) - n] if isinstance(out, (list, tuple)) else [out]
    last = out[len(out) - n :] if isinstance(out, (list, tuple)) else []
    y = torch.cat([torch.as_tensor(v) for v in ys], -1)
    ws = [torch.from_numpy(m.rand(*v.shape)) for v in (y, *last)]
    sum((v * w).sum() for v, w in zip((y, *last), ws)).backward()
    a = {"x": x, "y": y, "weigh.y": ws[0], "grad.x": x.grad}
    for i, v in enumerate(last):
        a[f"last.{i}"], a[f"weigh.last.{i}"] = v, ws[1 + i]
    for i, v in enumerate(s or []):
        a[f"state.{i}"], a[f"grad.state.{i}"] = v, v.grad
    for w in layer.trainable_weights:
        k = w.path.split("/", 1)[1] if "/" in w.path else w.path
        a["w." + k], a["grad.w." + k] = w.value, w.value.grad
    m.save(name, {**config, "lengths": lengths, "state": state}, {k: v.detach().numpy() for k, v in a.items()})


L = keras.layers
both = dict(return_sequences=True, return_state=True)
masked = dict(**both, zero_output_for_mask=True)
LEN = [2, 5, 1]
case("simple_rnn", L.SimpleRNN(H, **both), {"kind": "rnn"})
case("simple_rnn_relu_masked", L.SimpleRNN(H, activation="relu", **masked), {"kind": "rnn", "relu": True}, LEN)
case("lstm", L.LSTM(H, **both), {"kind": "lstm", "states": 2})
case("lstm_masked", L.LSTM(H, **masked), {"kind": "lstm", "states": 2}, LEN)
case("lstm_backwards", L.LSTM(H, go_backwards=True, **both), {"kind": "lstm", "states": 2, "backwards": True})
case("gru_reset_after", L.GRU(H, reset_after=True, **both), {"kind": "gru"})
case("gru_reset_before", L.GRU(H, reset_after=False, **both), {"kind": "gru", "before": True})
case("gru_masked", L.GRU(H, **masked), {"kind": "gru"}, LEN)
case("gru_before_masked", L.GRU(H, reset_after=False, **masked), {"kind": "gru", "before": True}, LEN)
stacked = L.RNN([L.LSTMCell(H), L.LSTMCell(H)], return_sequences=True, return_state=False)
case("stacked_lstm", stacked, {"kind": "lstm", "layers": 2, "states": 0}, state=False)
for mode in ("concat", "sum", "mul", "ave", None):
    case(f"bidirectional_{mode}", L.Bidirectional(L.LSTM(H, return_sequences=True), merge_mode=mode),
         {"kind": "lstm", "merge": mode or "concat", "states": 0}, state=False)
case("bidirectional_gru_masked", L.Bidirectional(L.GRU(H, return_sequences=True, zero_output_for_mask=True)),
     {"kind": "gru", "merge": "concat", "states": 0}, LEN, state=False)
EMPTY = [3, 0, 5]
case("lstm_empty_row", L.LSTM(H, **masked), {"kind": "lstm", "states": 2}, EMPTY)
case("gru_empty_row", L.GRU(H, **masked), {"kind": "gru"}, EMPTY)
case("lstm_backwards_masked", L.LSTM(H, go_backwards=True, **masked), {"kind": "lstm", "states": 2, "backwards": True}, LEN)
case("gru_backwards_masked", L.GRU(H, go_backwards=True, **masked), {"kind": "gru", "backwards": True}, LEN)
case("bidirectional_lstm_states", L.Bidirectional(L.LSTM(H, **masked), merge_mode="ave"), {"kind": "lstm", "merge": "ave", "states": 4}, LEN)
case("lstm_hard", L.LSTM(H, activation="softsign", recurrent_activation="hard_sigmoid", **masked), {"kind": "lstm", "states": 2, "hard": True}, LEN)
case("gru_hard", L.GRU(H, activation="softsign", recurrent_activation="hard_sigmoid", **both), {"kind": "gru", "hard": True})
case("lstm_no_bias", L.LSTM(H, use_bias=False, **both), {"kind": "lstm", "states": 2})
case("gru_no_bias", L.GRU(H, use_bias=False, **both), {"kind": "gru"})
