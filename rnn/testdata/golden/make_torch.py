"""Golden files of PyTorch's recurrent layers: values, final states and gradients.

python make_torch.py    (versions in requirements.txt)
"""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from common import Maker

m = Maker("torch")
T, B, IN = 5, 3, 4


def tensor(*shape, scale=1.0):
    return torch.from_numpy(m.rand(*shape, scale=scale)).requires_grad_()


def layer(name, kind, hidden=6, lengths=None, state=True, **options):
    net = getattr(torch.nn, kind)(IN, hidden, **options)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(m.rand(*p.shape, scale=0.5)))
    dirs = 2 if options.get("bidirectional") else 1
    layers = options.get("num_layers", 1)
    x = tensor(T, B, IN)
    s = ()
    if state:
        s = [tensor(layers * dirs, B, options.get("proj_size") or hidden)]
        if kind == "LSTM":
            s.append(tensor(layers * dirs, B, hidden))
    given = (tuple(s) if kind == "LSTM" else s[0]) if state else None
    if lengths:
        packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
        y, last = net(packed, given)
        y, _ = pad_packed_sequence(y, total_length=T)
    else:
        y, last = net(x, given)
    last = last if isinstance(last, tuple) else (last,)
    weights = [torch.from_numpy(m.rand(*v.shape)) for v in (y, *last)]
    loss = sum((v * w).sum() for v, w in zip((y, *last), weights))
    loss.backward()
    a = {"x": x, "y": y, "weigh.y": weights[0], "grad.x": x.grad}
    for i, v in enumerate(last):
        a[f"last{i}"], a[f"weigh.last{i}"] = v, weights[1 + i]
    for i, v in enumerate(s):
        a[f"state{i}"], a[f"grad.state{i}"] = v, v.grad
    for k, p in net.named_parameters():
        a["w." + k], a["grad.w." + k] = p, p.grad
    config = {"kind": kind, "hidden": hidden, "lengths": lengths, "state": state, **options}
    m.save(name, config, {k: v.detach().numpy() for k, v in a.items()})


layer("rnn_tanh", "RNN")
layer("rnn_relu", "RNN", nonlinearity="relu")
layer("rnn_ragged", "RNN", lengths=[2, 5, 1])
layer("rnn_bidirectional_2", "RNN", num_layers=2, bidirectional=True, lengths=[5, 3, 1])
layer("lstm", "LSTM")
layer("lstm_zero_state", "LSTM", state=False)
layer("lstm_ragged", "LSTM", lengths=[1, 4, 5])
layer("lstm_3_layers", "LSTM", num_layers=3)
layer("lstm_projection", "LSTM", proj_size=3)
layer("lstm_projection_2_ragged", "LSTM", proj_size=3, num_layers=2, lengths=[5, 2, 2])
layer("lstm_bidirectional", "LSTM", bidirectional=True, lengths=[3, 5, 2])
layer("lstm_bidirectional_2", "LSTM", num_layers=2, bidirectional=True)
layer("lstm_no_bias", "LSTM", bias=False)
layer("gru", "GRU")
layer("gru_ragged", "GRU", lengths=[4, 1, 5])
layer("gru_2_layers", "GRU", num_layers=2, lengths=[2, 3, 5])
layer("gru_bidirectional_2", "GRU", num_layers=2, bidirectional=True, lengths=[5, 1, 4])


def paper(name, weights, state, step, **config):
    """A cell written out from its paper's equations, in float64."""
    w = {k: torch.from_numpy(m.rand(*s, scale=0.5)).double().requires_grad_() for k, s in weights.items()}
    x = tensor(T, B, IN).detach().double().requires_grad_()
    h0 = tensor(B, state).detach().double().requires_grad_()
    h, ys = h0, []
    for t in range(T):
        y, h = step(x[t], h, w)
        ys.append(y)
    y = torch.stack(ys)
    wy, wh = torch.from_numpy(m.rand(*y.shape)), torch.from_numpy(m.rand(*h.shape))
    ((y * wy).sum() + (h * wh).sum()).backward()
    a = {"x": x, "y": y, "weigh.y": wy, "grad.x": x.grad, "last0": h, "weigh.last0": wh, "state0": h0, "grad.state0": h0.grad}
    for k, p in w.items():
        a["w." + k], a["grad.w." + k] = p, p.grad
    m.save(name, {"kind": name.split("_")[0], "state": True, **config}, {k: v.detach().numpy() for k, v in a.items()})


H = 6
sig = torch.sigmoid


def mingru(x, h, w):  # Feng et al. 2024, eq. for minGRU
    z = sig(x @ w["Wz"] + w["bz"])
    h = (1 - z) * h + z * (x @ w["Wh"] + w["bh"])
    return h, h


def minlstm(x, h, w):
    f, i = sig(x @ w["Wf"] + w["bf"]), sig(x @ w["Wi"] + w["bi"])
    h = f / (f + i) * h + i / (f + i) * (x @ w["Wh"] + w["bh"])
    return h, h


def indrnn(x, h, w):  # Li et al. 2018, eq. 4
    h = torch.relu(x @ w["W"] + w["u"] * h + w["b"])
    return h, h


def sru(x, c, w):  # Lei et al. 2018, eqs. 1-4; without v where it has none
    vf, vr = w.get("vf", 0.0), w.get("vr", 0.0)
    f = sig(x @ w["Wf"] + vf * c + w["bf"])
    r = sig(x @ w["Wr"] + vr * c + w["br"])
    c = f * c + (1 - f) * (x @ w["W"])
    return r * torch.tanh(c) + (1 - r) * (x @ w["Wx"] if "Wx" in w else x), c


def lnlstm(x, s, w):  # Ba et al. 2016 as LayerNormBasicLSTMCell has it; s = [h, c]
    h, c = s[:, :H], s[:, H:]

    def norm(v, k):
        mu, var = v.mean(1, keepdim=True), v.var(1, unbiased=False, keepdim=True)
        return (v - mu) / torch.sqrt(var + 1e-12) * w["gain_" + k] + w["shift_" + k]

    p = (torch.cat([x, h], 1) @ w["kernel"]).chunk(4, 1)
    i, j, f, o = (norm(v, k) for v, k in zip(p, ["input", "transform", "forget", "output"]))
    c = norm(c * sig(f + 1) + sig(i) * torch.tanh(j), "state")
    h = torch.tanh(c) * sig(o)
    return h, torch.cat([h, c], 1)


paper("mingru", {"Wz": (IN, H), "Wh": (IN, H), "bz": (H,), "bh": (H,)}, H, mingru)
paper("minlstm", {k: s for g in "fih" for k, s in (("W" + g, (IN, H)), ("b" + g, (H,)))}, H, minlstm)
paper("indrnn", {"W": (IN, H), "u": (H,), "b": (H,)}, H, indrnn)
sizes = {"W": (IN, H), "Wf": (IN, H), "Wr": (IN, H), "bf": (H,), "br": (H,)}
paper("sru_projected", {**sizes, "Wx": (IN, H)}, H, sru)
paper("sru_sees_state", {**sizes, "Wx": (IN, H), "vf": (H,), "vr": (H,)}, H, sru)
paper("sru_square", {"W": (IN, IN), "Wf": (IN, IN), "Wr": (IN, IN), "bf": (IN,), "br": (IN,)}, IN, sru)
norms = {p + k: (H,) for p in ("gain_", "shift_") for k in ("input", "transform", "forget", "output", "state")}
paper("lnlstm", {"kernel": (IN + H, 4 * H), **norms}, 2 * H, lnlstm)


def coupled(x, s, w):  # Greff et al. 2017 with f = 1-i, peepholes and a projection; s = [h, c]
    h, c = s[:, :3], s[:, 3:]
    i, u, o = (x @ w["Wx"] + h @ w["Wh"] + w["b"]).chunk(3, 1)
    i = sig(i + w["pi"] * c)
    c = (1 - i) * c + i * torch.tanh(u)
    h = (sig(o + w["po"] * c) * torch.tanh(c)) @ w["Wp"]
    return h, torch.cat([h, c], 1)


def positive(v):  # Feng et al. 2024, g of appendix B
    return torch.where(v >= 0, v + 0.5, sig(v))


def mingru_positive(x, h, w):
    z = sig(x @ w["Wz"] + w["bz"])
    h = (1 - z) * h + z * positive(x @ w["Wh"] + w["bh"])
    return h, h


def minlstm_positive(x, h, w):
    f, i = sig(x @ w["Wf"] + w["bf"]), sig(x @ w["Wi"] + w["bi"])
    h = f / (f + i) * h + i / (f + i) * positive(x @ w["Wh"] + w["bh"])
    return h, h


def indrnn_linear(x, h, w):
    h = x @ w["W"] + w["u"] * h + w["b"]
    return h, h


paper("coupled", {"Wx": (IN, 3 * H), "Wh": (3, 3 * H), "b": (3 * H,), "pi": (H,), "po": (H,), "Wp": (H, 3)}, 3 + H, coupled)
paper("mingru_positive", {"Wz": (IN, H), "Wh": (IN, H), "bz": (H,), "bh": (H,)}, H, mingru_positive, positive=True)
paper("minlstm_positive", {k: s for g in "fih" for k, s in (("W" + g, (IN, H)), ("b" + g, (H,)))}, H, minlstm_positive, positive=True)
paper("indrnn_linear", {"W": (IN, H), "u": (H,), "b": (H,)}, H, indrnn_linear, linear=True)


def cells(name, kind, **options):
    """The cells of torch.nn, stepped by hand."""
    net = getattr(torch.nn, kind + "Cell")(IN, H, **options)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(m.rand(*p.shape, scale=0.5)))
    x = tensor(T, B, IN)
    s = [tensor(B, H) for _ in range(2 if kind == "LSTM" else 1)]
    now, ys = s, []
    for t in range(T):
        out = net(x[t], tuple(now) if kind == "LSTM" else now[0])
        now = list(out) if kind == "LSTM" else [out]
        ys.append(now[0])
    y = torch.stack(ys)
    weights = [torch.from_numpy(m.rand(*v.shape)) for v in (y, *now)]
    sum((v * w).sum() for v, w in zip((y, *now), weights)).backward()
    a = {"x": x, "y": y, "weigh.y": weights[0], "grad.x": x.grad}
    for i, v in enumerate(now):
        a[f"last{i}"], a[f"weigh.last{i}"] = v, weights[1 + i]
        a[f"state{i}"], a[f"grad.state{i}"] = s[i], s[i].grad
    for k, p in net.named_parameters():
        a["w." + k], a["grad.w." + k] = p, p.grad
    m.save(name, {"kind": kind, "cell": True, "state": True, **options}, {k: v.detach().numpy() for k, v in a.items()})


cells("rnn_cell", "RNN", nonlinearity="relu")
cells("lstm_cell", "LSTM")
cells("gru_cell", "GRU")
