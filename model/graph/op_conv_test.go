package graph

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// windows is a network of all that runs along time in windows, and of what turns
// sequences to vectors and back.
func windows() *Config {
	return &Config{
		Inputs: []Input{{Name: "x", Width: 4, Sequence: true}},
		Layers: []Layer{
			{Name: "conv", Op: &Conv{Units: 6, Size: 3, Dilation: 2, Groups: 2, Padding: Causal, Activation: "tanh"}},
			{Name: "pool", Op: &Pool{By: "average", Size: 3, Stride: 2, Padding: Same}},
			{Name: "conv2", Op: &Conv{Units: 3, Size: 2, Stride: 2, NoBias: true}},
			{Name: "scale", Op: &Affine{}},
			{Name: "max", Op: &Pool{By: "max", Size: 2}},
			{Name: "flat", Op: &Flatten{Steps: 1}},
			{Name: "again", Op: &Steps{Steps: 3}},
			{Name: "mean", Op: &GlobalPool{By: "average"}},
			{Name: "peak", From: []string{"conv"}, Op: &GlobalPool{By: "max"}},
			{Name: "out", From: []string{"mean", "peak", "flat"}, Op: &Concat{}},
		},
	}
}

func TestWindows(t *testing.T) {
	n := randomNet(t, windows())
	if f := nn.Untagged(n); f != nil {
		t.Errorf("fields without a tag: %v", f)
	}
	if got, want := n.Config.CountParams(), nn.Count(nn.Params(n)); got != want {
		t.Errorf("the plan counts %d values of parameters, there are %d", got, want)
	}
	r := rand.New(rand.NewPCG(3, 4))
	x := random(r, 2, 9, 4)
	out, _, err := n.Predict(map[string]*tensor.Tensor{"x": x}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	conv := n.Layers[0].Node.(*conv)
	at := func(b, tm, c int) float64 {
		if tm < 0 || tm >= 9 {
			return 0
		}
		return float64(x.Data[(b*9+tm)*4+c])
	}
	y := func(b, tm, u int) float64 { // the equation
		sum := float64(conv.B.Value.Data[u])
		for k := range 3 {
			for c := range 2 {
				sum += at(b, tm+(k-2)*2, u/3*2+c) * float64(conv.W.Value.Data[(k*2+c)*6+u])
			}
		}
		return math.Tanh(sum)
	}
	for b := range 2 {
		for u := range 6 {
			peak := math.Inf(-1)
			for tm := range 9 {
				peak = max(peak, y(b, tm, u))
			}
			if got := float64(out["out"].Data[b*10+1+u]); math.Abs(got-peak) > 1e-6 {
				t.Errorf("row %d, unit %d: %v, want %v", b, u, got, peak)
			}
		}
	}
}

func TestGradientsOfWindows(t *testing.T) {
	if _, wide := any(tensor.Float(0)).(float64); !wide {
		t.Skip("gradients are checked under the build tag recur_f64")
	}
	n := randomNet(t, windows())
	x := grad.Leaf(random(rand.New(rand.NewPCG(5, 6)), 9, 2, 4))
	vars := []*grad.Var{x}
	for _, p := range nn.Params(n) {
		vars = append(vars, p.Var)
	}
	err := grad.Check(func(g *grad.Tape) *grad.Var {
		out, _ := n.Run(g, []Value{{X: x}}, nil)
		return g.Sum(g.Square(out[0].X))
	}, vars...)
	if err != nil {
		t.Error(err)
	}
}

// A mask takes steps out of means and of merged sequences.
func TestMasksOfMergedSequences(t *testing.T) {
	c := &Config{
		Inputs: []Input{{Name: "a", Width: 1, Sequence: true}, {Name: "b", Width: 1, Sequence: true}},
		Layers: []Layer{
			{Name: "ma", From: []string{"a"}, Op: &Masking{}},
			{Name: "mb", From: []string{"b"}, Op: &Masking{}},
			{Name: "all", From: []string{"ma", "mb"}, Op: &Merge{By: "sum"}},
			{Name: "any", From: []string{"ma", "mb"}, Op: &Merge{By: "sum", AnyMask: true}},
			{Name: "none", From: []string{"all"}, Op: &Mask{}},
			{Name: "as_a", From: []string{"all", "ma"}, Op: &Mask{}},
			{Name: "mean_all", From: []string{"all"}, Op: &GlobalPool{By: "average"}},
			{Name: "mean_any", From: []string{"any"}, Op: &GlobalPool{By: "average"}},
			{Name: "mean_none", From: []string{"none"}, Op: &GlobalPool{By: "average"}},
			{Name: "mean_a", From: []string{"as_a"}, Op: &GlobalPool{By: "average"}},
			{Name: "mean_every", From: []string{"all"}, Op: &GlobalPool{By: "average", All: true}},
		},
		Outputs: []string{"mean_all", "mean_any", "mean_none", "mean_a", "mean_every"},
	}
	a := tensor.FromSlice([]tensor.Float{1, 2, 0, 0}, 1, 4)
	b := tensor.FromSlice([]tensor.Float{3, 0, 5, 0}, 1, 4)
	out, _, err := randomNet(t, c).Predict(map[string]*tensor.Tensor{"a": a, "b": b}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]tensor.Float{"mean_all": 4, "mean_any": 11. / 3, "mean_none": 11. / 4, "mean_a": 3, "mean_every": 11. / 4} {
		if got := out[name].Data[0]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}
