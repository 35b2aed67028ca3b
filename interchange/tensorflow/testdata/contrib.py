"""Checkpoints of the cells of tf.contrib.rnn, which TensorFlow 2 no longer has: their
variables as TensorFlow 1.15 named and shaped them, saved by tf.compat.v1.train.Saver, and
their steps in NumPy, in float64, after the equations of tf.contrib.rnn.

A cell is a function of its variables v and of the width of its input that returns the sizes
of its state, h before c, and a step (x, state) -> (y, state). v(name, *shape) makes one.
"""
import numpy as np

r = np.random.default_rng(2)
tanh = np.tanh


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def cat(*xs):
    return np.concatenate(xs, 1)


def split(x, n):
    return np.split(x, n, 1)


def ugrnn(v, n, H=4, forget=0.7):
    w, b = v("ugrnn_cell/kernel", n + H, 2 * H), v("ugrnn_cell/bias", 2 * H)

    def step(x, s):
        g, c = split(cat(x, s[0]) @ w + b, 2)
        g = sigmoid(g + forget)
        h = g * s[0] + (1 - g) * tanh(c)
        return h, [h]

    return [H], H, step


def intersection(v, n, H=5, forget=0.7):
    if n != H:
        pw, pb = v("intersection_rnn_cell/in_projection/kernel", n, H), v("intersection_rnn_cell/in_projection/bias", H)
    w, b = v("intersection_rnn_cell/kernel", 2 * H, 4 * H), v("intersection_rnn_cell/bias", 4 * H)

    def step(x, s):
        if n != H:
            x = x @ pw + pb
        gh, h, gy, y = split(cat(x, s[0]) @ w + b, 4)
        gh, gy = sigmoid(gh + forget), sigmoid(gy + forget)
        return gy * x + (1 - gy) * relu(y), [gh * s[0] + (1 - gh) * tanh(h)]

    return [H], H, step


def nas(v, n, H=4, P=3):
    wm, wx = v("nas_cell/recurrent_kernel", P, 8 * H), v("nas_cell/kernel", n, 8 * H)
    b, p = v("nas_cell/bias", 8 * H), v("nas_cell/projection_weights", H, P)

    def step(x, s):
        m, i = split(s[0] @ wm + b, 8), split(x @ wx, 8)
        l0 = tanh(sigmoid(i[0] + m[0]) * relu(i[1] + m[1]))
        l1 = tanh(sigmoid(i[2] + m[2]) + relu(i[3] * m[3]))
        l2 = tanh(tanh(i[4] + m[4]) * sigmoid(i[5] + m[5]))
        l3 = sigmoid(tanh(i[6] + m[6]) + sigmoid(i[7] + m[7]))
        c = tanh(l0 + s[1]) * l1
        h = tanh(c * tanh(l2 + l3)) @ p
        return h, [h, c]

    return [P, H], P, step


def minimal(v, n, H=4):
    w, b = v("minimal_rnn_cell/kernel", n + 2 * H, H), v("minimal_rnn_cell/bias", H)

    def step(x, s):
        z = tanh(x @ w[:n])
        u = sigmoid(cat(z, s[0]) @ w[n:] + b)
        h = u * s[0] + (1 - u) * z
        return h, [h]

    return [H], H, step


def cfn(v, n, H=4):
    w, u, b = v("cfn_cell/kernel", n, 3 * H), v("cfn_cell/recurrent_kernel", H, 2 * H), v("cfn_cell/bias", 2 * H)

    def step(x, s):
        theta, eta = split(sigmoid(s[0] @ u + x @ w[:, : 2 * H] + b), 2)
        h = theta * tanh(s[0]) + (1 - eta) * tanh(x @ w[:, 2 * H :])
        return h, [h]

    return [H], H, step


def sru(v, n, H=4):
    w, b = v("sru_cell/kernel", n, 4 * H), v("sru_cell/bias", 2 * H)

    def step(x, s):
        u, f, r, through = split(x @ w, 4)
        f, r = split(sigmoid(cat(f, r) + b), 2)
        c = f * s[0] + (1 - f) * u
        return r * tanh(c) + (1 - r) * through, [c]

    return [H], H, step


def ind_rnn(v, n, H=4):
    w, u, b = v("ind_rnn_cell/kernel_w", n, H), v("ind_rnn_cell/kernel_u", 1, H), v("ind_rnn_cell/bias", H)

    def step(x, s):
        h = tanh(x @ w + s[0] * u + b)
        return h, [h]

    return [H], H, step


def indy_gru(v, n, H=4):
    at = "indy_gru_cell/"
    gw, gu, gb = v(at + "gates/kernel_w", n, 2 * H), v(at + "gates/kernel_u", 1, 2 * H), v(at + "gates/bias", 2 * H)
    w, u, b = v(at + "candidate/kernel", n, H), v(at + "candidate/kernel_u", 1, H), v(at + "candidate/bias", H)

    def step(x, s):
        reset, z = split(sigmoid(x @ gw + np.tile(s[0], (1, 2)) * gu + gb), 2)
        h = z * s[0] + (1 - z) * tanh(x @ w + reset * s[0] * u + b)
        return h, [h]

    return [H], H, step


def lstm(i, j, f, o, c, forget):
    c = c * sigmoid(f + forget) + sigmoid(i) * tanh(j)
    return tanh(c) * sigmoid(o), c


def indy_lstm(v, n, H=4, forget=0.7):
    at = "indy_lstm_cell/"
    w, u, b = v(at + "kernel_w", n, 4 * H), v(at + "kernel_u", 1, 4 * H), v(at + "bias", 4 * H)

    def step(x, s):
        h, c = lstm(*split(x @ w + np.tile(s[0], (1, 4)) * u + b, 4), s[1], forget)
        return h, [h, c]

    return [H, H], H, step


def glstm(v, n, H=4, P=2, G=2, forget=0.7, shared=False):
    at = "glstm_cell/"
    w = [v(f"{at}group{g}/kernel", (n + P) // G, 4 * H // G) for g in range(1 if shared else G)] * (G if shared else 1)
    b, p = [v(at + "bias_" + k, H) for k in "ijfo"], v(at + "projection/kernel", H, P)

    def step(x, s):
        parts = [split(cat(xg, hg) @ wg, 4) for xg, hg, wg in zip(split(x, G), split(s[0], G), w)]
        h, c = lstm(*[cat(*[q[k] for q in parts]) + b[k] for k in range(4)], s[1], forget)
        h = h @ p
        return h, [h, c]

    return [P, H], P, step


def normed(v, at, H):
    gamma, beta = v(at + "/gamma", H), v(at + "/beta", H)
    return lambda x: (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-12) * gamma + beta


def layer_norm_basic(v, n, H=4, forget=0.7):
    at = "layer_norm_basic_lstm_cell/"
    w = v(at + "kernel", n + H, 4 * H)
    ni, nj, nf, no, nc = [normed(v, at + k, H) for k in ("input", "transform", "forget", "output", "state")]

    def step(x, s):
        i, j, f, o = split(cat(x, s[0]) @ w, 4)
        c = nc(s[1] * sigmoid(nf(f) + forget) + sigmoid(ni(i)) * tanh(nj(j)))
        h = tanh(c) * sigmoid(no(o))
        return h, [h, c]

    return [H, H], H, step


def layer_norm(v, n, H=4, P=3, forget=0.7, clip=0.5):
    at = "layer_norm_lstm_cell/"
    w, p = v(at + "kernel", n + P, 4 * H), v(at + "projection/kernel", H, P)
    v(at + "bias", 4 * H)  # is there, and not read
    wi, wf, wo = [v(f"{at}w_{k}_diag", H) for k in "ifo"]
    ni, nj, nf, no, nc = [normed(v, at + k, H) for k in ("input", "transform", "forget", "output", "state")]

    def step(x, s):
        i, j, f, o = split(cat(x, s[0]) @ w, 4)
        c = nc(sigmoid(nf(f) + forget + wf * s[1]) * s[1] + sigmoid(ni(i) + wi * s[1]) * tanh(nj(j)))
        h = np.clip(sigmoid(no(o) + wo * c) * tanh(c) @ p, -clip, clip)
        return h, [h, c]

    return [P, H], P, step


def weight_norm(v, n, H=4, P=3, forget=0.7, clip=0.5):
    at = "wn_lstm_cell/wn_lstm_cell/"

    def scaled(w, g):
        return w / np.sqrt(np.maximum((w**2).sum(0), 1e-12)) * g

    w, b, p = v(at + "kernel", n + P, 4 * H), v(at + "bias", 4 * H), v(at + "projection/kernel", H, P)
    w = np.concatenate([scaled(w[:n], v(at + "norm_0", 4 * H)), scaled(w[n:], v(at + "norm_1", 4 * H))])
    p = scaled(p, v(at + "projection/norm_0", P))
    wi, wf, wo = [v(f"{at}w_{k}_diag", H) for k in "ifo"]

    def step(x, s):
        i, j, f, o = split(cat(x, s[0]) @ w + b, 4)
        c = s[1] * sigmoid(f + forget + wf * s[1]) + sigmoid(i + wi * s[1]) * tanh(j)
        h = np.clip(sigmoid(o + wo * c) * tanh(c) @ p, -clip, clip)
        return h, [h, c]

    return [P, H], P, step


def coupled(v, n, H=4, P=3, forget=0.7, clip=0.5, norm=False):
    at = "coupled_input_forget_gate_lstm_cell/"
    w, b, p = v(at + "W_0", n + P, 3 * H), v(at + "B", 3 * H), v(at + "W_P_0", H, P)
    wf, wo = v(at + "W_F_diag", H), v(at + "W_O_diag", H)
    nj, nf, no, nc = [normed(v, at + k, H) if norm else lambda x: x for k in ("transform", "forget", "output", "state")]

    def step(x, s):
        j, f, o = split(cat(x, s[0]) @ w + (0 if norm else b), 3)
        f = sigmoid(nf(f) + forget + wf * s[1])
        c = nc(f * s[1] + (1 - f) * tanh(nj(j)))
        h = np.clip(sigmoid(no(o) + wo * c) * tanh(c) @ p, -clip, clip)
        return h, [h, c]

    return [P, H], P, step


def coupled_norm(v, n):
    return coupled(v, n, norm=True)


def basic_lstm(v, n, H=4, forget=0.7):
    w, b = v("basic_lstm_cell/kernel", n + H, 4 * H), v("basic_lstm_cell/bias", 4 * H)

    def step(x, s):
        h, c = lstm(*split(cat(x, s[0]) @ w + b, 4), s[1], forget)
        return h, [h, c]

    return [H, H], H, step


def stack(cells):
    def make(v, n):
        made = []
        for k, cell in enumerate(cells):
            made.append(cell(lambda name, *shape: v(f"multi_rnn_cell/cell_{k}/{name}", *shape), n))
            n = made[-1][1]

        def step(x, s):
            last, at = [], 0
            for sizes, _, f in made:
                x, next = f(x, s[at : at + len(sizes)])
                at, last = at + len(sizes), last + next
            return x, last

        return [n for sizes, _, _ in made for n in sizes], n, step

    return make


def attention(v, n, width=3, vec=2, L=3):
    at = "attention_cell_wrapper/"
    w, b = v(at + "kernel", n + width, n), v(at + "bias", n)
    sizes, out, inner = stack([minimal, basic_lstm])(lambda name, *shape: v(at + name, *shape), n)
    k, va = v(at + "attention/attn_w", 1, 1, width, vec)[0, 0], v(at + "attention/attn_v", vec)
    wq, bq = v(at + "attention/kernel", sum(sizes), vec), v(at + "attention/bias", vec)
    wo, bo = v(at + "attn_output_projection/kernel", out + width, width), v(at + "attn_output_projection/bias", width)

    def step(x, s):
        q, state = inner(cat(x, s[0]) @ w + b, s[2:])
        query = cat(state[0], state[2], state[1]) @ wq + bq  # c before h in an LSTMStateTuple
        m = s[1].reshape(-1, L, width)
        score = (va * tanh(m @ k + query[:, None])).sum(2)
        a = np.exp(score) / np.exp(score).sum(1, keepdims=True)
        a = (a[:, :, None] * m).sum(1)
        y = cat(q, a) @ wo + bo
        return y, [a, cat(s[1][:, width:], y), *state]

    return [width, width * L, *sizes], width, step


def phased(v, n, H=4, leak=0.05):
    at, n = "phased_lstm_cell/", n - 1
    wm, bm = v(at + "mask_gates/kernel", n + 2 * H, 2 * H), v(at + "mask_gates/bias", 2 * H)
    wn, bn = v(at + "new_input/kernel", n + H, H), v(at + "new_input/bias", H)
    wo, bo = v(at + "output_gate/kernel", n + 2 * H, H), v(at + "output_gate/bias", H)
    period, phase, on = v(at + "period", H), v(at + "phase", H), v(at + "ratio_on", H)
    period[:], on[:] = [0.7, 1.3, 2.5, 4], [0.9, 0.5, 0.7, 0.3]

    def step(x, s):
        t, x = x[:, :1], x[:, 1:]
        i, f = split(sigmoid(cat(x, s[0], s[1]) @ wm + bm), 2)
        c = s[1] * f + i * tanh(cat(x, s[0]) @ wn + bn)
        h = tanh(c) * sigmoid(cat(x, s[0], c) @ wo + bo)
        ratio = np.mod(t - phase, period) / period
        up = 2 * ratio / on
        k = np.where(ratio < 0.5 * on, up, np.where(ratio < on, 2 - up, leak * ratio))
        h, c = k * h + (1 - k) * s[0], k * c + (1 - k) * s[1]
        return h, [h, c]

    return [H, H], H, step


def conv(v, n, size=(2, 3), window=(3, 2), C=2, forget=0.7):
    import tensorflow as tf

    n //= size[0] * size[1]
    w, b = v("conv_lstm_cell/kernel", *window, n + C, 4 * C), v("conv_lstm_cell/biases", 4 * C)
    width = size[0] * size[1] * C

    def step(x, s):
        x, h, c = x.reshape(-1, *size, n), s[0].reshape(-1, *size, C), s[1].reshape(-1, *size, C)
        y = np.asarray(tf.nn.conv2d(np.concatenate([x, h], 3), w, 1, "SAME")) + b
        h, c = [a.reshape(-1, width) for a in lstm(*np.split(y, 4, 3), c, forget)]
        return h, [h, c]

    return [width, width], width, step


def cudnn(v, n, H=3, layers=2):
    """CudnnLSTM in both directions, of which the one vector is [W, R] and then the biases."""
    sizes = [n] + [2 * H] * (layers - 1)
    flat = v("cudnn_lstm/opaque_kernel", sum(2 * 4 * H * (i + H + 2) for i in sizes))
    at = 0

    def take(*shape):
        nonlocal at
        at += int(np.prod(shape))
        return flat[at - int(np.prod(shape)) : at].reshape(shape)

    weights = [[take(4 * H, m) for m in (i, H)] for i in sizes for _ in range(2)]
    biases = [take(4 * H) + take(4 * H) for _ in weights]

    def run(x, lengths):
        for l in range(layers):
            ys = []
            for d in range(2):
                (w, u), b = weights[2 * l + d], biases[2 * l + d]
                y = np.zeros(x.shape[:2] + (H,))
                for row, n in enumerate(lengths):
                    h = c = np.zeros((1, H))
                    for t in range(n)[:: -1 if d else 1]:
                        i, f, g, o = split(x[row : row + 1, t] @ w.T + h @ u.T + b, 4)
                        h, c = lstm(i, g, f, o, c, 0)
                        y[row, t] = h
                ys.append(y)
            x = np.concatenate(ys, 2)
        return x

    return run


def names(cells, sizes, base):
    """recur's names of the entries of a state. What an SRU keeps is a memory."""
    out = []
    for i, (cell, sizes) in enumerate(zip(cells, sizes)):
        at = base if len(cells) == 1 else f"{base}.{i}"
        out += [at + (".c" if cell is sru else ".h")] + ([at + ".c"] if len(sizes) == 2 else [f"{at}.h{k}" for k in range(1, len(sizes))])
    return out


lstms = [layer_norm_basic, layer_norm, weight_norm, coupled, coupled_norm]
cases = {  # name: cells, width of the input, spec of the layer
    "contrib": ([ugrnn, nas, minimal, cfn, sru, ind_rnn, indy_gru, indy_lstm, glstm, intersection, intersection], 3, dict(forget_bias=0.7)),
    "contrib_lstm": (lstms, 3, dict(forget_bias=0.7, proj_clip=0.5)),
    "contrib_shared": ([lambda v, n: glstm(v, n, shared=True)], 4, dict(forget_bias=0.7)),
    "contrib_attention": ([attention], 4, dict(forget_bias=0.7, attn_length=3)),
    "contrib_phased": ([phased], 4, dict(leak=0.05)),
    "contrib_conv": ([conv], 12, dict(forget_bias=0.7, size=[2, 3])),
    "contrib_cudnn": (None, 3, dict(type="cudnn", cudnn=dict(kind="lstm", layers=2, hidden=3, bidirectional=True))),
}


def variables(scope):
    made = {}

    def v(name, *shape):
        value = (r.normal(size=shape) * 0.6).astype("float32")
        made[scope + name] = value
        return value

    return v, made


def case(name):
    """The variables of a case, its spec, and what goes in and comes out."""
    cells, width, spec = cases[name]
    B, T, lengths = 3, 4, [2, 4, 0]
    x = r.normal(size=(B, T, width)).astype("float32")
    if name == "contrib_phased":
        x[:, :, 0] = np.cumsum(r.uniform(0.2, 0.9, size=(B, T)), 1)
    if cells is None:
        v, made = variables("")
        run = cudnn(v, width)
        spec = dict(module="cudnn_lstm", **spec)
        spec["cudnn"] = {**spec["cudnn"], "in": width}
        return made, spec, {"x": x}, {"0": run(x, lengths)}, lengths
    v, made = variables("rnn/")
    if len(cells) > 1:
        n, sizes = width, []
        for c in cells:  # of a throw-away set, for the sizes alone
            s, n, _ = c(variables("")[0], n)
            sizes.append(s)
        all, _, step = stack(cells)(v, width)
    else:
        all, _, step = cells[0](v, width)
        sizes = [all]
    first = [(r.normal(size=(B, n)) * 0.5).astype("float32") for n in all]
    state, ys = [np.array(s, "float64") for s in first], []
    for t in range(T):
        y, next = step(x[:, t].astype("float64"), state)
        on = np.array([t < n for n in lengths])[:, None]
        state = [np.where(on, b, a) for a, b in zip(state, next)]
        ys.append(np.where(on, y, 0))
    keys = names(cells, sizes, "rnn")
    inputs = {"x": x, **dict(zip(keys, first))}
    outputs = {"0": np.stack(ys, 1), **{k + "_out": s for k, s in zip(keys, state)}}
    return made, dict(module="rnn", **spec), inputs, outputs, lengths
