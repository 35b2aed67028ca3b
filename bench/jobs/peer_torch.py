"""The jobs of main.go in PyTorch: the same data in the same order, the same first
weights, the same model and optimiser, eager. Packed sequences where lengths differ,
fused optimisers, gradients set to None.

    python peer_torch.py --job ptb|mnist|nsmc --data DIR [--share 0.1]
    python peer_torch.py --job memory [--steps N]
    python peer_torch.py --job save|predict --model FILE
"""

import argparse
import collections
import gzip
import json
import math
import os
import resource
import time

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence


def hashes(lo, n):
    h = np.arange(lo, lo + n, dtype=np.uint64).astype(np.uint32) * np.uint32(0x9E3779B1)
    h = (h ^ h >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    h = (h ^ h >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return h ^ h >> np.uint32(16)


def shuffled(n):
    return np.argsort(hashes(0, n), kind="stable")


class Weights:
    """Draws the same first weights as weights.go."""

    def __init__(self):
        self.k = 0

    def draw(self, limit, *shape):
        n = math.prod(shape)
        h = hashes(self.k, n)
        self.k += n
        return torch.from_numpy(((h.astype(np.float64) / (1 << 31) - 1) * limit).astype(np.float32).reshape(shape))

    def linear(self, limit, layer):
        layer.weight.data = self.draw(limit, layer.in_features, layer.out_features).t().contiguous()
        layer.bias.data = self.draw(limit, layer.out_features)

    def lstm(self, limit, cells):
        """recur's cell has one bias: the second is 0 and stays so."""
        for layer in range(cells.num_layers):
            for suffix in ["", "_reverse"] if cells.bidirectional else [""]:
                end = f"_l{layer}{suffix}"
                for name in ("weight_ih", "weight_hh"):
                    w = getattr(cells, name + end)
                    w.data = self.draw(limit, w.shape[1], w.shape[0]).t().contiguous()
                b = getattr(cells, "bias_ih" + end)
                b.data = self.draw(limit, b.shape[0])
                b = getattr(cells, "bias_hh" + end)
                b.data.zero_()
                b.requires_grad = False


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as f:
        for line in f:
            yield line.rstrip("\r\n")


def train(name, share, net, n, batches, loss, optimiser, clip=None):
    """Trains for share of the n batches and measures."""
    steps = max(1, math.ceil(share * n))
    params = [p for p in net.parameters() if p.requires_grad]
    losses, begin = [], time.perf_counter()
    for _, batch in zip(range(steps), batches):
        optimiser.zero_grad(set_to_none=True)
        value = loss(*batch)
        value.backward()
        if clip:
            nn.utils.clip_grad_norm_(params, clip)
        optimiser.step()
        losses.append(value.item())
    seconds = time.perf_counter() - begin
    last = losses[len(losses) - (len(losses) + 9) // 10 :]
    return {"system": "pytorch", "job": name, "threads": torch.get_num_threads(), "share": share, "steps": steps, "seconds": seconds, "loss": sum(last) / len(last)}


def trainable(net):
    return [p for p in net.parameters() if p.requires_grad]


# The Penn Treebank; see ptb.go.
def ptb(a):
    ids, width, rows, steps = {}, 200, 20, 20

    def read(part):
        text = []
        for line in lines(os.path.join(a.data, "text", "ptb", f"ptb.{part}.txt.gz")):
            text += [ids.setdefault(w, len(ids)) for w in line.split() + ["<eos>"]]
        columns = len(text) // rows
        return torch.tensor(text[: rows * columns]).view(rows, columns).t().contiguous()

    training, valid = read("train"), read("valid")

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(len(ids), width)
            self.cells = nn.LSTM(width, width, 2)
            self.out = nn.Linear(width, len(ids))

        def forward(self, x, state):
            y, state = self.cells(self.embed(x), state)
            return self.out(y), state

    net, w = Model(), Weights()
    net.embed.weight.data = w.draw(0.1, len(ids), width)
    w.lstm(0.1, net.cells)
    w.linear(0.1, net.out)

    def windows(text):
        for lo in range(0, len(text) - 1, steps):
            n = min(steps, len(text) - 1 - lo)
            yield text[lo : lo + n], text[lo + 1 : lo + 1 + n]

    kept = None

    def loss(x, want):
        nonlocal kept
        logits, state = net(x, kept)
        kept = tuple(s.detach() for s in state)
        return cross_entropy(logits.flatten(0, 1), want.flatten()) * steps

    r = train("ptb", a.share, net, math.ceil((len(training) - 1) / steps), windows(training), loss, torch.optim.SGD(trainable(net), lr=1, fused=True), clip=5)
    r["loss"] /= steps
    total, words, state = 0.0, 0, None
    with torch.inference_mode():
        for x, want in windows(valid):
            logits, state = net(x, state)
            total += cross_entropy(logits.flatten(0, 1), want.flatten(), reduction="sum").item()
            words += want.numel()
    return {**r, "score": math.exp(total / words)}


# Handwritten digits; see mnist.go.
def mnist(a):
    side, width, size = 28, 128, 150

    def read(part):
        parts = []
        for name, head in (("images-idx3", 16), ("labels-idx1", 8)):
            with gzip.open(os.path.join(a.data, "images", "mnist", f"{part}-{name}-ubyte.gz")) as f:
                parts.append(np.frombuffer(f.read(), np.uint8, offset=head))
        return torch.from_numpy(parts[0].reshape(-1, side, side).copy()), torch.from_numpy(parts[1].astype(np.int64))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.LSTM(side, width)
            self.out = nn.Linear(width, 10)

        def forward(self, x):
            return self.out(self.cell(x)[1][0][0])

    net, w, limit = Model(), Weights(), 1 / math.sqrt(width)
    w.lstm(limit, net.cell)
    w.linear(limit, net.out)

    def batches(x, y):
        order = torch.from_numpy(shuffled(len(y)))
        for at in order.split(size):
            yield x[at].transpose(0, 1).contiguous().float().div_(255), y[at]

    training, test = read("train"), read("t10k")
    r = train("mnist", a.share, net, math.ceil(len(training[1]) / size), batches(*training), lambda x, y: cross_entropy(net(x), y), torch.optim.Adam(trainable(net), lr=1e-3, fused=True))
    with torch.inference_mode():
        right = sum((net(x).argmax(1) == y).sum().item() for x, y in batches(*test))
    return {**r, "score": right / len(test[1])}


# Korean film reviews; see nsmc.go.
def nsmc(a):
    width, size, pool, longest, held_out, rare = 128, 64, 50 * 64, 100, 10_000, 5

    def read(part):
        rows = [line.split("\t") for line in list(lines(os.path.join(a.data, "text", "nsmc", f"ratings_{part}.txt.gz")))[1:]]
        return [r[1] for r in rows], [int(r[2]) for r in rows]

    texts, good = read("train")
    count = collections.Counter(c for t in texts for c in t)
    chars = sorted((c for c in count if count[c] >= rare), key=lambda c: (-count[c], c))
    ids = {c: i + 1 for i, c in enumerate(chars)}

    def encode(texts, good):
        return [([ids.get(c, 0) for c in t[:longest]], y) for t, y in zip(texts, good) if t]

    training, held = encode(texts, good), encode(*read("test"))[:held_out]

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(len(ids) + 1, width)
            self.cells = nn.LSTM(width, width, bidirectional=True)
            self.out = nn.Linear(2 * width, 2)

        def forward(self, x, lengths):
            h = self.cells(pack_padded_sequence(self.embed(x), lengths))[1][0]
            return self.out(torch.cat((h[0], h[1]), 1))

    net, w, limit = Model(), Weights(), 1 / math.sqrt(width)
    net.embed.weight.data = w.draw(limit, len(ids) + 1, width)
    w.lstm(limit, net.cells)
    w.linear(limit, net.out)

    def batches(reviews):
        order = shuffled(len(reviews))
        for lo in range(0, len(order), pool):
            at = sorted(order[lo : lo + pool], key=lambda i: -len(reviews[i][0]))
            parts = [at[k : k + size] for k in range(0, len(at), size)]
            for k in shuffled(len(parts)):
                part = [reviews[i] for i in parts[k]]
                x = np.zeros((len(part[0][0]), len(part)), np.int64)
                for i, (text, _) in enumerate(part):
                    x[: len(text), i] = text
                yield torch.from_numpy(x), torch.tensor([len(t) for t, _ in part]), torch.tensor([y for _, y in part])

    n = sum(math.ceil(min(pool, len(training) - lo) / size) for lo in range(0, len(training), pool))
    r = train("nsmc", a.share, net, n, batches(training), lambda x, lengths, y: cross_entropy(net(x, lengths), y), torch.optim.Adam(trainable(net), lr=1e-3, fused=True))
    with torch.inference_mode():
        right = sum((net(x, lengths).argmax(1) == y).sum().item() for x, lengths, y in batches(held))
    return {**r, "score": right / len(held)}


def resident(name):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith(name + ":"))


# One training step on long sequences; see memory.go.
def memory(a):
    cell, w = nn.LSTM(128, 128), Weights()
    w.lstm(0.1, cell)
    x = torch.empty(a.steps * 8 * 128)
    for lo in range(0, len(x), 1 << 22):
        part = x[lo : lo + (1 << 22)]
        part[:] = torch.from_numpy(hashes(lo, len(part)).astype(np.float64) / (1 << 31) - 1)
    x = x.view(a.steps, 8, 128)
    before = resident("VmRSS")
    begin = time.perf_counter()
    loss = cell(x)[0].square().sum()
    loss.backward()
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    return {"system": "pytorch", "job": "memory", "steps": a.steps, "bytes": peak - before, "seconds": seconds, "loss": loss.item() / x.numel()}


def small():
    return nn.LSTM(64, 136, 2)


def save(a):
    torch.save(small().state_dict(), a.model)
    return {"bytes": os.path.getsize(a.model)}


def predict(a):
    cell = small()
    cell.load_state_dict(torch.load(a.model))
    with torch.inference_mode():
        return {"first": cell(torch.zeros(1, 1, 64))[0][0, 0, 0].item()}


def main():
    a = argparse.ArgumentParser()
    jobs = {"ptb": ptb, "mnist": mnist, "nsmc": nsmc, "memory": memory, "save": save, "predict": predict}
    a.add_argument("--job", required=True, choices=jobs)
    a.add_argument("--data", default=os.path.join(os.environ.get("RECUR_SHARED", "../shared"), "data"))
    a.add_argument("--share", type=float, default=1)
    a.add_argument("--steps", type=int, default=100_000)
    a.add_argument("--model", default="")
    a = a.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
    print(json.dumps(jobs[a.job](a)))


if __name__ == "__main__":
    main()
