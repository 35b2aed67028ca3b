package grad_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

func drawn(r *rand.Rand, dims ...int) *tensor.Tensor {
	t := tensor.New(dims...)
	for i := range t.Data {
		t.Data[i] = grad.Float(r.NormFloat64())
	}
	return t
}

// The way back through a long chain works in the memory of a few gradients.
func TestGradientsShareMemory(t *testing.T) {
	const n, links = 4096, 64
	w := grad.Leaf(drawn(rand.New(rand.NewPCG(1, 2)), n))
	bytes := func(back bool) int {
		g := grad.New()
		y := w
		for range links {
			y = g.Tanh(g.Add(g.Mul(y, w), w))
		}
		loss := g.Sum(y)
		if back {
			g.Backward(loss)
		}
		return g.Bytes()
	}
	if forward, both := bytes(false), bytes(true); both > forward*3/2 {
		t.Errorf("%d bytes forward, %d with the way back", forward, both)
	}
}

// A gradient that an operation hands on as it is must not be one that others add to.
func TestGradientsHandedOn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	a, b := grad.Leaf(drawn(r, 3, 4)), grad.Leaf(drawn(r, 3, 4))
	row := grad.Leaf(drawn(r, 4))
	if err := grad.Check(func(g *grad.Tape) *grad.Var {
		u, v := g.Mul(a, b), g.Tanh(a)
		s := g.Add(u, v)
		d := g.Sub(u, s)
		w := g.Add(u, u)
		x := g.AddRow(g.Add(w, g.Reshape(d, 3, 4)), row)
		parts := g.Split(g.Add(x, g.Mul(s, w)), 2)
		twice := g.ConcatRows(parts[0], parts[1], parts[0])
		return g.Mean(g.Square(g.Lerp(twice, g.Scale(twice, 2), g.Sigmoid(twice))))
	}, a, b, row); err != nil {
		t.Error(err)
	}
}

// Only some parts of a Split, or of a view, may be used.
func TestPartsUnused(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	a := grad.Leaf(drawn(r, 6, 8))
	if err := grad.Check(func(g *grad.Tape) *grad.Var {
		y := g.Tanh(a)
		parts := g.Split(y, 4)
		return g.Sum(g.Mul(g.Slice(parts[2], 1, 3), g.Slice(parts[0], 4, 6)))
	}, a); err != nil {
		t.Error(err)
	}
}

// However the uses of a weight are gathered, an element of its gradient is one chain
// of sums over all rows, from the last use to the first.
func TestManyUsesOfAWeight(t *testing.T) {
	const k, n = 37, 51
	r := rand.New(rand.NewPCG(1, 2))
	w := grad.Leaf(drawn(r, k, n))
	for _, sizes := range [][]int{{20, 20, 20, 20, 20, 20, 20, 20, 20}, {1, 2, 3, 300, 5, 64, 64, 64, 1, 0, 7}, {0, 0}, {130}, {127, 1}} {
		var xs, dys []*tensor.Tensor
		var x, dy []grad.Float
		total := 0
		for _, m := range sizes {
			xs, dys = append(xs, drawn(r, m, k)), append(dys, drawn(r, m, n))
			total += m
		}
		for i := range slices.Backward(sizes) {
			x, dy = append(x, xs[i].Data...), append(dy, dys[i].Data...)
		}
		want := grad.New()
		one := want.Affine(want.Const(tensor.FromSlice(x, total, k)), w, nil)
		want.Backward(want.Sum(want.Mul(one, want.Const(tensor.FromSlice(dy, total, n)))))

		got := grad.New()
		for range 2 { // the second time in memory of the first
			got.Reset()
			loss := got.Zeros(1)
			for i := range sizes {
				y := got.Affine(got.Const(xs[i]), w, nil)
				loss = got.Add(loss, got.Sum(got.Mul(y, got.Const(dys[i]))))
			}
			got.Backward(loss)
			if !slices.Equal(got.Grad(w).Data, want.Grad(w).Data) {
				t.Errorf("uses of %v rows: the gradient differs from that of one use", sizes)
			}
		}
	}
}

// Weights that are packed for the way back are packed anew after they changed.
func TestWeightsThatChange(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w, x := grad.Leaf(drawn(r, 9, 9)), grad.Leaf(drawn(r, 3, 9))
	g := grad.New()
	step := func(g *grad.Tape) []grad.Float {
		g.Reset()
		y := x
		for range 6 {
			y = g.Affine(y, w, nil)
		}
		g.Backward(g.Sum(y))
		return slices.Clone(g.Grad(x).Data)
	}
	step(g)
	for i := range w.Value.Data {
		w.Value.Data[i] *= 1.5
	}
	if got, want := step(g), step(grad.New()); !slices.Equal(got, want) {
		t.Error("the second step used the weights of the first")
	}
}
