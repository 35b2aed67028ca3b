"""Random models of TensorFlow, saved as checkpoints: see ../../keras/testdata/roundtrip.sh.

    roundtrip.py DIR N SEED

Two of three are graphs of TensorFlow 1: cells of every kind, stacked, in one direction
or both, with peepholes, projections, clips, ragged lengths and first states, and a dense
layer on top. Each third is a model of Keras 2, saved by save_weights, by a
tf.train.Checkpoint or as a SavedModel, with its JSON as the spec.

A case is model.index, model.data-…, spec.json, input.npy, lengths.npy, state_N.npy (in
the order of recur: h, c), output_0.npy and last_N.npy.
"""
import json
import os
import pathlib
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "keras" / "testdata"))

import numpy as np
import tensorflow as tf

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


def ours(state):
    """The entries of a state of TensorFlow in the order of recur: h before c."""
    if isinstance(state, cells.LSTMStateTuple):
        return [state.h, state.c]
    if isinstance(state, (list, tuple)):
        return [s for part in state for s in ours(part)]
    return [state]


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
        time_major = False

        def stack():
            n = d.size(1, 3)
            return d.cell(options) if n == 1 else cells.MultiRNNCell([d.cell(options) for _ in range(n)])

        given = []

        def first(cell):
            if not given_states:
                return None
            zero = cell.zero_state(B, tf.float32)
            parts = []
            for z in tf.nest.flatten(zero):
                p = v1.placeholder(tf.float32, z.shape)
                feed[p] = d.r.normal(size=z.shape.as_list()).astype("float32") * 0.5
                parts.append(p)
            s = tf.nest.pack_sequence_as(zero, parts)
            given.extend(ours(s))
            return s

        given_states = d.yes()
        dense = d.yes()
        if d.yes(0.3):
            fw, bw = stack(), stack()
            ys, last = v1.nn.bidirectional_dynamic_rnn(fw, bw, x, lengths, first(fw), first(bw), dtype=tf.float32)
            y, module = tf.concat(ys, 2), "bidirectional_rnn"
        else:
            c = stack()
            y, last = v1.nn.dynamic_rnn(c, x, lengths, first(c), dtype=tf.float32)
            module = "rnn"
        used = {k: v for k, v in options.items()}
        layers = [dict(module=module, **used)]
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
            values, ends = s.run([y, ours(last)], feed)
            to.mkdir(parents=True, exist_ok=True)
            v1.train.Saver().save(s, str(to / "model"), write_meta_graph=False)
        del step, time_major
        firsts = [feed[p] for p in given]
    (to / "spec.json").write_text(json.dumps({"layers": layers}))
    np.save(to / "input_0.npy", feed[x])
    if lengths is not None:
        np.save(to / "lengths.npy", lengths)
    for i, a in enumerate(firsts):
        np.save(to / f"state_{i}.npy", a)
    for i, a in enumerate(ends):
        np.save(to / f"last_{i}.npy", a)
    np.save(to / "output_0.npy", values)


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
    (to / "spec.json").write_text(model.to_json())
    for kind, arrays in (("input", values), ("output", answer)):
        for i, a in enumerate(arrays):
            np.save(to / f"{kind}_{i}.npy", a.astype("float32"))


def main(folder, n, seed):
    made = 0
    while made < n:
        seed += 1
        to = pathlib.Path(folder) / f"{seed:05d}"
        (keras2 if seed % 3 == 0 else graph1)(to, seed)
        ok = all(np.isfinite(np.load(p)).all() for p in to.glob("output_*.npy"))
        if ok:
            made += 1
        else:
            for p in to.iterdir():
                if p.is_file():
                    p.unlink()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
