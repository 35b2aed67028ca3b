package onnx

import (
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// run takes X [time, batch, in], sequence_lens [batch], initial_h and initial_c
// [directions, batch, hidden], and gives Y [time, directions, batch, hidden], Y_h and
// Y_c [directions, batch, hidden]. With layout 1 the batch comes first in all.
//
// Rows of length 0 end with states of zeros, whatever the initial ones, as in ONNX
// Runtime; the specification is silent.
func (r *recurrent) run(c *call) {
	x := c.tensor(0)
	cells := r.cells
	if cells == nil {
		w, rec := c.tensor(inW), c.tensor(inR)
		same(x, w)
		same(x, rec)
		cells = r.make(w, rec, c.opt(inB), c.opt(inP))
	}
	if len(x.Shape) != 3 || !x.DType.float() {
		fail("X is %v, want floats [time batch in]", x)
	}
	if r.batchMajor {
		x = transpose(x, []int{1, 0, 2})
	}
	T, B := x.Shape[0], x.Shape[1]
	lengths := r.lengths(c.opt(lens), T, B)
	g, _ := r.tapes.Get().(*grad.Tape)
	if g == nil {
		g = grad.Eval()
	}
	defer func() {
		g.Reset()
		r.tapes.Put(g)
	}()
	q := rnn.Input(g, tensor.FromSlice(x.floats(), x.Shape...), lengths)
	D, H := r.directions, cells[0].StateSize()[0]
	y := make([]tensor.Float, sized(x.DType, []int{T, D, B, H}))
	last := make([][]tensor.Float, len(cells[0].StateSize()))
	for d, cell := range cells {
		s := r.start(c, g, cell, d, B)
		in := q
		if r.reverse || d == 1 {
			in = rnn.Reverse(g, q)
		}
		out, end := rnn.Dynamic(g, cell, in, s)
		if r.reverse || d == 1 {
			out = rnn.Reverse(g, out)
		}
		for t := range T {
			copy(y[(t*D+d)*B*H:], out.X.Value.Data[t*B*H:(t+1)*B*H])
		}
		for i, v := range end {
			last[i] = append(last[i], v.Value.Data...)
			for b, n := range lengths {
				if n == 0 {
					clear(last[i][(d*B+b)*H : (d*B+b+1)*H])
				}
			}
		}
	}
	r.give(c, 0, fromFloats(x.DType, []int{T, D, B, H}, y), []int{2, 0, 1, 3})
	for i, s := range last {
		r.give(c, 1+i, fromFloats(x.DType, []int{D, B, H}, s), []int{1, 0, 2})
	}
}

// give sets an output in the layout of the node; perm puts the batch first.
func (r *recurrent) give(c *call, i int, t *Tensor, perm []int) {
	if r.batchMajor {
		t = transpose(t, perm)
	}
	c.set(i, t)
}

// lengths reads sequence_lens, nil if all rows are full.
func (r *recurrent) lengths(t *Tensor, T, B int) []int {
	if t == nil {
		return nil
	}
	list := t.list()
	if len(list) != B {
		fail("sequence_lens is %v for a batch of %d", t.Shape, B)
	}
	for b, n := range list {
		if n < 0 || n > T {
			fail("sequence_lens: %d of row %d is not in 0..%d", n, b, T)
		}
	}
	return list
}

// start reads the initial states of direction d.
func (r *recurrent) start(c *call, g *grad.Tape, cell rnn.Cell, d, B int) (s rnn.State) {
	for i, n := range cell.StateSize() {
		t := c.opt(5 + i)
		if t == nil {
			s = append(s, g.Zeros(B, n))
			continue
		}
		if r.batchMajor {
			if len(t.Shape) == 3 {
				t = transpose(t, []int{1, 0, 2})
			}
		}
		if !slices.Equal(t.Shape, []int{r.directions, B, n}) {
			fail("initial state %d is %v, want %v", i, t.Shape, []int{r.directions, B, n})
		}
		s = append(s, g.Const(tensor.FromSlice(t.floats()[d*B*n:(d+1)*B*n], B, n)))
	}
	return s
}
