package grad_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/tensor"
)

type (
	tape = grad.Tape
	vr   = grad.Var
)

// leaf draws values away from 0, where some operations have a kink.
func leaf(r *rand.Rand, dims ...int) *vr {
	t := tensor.New(dims...)
	for i := range t.Data {
		v := 0.2 + r.Float64()
		if r.IntN(2) == 0 {
			v = -v
		}
		t.Data[i] = tensor.Float(v)
	}
	return grad.Leaf(t)
}

// weigh makes a scalar in which every element counts differently.
func weigh(g *tape, x *vr) *vr {
	w := g.NewTensor(x.Shape())
	for i := range w.Data {
		w.Data[i] = tensor.Float(math.Sin(float64(i + 1)))
	}
	return g.Sum(g.Mul(x, g.Const(w)))
}

func TestGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	a, b, w3 := leaf(r, 3, 4), leaf(r, 3, 4), leaf(r, 3, 4)
	cube, m45, m54, b5, row, col := leaf(r, 2, 3, 4), leaf(r, 4, 5), leaf(r, 5, 4), leaf(r, 5), leaf(r, 4), leaf(r, 3)
	positive := grad.Leaf(tensor.New(3, 4))
	for i := range positive.Value.Data {
		positive.Value.Data[i] = tensor.Float(0.5 + r.Float64())
	}
	steps := grad.Leaf(tensor.FromSlice([]tensor.Float{-5, -2, 0, 1, 3, 6}, 6))
	ids := []int{2, -1, 0, 2}
	ops := []struct {
		name string
		f    func(g *tape) *vr
		in   []*vr
	}{
		{"Add", func(g *tape) *vr { return g.Add(a, b) }, []*vr{a, b}},
		{"AddSelf", func(g *tape) *vr { return g.Add(a, a) }, []*vr{a}},
		{"Sub", func(g *tape) *vr { return g.Sub(a, b) }, []*vr{a, b}},
		{"Mul", func(g *tape) *vr { return g.Mul(a, b) }, []*vr{a, b}},
		{"Div", func(g *tape) *vr { return g.Div(a, b) }, []*vr{a, b}},
		{"Lerp", func(g *tape) *vr { return g.Lerp(a, b, w3) }, []*vr{a, b, w3}},
		{"Scale", func(g *tape) *vr { return g.Scale(a, -3) }, []*vr{a}},
		{"ScaleShift", func(g *tape) *vr { return g.ScaleShift(a, 2, 5) }, []*vr{a}},
		{"Tanh", func(g *tape) *vr { return g.Tanh(a) }, []*vr{a}},
		{"Sigmoid", func(g *tape) *vr { return g.Sigmoid(a) }, []*vr{a}},
		{"ReLU", func(g *tape) *vr { return g.ReLU(a) }, []*vr{a}},
		{"Exp", func(g *tape) *vr { return g.Exp(a) }, []*vr{a}},
		{"Log", func(g *tape) *vr { return g.Log(positive) }, []*vr{positive}},
		{"Square", func(g *tape) *vr { return g.Square(a) }, []*vr{a}},
		{"Abs", func(g *tape) *vr { return g.Abs(a) }, []*vr{a}},
		{"Softplus", func(g *tape) *vr { return g.Softplus(a) }, []*vr{a}},
		{"Clip", func(g *tape) *vr { return g.Clip(steps, -3, 4) }, []*vr{steps}},
		{"Dropout", func(g *tape) *vr { return g.Dropout(a, 0.4) }, []*vr{a}},
		{"Affine", func(g *tape) *vr { return g.Affine(a, m45, b5) }, []*vr{a, m45, b5}},
		{"AffineNoBias", func(g *tape) *vr { return g.Affine(cube, m45, nil) }, []*vr{cube, m45}},
		{"AffineTwice", func(g *tape) *vr { return g.Add(g.Affine(a, m45, b5), g.Affine(b, m45, nil)) }, []*vr{a, b, m45, b5}},
		{"AffineMadeWeight", func(g *tape) *vr { return g.Affine(a, g.Tanh(m45), b5) }, []*vr{a, m45, b5}},
		{"AffineT", func(g *tape) *vr { return g.AffineT(a, m54, b5) }, []*vr{a, m54, b5}},
		{"AddRow", func(g *tape) *vr { return g.AddRow(cube, row) }, []*vr{cube, row}},
		{"MulRow", func(g *tape) *vr { return g.MulRow(cube, row) }, []*vr{cube, row}},
		{"MulCol", func(g *tape) *vr { return g.MulCol(a, col) }, []*vr{a, col}},
		{"Slice", func(g *tape) *vr { return g.Mul(g.Slice(cube, 1, 2), g.Slice(cube, 0, 1)) }, []*vr{cube}},
		{"Reshape", func(g *tape) *vr { return g.Tanh(g.Reshape(cube, 4, 6)) }, []*vr{cube}},
		{"SliceOfMade", func(g *tape) *vr { return g.Slice(g.Reshape(g.Tanh(cube), 6, 4), 2, 5) }, []*vr{cube}},
		{"ConcatRows", func(g *tape) *vr { return g.ConcatRows(a, b, a) }, []*vr{a, b}},
		{"GatherRows", func(g *tape) *vr { return g.GatherRows(a, ids) }, []*vr{a}},
		{"ScatterRows", func(g *tape) *vr { return g.ScatterRows(a, []int{4, 0, 2}, 5) }, []*vr{a}},
		{"Split", func(g *tape) *vr { p := g.Split(a, 2); return g.Mul(p[0], p[1]) }, []*vr{a}},
		{"Columns", func(g *tape) *vr { return g.Columns(cube, 1, 3) }, []*vr{cube}},
		{"Concat", func(g *tape) *vr { return g.Concat(a, b, a) }, []*vr{a, b}},
		{"TransposeBatch", func(g *tape) *vr { return g.TransposeBatch(cube) }, []*vr{cube}},
		{"Sum", func(g *tape) *vr { return g.Sum(a) }, []*vr{a}},
		{"Mean", func(g *tape) *vr { return g.Mean(a) }, []*vr{a}},
		{"Softmax", func(g *tape) *vr { return g.Softmax(cube) }, []*vr{cube}},
		{"LogSoftmax", func(g *tape) *vr { return g.LogSoftmax(cube) }, []*vr{cube}},
		{"LayerNorm", func(g *tape) *vr { return g.LayerNorm(cube, row, leafRow(row), 1e-3) }, []*vr{cube, row}},
		{"Recompute", func(g *tape) *vr {
			outs := g.Recompute(func(g *tape, in []*vr) []*vr {
				h := g.Tanh(g.Affine(in[0], m45, b5))
				return g.List(g.Dropout(h, 0.3), g.Mul(in[0], a))
			}, g.Square(b))
			return g.Add(g.Sum(outs[0]), g.Mean(outs[1]))
		}, []*vr{a, b, m45, b5}},
		{"RecomputeNested", func(g *tape) *vr {
			return g.Recompute(func(g *tape, in []*vr) []*vr {
				return g.Recompute(func(g *tape, in []*vr) []*vr {
					return g.List(g.Tanh(g.Affine(in[0], m45, nil)))
				}, g.Mul(in[0], b))
			}, g.Square(a))[0]
		}, []*vr{a, b, m45}},
	}
	for _, op := range ops {
		t.Run(op.name, func(t *testing.T) {
			if err := grad.Check(func(g *tape) *vr { return weigh(g, op.f(g)) }, op.in...); err != nil {
				t.Error(err)
			}
		})
	}
}

// leafRow is another parameter of row's shape.
func leafRow(row *vr) *vr { return grad.Leaf(tensor.New(row.Dim(0))) }

func TestCheckSeesWrongGradient(t *testing.T) {
	x := leaf(rand.New(rand.NewPCG(1, 1)), 3)
	err := grad.Check(func(g *tape) *vr {
		return g.Map(x, func(v grad.Float) grad.Float { return v * v }, func(v, _ grad.Float) grad.Float { return 1.5 * v })
	}, x)
	if err == nil {
		t.Error("a derivative of 1.5·x for x² passes")
	}
	err = grad.Check(func(g *tape) *vr {
		return g.Map(x, func(v grad.Float) grad.Float { return v * v }, func(_, _ grad.Float) grad.Float { return grad.Float(math.NaN()) })
	}, x)
	if err == nil {
		t.Error("a derivative of NaN passes")
	}
}

// The same steps on a tape that was reset give the same bits, and no more memory.
func TestResetReuses(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	w, b := leaf(r, 4, 4), leaf(r, 4)
	x := leaf(r, 5, 4).Value
	g := grad.New()
	step := func() []grad.Float {
		g.Reset()
		y := g.Const(x)
		for range 40 {
			y = g.Tanh(g.Affine(y, w, b))
		}
		g.Backward(g.Sum(y))
		return append([]grad.Float(nil), g.Grad(w).Data...)
	}
	first := step()
	size := g.Bytes()
	for range 5 {
		for i, d := range step() {
			if d != first[i] {
				t.Fatalf("element %d: %v, then %v", i, first[i], d)
			}
		}
	}
	if g.Bytes() != size {
		t.Errorf("the tape grew from %d to %d bytes", size, g.Bytes())
	}
}

// A gradient of an earlier step does not count as one of this.
func TestReachedIsOfThisStep(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	a, b := leaf(r, 2), leaf(r, 2)
	g := grad.New()
	g.Backward(g.Sum(g.Mul(a, b)))
	if g.GradIfSet(a) == nil || g.GradIfSet(b) == nil {
		t.Fatal("no gradient came")
	}
	g.Reset()
	g.Backward(g.Sum(a))
	if g.GradIfSet(a) == nil || g.GradIfSet(b) != nil {
		t.Error("b has a gradient of the step before")
	}
	if d := g.Grad(b).Data; d[0] != 0 || d[1] != 0 {
		t.Errorf("b's gradient is %v, want zeros", d)
	}
}

func TestDataWantsNoGradient(t *testing.T) {
	g := grad.New()
	x := g.Const(tensor.New(2, 2))
	y := g.Tanh(g.Reshape(g.Add(x, x), 4))
	if g.NeedsGrad(y) {
		t.Error("a value made of data alone wants a gradient")
	}
	w := leaf(rand.New(rand.NewPCG(1, 1)), 2, 2)
	if !g.NeedsGrad(g.Affine(x, w, nil)) {
		t.Error("a value made with a leaf wants no gradient")
	}
	if g := grad.Eval(); g.NeedsGrad(g.Tanh(w)) {
		t.Error("a tape that does not record wants a gradient")
	}
}

func TestShapeErrors(t *testing.T) {
	g := grad.New()
	v := func(dims ...int) *vr { return g.Const(tensor.New(dims...)) }
	for name, f := range map[string]func(){
		"Add":            func() { g.Add(v(2, 3), v(3, 2)) },
		"Affine":         func() { g.Affine(v(3, 2, 4), v(5, 28), nil) },
		"AffineT":        func() { g.AffineT(v(3, 4), v(5, 3), nil) },
		"AddRow":         func() { g.AddRow(v(3, 4), v(3)) },
		"MulCol":         func() { g.MulCol(v(3, 4), v(4)) },
		"Slice":          func() { g.Slice(v(3, 4), 2, 4) },
		"Reshape":        func() { g.Reshape(v(3, 4), 5, 2) },
		"ConcatRows":     func() { g.ConcatRows(v(3, 4), v(3, 5)) },
		"GatherRows":     func() { g.GatherRows(v(3, 4), []int{3}) },
		"ScatterRows":    func() { g.ScatterRows(v(3, 4), []int{0}, 4) },
		"Split":          func() { g.Split(v(3, 4), 3) },
		"Columns":        func() { g.Columns(v(3, 4), 2, 5) },
		"Concat":         func() { g.Concat(v(3, 4), v(2, 4)) },
		"TransposeBatch": func() { g.TransposeBatch(v(3)) },
	} {
		err := func() (err error) {
			defer tensor.Catch(&err)
			f()
			return nil
		}()
		var shape *tensor.ShapeError
		if !errors.As(err, &shape) || shape.Op != name || !strings.Contains(shape.Detail, "[") && name != "GatherRows" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
