"""Writes models of about 100 MB as PyTorch, Keras and TensorFlow keep them, for bench/load.

	pip install -r bench/roundtrip/requirements.txt && python bench/load/make_models.py DIR

Each is two layers of cells of 64 inputs and a dense one of 4; what the weights of a file
do not say is in a file beside it, NAME.spec.json.
"""
import json
import os
import pathlib
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import tensorflow as tf
import tf_keras
import torch

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
LSTM, GRU = 1470, 1700  # units, for 100 MB


def spec(name, value):
    (folder / f"{name}.spec.json").write_text(value if isinstance(value, str) else json.dumps(value))


def pytorch():
    for name, cell, units in [("lstm", torch.nn.LSTM, LSTM), ("gru", torch.nn.GRU, GRU), ("lstm_legacy", torch.nn.LSTM, LSTM)]:
        m = torch.nn.ModuleDict({"rnn": cell(64, units, num_layers=2), "out": torch.nn.Linear(units, 4)})
        torch.save(m.state_dict(), folder / f"{name}.pt", _use_new_zipfile_serialization=name != "lstm_legacy")
        spec(f"{name}.pt", {"layers": [{"module": "rnn"}, {"module": "out"}]})


def sequential(k, cell, units):
    m = k.Sequential([cell(units, return_sequences=True), cell(units, return_sequences=True), k.layers.Dense(4)])
    m.build((None, None, 64))
    return m


def keras3():
    for name, cell, units in [("lstm", keras.layers.LSTM, LSTM), ("gru", keras.layers.GRU, GRU)]:
        m = sequential(keras, cell, units)
        m.save(folder / f"{name}.keras")
        m.save_weights(folder / f"{name}.weights.h5")
        spec(f"{name}.weights.h5", m.to_json())
        m.save(folder / f"{name}.h5")


def keras2():
    for name, cell, units in [("lstm", tf_keras.layers.LSTM, LSTM), ("gru", tf_keras.layers.GRU, GRU)]:
        sequential(tf_keras, cell, units).save(folder / f"{name}_keras2.h5")


def tensorflow1():
    v1 = tf.compat.v1
    cells = v1.nn.rnn_cell
    for name, cell, units in [("lstm", cells.BasicLSTMCell, LSTM), ("gru", cells.GRUCell, GRU)]:
        with tf.Graph().as_default(), v1.Session() as s:
            x = v1.placeholder(tf.float32, [None, None, 64])
            y, _ = v1.nn.dynamic_rnn(cells.MultiRNNCell([cell(units), cell(units)]), x, dtype=tf.float32)
            w = v1.get_variable("out/kernel", [units, 4])
            v1.get_variable("out/bias", [4])
            y @ w
            s.run(v1.global_variables_initializer())
            v1.train.Saver().save(s, str(folder / f"{name}.ckpt"), write_meta_graph=False)
        more = {"forget_bias": 1} if name == "lstm" else {}
        spec(f"{name}.ckpt.index", {"layers": [{"module": "rnn", **more}, {"module": "out"}]})


for make in pytorch, keras3, keras2, tensorflow1:
    make()
