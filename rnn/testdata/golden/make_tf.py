"""Golden files of TensorFlow 1's cells and unrolls (tf.compat.v1): values, final
states and gradients.

python make_tf.py    (versions in requirements.txt)
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

from common import Maker

v1 = tf.compat.v1
v1.disable_eager_execution()
cells = v1.nn.rnn_cell
m = Maker("tf")
T, B, IN, H = 5, 4, 3, 5


def flat(state):
    return tf.nest.flatten(state)


def case(name, make, config, lengths=None, unroll="dynamic", state=True):
    """make returns a cell; for a bidirectional unroll it is called twice."""
    v1.reset_default_graph()
    xv = m.rand(B, T, IN)
    x = v1.placeholder(tf.float32, [B, T, IN])
    feed = {x: xv}

    def given(cell, prefix):
        if not state:
            return None, {}
        zero = cell.zero_state(B, tf.float32)
        parts, named = [], {}
        for i, z in enumerate(flat(zero)):
            p = v1.placeholder(tf.float32, z.shape)
            feed[p] = m.rand(*z.shape.as_list())
            parts.append(p)
            named[f"{prefix}{i}"] = p
        return tf.nest.pack_sequence_as(zero, parts), named

    seq = None if lengths is None else tf.constant(lengths, tf.int32)
    named = {}
    if unroll.endswith("bidirectional"):
        fw, bw = make(), make()
        sf, nf = given(fw, "state.fw.")
        sb, nb = given(bw, "state.bw.")
        named = {**nf, **nb}
        if unroll == "bidirectional":
            ys, last = v1.nn.bidirectional_dynamic_rnn(fw, bw, x, seq, sf, sb, dtype=tf.float32)
            y, last = tf.concat(ys, 2), flat(last)
        else:
            ys, *last = v1.nn.static_bidirectional_rnn(fw, bw, tf.unstack(x, axis=1), sf, sb, tf.float32, seq)
            y, last = tf.stack(ys, 1), flat(last)
    else:
        cell = make()
        s, named = given(cell, "state.")
        if unroll == "dynamic":
            y, last = v1.nn.dynamic_rnn(cell, x, seq, s, dtype=tf.float32)
        elif unroll == "static":
            ys, last = v1.nn.static_rnn(cell, tf.unstack(x, axis=1), s, dtype=tf.float32, sequence_length=seq)
            y = tf.stack(ys, 1)
        else:  # raw_rnn with a loop function of one's own
            arrays = tf.TensorArray(tf.float32, T).unstack(tf.transpose(x, [1, 0, 2]))

            def loop(time, output, cell_state, loop_state):
                next_state = s if output is None else cell_state
                done = time >= seq
                finished = tf.reduce_all(done)
                nxt = tf.cond(finished, lambda: tf.zeros([B, IN]), lambda: arrays.read(time))
                return done, nxt, next_state, output, None

            outs, last, _ = v1.nn.raw_rnn(cell, loop)
            y = tf.transpose(outs.stack(), [1, 0, 2])
        last = flat(last)
    variables = v1.trainable_variables()
    values = {v: m.rand(*v.shape.as_list(), scale=0.6) for v in variables}
    wy = m.rand(B, max(lengths) if unroll == "raw" else T, y.shape[-1])
    ws = [m.rand(*v.shape.as_list()) for v in last]
    loss = tf.reduce_sum(y * wy) + sum(tf.reduce_sum(v * w) for v, w in zip(last, ws))
    inputs = {"x": x, **named}
    grads = tf.gradients(loss, list(inputs.values()) + variables)
    with v1.Session() as sess:
        sess.run(v1.global_variables_initializer())
        for v, val in values.items():
            v.load(val, sess)
        out = sess.run({"y": y, "last": last, "grads": grads}, feed)
    a = {"y": out["y"], "weigh.y": wy}
    for k, p in inputs.items():
        a[k] = feed[p]
    for i, v in enumerate(out["last"]):
        a[f"last.{i}"], a[f"weigh.last.{i}"] = v, ws[i]
    for k, g in zip(list(inputs) + ["w." + v.name.removesuffix(":0") for v in variables], out["grads"]):
        a["grad." + k] = g
    for v in variables:
        a["w." + v.name.removesuffix(":0")] = values[v]
    m.save(name, {**config, "lengths": lengths, "unroll": unroll, "state": state}, a)


LEN = [2, 0, 5, 3]


def basic(**o):
    return lambda: cells.BasicRNNCell(H, **o)


def lstm(**o):
    return lambda: cells.LSTMCell(H, **o)


for unroll in ("static", "dynamic"):
    case(f"basic_{unroll}", basic(), {"cell": "basic"}, unroll=unroll)
    case(f"basic_relu_{unroll}", basic(activation=tf.nn.relu), {"cell": "basic", "relu": True}, LEN, unroll)
case("basic_zero_state", basic(), {"cell": "basic"}, LEN, state=False)
case("basic_raw", basic(), {"cell": "basic"}, [2, 1, 5, 3], "raw")
case("basic_lstm", lambda: cells.BasicLSTMCell(H), {"cell": "lstm", "forget_bias": 1.0}, LEN)
case("basic_lstm_no_forget", lambda: cells.BasicLSTMCell(H, forget_bias=0.0), {"cell": "lstm", "forget_bias": 0.0})
case("lstm", lstm(), {"cell": "lstm", "forget_bias": 1.0}, LEN)
case("lstm_static", lstm(), {"cell": "lstm", "forget_bias": 1.0}, LEN, "static")
case("lstm_peepholes", lstm(use_peepholes=True), {"cell": "lstm", "forget_bias": 1.0}, LEN)
case("lstm_projection", lstm(num_proj=3), {"cell": "lstm", "forget_bias": 1.0}, LEN)
case("lstm_clip", lstm(cell_clip=0.4), {"cell": "lstm", "forget_bias": 1.0, "cell_clip": 0.4})
case("lstm_all", lstm(use_peepholes=True, num_proj=3, cell_clip=0.7, proj_clip=0.3, forget_bias=0.5),
     {"cell": "lstm", "forget_bias": 0.5, "cell_clip": 0.7, "proj_clip": 0.3}, LEN)
case("lstm_raw", lstm(), {"cell": "lstm", "forget_bias": 1.0}, [1, 2, 4, 3], "raw")
case("gru", lambda: cells.GRUCell(H), {"cell": "gru"}, LEN)
case("gru_static", lambda: cells.GRUCell(H), {"cell": "gru"}, None, "static")
case("multi_lstm", lambda: cells.MultiRNNCell([cells.LSTMCell(H), cells.LSTMCell(4)]), {"cell": "lstm", "layers": 2, "forget_bias": 1.0}, LEN)
case("multi_gru", lambda: cells.MultiRNNCell([cells.GRUCell(H), cells.GRUCell(4)]), {"cell": "gru", "layers": 2})
case("residual_gru", lambda: cells.ResidualWrapper(cells.GRUCell(IN)), {"cell": "gru", "residual": True}, LEN)
case("dropout_off_lstm", lambda: cells.DropoutWrapper(cells.LSTMCell(H), 1.0, 1.0, 1.0), {"cell": "lstm", "forget_bias": 1.0, "dropout": True}, LEN)
case("bidirectional_lstm", lambda: cells.LSTMCell(H), {"cell": "lstm", "forget_bias": 1.0}, LEN, "bidirectional")
case("bidirectional_gru", lambda: cells.GRUCell(H), {"cell": "gru"}, None, "bidirectional")
case("static_bidirectional_lstm", lambda: cells.LSTMCell(H, use_peepholes=True), {"cell": "lstm", "forget_bias": 1.0}, LEN, "static bidirectional")
layered = lambda: cells.MultiRNNCell([cells.LSTMCell(H, use_peepholes=True, num_proj=3), cells.LSTMCell(4, cell_clip=0.5)])
case("multi_lstm_projection", layered, {"cell": "lstm", "layers": 2, "forget_bias": 1.0, "cell_clip": [0, 0.5]}, LEN)
case("lstm_softsign", lstm(activation=tf.nn.softsign), {"cell": "lstm", "forget_bias": 1.0, "softsign": True}, LEN)
case("gru_softsign", lambda: cells.GRUCell(H, activation=tf.nn.softsign), {"cell": "gru", "softsign": True}, LEN)
