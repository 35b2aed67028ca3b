package nn_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

func rng() *rand.Rand { return rand.New(rand.NewPCG(3, 5)) }

type inner struct{ W, B *grad.Var }

type outer struct {
	inner          // embedded: no name of its own
	Head   *inner  `recur:"out"`
	Hidden *inner  `recur:"-"`
	Layers []inner // numbered
	Any    any
	Again  *inner // the same parameters as Head
	Self   *outer // a cycle
	n      int
}

func TestParamNames(t *testing.T) {
	w := func() *grad.Var { return nn.Zeros(2) }
	head := &inner{w(), nil}
	m := &outer{inner: inner{w(), w()}, Head: head, Hidden: &inner{w(), w()}, Layers: []inner{{w(), w()}, {w(), nil}}, Any: &inner{w(), nil}, Again: head, n: 1}
	m.Self = m
	var names []string
	for _, p := range nn.Params(m) {
		names = append(names, p.Name)
	}
	want := "w b out.w layers.0.w layers.0.b layers.1.w any.w"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("names %q, want %q", got, want)
	}
	if n := nn.Count(nn.Params(m)); n != 14 {
		t.Errorf("%d values, want 14", n)
	}
	const half = math.MaxInt/2 + 1
	for _, many := range [][]*grad.Var{{nn.Full(nn.Shapes, 0, half, 2)}, {nn.Full(nn.Shapes, 0, half), nn.Full(nn.Shapes, 0, half)}} {
		if n := nn.Count(nn.Params(many)); n != math.MaxInt {
			t.Errorf("%d values, want the most", n)
		}
	}
	if got := nn.Params(nil); got != nil {
		t.Errorf("nil has parameters %v", got)
	}
}

func TestUnexportedParameterPanics(t *testing.T) {
	defer func() {
		if r := recover(); !strings.Contains(fmt.Sprint(r), "not exported") {
			t.Errorf("recovered %v", r)
		}
	}()
	nn.Params(struct{ w *grad.Var }{nn.Zeros(1)})
}

func TestInitialisers(t *testing.T) {
	moments := func(v *grad.Var) (mean, std, most float64) {
		for _, x := range v.Value.Data {
			mean += float64(x)
			std += float64(x) * float64(x)
			most = max(most, math.Abs(float64(x)))
		}
		n := float64(len(v.Value.Data))
		return mean / n, math.Sqrt(std / n), most
	}
	for _, c := range []struct {
		name      string
		v         *grad.Var
		std, most float64
	}{
		{"Glorot", nn.Glorot(rng(), 100, 200), math.Sqrt(2.0 / 300), math.Sqrt(6.0 / 300)},
		{"He", nn.He(rng(), 100, 200), math.Sqrt(2.0 / 100), 1},
		{"Uniform", nn.Uniform(rng(), 0.5, 100, 200), 0.5 / math.Sqrt(3), 0.5},
		{"Normal", nn.Normal(rng(), 2, 100, 200), 2, 12},
		{"TorchLinear", nn.TorchLinear(rng(), 100, 200).W, 0.1 / math.Sqrt(3), 0.1},
	} {
		mean, std, most := moments(c.v)
		if math.Abs(mean) > 0.02*c.std*3 || math.Abs(std/c.std-1) > 0.02 || most > c.most*(1+1e-6) {
			t.Errorf("%s: mean %.4f, deviation %.4f, largest %.4f; want 0, %.4f, at most %.4f", c.name, mean, std, most, c.std, c.most)
		}
	}
	for _, v := range []*grad.Var{nn.Glorot(nil, 2, 3), nn.He(nil, 2, 3), nn.Orthogonal(nil, 1, 2, 3)} {
		if _, _, most := moments(v); most != 0 || v.Shape() != tensor.ShapeOf(2, 3) {
			t.Errorf("without a source: %v %v", v.Shape(), v.Value.Data)
		}
	}
	same := nn.Glorot(rng(), 3, 4)
	if !slices.Equal(same.Value.Data, nn.Glorot(rng(), 3, 4).Value.Data) {
		t.Error("a seed does not repeat")
	}
}

func TestOrthogonal(t *testing.T) {
	for _, d := range [][2]int{{5, 5}, {3, 8}, {8, 3}, {64, 64}, {1, 4}} {
		w := nn.Orthogonal(rng(), 2, d[0], d[1]).Value
		at := func(i, j int) float64 { return float64(w.Data[i*d[1]+j]) }
		n, width, el := d[0], d[1], at
		if d[0] > d[1] { // columns are orthonormal
			n, width, el = d[1], d[0], func(i, j int) float64 { return at(j, i) }
		}
		for i := range n {
			for k := range n {
				var dot, want float64
				for j := range width {
					dot += el(i, j) * el(k, j)
				}
				if i == k {
					want = 4
				}
				if math.Abs(dot-want) > 1e-5 {
					t.Fatalf("%v: vectors %d and %d give %v, want %v", d, i, k, dot, want)
				}
			}
		}
	}
}

func TestGlorotGates(t *testing.T) {
	got := nn.GlorotGates(rand.New(rand.NewPCG(1, 2)), 2, 3, 4).Value
	r := rand.New(rand.NewPCG(1, 2))
	for k := range 3 {
		want := nn.Glorot(r, 2, 4).Value
		for i := range 2 {
			if part := got.At(i).Data[k*4 : (k+1)*4]; !slices.Equal(part, want.At(i).Data) {
				t.Errorf("row %d of gate %d is %v, want %v", i, k, part, want.At(i).Data)
			}
		}
	}
	if blank := nn.GlorotGates(nn.Shapes, 2, 3, 4); blank.Shape() != got.Shape || len(blank.Value.Data) != 0 {
		t.Errorf("of Shapes %v with %d values", blank.Shape(), len(blank.Value.Data))
	}
}

func TestLossGradients(t *testing.T) {
	r := rng()
	x, deep := nn.Normal(r, 1, 3, 4), nn.Normal(r, 1, 2, 3, 4)
	want := nn.Normal(r, 1, 3, 4).Value
	want.Data[5] = tensor.Float(math.NaN()) // missing
	half := tensor.New(3, 4)
	for i := range half.Data {
		half.Data[i] = tensor.Float(r.Float64())
	}
	targets := nn.Normal(r, 1, 3).Value
	gain, shift := nn.Normal(r, 1, 4), nn.Normal(r, 1, 4)
	for name, f := range map[string]func(g *grad.Tape) *grad.Var{
		"MSE":     func(g *grad.Tape) *grad.Var { return nn.MSE(g, x, want) },
		"MAE":     func(g *grad.Tape) *grad.Var { return nn.MAE(g, x, want) },
		"Huber":   func(g *grad.Tape) *grad.Var { return nn.Huber(g, x, want, 0.7) },
		"Pinball": func(g *grad.Tape) *grad.Var { return nn.Pinball(g, x, targets, []float64{.1, .4, .5, .9}) },
		"BCE":     func(g *grad.Tape) *grad.Var { return nn.BCE(g, x, half) },
		"CrossEntropy": func(g *grad.Tape) *grad.Var {
			return g.Scale(nn.CrossEntropy(g, x, []int{2, -1, 0}), 3)
		},
		"Smooth": func(g *grad.Tape) *grad.Var { return nn.CrossEntropySmooth(g, x, []int{2, -1, 0}, 0.1) },
		"Sequence": func(g *grad.Tape) *grad.Var {
			return nn.SequenceLoss(g, deep, []int{0, 1, 2, 3, 99, 1}, []int{2, 1, 2})
		},
		"LayerNorm": func(g *grad.Tape) *grad.Var {
			return nn.MSE(g, (&nn.LayerNorm{Gain: gain, Shift: shift}).Forward(g, x), want)
		},
		"Dropout": func(g *grad.Tape) *grad.Var { return nn.MSE(g, nn.Dropout{P: 0.5}.Forward(g, x), want) },
	} {
		if err := grad.Check(f, x, deep, gain, shift); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMissingTargets(t *testing.T) {
	nan := tensor.Float(math.NaN())
	g := grad.New()
	x := grad.Leaf(tensor.FromSlice([]tensor.Float{1, 2}, 2))
	one := nn.MSE(g, x, tensor.FromSlice([]tensor.Float{nan, 5}, 2))
	none := nn.MSE(g, x, tensor.FromSlice([]tensor.Float{nan, nan}, 2))
	g.Backward(g.Add(one, none))
	if one.Value.Data[0] != 9 || none.Value.Data[0] != 0 || !slices.Equal(g.Grad(x).Data, []tensor.Float{0, -6}) {
		t.Error(one.Value.Data, none.Value.Data, g.Grad(x).Data)
	}
	ignored := nn.CrossEntropy(g, grad.Leaf(tensor.New(2, 3)), []int{-1, -1})
	if ignored.Value.Data[0] != 0 {
		t.Errorf("a loss of no rows is %v", ignored.Value.Data[0])
	}
}

func TestLossShapeErrors(t *testing.T) {
	g := grad.New()
	v := func(dims ...int) *grad.Var { return grad.Leaf(tensor.New(dims...)) }
	for name, f := range map[string]func(){
		"MSE":           func() { nn.MSE(g, v(2, 3), tensor.New(3, 2)) },
		"Pinball":       func() { nn.Pinball(g, v(2, 3), tensor.New(2), []float64{.5}) },
		"BCE":           func() { nn.BCE(g, v(2), tensor.New(3)) },
		"CrossEntropy":  func() { nn.CrossEntropy(g, v(2, 3), []int{1}) },
		"target":        func() { nn.CrossEntropy(g, v(1, 3), []int{3}) },
		"SequenceLoss":  func() { nn.SequenceLoss(g, v(2, 3), []int{1, 1}, nil) },
		"batch lengths": func() { nn.SequenceLoss(g, v(2, 3, 4), []int{1, 1, 1, 1, 1, 1}, []int{1}) },
	} {
		err := func() (err error) {
			defer tensor.Catch(&err)
			f()
			return nil
		}()
		var shape *tensor.ShapeError
		if !errors.As(err, &shape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEmbedding(t *testing.T) {
	e := &nn.Embedding{W: grad.Leaf(tensor.FromSlice([]tensor.Float{1, 2, 3, 4}, 2, 2))}
	got := e.Forward(grad.Eval(), []int{1, -1, 0}).Value.Data
	if !slices.Equal(got, []tensor.Float{3, 4, 0, 0, 1, 2}) {
		t.Error(got)
	}
	if got := nn.OneHot([]int{1, -1}, 2).Data; !slices.Equal(got, []tensor.Float{0, 1, 0, 0}) {
		t.Error(got)
	}
}
