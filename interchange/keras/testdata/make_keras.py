"""Writes golden/: models of Keras 3 and 2, packed, with inputs and what they answer.

The models are those of models.py for the seeds below, and a few by hand.
"""
import gzip
import json
import os
import pathlib
import shutil
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))

import numpy as np

from models import Draw, make


def keras(version):
    if version == 2:
        import tf_keras

        return tf_keras
    import keras

    return keras


def by_hand(k):
    """What random models seldom have."""
    L = k.layers
    d = Draw(7, k)
    i = k.Input((None, 3), name="x")
    y = L.Normalization()
    y.adapt(d.r.normal(2, 3, size=(50, 3)).astype("float32"))
    x = L.Masking()(y(i))
    f, b, *s = L.Bidirectional(L.LSTM(4, return_sequences=True, return_state=True), merge_mode=None)(x)
    x = L.Concatenate()([f, b])
    x = L.GRU(3, return_sequences=True, reset_after=True)(x)
    x = L.DepthwiseConv1D(2, depth_multiplier=2, padding="same")(x)
    x = L.RNN([L.GRUCell(3), L.LSTMCell(2)], return_sequences=False)(x)
    v = d.r.normal(size=(2, 5, 3)).astype("float32")
    return k.Model(i, [x, *s]), [v]


def space(k):
    """ConvLSTM with all that it has, and what may read its places."""
    L = k.layers
    d = Draw(11, k)
    i, line = k.Input((None, 5, 4, 2), name="x"), k.Input((4, 6, 3), name="line")
    x = L.ConvLSTM2D(3, (3, 2), strides=(2, 1), return_sequences=True, recurrent_activation="hard_sigmoid")(i)
    x = L.BatchNormalization()(x)
    x = L.ConvLSTM2D(2, 2, padding="same", dilation_rate=(1, 2), activation="softsign", use_bias=False, return_sequences=True)(L.Activation("relu")(x))
    x = L.Add()([x, L.Bidirectional(L.ConvLSTM2D(2, 3, padding="same", return_sequences=True), merge_mode="ave")(x)])
    x, *s = L.ConvLSTM2D(2, 2, return_sequences=True, return_state=True, go_backwards=True)(x)
    x = L.GRU(3)(L.TimeDistributed(L.Flatten())(x))
    y = L.ConvLSTM1D(2, 3, strides=2, padding="same")(L.Dropout(0.3)(L.ConvLSTM1D(2, 2, dilation_rate=2, return_sequences=True)(line)))
    z = L.Dense(3)(L.Flatten()(y))
    m = k.Model([i, line], [x, *s, y, z])
    m.set_weights([d.r.normal(0, 0.4, w.shape) if w.ndim > 1 else d.r.uniform(0.1, 1, w.shape) for w in m.get_weights()])
    return m, [d.r.normal(size=(2, 3, 5, 4, 2)).astype("float32"), d.r.normal(size=(2, 4, 6, 3)).astype("float32")]


def volume(k):
    """Three dimensions."""
    L = k.layers
    d = Draw(12, k)
    m = k.Sequential([k.Input((None, 3, 4, 2, 2)), L.ConvLSTM3D(3, (2, 3, 1), return_sequences=True), L.ConvLSTM3D(2, 2, strides=(1, 2, 1), padding="same"), L.Flatten(), L.Dense(2)])
    m.set_weights([d.r.normal(0, 0.4, w.shape) for w in m.get_weights()])
    return m, [d.r.normal(size=(2, 3, 3, 4, 2, 2)).astype("float32")]


# name: version, form, seed or what makes it
cases = {
    "by_hand": (3, "keras", by_hand), "space": (3, "keras", space), "old_space": (2, "h5", space), "volume": (3, "weights", volume),
    "masks": (3, "keras", 3), "holes": (3, "keras", 8), "ids": (3, "weights", 10), "backwards": (3, "h5", 12),
    "states": (3, "keras", 1014), "branches": (3, "h5", 1010), "nested": (3, "keras", 1005), "shapes": (3, "weights", 1009),
    "old_states": (2, "h5", 5003), "old_nested": (2, "h5", 5005), "old_zip": (2, "keras", 5002),
}


def numbers(a):
    return {"shape": list(a.shape), "data": [float(v) for v in np.asarray(a, "float32").ravel()]}


def main():
    golden = here / "golden"
    shutil.rmtree(golden, ignore_errors=True)
    golden.mkdir()
    for name, (version, form, seed) in cases.items():
        k = keras(version)
        k.backend.clear_session()
        if callable(seed):
            model, values = seed(k)
            answer = model(values if len(values) > 1 else values[0], training=False)
            answer = [np.asarray(a) for a in (answer if isinstance(answer, list) else [answer])]
        else:
            model, values, answer = make(seed, k)
        assert all(np.isfinite(a).all() for a in answer), name
        with tempfile.TemporaryDirectory() as t:
            t = pathlib.Path(t)
            if form == "weights":
                model.save_weights(t / f"{name}.weights.h5")
                (t / f"{name}.json").write_text(model.to_json())
            else:
                model.save(t / f"{name}.{form}")
            for f in t.iterdir():
                (golden / (f.name + ".gz")).write_bytes(gzip.compress(f.read_bytes(), 9, mtime=0))
        text = json.dumps({"inputs": [numbers(v) for v in values], "outputs": [numbers(a) for a in answer]})
        (golden / f"{name}.io.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


main()
