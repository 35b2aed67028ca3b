"""TensorFlow: Keras's layers in a tf.function, with XLA or without, whichever is faster."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf

from peer import fastest, lengths, serve

threads = int(os.environ["OMP_NUM_THREADS"])
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
LAYERS = {"rnn": tf.keras.layers.SimpleRNN, "gru": tf.keras.layers.GRU, "lstm": tf.keras.layers.LSTM}


def runner(job):
    if job["dtype"] != "float32":
        return None
    b, t, i, h = job["batch"], job["steps"], job["input"], job["hidden"]
    layer = LAYERS[job["cell"]](h, return_sequences=True)
    x = tf.constant(np.random.standard_normal((b, t, i)), tf.float32)
    dy = tf.constant(np.random.standard_normal((b, t, h)), tf.float32)
    mask = None
    if job["ragged"]:
        mask = tf.sequence_mask(lengths(job), t)
    layer(x, mask=mask)

    def forward(x):
        return layer(x, mask=mask)

    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, mask=mask)
        return tape.gradient(y, [x, *layer.trainable_variables], output_gradients=dy)

    f = both if job["mode"] == "train" else forward
    forms = {}
    for name, jit in (("graph", False), ("xla", True)):
        compiled = tf.function(f, jit_compile=jit)

        def run(compiled=compiled):
            out = compiled(x)
            (out if job["mode"] == "forward" else out[0]).numpy()

        forms[name] = run
    return fastest(forms)


serve(runner)
