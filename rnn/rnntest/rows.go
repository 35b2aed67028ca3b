package rnntest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Rows returns an error unless every row of steps of up to 40 rows has the bits that the
// row alone gives, one of the rows being NaN, for c and what rnn.Freeze makes of it in
// every precision. It is the part of Check that cells of any size have time for.
func Rows(c rnn.Cell, in int) error {
	for p := rnn.Single - 1; p <= rnn.Int8; p++ {
		name, cell := "as it is", c
		if p >= rnn.Single {
			name = "frozen, " + p.String()
			cell, _ = rnn.Freeze(c, p)
		}
		for _, n := range []int{2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 31, 40} {
			if err := rowsOf(cell, in, n); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func rowsOf(c rnn.Cell, in, n int) error {
	r := rand.New(rand.NewPCG(5, uint64(n)))
	x, nan := random(r, n, in), n/2
	var s []*tensor.Tensor
	for _, w := range c.StateSize() {
		s = append(s, random(r, n, w))
	}
	for j := range x.At(nan).Data {
		x.At(nan).Data[j] = tensor.Float(math.NaN())
	}
	all := step(c, x, s, 0, n)
	for i := range n {
		for k, v := range step(c, x, s, i, i+1) {
			for j, want := range v.Value.Data {
				if got := all[k].Value.At(i).Data[j]; got != want && (got == got || want == want) {
					return fmt.Errorf("row %d of %d: element %d of %s is %v, and %v in a step of that row alone", i, n, j, result(k), got, want)
				}
			}
		}
	}
	return nil
}

// step returns the output and the entries of the state after a step of the rows lo to hi.
func step(c rnn.Cell, x *tensor.Tensor, s []*tensor.Tensor, lo, hi int) []*grad.Var {
	g := grad.Eval()
	c = rnn.BeginSequence(g, c, hi-lo)
	rows := func(t *tensor.Tensor) *grad.Var { return g.Const(t.Slice(lo, hi)) }
	y, next := c.Step(g, rows(x), state(s, rows))
	return append([]*grad.Var{y}, next...)
}

// result names what step returns.
func result(k int) string {
	if k == 0 {
		return "the output"
	}
	return fmt.Sprintf("state %d", k-1)
}

// frozen compares a step with that of the form for inference.
func (k *checker) frozen() error {
	c, _ := rnn.Freeze(k.c, rnn.Single)
	x := k.x.At(0)
	want, got := step(k.c, x, k.s, 0, batch), step(c, x, k.s, 0, batch)
	if len(got) != len(want) {
		return fmt.Errorf("the result of Freeze is a %T with %d entries in its state, want %d", c, len(got)-1, len(want)-1)
	}
	for i, v := range want {
		if !slices.Equal(got[i].Value.Data, v.Value.Data) {
			return fmt.Errorf("%s of what Freeze returns for single precision has other bits", result(i))
		}
	}
	return nil
}
