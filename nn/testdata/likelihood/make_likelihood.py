"""Writes likelihood.json: negative log-likelihoods by scipy (see requirements.txt)."""
import json
import os

import numpy as np
from scipy import special, stats

r = np.random.default_rng(5)
n = 24
y, mu = r.normal(0, 3, n), r.normal(0, 1, n)
sigma, nu = r.uniform(0.05, 4, n), r.uniform(0.3, 60, n)
mean, alpha = r.uniform(0.05, 80, n), r.uniform(0.01, 3, n)
counts = r.poisson(10, n).astype(float)
counts[:3] = 0
out = {
    "y": y, "mu": mu, "sigma": sigma, "nu": nu, "counts": counts, "mean": mean, "alpha": alpha,
    "normal": -stats.norm.logpdf(y, mu, sigma),
    "student": -stats.t.logpdf(y, nu, mu, sigma),
    "negative_binomial": -stats.nbinom.logpmf(counts, 1 / alpha, 1 / (1 + alpha * mean)),
    "x": np.geomspace(1e-3, 1e3, 31), "digamma": special.digamma(np.geomspace(1e-3, 1e3, 31)),
}
path = os.path.join(os.path.dirname(__file__), "likelihood.json")
with open(path, "w") as f:
    json.dump({k: list(map(float, v)) for k, v in out.items()}, f)
