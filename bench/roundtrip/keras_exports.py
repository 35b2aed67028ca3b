"""Runs a .keras that recur exported. A functional model takes neither lengths nor first
states, so that the answer to compare with is that for full rows and no states."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import json

import keras
import numpy as np

from common import difference


def run(folder, files, inputs, outputs, order):
    keras.backend.clear_session()
    with open(os.path.join(folder, "case.json")) as f:
        time_major = '"time_major":true' in json.load(f)["about"]
    model = keras.saving.load_model(os.path.join(folder, files[0]))
    want = np.load(os.path.join(folder, "plain.npy"))
    x = inputs["x"].swapaxes(0, 1) if time_major else inputs["x"]
    got = np.asarray(model(x, training=False))
    if time_major and got.ndim == 3:
        got = got.swapaxes(0, 1)
    return difference(got, want)
