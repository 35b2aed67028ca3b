"""Golden values of automatic ARIMA by statsforecast.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python golden.py SHARED > golden.json

SHARED is the folder of the shared data sets. The series are every 28th of M3 monthly and every
fourth of the samples of M4 monthly and quarterly, whose last h steps are the test. Of each the
file has its name and the forecasts.
"""

import gzip
import json
import sys

import numpy as np
import pandas as pd
from statsforecast.models import AutoARIMA


def sets(shared):
    m3 = json.load(gzip.open(f"{shared}/data/ts/m3/m3_data.json.gz"))
    monthly = sorted(k for k in m3 if m3[k]["period"][0] == "MONTHLY")
    for name in monthly[::28]:
        yield "M3 monthly", name, 12, 18, m3[name]["x"]
    for part, m, h in ("monthly", 12, 18), ("quarterly", 4, 8):
        t = pd.read_csv(f"{shared}/data/ts/m4/sample-m4_{part}.csv.gz")
        for i, (name, y) in enumerate(t.groupby("series", sort=False)["value"]):
            if i % 4 == 0:
                yield f"M4 {part}", name, m, h, y.tolist()[:-h]


rows = []
for group, name, m, h, y in sets(sys.argv[1]):
    f = AutoARIMA(season_length=m).forecast(y=np.asarray(y, dtype=float), h=h)["mean"]
    rows.append({"set": group, "name": name, "period": m, "mean": [float(f"{v:.6g}") for v in f]})
    print(name, file=sys.stderr)
print("[" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "]")
