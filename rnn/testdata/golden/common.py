"""What the make_*.py scripts share: random arrays and files of cases.

A case is a safetensors file: the inputs, weights under the framework's own names
and layouts, results and gradients, all float32; its configuration is JSON in the
metadata under "case".
"""

import json
import os

import numpy as np
from safetensors.numpy import save_file

HERE = os.path.dirname(os.path.abspath(__file__))


class Maker:
    def __init__(self, folder):
        self.dir = os.path.join(HERE, folder)
        os.makedirs(self.dir, exist_ok=True)
        for old in os.listdir(self.dir):
            os.remove(os.path.join(self.dir, old))
        self.rng = np.random.default_rng(20261124)

    def rand(self, *shape, scale=1.0):
        return (self.rng.standard_normal(shape) * scale).astype(np.float32)

    def save(self, name, config, arrays):
        arrays = {k: np.ascontiguousarray(np.asarray(v), dtype=np.float32) for k, v in arrays.items()}
        save_file(arrays, os.path.join(self.dir, name + ".safetensors"), {"case": json.dumps(config)})
