package rnn_test

import (
	"fmt"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Keras 3: kernel [in, gates*h] and recurrent kernel [h, gates*h]; LSTM gates
// i, f, c, o; GRU gates z, r, h, with two rows of biases if reset_after; masks that
// are right-padded are lengths.
func TestKeras(t *testing.T) {
	check(t, "keras", kerasRun)
}

func kerasRun(c golden) run {
	r := run{x: swapped(c.arrays["x"]), y: swapped(c.arrays["y"]), weighY: swapped(c.arrays["weigh.y"]), dx: swapped(c.arrays["grad.x"]), lengths: c.lengths()}
	for i := 0; c.arrays[fmt.Sprintf("last.%d", i)] != nil; i++ {
		r.last, r.weigh = append(r.last, c.arrays[fmt.Sprintf("last.%d", i)]), append(r.weigh, c.arrays[fmt.Sprintf("weigh.last.%d", i)])
		if c.is("state") {
			r.state, r.dState = append(r.state, c.arrays[fmt.Sprintf("state.%d", i)]), append(r.dState, c.arrays[fmt.Sprintf("grad.state.%d", i)])
		}
	}
	r.net = func(w weights) net {
		switch {
		case c.text("merge") != "":
			b := &rnn.Bidirectional{Fwd: kerasCell(w, "forward_"), Bwd: kerasCell(w, "backward_")}
			b.Merge = map[string]rnn.Merge{"concat": rnn.Concat, "sum": rnn.Sum, "mul": rnn.Multiply, "ave": rnn.Average}[c.text("merge")]
			return b
		case c.num("layers") > 1:
			return cellNet{rnn.Stack{kerasCell(w, "lstm_cell/"), kerasCell(w, "lstm_cell_1/")}}
		case c.is("backwards"):
			return backwardsNet{kerasCell(w, "")}
		}
		return cellNet{kerasCell(w, "")}
	}
	return r
}

func kerasCell(w weights, scope string) rnn.Cell {
	k, rk, b := w.like(scope, "cell", "/kernel"), w.like(scope, "recurrent_kernel"), w.like(scope, "bias")
	switch w.text("kind") {
	case "rnn":
		c := &rnn.Basic{Wx: leaf(k), Wh: leaf(rk), B: leaf(b)}
		if w.is("relu") {
			c.Activation = rnn.ReLU
		}
		return c
	case "lstm":
		c := &rnn.LSTM{Wx: leaf(k), Wh: leaf(rk), B: leaf(b)}
		if w.is("hard") {
			c.Gate, c.Cand, c.Out = kerasHard, rnn.Softsign, rnn.Softsign
		}
		return c
	}
	c := &rnn.GRU{Wx: leaf(cols(k, 3, 1, 0, 2)), Wh: leaf(cols(rk, 3, 1, 0, 2))}
	if w.is("hard") {
		c.Gate, c.Cand = kerasHard, rnn.Softsign
	}
	if w.is("before") {
		c.B = leaf(cols(b, 3, 1, 0, 2))
		return c
	}
	if b == nil {
		if !w.gradient() { // a Bn puts the reset after the product, so it has to be there
			c.Bn = leaf(tensor.New(rk.Dim(0)))
		}
		return c
	}
	in, rec := b.At(0), b.At(1)
	sum := in
	if !w.gradient() {
		sum = plus(in, rec)
	}
	c.B = leaf(joined(cols(sum, 3, 1, 0), cols(in, 3, 2)))
	c.Bn = leaf(cols(rec, 3, 2))
	return c
}

// kerasHard is Keras 3's hard_sigmoid; before, it was HardSigmoid(0.2, 0.5).
var kerasHard = rnn.HardSigmoid(1./6, 0.5)

// backwardsNet is go_backwards, which turns the whole axis of time around: outputs
// are in the order of processing, and what was padding on the right is on the left.
type backwardsNet struct{ rnn.Cell }

func (n backwardsNet) Run(g *grad.Tape, x rnn.Seq, s rnn.State) (rnn.Seq, rnn.State) {
	y, last := rnn.Dynamic(g, n.Cell, rnn.Reverse(g, x), s)
	inTime := rnn.Reverse(g, y)
	return rnn.Reverse(g, rnn.Seq{X: inTime.X}), last
}
