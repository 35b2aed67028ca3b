package graph

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func init() {
	RegisterOp("conv", func() Op { return new(Conv) })
	RegisterOp("pool", func() Op { return new(Pool) })
	RegisterOp("global_pool", func() Op { return new(GlobalPool) })
}

// Padding is what lies before the first step and after the last for a window that
// reaches there.
type Padding string

const (
	Valid  Padding = ""       // nothing: windows lie within the sequence
	Same   Padding = "same"   // as many steps as ⌈T/Stride⌉ outputs need, half of them (rounded down) before the first
	Causal Padding = "causal" // steps before the first, so that output t sees none after t
)

// maxWindow is the largest size, stride and dilation of a window, and padding around it.
const maxWindow = 1 << 16

// A window runs along time.
type window struct{ size, stride, dilation int }

func (w window) check(p Padding) error {
	if p != Valid && p != Same && p != Causal {
		return fmt.Errorf("padding is %q, not empty, %q or %q", string(p), Same, Causal)
	}
	for _, v := range []struct {
		what string
		n    int
	}{{"size", w.size}, {"stride", w.stride}, {"dilation", w.dilation}} {
		if err := rnn.CheckSize(v.what, v.n); err != nil {
			return err
		}
		if v.n > maxWindow {
			return fmt.Errorf("%s is %d, more than %d", v.what, v.n, maxWindow)
		}
	}
	return nil
}

// places returns the number of outputs over T steps, and the first step of output 0.
func (w window) places(op string, T int, p Padding) (n, first int) {
	reach := (w.size-1)*w.dilation + 1
	switch p {
	case Same:
		n = (T + w.stride - 1) / w.stride
		return n, -max((n-1)*w.stride+reach-T, 0) / 2
	case Causal:
		return (T-1)/w.stride + 1, 1 - reach
	}
	if T < reach {
		panic(&tensor.ShapeError{Op: op, Detail: fmt.Sprintf("%d steps are fewer than the %d of a window", T, reach)})
	}
	return (T-reach)/w.stride + 1, 0
}

// tap lists, for every output and row, the step that the k-th place of the window
// sees, -1 outside the sequence.
func (w window) tap(g *grad.Tape, n, first, k, T, B int) []int {
	at := g.Ints(n * B)
	for i := range n {
		t := first + i*w.stride + k*w.dilation
		for b := range B {
			at[i*B+b] = -1
			if t >= 0 && t < T {
				at[i*B+b] = t*B + b
			}
		}
	}
	return at
}

// Conv is a convolution along time, in fact a correlation:
//
//	y(t) = activation(B + Σₖ x(t·Stride + k·Dilation - before)·W(k))
//
// where before is what Padding puts before the first step. With Groups the values of a
// step and the units are cut into so many parts, and each part of the units sees its
// part of the values. Its parameters are w [size, in/groups, units] and b [units]. It
// reads every step, and leaves no mask, as in Keras, unless KeepMask.
type Conv struct {
	Units      int     `json:"units"`
	Size       int     `json:"size"`
	Stride     int     `json:"stride,omitempty"`   // default 1
	Dilation   int     `json:"dilation,omitempty"` // default 1
	Groups     int     `json:"groups,omitempty"`   // default 1
	Padding    Padding `json:"padding,omitempty"`
	Around     int     `json:"around,omitempty"`    // steps of zeros before the first and after the last, in place of Padding, as in PyTorch
	KeepMask   bool    `json:"keep_mask,omitempty"` // pass the mask on; what changes the number of steps then takes no lengths
	NoBias     bool    `json:"no_bias,omitempty"`
	Activation Func    `json:"activation,omitempty"`
}

func (o *Conv) window() window { return window{o.Size, cmp.Or(o.Stride, 1), cmp.Or(o.Dilation, 1)} }

// Plan implements Op.
func (o *Conv) Plan(in []Spec) (Plan, error) {
	f, err := single(in)
	groups := cmp.Or(o.Groups, 1)
	if err := cmp.Or(err,
		unless(f.Sequence, "a convolution reads a sequence, not a vector"),
		rnn.CheckSize("units", o.Units),
		o.window().check(o.Padding),
		unless(o.Around == 0 || o.Around > 0 && o.Around <= maxWindow && o.Padding == Valid, "around is %d with padding %q", o.Around, string(o.Padding)),
		unless(groups >= 1 && f.Width%groups == 0 && o.Units%groups == 0, "%d values and %d units cannot be cut into %d groups", f.Width, o.Units, groups),
	); err != nil {
		return Plan{}, err
	}
	if most := float64(o.Size) * float64(f.Width) * float64(o.Units); most > limit*limit {
		return Plan{}, fmt.Errorf("%d steps of %d values for %d units are too many", o.Size, f.Width, o.Units)
	}
	p := Plan{Out: []Spec{{o.Units, true}}, Params: o.Size * f.Width / groups * o.Units, Whole: true}
	if !o.NoBias {
		p.Params += o.Units
	}
	return p, o.Activation.check()
}

// New implements Op.
func (o *Conv) New(r *rand.Rand, in []Spec) Node {
	part := in[0].Width / cmp.Or(o.Groups, 1)
	w := nn.Glorot(r, o.Size*part, o.Units)
	n := &conv{op: o, W: grad.Leaf(tensor.FromSlice(w.Value.Data, o.Size, part, o.Units))}
	if !o.NoBias {
		n.B = nn.Zeros(o.Units)
	}
	return n
}

type conv struct {
	op *Conv
	W  *grad.Var `recur:"w"` // [size, in/groups, units]
	B  *grad.Var `recur:"b"` // [units]
}

// Run implements Node.
func (n *conv) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	x, w, groups := in[0].X, n.op.window(), cmp.Or(n.op.Groups, 1)
	T, B, W := x.Dim(0), x.Dim(1), x.Dim(2)
	count, first := w.places("graph.Conv", T+2*n.op.Around, n.op.Padding)
	first -= n.op.Around
	mask := in[0].Mask
	if !n.op.KeepMask {
		mask = nil
	}
	if mask != nil && count != T {
		panic(&tensor.ShapeError{Op: "graph.Conv", Detail: "sequences with lengths cannot pass a convolution that changes the number of steps"})
	}
	flat := g.Reshape(x, T*B, W)
	part, units := W/groups, n.op.Units/groups
	taps := make([]*grad.Var, w.size)
	for k := range taps {
		taps[k] = g.GatherRows(flat, w.tap(g, count, first, k, T, B))
	}
	kernel := g.Reshape(n.W, w.size*part, n.op.Units)
	parts := make([]*grad.Var, groups)
	for j := range parts {
		own, k := append([]*grad.Var(nil), taps...), kernel
		if groups > 1 {
			for i := range own {
				own[i] = g.Columns(own[i], j*part, (j+1)*part)
			}
			k = g.Columns(kernel, j*units, (j+1)*units)
		}
		parts[j] = g.Affine(g.Concat(own...), k, nil)
	}
	y := g.Concat(parts...)
	if n.B != nil {
		y = g.AddRow(y, n.B)
	}
	y = n.op.Activation.apply(g, y)
	return []Value{{g.Reshape(y, count, B, n.op.Units), mask}}, nil
}

// Pool takes the largest or the mean of each value in windows along time. Steps that
// Padding adds are not among them. It reads every step and leaves no mask.
type Pool struct {
	By      string  `json:"by"` // max or average
	Size    int     `json:"size"`
	Stride  int     `json:"stride,omitempty"` // default Size
	Padding Padding `json:"padding,omitempty"`
}

func (o *Pool) window() window { return window{o.Size, cmp.Or(o.Stride, o.Size), 1} }

// Plan implements Op.
func (o *Pool) Plan(in []Spec) (Plan, error) {
	f, err := pooled(o.By, in)
	err = cmp.Or(err, o.window().check(o.Padding), unless(o.Padding != Causal, "pooling is not causal"))
	return Plan{Out: []Spec{f}, Whole: true}, err
}

func pooled(by string, in []Spec) (Spec, error) {
	f, err := single(in)
	return f, cmp.Or(err,
		unless(f.Sequence, "pooling reads a sequence, not a vector"),
		unless(by == "max" || by == "average", "pooling by %q, not max or average", by))
}

// New implements Op.
func (o *Pool) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *Pool) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	x, w := in[0].X, o.window()
	T, B, W := x.Dim(0), x.Dim(1), x.Dim(2)
	count, first := w.places("graph.Pool", T, o.Padding)
	steps := func(i int) (lo, hi int) { // of output i
		t := first + i*w.stride
		return max(t, 0), min(t+w.size, T)
	}
	if o.By == "max" {
		y := largest(g, x, count, func(i, _ int) (lo, hi int, mask []bool) { lo, hi = steps(i); return lo, hi, nil })
		return []Value{{X: y}}, nil
	}
	flat := g.Reshape(x, T*B, W)
	sum := g.GatherRows(flat, w.tap(g, count, first, 0, T, B))
	for k := 1; k < w.size; k++ {
		sum = g.Add(sum, g.GatherRows(flat, w.tap(g, count, first, k, T, B)))
	}
	weight := g.NewTensor(tensor.ShapeOf(count * B))
	for i := range count {
		lo, hi := steps(i)
		for b := range B {
			weight.Data[i*B+b] = 1 / tensor.Float(hi-lo)
		}
	}
	y := g.MulCol(sum, g.Const(weight))
	return []Value{{X: g.Reshape(y, count, B, W)}}, nil
}

// largest gives, for each of n outputs, the largest of each value among the steps lo
// to hi of x that a mask leaves, [n, batch, width].
func largest(g *grad.Tape, x *grad.Var, n int, steps func(i, b int) (lo, hi int, mask []bool)) *grad.Var {
	B, W := x.Dim(1), x.Dim(2)
	at := g.Ints(n * B * W)
	for i := range n {
		for b := range B {
			lo, hi, mask := steps(i, b)
			for c := range W {
				best := -1
				for t := lo; t < hi; t++ {
					k := (t*B+b)*W + c
					if mask == nil || mask[t*B+b] {
						if best < 0 || x.Value.Data[k] > x.Value.Data[best] || x.Value.Data[k] != x.Value.Data[k] {
							best = k
						}
					}
				}
				at[(i*B+b)*W+c] = best
			}
		}
	}
	y := g.GatherRows(g.Reshape(x, len(x.Value.Data), 1), at)
	return g.Reshape(y, n, B, W)
}

// GlobalPool takes the largest or the mean of each value over the steps of a sequence
// that are there, or over all steps; zero where there are none.
type GlobalPool struct {
	By  string `json:"by"`            // max or average
	All bool   `json:"all,omitempty"` // pool over masked steps too, as Keras's GlobalMaxPooling1D
}

// Plan implements Op.
func (o *GlobalPool) Plan(in []Spec) (Plan, error) {
	f, err := pooled(o.By, in)
	return Plan{Out: []Spec{{f.Width, false}}, Whole: true}, err
}

// New implements Op.
func (o *GlobalPool) New(*rand.Rand, []Spec) Node { return o }

// Run implements Node.
func (o *GlobalPool) Run(g *grad.Tape, in []Value, _ rnn.State) ([]Value, rnn.State) {
	x, mask := in[0].X, in[0].Mask
	T, B, W := x.Dim(0), x.Dim(1), x.Dim(2)
	if o.All {
		mask = nil
	}
	if o.By == "max" {
		y := largest(g, x, 1, func(int, int) (int, int, []bool) { return 0, T, mask })
		return []Value{{X: g.Reshape(y, B, W)}}, nil
	}
	flat, sum := g.Reshape(x, T*B, W), (*grad.Var)(nil)
	count := g.NewTensor(tensor.ShapeOf(B))
	for t := range T {
		rows := g.Ints(B)
		for b := range B {
			rows[b] = -1
			if mask == nil || mask[t*B+b] {
				rows[b] = t*B + b
				count.Data[b]++
			}
		}
		if step := g.GatherRows(flat, rows); sum == nil {
			sum = step
		} else {
			sum = g.Add(sum, step)
		}
	}
	if sum == nil {
		return []Value{{X: g.Zeros(B, W)}}, nil
	}
	for b := range count.Data {
		count.Data[b] = 1 / max(count.Data[b], 1)
	}
	return []Value{{X: g.MulCol(sum, g.Const(count))}}, nil
}
