"""Forecasts the panel by what people use: python bench/forecast/peers.py panel.json

The forecasts are kept in bench/results/forecast-peers.json; what is there is not made again.
"""

import json
import logging
import os
import platform
import sys
import time
import warnings
from importlib.metadata import version

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import pandas as pd
from prophet import Prophet
from statsforecast.models import AutoARIMA, AutoETS, AutoTheta, SeasonalNaive

FOLDS = 2
FILE = os.path.join("bench", "results", "forecast-peers.json")
PANDAS = {"Y": "YS", "Q": "QS", "M": "MS", "W": "W", "D": "D", "B": "B", "h": "h", "i": "YS"}


def short(values):
    return [float(f"{v:.6g}") for v in values]


def by_statsforecast(model, y, horizon):
    f = model.forecast(y=y, h=horizon, level=[80, 95])
    return f["mean"], [f["lo-80"], f["lo-95"]], [f["hi-80"], f["hi-95"]]


def by_prophet(times, y, freq, horizon):
    np.random.seed(1)
    model = Prophet(interval_width=0.95)
    model.fit(pd.DataFrame({"ds": times, "y": y}))
    ahead = pd.DataFrame({"ds": pd.date_range(times[-1], periods=horizon + 1, freq=freq)[1:]})
    point = model.predict(ahead)["yhat"].to_numpy()
    paths = model.predictive_samples(ahead)["yhat"]
    lo, hi = ([np.quantile(paths, q, axis=1) for q in qs] for qs in ((0.1, 0.025), (0.9, 0.975)))
    return point, lo, hi


def models(s, times, y, raw):
    """The peers for a history: those of statsforecast take no gaps, which are filled by lines."""
    m, h = s["season"], s["horizon"]
    rough = len(y) > 150 or m > 12  # as auto.arima of R decides
    small = {}
    if m >= 24 and len(y) > 200:  # a search of all orders takes ten minutes a forecast
        small = {"max_p": 2, "max_q": 2, "max_P": 1, "max_Q": 1}
    yield "SeasonalNaive", lambda: by_statsforecast(SeasonalNaive(season_length=m), y, h)
    yield "AutoETS", lambda: by_statsforecast(AutoETS(season_length=m), y, h)
    yield "AutoTheta", lambda: by_statsforecast(AutoTheta(season_length=m), y, h)
    yield "AutoARIMA", lambda: by_statsforecast(AutoARIMA(season_length=m, approximation=rough, **small), y, h)
    yield "Prophet", lambda: by_prophet(times, raw, PANDAS[s["freq"]], h)


def main(path):
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    panel = json.load(open(path))
    kept = {}
    if os.path.exists(FILE):
        kept = {(f["series"], f["fold"], f["model"]): f for f in json.load(open(FILE))["forecasts"]}
    for s in panel:
        for fold in range(FOLDS):
            n = len(s["y"]) - s["horizon"] * (FOLDS - fold)
            raw = np.array([np.nan if v is None else v for v in s["y"][:n]], dtype=float)
            y = pd.Series(raw).interpolate(limit_direction="both").to_numpy()
            times = s["times"][:n]
            if s["freq"] == "i":  # Prophet takes dates only
                times = pd.date_range("1900-01-01", periods=n, freq="YS")
            times = pd.to_datetime(pd.Series(times), format="ISO8601").to_list()
            for name, run in models(s, times, y, raw):
                key = (s["name"], fold, name)
                if key in kept:
                    continue
                began = time.time()
                point, lo, hi = run()
                seconds = time.time() - began
                kept[key] = {"series": s["name"], "fold": fold, "model": name, "point": short(point),
                             "lo": [short(v) for v in lo], "hi": [short(v) for v in hi], "seconds": round(seconds, 2)}
                print(*key, f"{seconds:.1f} s", flush=True)
            save(kept.values())


def save(forecasts):
    about = {"machine": platform.platform(), "versions": {p: version(p) for p in ("statsforecast", "prophet", "numpy")}}
    about["versions"]["python"] = platform.python_version()
    with open(FILE + ".new", "w") as f:
        f.write(json.dumps(about)[:-1] + ', "forecasts": [\n')
        f.write(",\n".join(json.dumps(x, separators=(",", ":")) for x in forecasts) + "\n]}\n")
    os.replace(FILE + ".new", FILE)


if __name__ == "__main__":
    main(sys.argv[1])
