"""Writes golden/: checkpoints of TensorFlow 1 and of Keras 2, each as a zip of its files,
its spec and what the model answers.

io.json has inputs, states and outputs as {"name": {"shape", "data"}}; states are named
and ordered as recur does: h before c.
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parents[1] / "keras" / "testdata"))

import numpy as np
import tensorflow as tf
import tf_keras

import contrib
from models import make

v1 = tf.compat.v1
cells = v1.nn.rnn_cell
r = np.random.default_rng(1)


def numbers(a):
    a = np.asarray(a, "float32")
    return {"shape": list(a.shape), "data": [float(v) for v in a.ravel()]}


def keep(name, folder, spec, inputs, outputs, lengths=None):
    io = {"spec": spec, "inputs": {k: numbers(v) for k, v in inputs.items()}, "outputs": {k: numbers(v) for k, v in outputs.items()},
          "lengths": None if lengths is None else [int(n) for n in lengths]}
    with zipfile.ZipFile(here / "golden" / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as z:
        for f in sorted(pathlib.Path(folder).glob("model.*")):
            z.writestr(zipfile.ZipInfo(f.name), f.read_bytes(), zipfile.ZIP_DEFLATED, 9)
        z.writestr(zipfile.ZipInfo("io.json"), json.dumps(io), zipfile.ZIP_DEFLATED, 9)


def ours(name, state):
    if isinstance(state, cells.LSTMStateTuple):
        return {name + ".h": state.h, name + ".c": state.c}
    if isinstance(state, (list, tuple)):
        return {k: v for i, part in enumerate(state) for k, v in ours(f"{name}.{i}", part).items()}
    return {name + ".h": state}


def graph(name, build, layers, lengths=None, states=True, partitioner=None):
    """build returns one cell, or two for both directions."""
    B, T, width = 3, 4, 3
    with v1.Graph().as_default():
        x = v1.placeholder(tf.float32, [B, T, width])
        feed, given = {x: r.normal(size=(B, T, width)).astype("float32")}, {}

        def first(name, cell):
            if not states:
                return None
            zero = cell.zero_state(B, tf.float32)
            parts = []
            for z in tf.nest.flatten(zero):
                p = v1.placeholder(tf.float32, z.shape)
                feed[p] = (r.normal(size=z.shape.as_list()) * 0.5).astype("float32")
                parts.append(p)
            s = tf.nest.pack_sequence_as(zero, parts)
            given.update(ours(name, s))
            return s

        with v1.variable_scope("", partitioner=partitioner):
            made = build()
            if isinstance(made, tuple):
                m = "bidirectional_rnn"
                ys, last = v1.nn.bidirectional_dynamic_rnn(*made, x, lengths, first(m + ".fwd", made[0]), first(m + ".bwd", made[1]), dtype=tf.float32)
                y, ends = tf.concat(ys, 2), {**ours(m + ".fwd", last[0]), **ours(m + ".bwd", last[1])}
            else:
                y, last = v1.nn.dynamic_rnn(made, x, lengths, first("rnn", made), dtype=tf.float32)
                ends = ours("rnn", last)
            if len(layers) > 1:
                w, b = v1.get_variable("softmax_w", [y.shape[-1], 2]), v1.get_variable("softmax_b", [2])
                y = tf.nn.softmax(tf.tensordot(y, w, 1) + b)
        v1.train.get_or_create_global_step()
        v1.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(y))
        with v1.Session() as s, tempfile.TemporaryDirectory() as t:
            s.run(v1.global_variables_initializer())
            for v in v1.trainable_variables():
                v.load((r.normal(size=v.shape.as_list()) * 0.6).astype("float32"), s)
            values, ends = s.run([y, ends], feed)
            v1.train.Saver().save(s, t + "/model", write_meta_graph=False)
            inputs = {"x": feed[x], **{k: feed[p] for k, p in given.items()}}
            outputs = {"0": values, **{k + "_out": v for k, v in ends.items()}}
            keep(name, t, {"layers": layers}, inputs, outputs, lengths)


def keras2(name, seed, saved=False):
    tf_keras.backend.clear_session()
    model, values, answer = make(seed, tf_keras)
    with tempfile.TemporaryDirectory() as t:
        if saved:
            model.save(t + "/saved")
            for f in pathlib.Path(t, "saved", "variables").iterdir():
                shutil.copy(f, pathlib.Path(t, f.name.replace("variables.", "model.")))
        else:
            model.save_weights(t + "/model")
        inputs = dict(zip([i.name for i in model.inputs], values))
        keep(name, t, json.loads(model.to_json()), inputs, {str(i): a for i, a in enumerate(answer)})


def keras3(name, exported=False, sequential=False):
    """A model of Keras 3 as tf.train.Checkpoint or model.export() saves it."""
    import keras

    L, initial = keras.layers, dict(bias_initializer="random_normal")
    keras.backend.clear_session()
    if sequential:
        inner = keras.Sequential([keras.Input((None, 4)), L.Dense(3, activation="tanh", **initial), L.GRU(3, return_sequences=True, **initial)], name="inner")
        model = keras.Sequential([keras.Input((None, 3), name="x"), L.LSTM(4, return_sequences=True, **initial), inner, L.SimpleRNN(2, **initial), L.Dense(2, **initial)])
        values = [r.normal(size=(2, 4, 3)).astype("float32")]
    else:
        ids = keras.Input((None,), name="ids")
        x = L.Embedding(5, 3, mask_zero=True)(ids)
        x = L.Dropout(0.3)(L.Bidirectional(L.LSTM(2, return_sequences=True, **initial))(x))
        x = L.LayerNormalization(beta_initializer="random_normal")(x)
        x = L.BatchNormalization(moving_mean_initializer="random_normal", moving_variance_initializer="ones")(L.GRU(4, return_sequences=True, **initial)(x))
        y = L.GRU(4, return_sequences=True, **initial)(x)
        model = keras.Model(ids, L.Dense(2, **initial)(L.GRU(3, **initial)(L.Add()([x, y]))))
        values = [np.array([[1, 2, 3, 4], [4, 2, 0, 0], [2, 3, 1, 0]], "float32")]
    with tempfile.TemporaryDirectory() as t:
        if exported:
            model.export(t + "/saved", verbose=False)
            for f in pathlib.Path(t, "saved", "variables").iterdir():
                shutil.copy(f, pathlib.Path(t, f.name.replace("variables.", "model.")))
        else:
            tf.train.Checkpoint(model=model).write(t + "/model")
        answer = np.asarray(model(values[0], training=False))
        keep(name, t, json.loads(model.to_json()), {"x" if sequential else "ids": values[0]}, {"0": answer})


shutil.rmtree(here / "golden", ignore_errors=True)
(here / "golden").mkdir()
lengths = [2, 4, 0]
graph("basic", lambda: cells.BasicRNNCell(3), [dict(module="rnn")])
graph("gru", lambda: cells.GRUCell(3), [dict(module="rnn")], lengths)
graph("basic_lstm", lambda: cells.BasicLSTMCell(3), [dict(module="rnn", forget_bias=1)], states=False)
graph("lstm", lambda: cells.LSTMCell(4, use_peepholes=True, num_proj=3, cell_clip=0.5, proj_clip=0.3, forget_bias=0.5),
      [dict(module="rnn", forget_bias=0.5, cell_clip=0.5, proj_clip=0.3), dict(module="softmax", activation="softmax")], lengths)
graph("stack", lambda: cells.MultiRNNCell([cells.GRUCell(3), cells.BasicLSTMCell(2, forget_bias=0.0), cells.BasicRNNCell(4)]),
      [dict(module="rnn", forget_bias=0)])
graph("both", lambda: (cells.MultiRNNCell([cells.LSTMCell(3), cells.GRUCell(2)]), cells.LSTMCell(2, num_proj=3)),
      [dict(module="bidirectional_rnn", forget_bias=1)], lengths)
graph("softsign", lambda: cells.GRUCell(3, activation=tf.nn.softsign), [dict(module="rnn", cell_activation="softsign")])
graph("parts", lambda: cells.BasicRNNCell(4), [dict(module="rnn")], states=False, partitioner=v1.fixed_size_partitioner(2))
keras2("keras", 6)
keras2("saved_model", 5005, saved=True)
keras3("keras3")
keras3("keras3_sequential", sequential=True)
keras3("keras3_export", exported=True)
for name in contrib.cases:
    made, layer, inputs, outputs, lengths = contrib.case(name)
    with v1.Graph().as_default(), v1.Session() as s, tempfile.TemporaryDirectory() as t:
        for k, value in made.items():
            v1.get_variable(k, initializer=value)
        s.run(v1.global_variables_initializer())
        v1.train.Saver().save(s, t + "/model", write_meta_graph=False)
        keep(name, t, {"layers": [layer]}, inputs, outputs, lengths)
