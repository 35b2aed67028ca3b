package rnn_test

import (
	"fmt"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// PyTorch: weights [gates*hidden, in], two biases which add up but for the n gate
// of a GRU; gates i, f, g, o and r, z, n as recur has them.
func TestPyTorch(t *testing.T) {
	check(t, "torch", torchRun)
}

func torchRun(c golden) run {
	r := run{x: c.arrays["x"], y: c.arrays["y"], weighY: c.arrays["weigh.y"], dx: c.arrays["grad.x"], lengths: c.lengths()}
	layers, dirs := int(max(c.num("num_layers"), 1)), 1
	if c.is("bidirectional") {
		dirs = 2
	}
	// h and c come as [layers*dirs, batch, n]; recur lists h, c of each in turn.
	for k := range layers * dirs {
		for i := 0; c.arrays[fmt.Sprintf("last%d", i)] != nil || c.arrays[fmt.Sprintf("state%d", i)] != nil; i++ {
			part := func(name string) *tensor.Tensor {
				a := c.arrays[fmt.Sprintf("%s%d", name, i)]
				if a == nil || a.Shape.Rank() == 2 {
					return a
				}
				return a.At(k)
			}
			if part("last") != nil {
				r.last, r.weigh = append(r.last, part("last")), append(r.weigh, part("weigh.last"))
			}
			if c.is("state") {
				r.state, r.dState = append(r.state, part("state")), append(r.dState, part("grad.state"))
			}
		}
	}
	r.net = func(w weights) net {
		if cell := paperCell(w); cell != nil {
			return cellNet{cell}
		}
		if c.is("cell") {
			return cellNet{torchCell(w, "")}
		}
		if dirs == 1 {
			var k rnn.Stack
			for l := range layers {
				k = append(k, torchCell(w, fmt.Sprintf("_l%d", l)))
			}
			return cellNet{k}
		}
		var k rnn.BidirectionalStack
		for l := range layers {
			suffix := fmt.Sprintf("_l%d", l)
			k = append(k, &rnn.Bidirectional{Fwd: torchCell(w, suffix), Bwd: torchCell(w, suffix+"_reverse")})
		}
		return k
	}
	if k := c.text("kind"); k == "lnlstm" || k == "coupled" { // the script's state is [h, c] side by side
		parts := func(x *tensor.Tensor) []*tensor.Tensor {
			g, n := grad.Eval(), r.y.Dim(2)
			return []*tensor.Tensor{g.Columns(g.Const(x), 0, n).Value, g.Columns(g.Const(x), n, x.Dim(1)).Value}
		}
		r.state, r.dState = parts(r.state[0]), parts(r.dState[0])
		r.last, r.weigh = parts(r.last[0]), parts(r.weigh[0])
	}
	return r
}

func torchCell(w weights, suffix string) rnn.Cell {
	wx, wh := leaf(transpose(w.at("weight_ih"+suffix))), leaf(transpose(w.at("weight_hh"+suffix)))
	bi, bh := w.at("bias_ih"+suffix), w.at("bias_hh"+suffix)
	if bi == nil {
		bi, bh = tensor.New(wx.Dim(1)), tensor.New(wx.Dim(1))
	}
	b := bi
	if !w.gradient() { // a sum passes its gradient to both
		b = plus(bi, bh)
	}
	switch w.text("kind") {
	case "RNN":
		c := &rnn.Basic{Wx: wx, Wh: wh, B: leaf(b)}
		if w.text("nonlinearity") == "relu" {
			c.Activation = rnn.ReLU
		}
		return c
	case "LSTM":
		c := &rnn.LSTM{Wx: wx, Wh: wh, B: leaf(b)}
		if w.config["bias"] == false {
			c.B = nil
		}
		if p := w.at("weight_hr" + suffix); p != nil {
			c.Wp = leaf(transpose(p))
		}
		return c
	case "GRU":
		return &rnn.GRU{Wx: wx, Wh: wh, B: leaf(joined(cols(b, 3, 0, 1), cols(bi, 3, 2))), Bn: leaf(cols(bh, 3, 2))}
	}
	return nil
}

// paperCell builds the cells that make_torch.py writes out from their papers.
func paperCell(w weights) rnn.Cell {
	all := func(join func(a, b *tensor.Tensor) *tensor.Tensor, names ...string) *tensor.Tensor {
		x := w.at(names[0])
		for _, n := range names[1:] {
			x = join(x, w.at(n))
		}
		return x
	}
	switch w.text("kind") {
	case "mingru":
		return &rnn.MinGRU{W: leaf(all(beside, "Wz", "Wh")), B: leaf(all(joined, "bz", "bh")), Positive: w.is("positive")}
	case "minlstm":
		return &rnn.MinLSTM{W: leaf(all(beside, "Wf", "Wi", "Wh")), B: leaf(all(joined, "bf", "bi", "bh")), Positive: w.is("positive")}
	case "indrnn":
		c := &rnn.IndRNN{W: leaf(w.at("W")), U: leaf(w.at("u")), B: leaf(w.at("b"))}
		if w.is("linear") {
			c.Activation = rnn.Identity
		}
		return c
	case "coupled":
		// f has no peephole of its own: its row is never read, and learns nothing.
		p := all(joined, "pi", "po")
		H := len(p.Data) / 2
		p = joined(joined(cols(p, 2, 0), tensor.New(H)), cols(p, 2, 1))
		return &rnn.LSTM{Wx: leaf(w.at("Wx")), Wh: leaf(w.at("Wh")), B: leaf(w.at("b")), P: leaf(tensor.FromSlice(p.Data, 3, H)), Wp: leaf(w.at("Wp")), Coupled: true}
	case "sru":
		c := &rnn.SRU{W: leaf(all(beside, "W", "Wf", "Wr")), B: leaf(all(joined, "bf", "br"))}
		if w.at("Wx") != nil {
			c.W = leaf(all(beside, "W", "Wf", "Wr", "Wx"))
		}
		if w.at("vf") != nil {
			v := all(joined, "vf", "vr")
			c.V = leaf(tensor.FromSlice(v.Data, 2, len(v.Data)/2))
		}
		return c
	case "lnlstm": // gates i, j, f, o; a forget bias of 1 at run time joins the shift
		const H = 6
		k := cols(w.at("kernel"), 4, 0, 2, 1, 3)
		shift := all(joined, "shift_input", "shift_forget", "shift_transform", "shift_output").Clone()
		if !w.gradient() {
			for j := H; j < 2*H; j++ {
				shift.Data[j]++
			}
		}
		return &rnn.LSTM{Wx: leaf(k.Slice(0, k.Dim(0)-H)), Wh: leaf(k.Slice(k.Dim(0)-H, k.Dim(0))), Norm: &rnn.LSTMNorm{
			Gain: leaf(all(joined, "gain_input", "gain_forget", "gain_transform", "gain_output")), Shift: leaf(shift),
			CellGain: leaf(w.at("gain_state")), CellShift: leaf(w.at("shift_state")),
		}}
	}
	return nil
}
