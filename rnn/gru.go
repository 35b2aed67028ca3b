package rnn

import (
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// GRU is the gated recurrent unit of Cho et al. 2014. With x·Wx + B cut into
// xr, xz, xn and Wh into Wr, Wz, Wn,
//
//	r = σ(xr + h·Wr)
//	z = σ(xz + h·Wz)
//	n = tanh(xn + r∘(h·Wn + Bn))   reset after the product: PyTorch, cuDNN, Keras's default
//	n = tanh(xn + (r∘h)·Wn)        reset before it: the paper, TensorFlow 1
//	h' = (1-z)∘n + z∘h
//
// The state is {h}, the output h'. Gates lie in the order r, z, n, which is
// PyTorch's; Keras and ONNX have z, r, n. z keeps the state in all of these
// systems.
type GRU struct {
	Wx *grad.Var `recur:"wx"` // [in, 3*hidden]
	Wh *grad.Var `recur:"wh"` // [hidden, 3*hidden]
	B  *grad.Var `recur:"b"`  // [3*hidden]; nil for none
	Bn *grad.Var `recur:"bn"` // [hidden]; nil means that the reset comes before the product

	Clip float64 // limit of what goes into the gates and n (ONNX's clip); 0 for none

	Gate, Cand Activation `recur:"-"` // defaults Sigmoid, Tanh

	packed *frozen // nil unless from Freeze
}

func init() {
	Register("gru", Spec[GRUOptions, *GRU]{
		New:  GRUOptions.New,
		Kind: true,
		Options: func(c *GRU) (GRUOptions, int) {
			return GRUOptions{ResetBefore: c.Bn == nil, NoBias: c.B == nil, Clip: c.Clip, Gate: c.Gate, Cand: c.Cand}, c.Wh.Dim(0)
		},
		Check: func(o GRUOptions, _, _ int) error { return notNegative("clip", o.Clip) },
	})
}

// GRUOptions are the options of a GRU. The zero value is PyTorch's form.
type GRUOptions struct {
	ResetBefore bool       `json:"reset_before,omitempty"` // h is reset before the product, else after it
	NoBias      bool       `json:"no_bias,omitempty"`      // no B; Bn, which a reset after the product has, stays
	Clip        float64    `json:"clip,omitempty"`         // limit of what goes into the gates and n; 0 for none
	Gate        Activation `json:"gate,omitzero"`          // default Sigmoid
	Cand        Activation `json:"cand,omitzero"`          // default Tanh
}

// New draws Wx by Glorot and Wh orthogonal, and sets the biases to zero.
func (o GRUOptions) New(r *rand.Rand, in, hidden int) *GRU {
	return &GRU{
		Wx: nn.Glorot(r, in, 3*hidden), Wh: nn.Orthogonal(r, 1, hidden, 3*hidden),
		B: newBias(r, 3*hidden, o.NoBias), Bn: newBias(r, hidden, o.ResetBefore),
		Clip: o.Clip, Gate: o.Gate, Cand: o.Cand,
	}
}

// NewGRU makes the form that resets after the product.
func NewGRU(r *rand.Rand, in, hidden int) *GRU { return GRUOptions{}.New(r, in, hidden) }

// StateSize is {hidden}.
func (c *GRU) StateSize() []int { return []int{c.Wh.Dim(0)} }

// Widths implements Sizer.
func (c *GRU) Widths() (in, out int) { return c.Wx.Dim(0), c.Wh.Dim(0) }

// Step computes one step, which is a sequence of one.
func (c *GRU) Step(g *grad.Tape, x *grad.Var, s State) (*grad.Var, State) {
	return c.Unroll(g, x, one(g, x.Dim(0)), s)
}

// Unroll projects all inputs in one product, and runs both forms fused.
func (c *GRU) Unroll(g *grad.Tape, x *grad.Var, active []int, s State) (*grad.Var, State) {
	c.check(x, active, s)
	if c.fusable() {
		return c.fused(g, x, active, s)
	}
	w := c.packed.weights()
	return Unroll(g, &gruStep{c, w, g.Split(c.Wh, 3)}, w.wx.affine(g, x, c.Wx, c.B), active, s)
}

func (c *GRU) fusable() bool {
	return c.Clip == 0 && or(c.Gate, Sigmoid) == Sigmoid && or(c.Cand, Tanh) == Tanh
}

func (c *GRU) check(x *grad.Var, active []int, s State) {
	in, H := c.Wx.Dim(0), c.Wh.Dim(0)
	mustRows("GRU", "x", x, 0, in)
	must("GRU", "wx", c.Wx, tensor.ShapeOf(in, 3*H))
	must("GRU", "wh", c.Wh, tensor.ShapeOf(H, 3*H))
	must("GRU", "b", c.B, tensor.ShapeOf(3*H))
	must("GRU", "bn", c.Bn, tensor.ShapeOf(H))
	mustState("GRU", s, active, H)
}

// Freeze implements Freezer.
func (c *GRU) Freeze(p Precision) (Cell, error) {
	t, n := *c, c.Wh.Dim(1)
	if c.Bn == nil || !c.fusable() { // Wn is apart
		n = n / 3 * 2
	}
	t.packed = freeze(c.Wx, c.Wh, n, p)
	if n < c.Wh.Dim(1) {
		t.packed.wn = layOutColumns(c.Wh, n, c.Wh.Dim(1), p)
	}
	return &t, nil
}

// gruStep is the cell after the input projection, as its equations have it, with
// Wh cut into Wr, Wz, Wn.
type gruStep struct {
	cell   *GRU
	packed frozen
	w      []*grad.Var
}

func (k *gruStep) StateSize() []int { return k.cell.StateSize() }

func (k *gruStep) Step(g *grad.Tape, pre *grad.Var, s State) (*grad.Var, State) {
	c, w, h, x := k.cell, k.w, s[0], g.Split(pre, 3)
	gate, cand := or(c.Gate, Sigmoid), or(c.Cand, Tanh)
	hr, hz := k.gates(g, h)
	r := gate.Apply(g, clip(g, g.Add(x[0], hr), c.Clip))
	z := gate.Apply(g, clip(g, g.Add(x[1], hz), c.Clip))
	var q *grad.Var
	if c.Bn != nil {
		q = g.Mul(r, k.packed.wn.affine(g, h, w[2], c.Bn))
	} else {
		q = k.packed.wn.affine(g, g.Mul(r, h), w[2], nil)
	}
	n := cand.Apply(g, clip(g, g.Add(x[2], q), c.Clip))
	h = g.Lerp(n, h, z) // n + z∘(h-n)
	return h, State(g.List(h))
}

// gates returns h·Wr and h·Wz.
func (k *gruStep) gates(g *grad.Tape, h *grad.Var) (r, z *grad.Var) {
	if wh := k.packed.wh; wh != nil { // one beside the other
		p := g.Split(wh.affine(g, h, k.cell.Wh, nil), 2)
		return p[0], p[1]
	}
	return g.Affine(h, k.w[0], nil), g.Affine(h, k.w[1], nil)
}
