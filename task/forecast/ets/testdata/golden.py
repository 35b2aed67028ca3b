"""Golden values of exponential smoothing by statsforecast.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python golden.py SHARED > golden.json

SHARED is the folder of the shared data sets. The series are every seventh of M3 monthly (204)
and the samples of M4 monthly and quarterly (155); of M4 the last h steps are the test. Of each
the file has its name, the forecasts of fixed forms and of the automatic choice with its form
and the 80 and 95 % bands of the last step; then some made series, with their values.
"""

import gzip
import json
import math
import random
import sys

import numpy as np
import pandas as pd
from statsforecast.ets import ets_f, forecast_ets

FORMS = ["ANN", "AAN", "AAdN", "ANA", "AAA", "AAdA", "MNN", "MAN", "MAdN", "MNA", "MAA", "MNM", "MAM", "MAdM"]


def sets(shared):
    m3 = json.load(gzip.open(f"{shared}/data/ts/m3/m3_data.json.gz"))
    monthly = sorted(k for k in m3 if m3[k]["period"][0] == "MONTHLY")
    for name in monthly[::7]:
        yield "M3 monthly", name, 12, 18, m3[name]["x"]
    for part, m, h in ("monthly", 12, 18), ("quarterly", 4, 8):
        t = pd.read_csv(f"{shared}/data/ts/m4/sample-m4_{part}.csv.gz")
        for name, y in t.groupby("series", sort=False)["value"]:
            yield f"M4 {part}", name, m, h, y.tolist()[:-h]


def made():
    r = random.Random(1)
    for n, m, kind in (40, 1, "walk"), (60, 12, "sum"), (90, 12, "product"), (30, 12, "sum"), (50, 4, "zeros"):
        y, level = [], 100.0
        for t in range(n):
            level += r.gauss(1, 2)
            wave = math.sin(2 * math.pi * t / m) if m > 1 else 0
            v = {"walk": level, "sum": level + 30 * wave, "product": level * (1 + 0.4 * wave), "zeros": level + 200 * wave - 100}[kind]
            y.append(round(v + r.gauss(0, 3), 2))
        yield "made", f"{kind} {n}", m, 12, y


def short(values):
    return [float(f"{v:.6g}") for v in values]


def forecast(y, m, h, name):
    if name is None:
        model = ets_f(y, m=m, model="ZZZ")
    else:
        damped = "d" in name
        model = ets_f(y, m=m, model=name.replace("d", ""), damped=damped)
    f = forecast_ets(model, h, level=[80, 95])
    parts = model["components"]
    form = parts[:2] + ("d" if parts[3] == "D" else "") + parts[2]
    bands = [f[k][0][-1] if np.ndim(f[k]) == 2 else f[k][-1] for k in ("lo-95", "lo-80", "hi-80", "hi-95")]
    return {"form": form, "mean": short(f["mean"]), "aicc": float(f"{model['aicc']:.7g}"), "bands": short(bands)}


def main(shared):
    rows = []
    for group, name, m, h, y in [*sets(shared), *made()]:
        y = np.asarray(y, dtype=float)
        row = {"set": group, "name": name, "period": m, "fixed": {}}
        if group == "made":
            row["y"] = y.tolist()
        for form in FORMS:
            if m == 1 and form[-1] != "N":
                continue
            try:
                f = forecast(y, m, h, form)
                if math.isfinite(f["aicc"]):
                    row["fixed"][form] = [f["mean"][0], f["mean"][h // 2], f["mean"][-1]]
            except Exception:  # too short, or not positive
                pass
        try:
            row["auto"] = forecast(y, m, h, None)
        except Exception as e:
            print(name, e, file=sys.stderr)
            continue
        rows.append(row)
    print("[" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "]")


main(sys.argv[1])
