"""JAX: jit of a lax.scan over the steps, with the inputs projected in one product before,
and its gradient; masks where sequences are ragged."""

import os

if os.environ["OMP_NUM_THREADS"] == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
import jax
import jax.numpy as jnp
import numpy as np

from peer import GATES, lengths, serve


def step(cell, h):
    def rnn(s, pre, w, bn):
        y = jnp.tanh(pre + s[0] @ w)
        return (y,), y

    def gru(s, pre, w, bn):
        q = s[0] @ w
        r, z = jnp.split(jax.nn.sigmoid(pre[:, : 2 * h] + q[:, : 2 * h]), 2, axis=1)
        n = jnp.tanh(pre[:, 2 * h :] + r * (q[:, 2 * h :] + bn))
        y = n + z * (s[0] - n)
        return (y,), y

    def lstm(s, pre, w, bn):
        i, f, u, o = jnp.split(pre + s[0] @ w, 4, axis=1)
        c = jax.nn.sigmoid(f) * s[1] + jax.nn.sigmoid(i) * jnp.tanh(u)
        y = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (y, c), y

    return {"rnn": rnn, "gru": gru, "lstm": lstm}[cell]


def runner(job):
    if job["dtype"] != "float32":
        return None
    b, t, i, h = job["batch"], job["steps"], job["input"], job["hidden"]
    g = GATES[job["cell"]] * h
    r = np.random.default_rng(1)
    draw = lambda *s: jnp.asarray(r.standard_normal(s) * 0.1, jnp.float32)
    params = {"wx": draw(i, g), "wh": draw(h, g), "b": draw(g), "bn": draw(h)}
    x, dy = draw(t, b, i), draw(t, b, h)
    cell = step(job["cell"], h)
    alive = None if not job["ragged"] else jnp.arange(t)[:, None] < jnp.asarray(lengths(job))[None, :]
    start = (jnp.zeros((b, h)),) * (2 if job["cell"] == "lstm" else 1)

    def forward(p, x):
        pre = x @ p["wx"] + p["b"]

        def body(s, at):
            pre, on = at
            new, y = cell(s, pre, p["wh"], p["bn"])
            if on is None:
                return new, y
            keep = lambda n, o: jnp.where(on[:, None], n, o)
            return tuple(map(keep, new, s)), jnp.where(on[:, None], y, 0)

        return jax.lax.scan(body, start, (pre, alive))[1]

    def both(p, x):
        y, back = jax.vjp(forward, p, x)
        return back(dy)

    f = jax.jit(both if job["mode"] == "train" else forward)
    return "scan", lambda: jax.block_until_ready(f(params, x))


serve(runner)
