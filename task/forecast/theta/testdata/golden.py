"""Golden values of the dynamic optimised theta model by statsforecast.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python golden.py > golden.json

The series are made: walks with a drift, lines, growth, and a level that shifts.
"""

import json
import random

import numpy as np
from statsforecast.models import DynamicOptimizedTheta


def made():
    r = random.Random(2)
    for n in 12, 20, 40, 90:
        for kind in "walk", "line", "growth", "shift":
            y, level = [], 100.0
            for t in range(n):
                level += {"walk": r.gauss(1, 3), "growth": 0.03 * level, "shift": 60 * (t == n // 2)}.get(kind, 2)
                y.append(round(level + r.gauss(0, 4), 2))
            yield kind, y


rows = []
for kind, y in made():
    f = DynamicOptimizedTheta(season_length=1).forecast(y=np.array(y), h=8)["mean"]
    rows.append({"name": f"{kind} {len(y)}", "y": y, "mean": [float(f"{v:.7g}") for v in f]})
print("[" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "]")
