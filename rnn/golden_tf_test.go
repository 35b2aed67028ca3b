package rnn_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// TensorFlow 1: one kernel [in+h, gates*h] with the rows of x first; LSTM gates
// i, j, f, o, a forget bias that is added at run time, peepholes by name, states
// (c, h); GRU gates r, u with a candidate of its own, reset before the product.
func TestTensorFlow(t *testing.T) {
	check(t, "tf", tfRun)
}

func tfRun(c golden) run {
	r := run{x: swapped(c.arrays["x"]), y: swapped(c.arrays["y"]), weighY: swapped(c.arrays["weigh.y"]), dx: swapped(c.arrays["grad.x"]), lengths: c.lengths()}
	lstm := c.text("cell") == "lstm"
	ordered := func(prefixes ...string) (s []*tensor.Tensor) {
		for _, p := range prefixes {
			var own []*tensor.Tensor
			for i := 0; c.arrays[fmt.Sprintf("%s.%d", p, i)] != nil; i++ {
				own = append(own, c.arrays[fmt.Sprintf("%s.%d", p, i)])
			}
			for i := range own {
				if lstm { // (c, h) to h, c
					s = append(s, own[i^1])
				} else {
					s = append(s, own[i])
				}
			}
		}
		return s
	}
	r.last, r.weigh = ordered("last"), ordered("weigh.last")
	if c.is("state") {
		r.state, r.dState = ordered("state", "state.fw", "state.bw"), ordered("grad.state", "grad.state.fw", "grad.state.bw")
	}
	r.net = func(w weights) net {
		switch {
		case strings.HasSuffix(c.text("unroll"), "bidirectional"):
			return &rnn.Bidirectional{Fwd: tfCell(w, "/fw/"), Bwd: tfCell(w, "/bw/")}
		case c.text("unroll") == "static" && c.lengths() == nil:
			return staticNet{tfCell(w, "")}
		case c.text("unroll") == "raw":
			return rawNet{tfCell(w, "")}
		case c.num("layers") > 1:
			return cellNet{rnn.Stack{tfCell(w, "cell_0"), tfCell(w, "cell_1")}}
		case c.is("dropout"): // with nothing to drop
			return cellNet{&rnn.Dropout{Cell: tfCell(w, ""), PerSequence: true}}
		case c.is("residual"):
			return cellNet{&rnn.Residual{Cell: tfCell(w, "")}}
		}
		return cellNet{tfCell(w, "")}
	}
	return r
}

func tfCell(w weights, scope string) rnn.Cell {
	// rows cuts a kernel into those of x and those of h.
	rows := func(k *tensor.Tensor, h int) (wx, wh *tensor.Tensor) {
		return k.Slice(0, k.Dim(0)-h), k.Slice(k.Dim(0)-h, k.Dim(0))
	}
	switch w.text("cell") {
	case "basic":
		k, b := w.like(scope, "basic_rnn_cell/kernel"), w.like(scope, "basic_rnn_cell/bias")
		wx, wh := rows(k, k.Dim(1))
		c := &rnn.Basic{Wx: leaf(wx), Wh: leaf(wh), B: leaf(b)}
		if w.is("relu") {
			c.Activation = rnn.ReLU
		}
		return c
	case "gru":
		gates, cand := w.like(scope, "gates/kernel"), w.like(scope, "candidate/kernel")
		H := cand.Dim(1)
		gx, gh := rows(gates, H)
		cx, ch := rows(cand, H)
		c := &rnn.GRU{Wx: leaf(beside(gx, cx)), Wh: leaf(beside(gh, ch)), B: leaf(joined(w.like(scope, "gates/bias"), w.like(scope, "candidate/bias")))}
		if w.is("softsign") {
			c.Cand = rnn.Softsign
		}
		return c
	}
	k, b := w.like(scope, "lstm_cell/kernel"), w.like(scope, "lstm_cell/bias")
	H := len(b.Data) / 4
	out := H
	proj := w.like(scope, "projection/kernel")
	if proj != nil {
		out = proj.Dim(1)
	}
	k, b = cols(k, 4, 0, 2, 1, 3), cols(b, 4, 0, 2, 1, 3)
	if !w.gradient() {
		for j := H; j < 2*H; j++ {
			b.Data[j] += tensor.Float(w.num("forget_bias"))
		}
	}
	wx, wh := rows(k, out)
	c := &rnn.LSTM{Wx: leaf(wx), Wh: leaf(wh), B: leaf(b), Wp: leaf(proj), CellClip: w.num("cell_clip"), ProjClip: w.num("proj_clip")}
	if each, ok := w.config["cell_clip"].([]any); ok { // one a layer
		c.CellClip = each[scope[len(scope)-1]-'0'].(float64)
	}
	if w.is("softsign") {
		c.Cand, c.Out = rnn.Softsign, rnn.Softsign
	}
	if i := w.like(scope, "w_i_diag"); i != nil {
		p := joined(joined(i, w.like(scope, "w_f_diag")), w.like(scope, "w_o_diag"))
		c.P = leaf(tensor.FromSlice(p.Data, 3, H))
	}
	return c
}

// staticNet runs a cell through Static.
type staticNet struct{ rnn.Cell }

func (n staticNet) Run(g *grad.Tape, x rnn.Seq, s rnn.State) (rnn.Seq, rnn.State) {
	ys, last := rnn.Static(g, n.Cell, x.Unstack(g), s)
	return rnn.FromSteps(g, ys), last
}

// rawNet runs a cell through Raw, with a loop function that reads x.
type rawNet struct{ rnn.Cell }

func (n rawNet) Run(g *grad.Tape, x rnn.Seq, s rnn.State) (rnn.Seq, rnn.State) {
	steps := x.Unstack(g)
	y, last, _ := rnn.Raw(g, n.Cell, x.Batch(), func(t int, _ *grad.Var, _ rnn.State, _ struct{}) (rnn.LoopStep, struct{}) {
		turn := rnn.LoopStep{Input: steps[min(t, len(steps)-1)]}
		for _, n := range x.Len {
			turn.Finished = append(turn.Finished, t >= n)
		}
		if t == 0 {
			turn.State = s
		}
		return turn, struct{}{}
	}, struct{}{})
	return y, last
}
