"""PyTorch: nn.RNN, nn.GRU and nn.LSTM, eager or compiled, whichever is faster; packed
sequences where they are ragged; LSTMCell and its like for a single step too."""

import os

import torch

from peer import fastest, lengths, serve

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
LAYERS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
CELLS = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}


def step(job):
    """One step with its state kept: of a layer, of a cell."""
    layer, cell = LAYERS[job["cell"]](job["input"], job["hidden"]), CELLS[job["cell"]](job["input"], job["hidden"])
    x = torch.randn(job["batch"], job["input"])
    zeros = torch.zeros(job["batch"], job["hidden"])
    states = {"layer": (zeros[None], zeros[None]) if job["cell"] == "lstm" else zeros[None],
              "cell": (zeros, zeros) if job["cell"] == "lstm" else zeros}

    def of_layer():
        with torch.inference_mode():
            _, states["layer"] = layer(x[None], states["layer"])

    def of_cell():
        with torch.inference_mode():
            states["cell"] = cell(x, states["cell"])

    return fastest({"layer": of_layer, "cell": of_cell})


def runner(job):
    if job["dtype"] != "float32":
        return None
    if job["mode"] == "forward" and job["steps"] == 1:
        return step(job)
    net = LAYERS[job["cell"]](job["input"], job["hidden"])
    train, ragged = job["mode"] == "train", lengths(job)
    x = torch.randn(job["steps"], job["batch"], job["input"], requires_grad=train)
    dy = torch.randn(job["steps"], job["batch"], job["hidden"])
    pack, unpack = torch.nn.utils.rnn.pack_padded_sequence, torch.nn.utils.rnn.pad_packed_sequence

    def apply(net):
        if ragged is None:
            return net(x)[0]
        y, _ = net(pack(x, torch.tensor(ragged), enforce_sorted=False))
        return unpack(y, total_length=job["steps"])[0]

    def forward(net):
        with torch.inference_mode():
            apply(net)

    def both(net):
        net.zero_grad()
        x.grad = None
        apply(net).backward(dy)

    run = both if train else forward
    forms = {"eager": lambda: run(net)}
    if os.environ.get("BENCH_COMPILE") and ragged is None:
        compiled = torch.compile(net)
        forms["compiled"] = lambda: run(compiled)
    return fastest(forms)


serve(runner)
