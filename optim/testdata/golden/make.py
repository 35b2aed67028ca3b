"""Golden values of the optimisers, clipping and schedules of PyTorch, TensorFlow 1
and Keras 3: parameters after 10 steps with fixed gradients, all in float64.

python make.py > optim.json    (versions in rnn/testdata/golden/requirements.txt)
"""

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
import torch

v1 = tf.compat.v1
STEPS, N = 10, 7
rng = np.random.default_rng(20261124)
start = rng.standard_normal(N)
gradients = rng.standard_normal((STEPS, N)) * np.array([1, 3, 0.01, 1, 10, 1, 0.3])
gradients[:, 3] *= np.arange(STEPS) % 3 == 0  # some are zero
gradients[:, 5] = 0  # and one always
cases = []


def case(system, kind, after, **options):
    cases.append({"system": system, "kind": kind, "options": options, "after": after.tolist()})


def torch_case(kind, **options):
    p = torch.tensor(start, requires_grad=True)
    names = {"rho": "alpha", "initial": "initial_accumulator_value", "beta1": None, "beta2": None}
    given = {names.get(k, k): v for k, v in options.items() if names.get(k, k)}
    if "beta1" in options:
        given["betas"] = (options["beta1"], options["beta2"])
    o = getattr(torch.optim, kind)([p], **given)
    for d in gradients:
        p.grad = torch.tensor(d)
        o.step()
    case("torch", kind, p.detach(), **options)


torch_case("SGD", lr=0.1)
torch_case("SGD", lr=0.1, weight_decay=0.05)
torch_case("SGD", lr=0.1, momentum=0.9)
torch_case("SGD", lr=0.1, momentum=0.8, weight_decay=0.05)
torch_case("SGD", lr=0.1, momentum=0.9, nesterov=True)
torch_case("SGD", lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.05)
torch_case("Adam")
torch_case("Adam", lr=0.1)
torch_case("Adam", lr=0.1, weight_decay=0.1)
torch_case("Adam", lr=0.05, beta1=0.8, beta2=0.95, eps=1e-3)
torch_case("AdamW")
torch_case("AdamW", lr=0.1)
torch_case("AdamW", lr=0.05, weight_decay=0.2, beta1=0.8, beta2=0.95, eps=1e-3)
torch_case("RMSprop")
torch_case("RMSprop", lr=0.1, rho=0.9, eps=1e-3)
torch_case("RMSprop", lr=0.1, momentum=0.7)
torch_case("RMSprop", lr=0.1, centered=True)
torch_case("RMSprop", lr=0.1, rho=0.8, centered=True, momentum=0.5, weight_decay=0.1, eps=1e-4)
torch_case("Adagrad")
torch_case("Adagrad", lr=0.1, initial=0.1)
torch_case("Adagrad", lr=0.1, weight_decay=0.1, eps=1e-3)


def tf_case(kind, optimizer, **options):
    with tf.Graph().as_default(), v1.Session() as s:
        p = v1.get_variable("p", initializer=tf.constant(start))
        d = v1.placeholder(tf.float64, [N])
        step = optimizer(options).apply_gradients([(d, p)])
        s.run(v1.global_variables_initializer())
        for v in gradients:
            s.run(step, {d: v})
        case("tensorflow", kind, s.run(p), **options)


train = v1.train
tf_case("SGD", lambda o: train.GradientDescentOptimizer(o["lr"]), lr=0.1)
for nesterov in (False, True):
    tf_case("SGD", lambda o: train.MomentumOptimizer(o["lr"], o["momentum"], use_nesterov=o["nesterov"]), lr=0.1, momentum=0.9, nesterov=nesterov)
# Adam of TensorFlow and Keras adds eps to the root of v before v is corrected. With
# Keras's default of 1e-7 that alone makes 2e-4 here, so eps is smaller.
tf_case("Adam", lambda o: train.AdamOptimizer(o["lr"], epsilon=o["eps"]), lr=0.1, eps=1e-10)
tf_case("Adagrad", lambda o: train.AdagradOptimizer(o["lr"], o["initial"]), lr=0.1, initial=0.1)
for centered in (False, True):
    tf_case("RMSprop", lambda o: train.RMSPropOptimizer(o["lr"], o["rho"], o["momentum"], o["eps"], centered=o["centered"]),
            lr=0.1, rho=0.9, momentum=0.6, eps=1e-2, centered=centered)


def keras_case(kind, **options):
    names = {"lr": "learning_rate", "beta1": "beta_1", "beta2": "beta_2", "eps": "epsilon", "initial": "initial_accumulator_value"}
    p = keras.Variable(start, dtype="float64")
    o = getattr(keras.optimizers, {"SGD": "SGD", "AdamW": "AdamW", "Adam": "Adam", "RMSprop": "RMSprop", "Adagrad": "Adagrad"}[kind])(
        **{names.get(k, k): v for k, v in options.items()})
    o.build([p])
    for d in gradients:
        o.apply([torch.tensor(d)], [p])
    case("keras", kind, keras.ops.convert_to_numpy(p), **options)


keras.config.set_floatx("float64")
keras_case("SGD", lr=0.1, momentum=0.9)
keras_case("SGD", lr=0.1, momentum=0.9, nesterov=True)
keras_case("Adam", lr=0.1, eps=1e-10)
keras_case("AdamW", lr=0.1, weight_decay=0.05, eps=1e-10)
keras_case("Adagrad", lr=0.1, initial=0.1)
keras_case("RMSprop", lr=0.1, rho=0.9, eps=1e-2)
keras_case("RMSprop", lr=0.1, rho=0.9, momentum=0.6, centered=True, eps=1e-2)

# Clipping of two parameters.
parts = [gradients[0], gradients[1][:3]]
clips = []
for limit in (0.5, 2.0, 1e3):
    ps = [torch.nn.Parameter(torch.zeros(len(d), dtype=torch.float64)) for d in parts]

    def put():
        for p, d in zip(ps, parts):
            p.grad = torch.tensor(d)

    def grads():
        return [p.grad.tolist() for p in ps]

    put()
    norm = torch.nn.utils.clip_grad_norm_(ps, limit).item()
    joint = grads()
    put()
    torch.nn.utils.clip_grad_value_(ps, limit)
    each = [tf.clip_by_norm(tf.constant(d), limit).numpy().tolist() for d in parts]
    clips.append({"limit": limit, "norm": norm, "joint": joint, "each": each, "value": grads()})


def schedule(make, steps, scores=None):
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    s = make(o)
    rates = []
    for i in range(steps):
        rates.append(o.param_groups[0]["lr"])
        o.step()
        s.step(*(() if scores is None else (scores[i],)))
    return rates


lr = torch.optim.lr_scheduler
scores = [3, 2, 2.5, 2.4, 2.00001, 1.9999, 1.8, 1.9, 1.85, 1.81, 1.7999, 1.79985, 2, 2, 2, 2]
schedules = {
    "onecycle": schedule(lambda o: lr.OneCycleLR(o, 1.0, total_steps=20), 20),
    "onecycle_options": schedule(lambda o: lr.OneCycleLR(o, 1.0, total_steps=13, pct_start=0.4, div_factor=10, final_div_factor=100), 13),
    "step": schedule(lambda o: lr.StepLR(o, 4, 0.3), 15),
    "cosine": schedule(lambda o: lr.CosineAnnealingLR(o, 12, eta_min=0.05), 13),
    "plateau": schedule(lambda o: lr.ReduceLROnPlateau(o, factor=0.5, patience=1), len(scores), scores),
    "plateau_max": schedule(lambda o: lr.ReduceLROnPlateau(o, mode="max", factor=0.5, patience=1, min_lr=0.2), len(scores), [4 - v for v in scores]),
}
json.dump({"start": start.tolist(), "gradients": gradients.tolist(), "cases": cases,
           "clip": {"gradients": [d.tolist() for d in parts], "cases": clips},
           "schedules": schedules, "scores": scores}, sys.stdout, indent=1)
