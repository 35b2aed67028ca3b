package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// fused runs the recurrence over pre = x·Wx + B, whose values become the gates
// after their activations, and records one backward step for all of it.
func (c *LSTM) fused(g *grad.Tape, pre *grad.Var, active []int, s State) (*grad.Var, State) {
	N, H, out := pre.Dim(0), c.hidden(), c.Wh.Dim(0)
	y := g.NewVar(g.Scratch(tensor.ShapeOf(N, out)), pre, s[0], s[1], c.Wh)
	lastH, lastC := carried(g, s[0], y), carried(g, s[1], y)
	h, cell := lastH.Value.Data, lastC.Value.Data
	keep := g.Wants(y)

	tape := lstmTape{gates: pre.Value.Data}
	if keep {
		tape.h = g.Scratch(tensor.ShapeOf(N, out))
		tape.c = g.Scratch(tensor.ShapeOf(N, H)).Data
		tape.tanh = g.Scratch(tensor.ShapeOf(N, H)).Data
	} else if len(active) > 0 {
		tape.tanh = g.Scratch(tensor.ShapeOf(active[0], H)).Data
	}
	if c.Wp != nil {
		tape.m = g.Scratch(tensor.ShapeOf(N, H))
	}
	k := kernel.LSTM{H: H, Clip: grad.Float(c.CellClip)}
	if c.P != nil {
		k.Peep = c.P.Value.Data
	}
	lo := 0
	for _, n := range active {
		hi := lo + n
		gates, yt := tape.gates[lo*4*H:hi*4*H], y.Value.Data[lo*out:hi*out]
		tanh := tape.tanh
		if keep {
			copy(tape.h.Data[lo*out:hi*out], h)
			copy(tape.c[lo*H:hi*H], cell)
			tanh = tape.tanh[lo*H:]
		}
		kernel.Gemm(n, 4*H, out, h, out, c.Wh.Value.Data, 4*H, gates, 4*H)
		if c.Wp == nil {
			k.Forward(n, gates, cell, tanh, yt)
		} else {
			m := tape.m.Data[lo*H : hi*H]
			k.Forward(n, gates, cell, tanh, m)
			clear(yt)
			kernel.Gemm(n, out, H, m, H, c.Wp.Value.Data, out, yt, out)
			if p := grad.Float(c.ProjClip); p > 0 {
				kernel.Clip(yt, -p, p)
			}
		}
		copy(h, yt)
		lo = hi
	}
	if keep {
		k, tape := k, tape // only these escape, and only here
		g.Record(func() { c.fusedBack(g, pre, active, s, y, lastH, lastC, k, tape) })
	}
	return y, State(g.List(lastH, lastC))
}

// lstmTape is what fused keeps for its backward step. Row r of each belongs to
// row r of the packed sequence.
type lstmTape struct {
	gates   []grad.Float   // i, f, u, o after their activations
	h       *tensor.Tensor // before the step
	c, tanh []grad.Float   // c before the step; tanh of c after it
	m       *tensor.Tensor // what the projection reads; nil without
}

func (c *LSTM) fusedBack(g *grad.Tape, pre *grad.Var, active []int, s State, y, lastH, lastC *grad.Var, k kernel.LSTM, tape lstmTape) {
	N, H, out := pre.Dim(0), c.hidden(), c.Wh.Dim(0)
	dh, dc := g.NewTensor(s[0].Shape()).Data, g.NewTensor(s[1].Shape()).Data
	dy, any := reached(g, y, lastH, dh)
	if d := g.Reached(lastC); d != nil {
		copy(dc, d.Data)
		any = true
	}
	if !any {
		return
	}
	dgates := g.Scratch(pre.Shape())
	var dm, dout *tensor.Tensor
	if c.Wp != nil {
		dm, dout = g.NewTensor(tensor.ShapeOf(active[0], H)), g.Scratch(y.Shape())
	}
	if c.P != nil && g.Wants(c.P) {
		k.DPeep = g.Grad(c.P).Data
	}
	for t, hi := len(active)-1, N; t >= 0; t-- {
		n := active[t]
		lo := hi - n
		d := dh[:n*out]
		if dy != nil {
			kernel.AddTo(d, dy.Data[lo*out:hi*out])
		}
		dht := d // by o∘tanh(c)
		if c.Wp != nil {
			kept := dout.Data[lo*out : hi*out]
			copy(kept, d)
			if p := grad.Float(c.ProjClip); p > 0 {
				kernel.ClipGrad(kept, y.Value.Data[lo*out:hi*out], -p, p)
			}
			dht = dm.Data[:n*H]
			clear(dht)
			kernel.GemmNT(n, H, out, kept, out, c.Wp.Value.Data, out, dht, H)
		}
		dg := dgates.Data[lo*4*H : hi*4*H]
		k.Backward(n, tape.gates[lo*4*H:hi*4*H], tape.c[lo*H:hi*H], tape.tanh[lo*H:hi*H], dht, dc, dg)
		clear(d)
		kernel.GemmNT(n, out, 4*H, dg, 4*H, c.Wh.Value.Data, 4*H, d, out)
		hi = lo
	}
	g.AffineGrad(tape.h, dgates, c.Wh, nil)
	if c.Wp != nil {
		g.AffineGrad(tape.m, dout, c.Wp, nil)
	}
	addGrad(g, pre, dgates.Data)
	addGrad(g, s[0], dh)
	addGrad(g, s[1], dc)
}
