"""Random models of Keras, saved as it saves them, and what it computes with them.

	python keras_models.py DIR 200 [SEED [2]]

The models are those of ../../interchange/keras/testdata/models.py. A third each is a .keras, an .h5
and a .weights.h5 with its JSON; with the 2 at the end it is tf_keras, which is Keras 2,
that saves .keras and .h5.
"""
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "keras" / "testdata"))

import numpy as np

from common import save_case
from models import make


def main(folder, n, seed=1, version=3):
    if version == 2:
        import tf_keras as keras
    else:
        import keras
    forms = ["model.keras", "model.h5", "model.weights.h5"][: 2 if version == 2 else 3]
    made = 0
    while made < n:
        keras.backend.clear_session()
        seed += 1
        try:
            model, values, answer = make(seed, keras)
        except (TypeError, ValueError) as e:  # such as RNN([cell]) of one cell and a mask, which Keras 3 itself fails on
            print(f"seed {seed}: Keras does not run its own model: {str(e).splitlines()[0]}", file=sys.stderr)
            continue
        if not all(np.isfinite(a).all() for a in answer):
            continue
        to = os.path.join(folder, f"{version}_{seed:05d}")
        os.makedirs(to, exist_ok=True)
        form = forms[made % len(forms)]
        if form.endswith(".weights.h5"):
            model.save_weights(os.path.join(to, form))
            pathlib.Path(to, "model.json").write_text(model.to_json())
        else:
            model.save(os.path.join(to, form))
        about = ", ".join(type(l).__name__ for l in model.layers)
        inputs = dict(zip([i.name for i in model.inputs], values))
        save_case(to, "Keras " + keras.__version__, about, form, inputs, {str(i): a for i, a in enumerate(answer)})
        made += 1


main(sys.argv[1], *map(int, sys.argv[2:]))
