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
		return &rnn.LSTM{Wx: leaf(k), Wh: leaf(rk), B: leaf(b)}
	}
	c := &rnn.GRU{Wx: leaf(cols(k, 3, 1, 0, 2)), Wh: leaf(cols(rk, 3, 1, 0, 2))}
	if w.is("before") {
		c.B = leaf(cols(b, 3, 1, 0, 2))
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

// backwardsNet is go_backwards: the outputs are in the order of processing.
type backwardsNet struct{ rnn.Cell }

func (n backwardsNet) Run(g *grad.Tape, x rnn.Seq, s rnn.State) (rnn.Seq, rnn.State) {
	return rnn.Dynamic(g, n.Cell, rnn.Reverse(g, x), s)
}

// The comparison must notice what is easily got wrong. Each of these breaks the
// mapping or the run on purpose; every case to which it applies must then differ.
func TestGoldenNoticesMistakes(t *testing.T) {
	type breaks func(c golden, r *run) bool // false if the case is not concerned
	inNet := func(r *run, f func(n net)) {
		whole := r.net
		r.net = func(w weights) net { n := whole(w); f(n); return n }
	}
	cellOf := func(n net) rnn.Cell {
		switch n := n.(type) {
		case cellNet:
			if k, ok := n.Cell.(rnn.Stack); ok {
				return k[0]
			}
			return n.Cell
		case rnn.BidirectionalStack:
			return n[0].Fwd
		case *rnn.Bidirectional:
			return n.Fwd
		}
		return nil
	}
	mistakes := map[string]breaks{
		"gate order": func(c golden, r *run) bool {
			switch cellOf(r.net(weights{c, "w."})).(type) {
			case *rnn.LSTM, *rnn.GRU:
			default:
				return false
			}
			inNet(r, func(n net) {
				switch c := cellOf(n).(type) {
				case *rnn.LSTM:
					c.Wx = leaf(cols(c.Wx.Value, 4, 1, 0, 2, 3))
				case *rnn.GRU:
					c.Wx = leaf(cols(c.Wx.Value, 3, 1, 0, 2))
				}
			})
			return true
		},
		"lengths ignored": func(c golden, r *run) bool {
			concerned := r.lengths != nil && c.text("unroll") != "raw"
			r.lengths = nil
			return concerned
		},
		"direction": func(c golden, r *run) bool {
			whole := r.net
			r.net = func(w weights) net { return reversedNet{whole(w)} }
			return c.text("unroll") != "raw"
		},
		"first state ignored": func(c golden, r *run) bool {
			concerned := r.state != nil
			for i, v := range r.state {
				r.state[i] = tensor.New(v.Shape.Dims()...)
			}
			return concerned
		},
		"recurrent bias left out": func(c golden, r *run) bool {
			gru, ok := cellOf(r.net(weights{c, "w."})).(*rnn.GRU)
			inNet(r, func(n net) {
				if c, ok := cellOf(n).(*rnn.GRU); ok && c.Bn != nil {
					c.Bn = leaf(tensor.New(c.Bn.Dim(0)))
				}
			})
			return ok && gru.Bn != nil
		},
		"reset in the other place": func(c golden, r *run) bool {
			gru, ok := cellOf(r.net(weights{c, "w."})).(*rnn.GRU)
			inNet(r, func(n net) {
				if c, ok := cellOf(n).(*rnn.GRU); ok && c.Bn == nil {
					c.Bn = leaf(tensor.New(c.Wh.Dim(0)))
				}
			})
			return ok && gru.Bn == nil
		},
		"clips ignored": func(c golden, r *run) bool {
			lstm, ok := cellOf(r.net(weights{c, "w."})).(*rnn.LSTM)
			inNet(r, func(n net) {
				if c, ok := cellOf(n).(*rnn.LSTM); ok {
					c.CellClip, c.ProjClip = 0, 0
				}
			})
			return ok && lstm.CellClip > 0
		},
	}
	translate := map[string]func(golden) run{"torch": torchRun, "tf": tfRun, "keras": kerasRun}
	for name, broken := range mistakes {
		noticed := 0
		for system, f := range translate {
			for _, c := range goldens(t, system) {
				r := f(c)
				if !broken(c, &r) {
					continue
				}
				if d, _ := r.compare(c, forms["whole"]); d <= 1e-4 {
					t.Errorf("%s: %s/%s does not notice", name, system, c.name)
				}
				noticed++
			}
		}
		if noticed == 0 {
			t.Errorf("%s: no case is concerned", name)
		}
		t.Logf("%s: noticed by %d cases", name, noticed)
	}
}

// reversedNet reads the sequence from its end.
type reversedNet struct{ net }

func (n reversedNet) Run(g *grad.Tape, x rnn.Seq, s rnn.State) (rnn.Seq, rnn.State) {
	return n.net.Run(g, rnn.Reverse(g, x), s)
}
