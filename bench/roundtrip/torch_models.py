"""Random models of PyTorch, saved as it saves them, and what it computes with them.

	python torch_models.py DIR 200 [SEED]
"""
import os
import random
import sys
import warnings

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from common import save_case

warnings.filterwarnings("ignore")


class Model(nn.Module):
    """Modules one after the other, as the spec says them; forward gives the output and
    the states in recur's order: layer by layer, forward before backward, h before c."""

    def __init__(self, r):
        super().__init__()
        self.spec, self.states = [], []
        self.ids = r.random() < 0.3
        self.batch_first = r.random() < 0.5
        self.width = width = 1 if self.ids else r.randint(1, 8)
        self.ragged = True

        def add(module, **options):
            name = f"{'abcdefghijklmn'[len(self.spec)]}_{type(module).__name__.lower()}"
            setattr(self, name, module)
            self.spec.append({"module": name, **options})

        if self.ids:
            width = r.randint(1, 8)
            add(nn.Embedding(9, width, padding_idx=r.choice([None, 0])), type="embedding")
        elif r.random() < 0.3:
            out = r.randint(1, 8)
            add(nn.Linear(width, out, bias=r.random() < 0.5), type="linear")
            width = out
            if r.random() < 0.5:
                self.spec.append({"activation": {"func": r.choice(["relu", "tanh", "gelu", "silu", "sigmoid", "softplus", "mish", "selu", "relu6"])}})
        if r.random() < 0.2:
            groups = r.choice([g for g in (1, 2, 3) if width % g == 0])
            size, dilation = r.randint(1, 3), r.randint(1, 2)
            out = groups * r.randint(1, 3)
            padding = r.randint(0, 2)
            add(nn.Conv1d(width, out, size, padding=padding, dilation=dilation, groups=groups, bias=r.random() < 0.5), type="conv1d", padding=padding, dilation=dilation, groups=groups)
            width, self.ragged = out, False
            self.least = max(1, (size - 1) * dilation + 1 - 2 * padding)
            if r.random() < 0.5:
                add(nn.BatchNorm1d(width, affine=r.random() < 0.7))
        else:
            self.least = 1
        for _ in range(r.randint(1, 2)):
            kind, hidden = r.choice(["RNN", "LSTM", "GRU"]), r.randint(1, 12)
            options = dict(num_layers=r.randint(1, 3), bias=r.random() < 0.7, bidirectional=r.random() < 0.5, batch_first=self.batch_first)
            said = {}
            if kind == "RNN":
                options["nonlinearity"] = said["nonlinearity"] = r.choice(["tanh", "relu"])
            if kind == "LSTM" and hidden > 1 and r.random() < 0.3:
                options["proj_size"] = r.randint(1, hidden - 1)
            add(getattr(nn, kind)(width, hidden, **options), **said)
            width = options.get("proj_size", hidden) * (2 if options["bidirectional"] else 1)
            if r.random() < 0.3:
                eps = r.choice([1e-5, 1e-3])
                add(nn.LayerNorm(width, eps=eps, elementwise_affine=True, bias=r.random() < 0.7), type="layer_norm", eps=eps)
            if r.random() < 0.3:
                self.spec.append({"dropout": {"rate": 0.3}})
        if r.random() < 0.4:
            self.spec.append({"last": {}})
        if r.random() < 0.6:
            add(nn.Linear(width, r.randint(1, 6), bias=r.random() < 0.7), type="linear")
            if r.random() < 0.5:
                self.spec.append({"activation": {"func": r.choice(["softmax", "log_softmax"])}})

    def forward(self, x, lengths, states):
        self.last, states, time = [], list(states), 1 if self.batch_first else 0
        for layer in self.spec:
            if "module" not in layer:
                (kind, options), = layer.items()
                x = self.apply_function(kind, options, x, lengths, time)
                continue
            m = getattr(self, layer["module"])
            if isinstance(m, nn.RNNBase):
                x = self.recurrent(m, x, lengths, states, time)
            elif isinstance(m, (nn.Conv1d, nn.BatchNorm1d)):
                x = x if self.batch_first else x.transpose(0, 1)
                x = m(x.transpose(1, 2)).transpose(1, 2)
                x = x if self.batch_first else x.transpose(0, 1)
            else:
                x = m(x)
        return x, self.last

    def apply_function(self, kind, options, x, lengths, time):
        if kind == "dropout":
            return x
        if kind == "last":
            x = x.transpose(0, time)
            return x[-1] if lengths is None else x[lengths - 1, torch.arange(x.shape[1])]
        f = options["func"]
        if f.endswith("softmax"):
            return getattr(torch, f)(x, dim=-1)
        return getattr(nn.functional, f)(x)

    def recurrent(self, m, x, lengths, states, time):
        n = m.num_layers * (2 if m.bidirectional else 1)
        k = 2 if isinstance(m, nn.LSTM) else 1
        own, states[:] = states[:n * k], states[n * k:]
        s = None
        if own:
            s = (torch.stack(own[0::2]), torch.stack(own[1::2])) if k == 2 else torch.stack(own)
        if lengths is None:
            y, s = m(x, s)
        else:
            y, s = m(pack_padded_sequence(x, lengths, batch_first=self.batch_first, enforce_sorted=False), s)
            y, _ = pad_packed_sequence(y, batch_first=self.batch_first, total_length=x.shape[time])
        self.last += [t[i] for i in range(n) for t in s] if k == 2 else list(s)
        return y

    def sizes(self):
        for layer in self.spec:
            m = getattr(self, layer.get("module", ""), None) if "module" in layer else None
            if isinstance(m, nn.RNNBase):
                for _ in range(m.num_layers * (2 if m.bidirectional else 1)):
                    yield m.proj_size or m.hidden_size
                    if isinstance(m, nn.LSTM):
                        yield m.hidden_size


def names(net):
    """The entries of the state as recur calls them."""
    for layer in net.spec:
        m = getattr(net, layer.get("module", ""), None) if "module" in layer else None
        if isinstance(m, nn.RNNBase):
            for k in range(m.num_layers):
                for way in ["fwd", "bwd"] if m.bidirectional else [""]:
                    parts = [layer["module"], str(k) if m.num_layers > 1 else "", way]
                    for s in "hc" if isinstance(m, nn.LSTM) else "h":
                        yield ".".join(p for p in parts + [s] if p)


def make(folder, seed):
    r = random.Random(seed)
    torch.manual_seed(seed)
    net = Model(r)
    with torch.no_grad():
        for name, t in list(net.named_parameters()) + list(net.named_buffers()):
            if t.is_floating_point():
                t.copy_(torch.rand_like(t) + 0.5 if "running_var" in name else torch.randn_like(t) * 0.4)
        net.eval()
        B, T = r.randint(1, 4), r.randint(net.least, net.least + 8)
        shape = (B, T) if net.batch_first else (T, B)
        x = torch.randint(0, 9, shape) if net.ids else torch.randn(*shape, net.width)
        lengths = torch.tensor([r.randint(1, T) for _ in range(B)]) if net.ragged and r.random() < 0.6 else None
        states = [torch.randn(B, n) * 0.5 for n in net.sizes()] if r.random() < 0.6 else []
        y, last = net(x, lengths, states)
    os.makedirs(folder, exist_ok=True)
    weights = net.state_dict()
    way = r.choice(["model.safetensors", "model.pt", "model.pth", "checkpoint.pt"])
    path, key = os.path.join(folder, way), None
    if way == "model.safetensors":
        save_file(weights, path)
    elif way == "model.pth":
        torch.save(weights, path, _use_new_zipfile_serialization=False)
    elif way == "checkpoint.pt":
        torch.save({"epoch": 7, "state_dict": weights, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]}}, path)
    else:
        torch.save(weights, path)
    spec = {"time_major": not net.batch_first, "layers": net.spec}
    inputs = {"x": x.numpy()}
    if lengths is not None:
        inputs["lengths"] = lengths.numpy()
    inputs |= {name: s.numpy() for name, s in zip(names(net), states)}
    outputs = {"0": y.numpy()} | {name + "_out": s.numpy() for name, s in zip(names(net), last, strict=True)}
    save_case(folder, "PyTorch " + torch.__version__.split("+")[0], " ".join(str(net).split()), way, inputs, outputs, spec)


def main(root, n, seed=1):
    for i in range(int(n)):
        make(os.path.join(root, f"{i:04d}"), int(seed) * 100000 + i)


main(*sys.argv[1:])
