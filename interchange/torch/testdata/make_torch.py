"""Makes the golden files of package torch: weights as PyTorch saves them, and what
PyTorch computes with them.

	pip install -r requirements.txt && python make_torch.py
"""
import json

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(1)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 4, padding_idx=0)
        self.conv = nn.Conv1d(4, 6, 3, padding=1, groups=2)
        self.bn = nn.BatchNorm1d(6)
        self.gru = nn.GRU(6, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.norm = nn.LayerNorm(10)
        self.fc = nn.Linear(10, 3)

    def forward(self, ids):
        x = torch.relu(self.conv(self.embedding(ids).transpose(1, 2)))
        x = self.bn(x).transpose(1, 2)
        y, _ = self.gru(x)
        return torch.log_softmax(self.fc(self.norm(y)), dim=-1)


def randomize(m):
    with torch.no_grad():
        for t in list(m.parameters()) + list(m.buffers()):
            if t.is_floating_point():
                t.copy_(torch.rand_like(t) + 0.5 if t is getattr(getattr(m, "bn", None), "running_var", None) else torch.randn_like(t) * 0.5)
    return m.eval()


def case(name, file, x, outputs, spec=None, lengths=None):
    cases.append({"name": name, "file": file, "spec": spec, "lengths": lengths,
                  "x": {"shape": list(x.shape), "data": x.flatten().tolist()},
                  "outputs": [{"shape": list(y.shape), "data": y.detach().flatten().tolist()} for y in outputs]})


cases = []
with torch.no_grad():
    x = torch.randn(2, 4, 3)
    lstm = randomize(nn.LSTM(3, 4, num_layers=2, proj_size=2, batch_first=True))
    torch.save(lstm.state_dict(), "lstm.pt")
    torch.save(lstm.state_dict(), "lstm_legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "model_state_dict": lstm.state_dict(), "optimizer": {"lr": 0.1, "betas": (0.9, 0.99)}}, "checkpoint.pt")
    y, (h, c) = lstm(x)
    states = [t[k] for k in range(2) for t in (h, c)]
    for file in ["lstm.pt", "lstm_legacy.pt", "checkpoint.pt"]:
        case(file, file, x, [y] + states)
    packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([4, 2]), batch_first=True)
    yp, (h, c) = lstm(packed)
    yp, _ = nn.utils.rnn.pad_packed_sequence(yp, batch_first=True, total_length=4)
    case("lengths", "lstm.pt", x, [yp] + [t[k] for k in range(2) for t in (h, c)], lengths=[4, 2])

    tagger = randomize(Tagger())
    ids = torch.randint(0, 11, (2, 5))
    save_file(tagger.state_dict(), "tagger.safetensors")
    spec = {"layers": [{"module": "embedding"}, {"module": "conv", "padding": 1, "groups": 2, "activation": "relu"}, {"module": "bn"},
                       {"module": "gru"}, {"module": "norm", "type": "layer_norm"}, {"module": "fc"}, {"activation": {"func": "log_softmax"}}]}
    case("tagger", "tagger.safetensors", ids, [tagger(ids)], spec)

    rnn = randomize(nn.RNN(3, 3, nonlinearity="relu", bias=False))
    half = rnn.state_dict()
    half = {"net." + k: v.to(torch.bfloat16 if "ih" in k else torch.float16) for k, v in half.items()}
    for k, v in half.items():
        rnn.get_parameter(k[4:]).copy_(v.float())
    half["net.weight_hh_l0"] = half["net.weight_hh_l0"].t().contiguous().t()  # a view, with strides
    torch.save(half, "half.pt")
    xt = x.transpose(0, 1).contiguous()
    y, h = rnn(xt)
    case("half", "half.pt", xt, [y, h[0]], {"time_major": True, "layers": [{"module": "net", "nonlinearity": "relu"}]})

    cell = randomize(nn.GRUCell(3, 4))
    torch.save(cell.state_dict(), "cell.pt")
    h = torch.zeros(2, 4)
    ys = []
    for t in range(4):
        h = cell(x[:, t], h)
        ys.append(h)
    case("cell", "cell.pt", x, [torch.stack(ys, 1), h])

torch.save(nn.LSTM(2, 2), "module.pt")  # refused

with torch.no_grad():  # section 20 of the tutorial
    torch.manual_seed(0)
    lstm = torch.nn.LSTM(3, 4, batch_first=True)
    torch.save(lstm.state_dict(), "tutorial.pt")
    x = torch.tensor([[[1., 2, 3], [4, 5, 6]]])
    y, (h, c) = lstm(x)
    case("tutorial", "tutorial.pt", x, [y, h[0], c[0]])
json.dump(cases, open("cases.json", "w"))
