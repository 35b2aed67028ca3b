package rnn_test

import (
	"runtime"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// The fused loop gives what the equations give in operations of the tape, which a
// limit of c that is never reached asks for; and the same bits on any number of cores.
func TestNormFusedIsTheEquations(t *testing.T) {
	const T, B, in, H = 30, 24, 9, 32
	fused := noisy(rnn.LSTMOptions{LayerNorm: true}.New(rng(), in, H))
	book := *fused
	book.CellClip = 1e30
	r := rng()
	x, s0, s1 := grad.Leaf(draw(r, T, B, in)), grad.Leaf(draw(r, B, H)), grad.Leaf(draw(r, B, H))
	dy, dh, dc := draw(r, T, B, H), draw(r, B, H), draw(r, B, H)
	lengths := make([]int, B)
	for i := range lengths {
		lengths[i] = (i * 7) % (T + 1)
	}
	run := func(c rnn.Cell, lengths []int) []*tensor.Tensor {
		g := grad.New()
		y, last := rnn.Dynamic(g, c, rnn.Seq{X: x, Len: lengths}, rnn.State{s0, s1})
		loss := g.Add(g.Sum(g.Mul(y.X, g.Const(dy))), g.Add(g.Sum(g.Mul(last[0], g.Const(dh))), g.Sum(g.Mul(last[1], g.Const(dc)))))
		g.Backward(loss)
		got := []*tensor.Tensor{y.X.Value, last[0].Value, last[1].Value, g.Grad(x), g.Grad(s0), g.Grad(s1)}
		for _, p := range nn.Params(c) {
			got = append(got, g.Grad(p.Var))
		}
		return got
	}
	for name, lengths := range map[string][]int{"dense": nil, "ragged": lengths} {
		var first []*tensor.Tensor
		for _, procs := range []int{1, 2, 3} {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			got := run(fused, lengths)
			if first == nil {
				first = got
			}
			for i := range got {
				if !slices.Equal(got[i].Data, first[i].Data) {
					t.Errorf("%s: tensor %d has other bits on %d cores", name, i, procs)
				}
			}
		}
		for i, want := range run(&book, lengths) {
			scale := grad.Float(0)
			for _, v := range want.Data {
				scale = max(scale, v, -v)
			}
			for j, w := range want.Data {
				if d := first[i].Data[j] - w; !(max(d, -d) <= 2e-5*scale) {
					t.Fatalf("%s: tensor %d, element %d is %v, want %v", name, i, j, first[i].Data[j], w)
				}
			}
		}
	}
}
