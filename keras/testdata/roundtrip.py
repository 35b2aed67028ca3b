"""Round trips between Keras and recur: see roundtrip.sh.

    roundtrip.py make DIR N SEED [2]   N random models, saved by Keras 3 (or 2)
    roundtrip.py check DIR             runs what recur exported, back in Keras
"""
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import numpy as np


def keras(version):
    if version == 2:
        import tf_keras
        return tf_keras
    import keras
    return keras


def save(model, values, answer, to, form):
    to.mkdir(parents=True, exist_ok=True)
    if form == "keras":
        model.save(to / "model.keras")
    elif form == "h5":
        model.save(to / "model.h5")
    else:
        model.save_weights(to / "model.weights.h5")
        (to / "model.json").write_text(model.to_json())
    for kind, arrays in (("input", values), ("output", answer)):
        for i, a in enumerate(arrays):
            np.save(to / f"{kind}_{i}.npy", a.astype("float32"))


def make(folder, n, seed, version=3):
    from models import make as draw
    k = keras(version)
    forms = ["keras", "h5", "weights"] if version == 3 else ["keras", "h5"]
    made = 0
    while made < n:
        k.backend.clear_session()
        seed += 1
        try:
            model, values, answer = draw(seed, k)
        except ValueError as e:  # a shape that cannot be
            print("skipped", seed, str(e)[:100])
            continue
        if not all(np.isfinite(a).all() for a in answer):
            continue
        save(model, values, answer, pathlib.Path(folder) / f"{version}_{seed:05d}", forms[made % len(forms)])
        made += 1


def check(folder):
    k = keras(3)
    worst, n = 0.0, 0
    for case in sorted(pathlib.Path(folder).iterdir()):
        if not (case / "export.keras").exists():
            continue
        k.backend.clear_session()
        model = k.saving.load_model(case / "export.keras")
        values = [np.load(p) for p in sorted(case.glob("input_*.npy"))]
        want = [np.load(p) for p in sorted(case.glob("output_*.npy"))]
        got = model(values if len(values) > 1 else values[0], training=False)
        got = list(got) if isinstance(got, (list, tuple)) else [got]
        d = max(float(np.max(np.abs(np.asarray(g) - w) / np.maximum(1, np.abs(w)))) if w.size else 0.0 for g, w in zip(got, want))
        if len(got) != len(want) or d > 1e-5:
            print("FAIL", case.name, d)
        worst, n = max(worst, d), n + 1
    print(json.dumps({"models": n, "largest": worst}))


if __name__ == "__main__":
    what, folder, *rest = sys.argv[1:]
    if what == "make":
        make(folder, *map(int, rest))
    else:
        check(folder)
