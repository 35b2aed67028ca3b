"""Random models of Keras, with random weights and inputs.

make(seed) returns a model, its inputs and what it answers. Sizes, layers, options,
directions, masks (padding on either side and holes), first states and the number of
inputs and outputs are drawn; biases and statistics are never zero, so that a gate or a
bias in a wrong place shows.
"""
import numpy as np


class Draw:
    def __init__(self, seed, keras):
        self.r = np.random.default_rng(seed)
        self.k = keras
        self.L = keras.layers
        self.version = int(keras.__version__.split(".")[0])

    def yes(self, p=0.5):
        return self.r.random() < p

    def pick(self, *options):
        return options[self.r.integers(len(options))]

    def size(self, lo=1, hi=7):
        return int(self.r.integers(lo, hi + 1))

    def activation(self):
        return self.pick("linear", "relu", "tanh", "sigmoid", "softplus", "softsign", "elu", "hard_sigmoid", "selu",
                         "gelu", "swish", "exponential", "softmax")

    def cell_options(self, kind):
        o = dict(use_bias=self.yes(0.85))
        if self.yes(0.3):
            o["activation"] = self.pick("relu", "softsign", "sigmoid", "linear" if kind == "SimpleRNN" else "elu", "softplus")
        if kind != "SimpleRNN" and self.yes(0.3):
            o["recurrent_activation"] = self.pick("hard_sigmoid", "sigmoid")  # others may let states grow without end
        if kind == "GRU":
            o["reset_after"] = self.yes()
        if kind == "LSTM":
            o["unit_forget_bias"] = self.yes()
        return o

    def kind(self):
        return self.pick("SimpleRNN", "LSTM", "GRU")

    def rnn(self, **options):
        """A recurrent layer: one of the three, or a stack of cells."""
        if self.yes(0.2):
            cells = []
            for _ in range(self.size(1, 3)):
                kind = self.kind()
                cells.append(getattr(self.L, kind + "Cell")(self.size(), **self.cell_options(kind)))
            return self.L.RNN(cells if self.yes() or len(cells) > 1 else cells[0], **options)
        kind = self.kind()
        return getattr(self.L, kind)(self.size(), **self.cell_options(kind), **options)

    def both(self, **options):
        kind = self.kind()
        units = self.size()
        first = getattr(self.L, kind)(units, **self.cell_options(kind), **options)
        merge = self.pick("concat", "sum", "mul", "ave")
        if self.yes(0.3):
            kind = self.kind()
            back = getattr(self.L, kind)(units, go_backwards=True, **self.cell_options(kind), **options)
            return self.L.Bidirectional(first, backward_layer=back, merge_mode=merge)
        return self.L.Bidirectional(first, merge_mode=merge)

    def between(self):
        """A layer from sequences to sequences that is not recurrent."""
        L = self.L
        return self.pick(
            lambda: L.Dense(self.size(), activation=self.activation(), use_bias=self.yes(0.8)),
            lambda: L.TimeDistributed(L.Dense(self.size(), activation="tanh")),
            lambda: L.LayerNormalization(center=self.yes(0.7), scale=self.yes(0.7)),
            lambda: L.BatchNormalization(center=self.yes(0.7), scale=self.yes(0.7)),
            lambda: L.Dropout(0.3),
            lambda: L.Activation(self.activation()),
            lambda: L.LeakyReLU(),
            lambda: L.ReLU(),
            lambda: L.ELU(alpha=0.7),
        )()

    def window(self):
        L, padding = self.L, self.pick("same", "causal")
        strides = self.pick(1, 1, 2)
        conv = dict(kernel_size=self.size(1, 4), padding=padding, use_bias=self.yes(0.8), activation=self.pick("linear", "relu", "tanh"))
        if strides == 1:
            conv["dilation_rate"] = self.size(1, 2)
        else:
            conv["strides"] = strides
        return self.pick(
            lambda: L.Conv1D(self.size(), **conv),
            lambda: L.SeparableConv1D(self.size(), **{**conv, "padding": "same"}),
            lambda: L.MaxPooling1D(self.size(1, 3), strides=self.pick(None, 1, 2), padding="same"),
            lambda: L.AveragePooling1D(self.size(1, 3), strides=self.pick(None, 1, 2), padding=self.pick("same", "valid")),
        )()

    def start(self, name="x"):
        """An input, what follows it, and values for it."""
        B, T = 3, self.size(4, 8)
        steps = self.pick(None, T)
        if self.yes(0.4):
            vocab = self.size(5, 12)
            i = self.k.Input((steps,), name=name)
            masked = self.yes(0.7)
            x = self.L.Embedding(vocab, self.size(), mask_zero=masked)(i)
            v = self.r.integers(1, vocab, (B, T)).astype("float32")
            if masked:
                v *= self.holes(B, T)
            return i, x, v
        width = self.size()
        i = self.k.Input((steps, width), name=name)
        v = self.r.normal(size=(B, T, width)).astype("float32")
        x = i
        if self.yes(0.5):
            value = self.pick(0.0, -1.0)
            x = self.L.Masking(value)(x)
            keep = self.holes(B, T)[:, :, None]
            v = np.where(keep, v, np.float32(value)).astype("float32")
        return i, x, v

    def holes(self, B, T):
        """Padding on the right, on the left, holes; a row may be empty."""
        keep = np.ones((B, T), "float32")
        for b in range(B):
            n = int(self.r.integers(0, T + 1))
            how = self.pick("right", "left", "holes", "full")
            if how == "right":
                keep[b, n:] = 0
            elif how == "left":
                keep[b, : T - n] = 0
            elif how == "holes":
                keep[b] = self.r.random(T) < 0.6
        return keep

    def sequential(self):
        L, k = self.L, self.k
        i, x, v = self.start()
        if self.yes(0.3):
            x = self.window()(x)
        for _ in range(self.size(0, 2)):
            x = self.pick(lambda: self.rnn(return_sequences=True), lambda: self.both(return_sequences=True), self.between)()(x)
        end = self.pick("rnn", "both", "sequence", "mean", "max", "backwards")
        if end == "rnn":
            x = self.rnn(go_backwards=self.yes(0.3))(x)
        elif end == "both":
            x = self.both()(x)
        elif end == "sequence":
            x = self.rnn(return_sequences=True)(x)
        elif end == "backwards":
            x = self.rnn(return_sequences=True, go_backwards=True)(x)
        elif end == "mean":
            x = L.GlobalAveragePooling1D()(self.rnn(return_sequences=True)(x))
        else:
            x = L.GlobalMaxPooling1D()(self.rnn(return_sequences=True)(x))
        x = L.Dense(self.size(), activation=self.pick("linear", "softmax", "sigmoid"))(x)
        return k.Model(i, x), [v]

    def states(self):
        """An encoder whose final state is the first of a decoder, or an input."""
        L, k = self.L, self.k
        kind, units = self.kind(), self.size()
        i, x, v = self.start("source")
        enc = getattr(L, kind)(units, return_state=True, return_sequences=self.yes(), **self.cell_options(kind))
        seq, *s = enc(x)
        j, y, w = self.start("target")
        inputs, values = [i, j], [v, w]
        if self.yes(0.3):
            s = [k.Input((units,), name=f"state{n}") for n in range(len(s))]
            inputs += s
            values += [self.r.normal(size=(3, units)).astype("float32") for _ in s]
        dec = getattr(L, kind)(units, return_state=True, return_sequences=True, **self.cell_options(kind))
        out, *last = dec(y, initial_state=s)
        out = L.TimeDistributed(L.Dense(self.size(), activation="softmax"))(out)
        outputs = [out, *last]
        if self.yes(0.4):
            outputs.append(seq)
        return k.Model(inputs, outputs), values

    def branches(self):
        """Two readings of one sequence, merged."""
        L, k = self.L, self.k
        i, x, v = self.start()
        units = self.size()
        a = self.k.layers.LSTM(units, return_sequences=True)(x)
        b = self.pick(lambda: L.Dense(units)(x), lambda: L.Bidirectional(L.GRU(units, return_sequences=True), merge_mode="sum")(x),
                      lambda: L.GRU(units, return_sequences=True)(a))()
        how = self.pick("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Concatenate")
        x = getattr(L, how)()([a, b])
        x = self.rnn(return_sequences=self.yes())(x)
        both = [L.Dense(2)(x)]
        if self.yes(0.5) and len(x.shape) == 3:
            both.append(L.GlobalAveragePooling1D()(x))
        return k.Model(i, both if len(both) > 1 else both[0]), [v]

    def nested(self):
        """A model in a model, and a layer that is used twice."""
        L, k = self.L, self.k
        i, x, v = self.start()
        inner = k.Sequential([L.Dense(self.size()), L.LSTM(self.size(), return_sequences=True), L.BatchNormalization()])
        x = inner(x)
        twice = L.Dense(x.shape[-1], activation="tanh")
        x = twice(twice(x))
        return k.Model(i, L.GRU(self.size())(x)), [v]

    def shapes(self):
        """Fixed numbers of steps: flattened, repeated, cut again."""
        L, k = self.L, self.k
        T, W = self.size(3, 6), self.size()
        i = k.Input((T, W), name="x")
        v = self.r.normal(size=(3, T, W)).astype("float32")
        x = L.Conv1D(self.size(), 2, activation="relu")(i)
        x = self.pick(lambda: L.MaxPooling1D(2), lambda: L.LSTM(3, return_sequences=True))()(x)
        x = L.Flatten()(x)
        x = L.Dense(6)(x)
        x = self.pick(lambda: L.Reshape((3, 2)), lambda: L.RepeatVector(4))()(x)
        x = self.rnn(return_sequences=True)(x)
        return k.Model(i, L.TimeDistributed(L.Dense(2))(x)), [v]

    def model(self):
        return self.pick(self.sequential, self.sequential, self.sequential, self.states, self.branches, self.nested, self.shapes)()


def make(seed, keras):
    d = Draw(seed, keras)
    model, values = d.model()
    weights = []
    for w in model.weights:
        shape = tuple(w.shape)
        v = d.r.normal(size=shape) * 0.6
        path = getattr(w, "path", w.name)
        if "variance" in path:
            v = d.r.uniform(0.5, 2, size=shape)
        weights.append(v.astype("float32"))
    model.set_weights(weights)
    answer = model(values if len(values) > 1 else values[0], training=False)
    if not isinstance(answer, (list, tuple)):
        answer = [answer]
    return model, values, [np.asarray(a) for a in answer]
