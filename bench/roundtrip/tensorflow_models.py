"""Random models of TensorFlow, saved as checkpoints, and what it computes with them.

	python tensorflow_models.py DIR 200 [SEED]

Two of three are graphs of TensorFlow 1: cells of every kind, stacked, in one direction
or both, with peepholes, projections, clips, ragged lengths and first states, and a dense
layer on top. Each third is a model of Keras 2, saved by save_weights, by a
tf.train.Checkpoint or as a SavedModel, with its JSON as the spec.
"""
import json
import os
import pathlib
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "keras" / "testdata"))

import numpy as np
import tensorflow as tf

from common import save_case

v1 = tf.compat.v1
cells = v1.nn.rnn_cell


class Draw:
    def __init__(self, seed):
        self.r = np.random.default_rng(seed)

    def yes(self, p=0.5):
        return self.r.random() < p

    def size(self, lo=1, hi=7):
        return int(self.r.integers(lo, hi + 1))

    def cell(self, options):
        kind, n = self.r.integers(5), self.size()
        act = None if options["cell_activation"] == "tanh" else getattr(tf.nn, options["cell_activation"])
        if kind == 0:
            return cells.BasicRNNCell(n, activation=act)
        if kind == 1:
            return cells.GRUCell(n, activation=act)
        if kind == 2:
            return cells.BasicLSTMCell(n, forget_bias=options["forget_bias"], activation=act)
        return cells.LSTMCell(n, use_peepholes=self.yes(), num_proj=self.size() if self.yes() else None, forget_bias=options["forget_bias"],
                              cell_clip=options.get("cell_clip"), proj_clip=options.get("proj_clip"), activation=act)


def ours(name, state):
    """The entries of a state of TensorFlow by the names that recur gives them."""
    if isinstance(state, cells.LSTMStateTuple):
        return {name + ".h": state.h, name + ".c": state.c}
    if isinstance(state, (list, tuple)):
        return {k: v for i, part in enumerate(state) for k, v in ours(f"{name}.{i}", part).items()}
    return {name + ".h": state}


def graph1(to, seed):
    d = Draw(seed)
    B, T, width = 3, d.size(3, 7), d.size()
    options = dict(forget_bias=float(d.r.choice([0.0, 1.0, 0.5])), cell_activation=str(d.r.choice(["tanh", "tanh", "relu", "softsign"])))
    if d.yes(0.3):
        options["cell_clip"] = 0.7
    if d.yes(0.3):
        options["proj_clip"] = 0.5
    with v1.Graph().as_default():
        v1.set_random_seed(seed)
        x = v1.placeholder(tf.float32, [B, T, width])
        feed = {x: d.r.normal(size=(B, T, width)).astype("float32")}
        lengths = d.r.integers(0, T + 1, B).astype("int32") if d.yes() else None

        def stack():
            n = d.size(1, 3)
            return d.cell(options) if n == 1 else cells.MultiRNNCell([d.cell(options) for _ in range(n)])

        given = {}

        def first(name, cell):
            if not given_states:
                return None
            zero = cell.zero_state(B, tf.float32)
            parts = []
            for z in tf.nest.flatten(zero):
                p = v1.placeholder(tf.float32, z.shape)
                feed[p] = d.r.normal(size=z.shape.as_list()).astype("float32") * 0.5
                parts.append(p)
            s = tf.nest.pack_sequence_as(zero, parts)
            given.update(ours(name, s))
            return s

        given_states = d.yes()
        dense = d.yes()
        if d.yes(0.3):
            fw, bw = stack(), stack()
            ys, last = v1.nn.bidirectional_dynamic_rnn(fw, bw, x, lengths, first("bidirectional_rnn.fwd", fw), first("bidirectional_rnn.bwd", bw), dtype=tf.float32)
            y, module = tf.concat(ys, 2), "bidirectional_rnn"
            ends = {**ours(module + ".fwd", last[0]), **ours(module + ".bwd", last[1])}
        else:
            c = stack()
            y, last = v1.nn.dynamic_rnn(c, x, lengths, first("rnn", c), dtype=tf.float32)
            module = "rnn"
            ends = ours(module, last)
        layers = [dict(module=module, **options)]
        if dense:
            w = v1.get_variable("dense/kernel", [y.shape[-1], 4])
            b = v1.get_variable("dense/bias", [4])
            y = tf.nn.sigmoid(tf.tensordot(y, w, 1) + b)
            layers.append(dict(module="dense", activation="sigmoid"))
        step = v1.train.AdamOptimizer(1e-3).minimize(tf.reduce_sum(y))
        with v1.Session() as s:
            s.run(v1.global_variables_initializer())
            for v in v1.trainable_variables():
                v.load(d.r.normal(size=v.shape.as_list()).astype("float32") * 0.6, s)
            values, ends = s.run([y, ends], feed)
            to.mkdir(parents=True, exist_ok=True)
            v1.train.Saver().save(s, str(to / "model"), write_meta_graph=False)
        del step
        inputs = {"x": feed[x], **{name: feed[p] for name, p in given.items()}}
    if lengths is not None:
        inputs["lengths"] = lengths
    outputs = {"0": values, **{name + "_out": v for name, v in ends.items()}}
    save_case(str(to), "TensorFlow " + tf.__version__, "cells of TensorFlow 1", "model", inputs, outputs, {"layers": layers})
    return [values]


def keras2(to, seed):
    import tf_keras

    from models import make

    tf_keras.backend.clear_session()
    model, values, answer = make(seed, tf_keras)
    to.mkdir(parents=True, exist_ok=True)
    how = seed % 3
    if how == 0:
        model.save_weights(str(to / "model"))
    elif how == 1:
        tf.train.Checkpoint(model=model).write(str(to / "model"))
    else:
        model.save(str(to / "saved"))
        for f in (to / "saved" / "variables").iterdir():
            f.rename(to / f.name.replace("variables.", "model."))
    about = "Keras 2: " + ", ".join(type(l).__name__ for l in model.layers)
    inputs = dict(zip([i.name for i in model.inputs], values))
    save_case(str(to), "TensorFlow " + tf.__version__, about, "model", inputs, {str(i): a for i, a in enumerate(answer)}, json.loads(model.to_json()))
    return answer


def main(folder, n, seed=1):
    made = 0
    while made < n:
        seed += 1
        to = pathlib.Path(folder) / f"{seed:05d}"
        answer = (keras2 if seed % 3 == 0 else graph1)(to, seed)
        if all(np.isfinite(a).all() for a in answer):
            made += 1
        else:
            (to / "case.json").unlink()


main(sys.argv[1], *map(int, sys.argv[2:]))
