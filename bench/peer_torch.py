"""PyTorch's part of the comparison: nn.RNN, nn.GRU, nn.LSTM in eager mode."""

import json
import os
import sys
import time

import torch

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
KINDS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def runner(job):
    net = KINDS[job["cell"]](job["input"], job["hidden"])
    train = job["mode"] == "train"
    x = torch.randn(job["steps"], job["batch"], job["input"], requires_grad=train)
    if job["ragged"]:
        lengths = [1 + b * job["steps"] // job["batch"] for b in range(job["batch"])]
        x = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    dy = torch.randn(job["steps"], job["batch"], job["hidden"])

    def forward():
        with torch.inference_mode():
            net(x)

    def both():
        net.zero_grad()
        if not job["ragged"]:
            x.grad = None
        y, _ = net(x)
        if job["ragged"]:
            y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, total_length=job["steps"])
        y.backward(dy)

    return both if train else forward


for line in sys.stdin:
    job = json.loads(line)
    f = runner(job)
    f()
    ms, begin = [], time.perf_counter()
    while len(ms) < 5 or time.perf_counter() - begin < job["seconds"]:
        t = time.perf_counter()
        f()
        ms.append((time.perf_counter() - t) * 1e3)
    ms.sort()
    print(json.dumps({"best": ms[0], "median": ms[len(ms) // 2], "runs": len(ms)}), flush=True)
