"""Golden values of STL by statsmodels and of MSTL by statsforecast's loop over it.

    python -m venv venv && venv/bin/pip install -r ../../ets/testdata/requirements.txt
    venv/bin/python golden.py > golden.json
"""

import json
import math

import numpy as np
from statsmodels.tsa.stl._stl import STL


def series(n, periods):
    """The same in Go: see decompose_test.go."""
    state, y = 12345, []
    for t in range(n):
        state = (state * 1103515245 + 12345) % 2147483648
        v = 50 + 0.02 * t + 3 * (state / 2147483648 - 0.5)
        for i, p in enumerate(periods):
            v += (10 + 5 * i) * math.sin(2 * math.pi * t / p) * (1 + t / n / 2)
        if t % 97 == 50:
            v += 40
        y.append(v)
    return np.array(y)


def stl(y, m, window, robust):
    odd = lambda v: v + 1 - v % 2
    trend = odd(math.ceil(1.5 * m / (1 - 1.5 / window)))
    low = odd(m + 1)
    f = STL(y, period=m, seasonal=window, seasonal_deg=0, robust=robust, trend=trend, low_pass=low,
            trend_jump=(trend + 9) // 10, low_pass_jump=(low + 9) // 10)
    return f.fit(inner_iter=2, outer_iter=15 if robust else 0)


def mstl(y, periods, robust):
    seas = np.zeros((len(periods), len(y)))
    rest = y.copy()
    for _ in range(2 if len(periods) > 1 else 1):
        for i, m in enumerate(periods):
            rest = rest + seas[i]
            f = stl(rest, m, 11 + 4 * i, robust)
            seas[i] = f.seasonal
            rest = rest - seas[i]
    return f.trend, seas


rows = []
for n, periods in (36, [12]), (150, [12]), (200, [7]), (600, [24, 168]), (101, [5, 20]):
    for robust in False, True:
        trend, seas = mstl(series(n, periods), periods, robust)
        at = [0, 1, n // 3, n // 2, n - 2, n - 1]
        short = lambda v: [float(f"{v[i]:.9g}") for i in at]
        rows.append({"n": n, "periods": periods, "robust": robust, "at": at, "trend": short(trend), "seasons": [short(s) for s in seas]})
print("[" + ",\n".join(json.dumps(r) for r in rows) + "]")
