"""oneDNN's LSTM, as PyTorch calls it, without the module around it. PyTorch has oneDNN's
GRU and RNN in no build of the pinned version."""

import os

import torch

from peer import GATES, serve

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
LSTM = 2


def runner(job):
    if job["cell"] != "lstm" or job["ragged"] or job["dtype"] != "float32":
        return None
    g, h, train = GATES[job["cell"]] * job["hidden"], job["hidden"], job["mode"] == "train"
    x = torch.randn(job["steps"], job["batch"], job["input"], requires_grad=train)
    weights = [torch.randn(g, job["input"]) * 0.1, torch.randn(g, h) * 0.1, torch.zeros(g), torch.zeros(g)]
    for w in weights:
        w.requires_grad_(train)
    zeros = torch.zeros(job["batch"], h)
    dy = torch.randn(job["steps"], job["batch"], h)

    def layer():
        return torch.mkldnn_rnn_layer(x, *weights, zeros, zeros, False, [], LSTM, h, 1, True, False, False, train)[0]

    def forward():
        with torch.inference_mode():
            layer()

    def both():
        for v in [x, *weights]:
            v.grad = None
        layer().backward(dy)

    return "mkldnn_rnn_layer", both if train else forward


serve(runner)
