"""Writes testdata/golden.json, which tests compare with: the probabilities that ONNX Runtime
gives for a synthetic voice, and the speech that silero's own function finds in sequences of
probabilities.

    python3 -m venv venv
    venv/bin/pip install onnxruntime==1.32.0 packaging
    venv/bin/pip install --no-deps silero-vad==6.2.3
    venv/bin/python golden.py
"""

import importlib.util
import json
import math
import os
import random
import sys
from unittest import mock

import numpy as np
import onnxruntime


def voice(n):
    """Samples of 16 bits at 16 kHz: vowels of a pitch that moves, in syllables, with pauses."""
    vowels = [(730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480)]
    low = [[0.0, 0.0] for _ in range(3)]
    phase, out = 0.0, []
    for i in range(n):
        t = i / 16000
        phase += (120 + 25 * math.sin(2 * math.pi * 0.7 * t)) / 16000
        v = 0.0
        if phase >= 1:
            phase -= 1
            v = 1.0
        for f, hertz in enumerate(vowels[int(t * 4) % 4]):
            r = math.exp(-math.pi * (60 + 40 * f) / 16000)
            v += 2 * r * math.cos(2 * math.pi * hertz / 16000) * low[f][0] - r * r * low[f][1]
            low[f][0], low[f][1] = v, low[f][0]
            v *= 0.25
        loud = max(0.0, math.sin(2 * math.pi * 4 * t)) * (1.0 if t % 2 < 1.3 else 0.0)
        out.append(math.floor(min(max(0.2 * v * loud, -1.0), 1.0) * 32767))
    return out


def probabilities(model, samples):
    run = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    state, x = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32)
    out = []
    for i in range(0, len(samples), 512):
        x = np.concatenate([x[-64:], np.array(samples[i : i + 512], np.float32) / 32768])
        y, state = run.run(None, {"input": x[None], "state": state, "sr": np.array(16000)})
        out.append(round(float(y[0, 0]), 6))
    return out


def sequences(find):
    r, all = random.Random(1), []
    for k in range(24):
        p, list = r.random(), []
        for _ in range(r.randint(1, 150)):
            if r.random() < (0.08, 0.2, 0.5)[k % 3]:
                p = r.random()
            list.append(round(min(max(p + r.gauss(0, 0.1), 0), 1), 2))
        n = len(list) * 512 - r.randrange(512)
        all.append({"p": list, "samples": n, "speech": [[s["start"], s["end"]] for s in find(list, audio_length_samples=n)]})
    return all


def main():
    home = importlib.util.find_spec("silero_vad").submodule_search_locations[0]
    sys.modules["torch"] = mock.MagicMock()  # which what is used here does not need
    spec = importlib.util.spec_from_file_location("utils_vad", os.path.join(home, "utils_vad.py"))
    utils = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(utils)
    samples = voice(512 * 150)
    golden = {
        "made by": f"golden.py with onnxruntime {onnxruntime.__version__} and silero-vad 6.2.3",
        "voice": probabilities(os.path.join(home, "data", "silero_vad.onnx"), samples),
        "segments": sequences(utils.get_speech_timestamps_from_probs),
    }
    to = os.path.join(os.path.dirname(os.path.abspath(__file__)), "testdata", "golden.json")
    with open(to, "w") as f:
        f.write("{\n" + ",\n".join(f"{json.dumps(k)}: " + ("[\n" + ",\n".join(map(json.dumps, v)) + "\n]" if k == "segments" else json.dumps(v)) for k, v in golden.items()) + "\n}\n")


main()
