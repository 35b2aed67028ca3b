"""The cells of cells.go in PyTorch, each a loop over the steps: eager, scripted by
torch.jit, or compiled. Answers lines of JSON as main.go does."""

import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))


class LayerNormLSTM(nn.Module):
    def __init__(self, input: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.x = nn.Linear(input, 4 * hidden, bias=False)
        self.h = nn.Linear(hidden, 4 * hidden, bias=False)
        self.norm_i = nn.LayerNorm(hidden)
        self.norm_f = nn.LayerNorm(hidden)
        self.norm_u = nn.LayerNorm(hidden)
        self.norm_o = nn.LayerNorm(hidden)
        self.norm_c = nn.LayerNorm(hidden)

    def forward(self, x):
        h = torch.zeros(x.shape[1], self.hidden)
        c = h
        ys = []
        for step in x.unbind(0):
            i, f, u, o = (self.x(step) + self.h(h)).chunk(4, 1)
            i, f, u, o = torch.sigmoid(self.norm_i(i)), torch.sigmoid(self.norm_f(f)), torch.tanh(self.norm_u(u)), torch.sigmoid(self.norm_o(o))
            c = self.norm_c(f * c + i * u)
            h = o * torch.tanh(c)
            ys.append(h)
        return torch.stack(ys)


class LSTM(nn.Module):
    def __init__(self, input: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.x = nn.Linear(input, 4 * hidden)
        self.h = nn.Linear(hidden, 4 * hidden)

    def forward(self, x):
        h = torch.zeros(x.shape[1], self.hidden)
        c = h
        ys = []
        for step in x.unbind(0):
            i, f, u, o = (self.x(step) + self.h(h)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(u)
            h = torch.sigmoid(o) * torch.tanh(c)
            ys.append(h)
        return torch.stack(ys)


class MGU(nn.Module):
    def __init__(self, input: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.xf = nn.Linear(input, hidden)
        self.hf = nn.Linear(hidden, hidden)
        self.xc = nn.Linear(input, hidden)
        self.hc = nn.Linear(hidden, hidden)

    def forward(self, x):
        h = torch.zeros(x.shape[1], self.hidden)
        ys = []
        for step in x.unbind(0):
            f = torch.sigmoid(self.xf(step) + self.hf(h))
            d = torch.tanh(self.xc(step) + self.hc(f * h))
            h = torch.lerp(h, d, f)
            ys.append(h)
        return torch.stack(ys)


CELLS = {"layernorm": LayerNormLSTM, "lstm": LSTM, "mgu": MGU}


class Waves:
    """Draws the same first weights as cells.go."""

    def __init__(self):
        self.k = 0

    def next(self, *shape):
        n = int(np.prod(shape))
        v = np.sin(np.arange(self.k, self.k + n, dtype=np.float64) ** 2) / 8
        self.k += n
        return torch.from_numpy(v.astype(np.float32).reshape(shape))

    def fill(self, net):
        for layer in net.children():
            if isinstance(layer, nn.Linear):
                layer.weight.data = self.next(layer.in_features, layer.out_features).t().contiguous()
                if layer.bias is not None:
                    layer.bias.data = self.next(layer.out_features)


def trainer(job, how):
    net = CELLS[job["cell"]](job["input"], job["hidden"])
    Waves().fill(net)
    x = (Waves().next(job["steps"], job["batch"], job["input"]) * 8).requires_grad_()
    run = {"eager": lambda n: n, "script": torch.jit.script, "compile": lambda n: torch.compile(n, dynamic=False)}[how](net)

    def step():
        net.zero_grad(set_to_none=True)
        x.grad = None
        loss = run(x).square().mean()
        loss.backward()
        return loss.item()

    return step


def main():
    how, trainers = sys.argv[1], {}
    for line in sys.stdin:
        job = json.loads(line)
        key = tuple(job[k] for k in ("cell", "batch", "steps", "input", "hidden"))
        if key not in trainers:  # so that a cell is compiled once
            trainers[key] = trainer(job, how)
        step = trainers[key]
        for _ in range(3):  # the first runs compile
            loss = step()
        ms, begin = [], time.perf_counter()
        while len(ms) < 5 or time.perf_counter() - begin < job["seconds"]:
            t = time.perf_counter()
            step()
            ms.append((time.perf_counter() - t) * 1e3)
        ms.sort()
        print(json.dumps({"median": ms[len(ms) // 2], "runs": len(ms), "loss": loss}), flush=True)


if __name__ == "__main__":
    main()
