package rnn

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/tensor"
)

// fused runs the recurrence over pre = x·Wx + B, whose values become r, z, n, and
// records one backward step for all of it.
func (c *GRU) fused(g *grad.Tape, pre *grad.Var, active []int, s State) (*grad.Var, State) {
	N, H := pre.Dim(0), c.Wh.Dim(0)
	y := g.NewVar(g.Scratch(tensor.ShapeOf(N, H)), pre, s[0], c.Wh)
	last := carried(g, s[0], y)
	h, gates, wh := last.Value.Data, pre.Value.Data, c.Wh.Value.Data
	before := g.Scratch(tensor.ShapeOf(N, H))                      // h before each step
	inner := g.Scratch(tensor.ShapeOf(N, H))                       // h·Wn + Bn, or r∘h
	hw := g.Scratch(tensor.ShapeOf(max(1, s[0].Dim(0)), 3*H)).Data // h·Wh
	lo := 0
	for _, n := range active {
		hi := lo + n
		p, q, yt := gates[lo*3*H:hi*3*H], inner.Data[lo*H:hi*H], y.Value.Data[lo*H:hi*H]
		copy(before.Data[lo*H:hi*H], h)
		if c.Bn != nil {
			clear(hw[:n*3*H])
			kernel.AddRows(n, H, c.Bn.Value.Data, hw[2*H:], 3*H)
			kernel.Gemm(n, 3*H, H, h, H, wh, 3*H, hw, 3*H)
			kernel.GRUForwardAfter(n, H, p, hw, h, q, yt)
		} else {
			kernel.Gemm(n, 2*H, H, h, H, wh, 3*H, p, 3*H)
			kernel.GRUResetBefore(n, H, p, h, q)
			kernel.Gemm(n, H, H, q, H, wh[2*H:], 3*H, p[2*H:], 3*H)
			kernel.GRUForwardBefore(n, H, p, h, yt)
		}
		copy(h, yt)
		lo = hi
	}
	if g.Wants(y) {
		g.Record(func() {
			dh := g.NewTensor(s[0].Shape()).Data
			dy, ok := reached(g, y, last, dh)
			if !ok {
				return
			}
			if c.Bn != nil {
				c.backAfter(g, pre, active, before, inner, dy, dh)
			} else {
				c.backBefore(g, pre, active, before, inner, dy, dh)
			}
			addGrad(g, s[0], dh)
		})
	}
	return y, State(g.List(last))
}

// backAfter goes back through the form that resets after the product. The
// gradient of h·Wh differs from that of the gates in n alone.
func (c *GRU) backAfter(g *grad.Tape, pre *grad.Var, active []int, before, inner, dy *tensor.Tensor, dh []grad.Float) {
	N, H := pre.Dim(0), c.Wh.Dim(0)
	da, dhw := g.Scratch(pre.Shape()), g.Scratch(pre.Shape())
	for t, hi := len(active)-1, N; t >= 0; t-- {
		n := active[t]
		lo := hi - n
		d, p, w := dh[:n*H], da.Data[lo*3*H:hi*3*H], dhw.Data[lo*3*H:hi*3*H]
		if dy != nil {
			kernel.AddTo(d, dy.Data[lo*H:hi*H])
		}
		kernel.GRUBackwardAfter(n, H, pre.Value.Data[lo*3*H:hi*3*H], before.Data[lo*H:hi*H], inner.Data[lo*H:hi*H], d, p, w)
		kernel.GemmNT(n, H, 3*H, w, 3*H, c.Wh.Value.Data, 3*H, d, H)
		hi = lo
	}
	g.AffineGrad(before, dhw, c.Wh, nil)
	if g.Wants(c.Bn) && N > 0 {
		kernel.ColSums(N, H, dhw.Data[2*H:], 3*H, g.Grad(c.Bn).Data)
	}
	addGrad(g, pre, da.Data)
}

// backBefore goes back through the form that resets before the product.
func (c *GRU) backBefore(g *grad.Tape, pre *grad.Var, active []int, before, inner, dy *tensor.Tensor, dh []grad.Float) {
	N, H := pre.Dim(0), c.Wh.Dim(0)
	wh := c.Wh.Value.Data
	da := g.Scratch(pre.Shape())
	drh := g.Scratch(tensor.ShapeOf(max(1, len(dh)/H), H)).Data // by r∘h
	for t, hi := len(active)-1, N; t >= 0; t-- {
		n := active[t]
		lo := hi - n
		d, p := dh[:n*H], da.Data[lo*3*H:hi*3*H]
		if dy != nil {
			kernel.AddTo(d, dy.Data[lo*H:hi*H])
		}
		gates, hp := pre.Value.Data[lo*3*H:hi*3*H], before.Data[lo*H:hi*H]
		kernel.GRUBackwardBefore(n, H, gates, hp, d, p)
		q := drh[:n*H]
		clear(q)
		kernel.GemmNT(n, H, H, p[2*H:], 3*H, wh[2*H:], 3*H, q, H)
		kernel.GRUResetBackward(n, H, gates, hp, q, d, p)
		kernel.GemmNT(n, H, 2*H, p, 3*H, wh, 3*H, d, H)
		hi = lo
	}
	if g.Wants(c.Wh) && N > 0 {
		dw := g.Grad(c.Wh).Data
		kernel.GemmTN(H, 2*H, N, before.Data, H, da.Data, 3*H, dw, 3*H)
		kernel.GemmTN(H, H, N, inner.Data, H, da.Data[2*H:], 3*H, dw[2*H:], 3*H)
	}
	addGrad(g, pre, da.Data)
}
