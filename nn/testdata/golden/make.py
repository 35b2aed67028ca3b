"""Golden values of PyTorch's losses and layer normalisation, with gradients, in
float64. The pinball loss is written out.

python make.py > losses.json    (versions in rnn/testdata/golden/requirements.txt)
"""

import json
import sys

import numpy as np
import torch
from torch.nn import functional as F

rng = np.random.default_rng(20261124)
cases = []


def rand(*shape, scale=1.5):
    return torch.tensor(rng.standard_normal(shape) * scale)


def case(name, f, x, target, **options):
    x = x.clone().requires_grad_()
    y = f(x, target)
    y.backward()
    cases.append({"name": name, "options": options, "shape": list(x.shape), "x": x.detach().flatten().tolist(),
                  "target": target.flatten().tolist(), "loss": y.item(), "grad": x.grad.flatten().tolist()})


x, want = rand(4, 3), rand(4, 3)
case("mse", F.mse_loss, x, want)
case("l1", F.l1_loss, x, want)
for delta in (1.0, 0.4):
    case("huber", lambda x, w: F.huber_loss(x, w, delta=delta), x, want, delta=delta)
case("bce", F.binary_cross_entropy_with_logits, rand(4, 3, scale=4), torch.rand(4, 3, dtype=torch.float64, generator=torch.manual_seed(1)))
case("bce", F.binary_cross_entropy_with_logits, torch.tensor([[-80.0, 80.0, 0.0, -80.0, 80.0]], dtype=torch.float64),
     torch.tensor([[0.0, 1.0, 1.0, 1.0, 0.0]], dtype=torch.float64))
ids, padded = torch.tensor([0, 4, 2, 1, 4, 3]), torch.tensor([0, -100, 2, 1, -100, 3])
for smoothing in (0.0, 0.1):
    for target in (ids, padded):
        case("cross_entropy", lambda x, t: F.cross_entropy(x, t, label_smoothing=smoothing), rand(6, 5, scale=2), target, smoothing=smoothing)
case("cross_entropy", F.cross_entropy, rand(6, 5, scale=60), ids, smoothing=0.0)
quantiles = [0.1, 0.5, 0.9]


def pinball(x, want):
    e = want.unsqueeze(-1) - x
    q = torch.tensor(quantiles, dtype=torch.float64)
    return torch.maximum(q * e, (q - 1) * e).mean()


case("pinball", pinball, rand(2, 4, 3), rand(2, 4), quantiles=quantiles)

# Layer normalisation: the loss is the sum of y times weights.
x, gain, shift, weigh = rand(4, 6, scale=3), rand(6), rand(6), rand(4, 6)
for v in (x, gain, shift):
    v.requires_grad_()
y = F.layer_norm(x, [6], gain, shift)
(y * weigh).sum().backward()
norm = {k: v.detach().flatten().tolist() for k, v in
        {"x": x, "gain": gain, "shift": shift, "weigh": weigh, "y": y, "dx": x.grad, "dgain": gain.grad, "dshift": shift.grad}.items()}
json.dump({"cases": cases, "layer_norm": norm}, sys.stdout, indent=1)
